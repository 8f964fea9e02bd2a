"""The gateway as a user starts it: a process of its own, told where it listens by its own words."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
VENDOR_VARIABLES = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY")


BY_SIGNAL = pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process where others send SIGTERM")


class Gateway:
    """A running gateway. `base` is its URL; `output` what it printed so far."""

    def __init__(self, process: subprocess.Popen[str], arguments: tuple[str, ...] = ()) -> None:
        self.process = process
        self.arguments = arguments
        self.lines: list[str] = []
        self.base = ""
        self._up = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self.lines)

    @property
    def pid(self) -> int:
        return self.process.pid

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)
            found = re.search(r"https?://[^\s/]+", line)
            if found and not self.base:
                self.base = found[0]
                self._up.set()
        self._up.set()

    def wait_until_up(self) -> None:
        assert self._up.wait(20), self.output
        assert self.base, self.output

    def stop(self, how: signal.Signals = signal.SIGTERM, timeout_s: float = 20.0) -> int:
        """Send the signal; the exit code once everything was printed."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.wait(timeout_s)

    def wait(self, timeout_s: float = 20.0) -> int:
        """The exit code, once the gateway is gone and everything was printed."""
        code = self.process.wait(timeout_s)
        self._reader.join(5)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def run_command(
    *arguments: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command line, run to its end in `folder`."""
    return subprocess.run(
        command(*arguments),
        cwd=folder,
        env=clean_environment({"PYTHONPATH": str(ROOT), **(environment or {})}),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "entrypoints", *arguments]


def clean_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without vendor keys and proxies."""
    dropped = {*VENDOR_VARIABLES, "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
    kept = {name: value for name, value in os.environ.items() if name.upper() not in dropped}
    return {**kept, "PYTHONUNBUFFERED": "1", **(extra or {})}


@contextmanager
def running_gateway(
    config: str, folder: Path, *arguments: str, environment: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """A gateway that serves `config` on a free loopback port until the block ends."""
    path = folder / "gateway.yaml"
    path.write_text(config, encoding="utf-8")
    serving = command("serve", "--config", str(path), "--port", "0", *arguments)
    with running_program(serving, arguments, environment) as gateway:
        yield gateway


@contextmanager
def running_program(
    serving: Sequence[str], arguments: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Gateway]:
    """The gateway that the command line `serving` starts, up until the block ends."""
    process = subprocess.Popen(
        serving,
        cwd=ROOT,
        env=clean_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    gateway = Gateway(process, arguments)
    try:
        gateway.wait_until_up()
        yield gateway
    finally:
        process.kill()
        gateway.wait()
