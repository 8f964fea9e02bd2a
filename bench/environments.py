"""Gets ready what `make bench` needs: FeatherGate's own environment and, where they can be had, its peers.

usage: python -m bench.environments [--without-peers]
Everything lands in build/bench. A peer that cannot be installed is no failure: the bench says so in its place.
"""

import compileall
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.systems import BUILD, GATEWAY_PYTHON, LITELLM_PYTHON, PORTKEY_SCRIPT

ROOT: Final = Path(__file__).resolve().parents[1]
PY_SPY: Final = BUILD / "py-spy" / "bin" / "py-spy"
_PACKAGES: Final = ("domain", "application", "adapters", "entrypoints")
_INSTALL_S: Final = 600.0
_NEEDED: Final = ("nginx", "wrk")


def main(arguments: Sequence[str]) -> int:
    """0, or 1 where something is missing that nothing can be measured without."""
    missing = [name for name in _NEEDED if shutil.which(name) is None]
    if missing:
        print(f"needed and not found: {', '.join(missing)}; on Debian: apt-get install {' '.join(missing)}")
        return 1
    if not install_gateway():
        return 1
    if "--without-peers" not in arguments:
        install_litellm()
        install_portkey()
    return 0


def install_gateway() -> bool:
    """FeatherGate with what it needs to run and nothing else, its byte code made."""
    stamp, project = GATEWAY_PYTHON.parents[1] / "installed", ROOT / "pyproject.toml"
    installed = stamp.exists() and stamp.stat().st_mtime >= project.stat().st_mtime
    if not installed and _venv(GATEWAY_PYTHON, "--editable", str(ROOT)):
        stamp.touch()
        installed = True
    for package in _PACKAGES:
        compileall.compile_dir(ROOT / package, quiet=1)
    return installed


def install_litellm() -> bool:
    """litellm's proxy from PyPI."""
    return LITELLM_PYTHON.exists() or _venv(LITELLM_PYTHON, "litellm[proxy]")


def install_portkey() -> bool:
    """Portkey's gateway from npm."""
    if PORTKEY_SCRIPT.exists():
        return True
    if shutil.which("npm") is None:
        print("Portkey: npm is not installed")
        return False
    folder = BUILD / "portkey"
    folder.mkdir(parents=True, exist_ok=True)
    return _done(("npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "@portkey-ai/gateway"), folder)


def install_py_spy() -> bool:
    """The sampling profiler."""
    return PY_SPY.exists() or _venv(PY_SPY.with_name("python"), "py-spy")


def _venv(python: Path, *wanted: str) -> bool:
    folder = python.parents[1]
    pip = (str(python), "-m", "pip", "install", "--quiet", "--prefer-binary")
    installed = _done((sys.executable, "-m", "venv", str(folder)), ROOT) and _done((*pip, *wanted), ROOT)
    if not installed:
        shutil.rmtree(folder, ignore_errors=True)
    return installed


def _done(command: tuple[str, ...], folder: Path) -> bool:
    print("$", " ".join(command), flush=True)
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=_INSTALL_S, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError) as failed:
        print(f"could not be installed: {failed}")
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
