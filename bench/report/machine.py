"""Where, when and with what was measured, and the page that says so."""

import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Final

from bench.measures.rounds import Plan
from bench.systems import LITELLM_PYTHON, PORTKEY_SCRIPT

_PACKAGES: Final = ("feathergate", "uvicorn", "uvloop", "httptools", "msgspec")
_TIMEOUT_S: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """The machine and the moment. `load` is the load average before the measurement began."""

    began: datetime
    machine: str
    pinning: str
    descriptors: int
    load: float
    versions: Mapping[str, str]

    @classmethod
    def now(cls, pinning: str, descriptors: int) -> "Circumstances":
        memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        return cls(
            began=datetime.now(UTC),
            machine=f"{_processor()}, {os.cpu_count()} cores, {memory_gb:.0f} GB, Linux {platform.release()}",
            pinning=pinning,
            descriptors=descriptors,
            load=os.getloadavg()[0],
            versions=_versions(),
        )


def render_results(circumstances: Circumstances, plan: Plan, table: str, targets: str) -> str:
    """The page: what was measured how, the targets, all rows."""
    versions = ", ".join(f"{name} {version}" for name, version in circumstances.versions.items())
    ended = datetime.now(UTC)
    return f"""# Results

Made by `python -m bench {plan.arguments}`
(`make bench`; `make bench-quick` for the core rows),
{circumstances.began:%Y-%m-%d %H:%M} to {ended:%H:%M} UTC.

- machine: {circumstances.machine}; {circumstances.descriptors:,} descriptors a process
- load average of the minute before: {circumstances.load:.2f}, of the last: {os.getloadavg()[0]:.2f}. What others
  do on the machine disturbs every row; runs are interleaved, so that ratios within this page hold better than its
  absolute numbers
- {circumstances.pinning}
- {versions}
- commands: `wrk -t1 -cN -dS -s bench/conf/request.lua URL -- BODY HEADERS` for closed loops; constant rates and
  streams by `bench/load`; configurations in `bench/conf`
- medians of {plan.repeats} runs of {plan.seconds:g} s (1 s where all pairs take turns); first tokens and starts
  are counted, memory and the crowd of streams are measured once. The spread is from the least to the most of the
  runs. CPU is that of the system under test, per request or chunk, from `/proc/PID/stat`. A system that uses
  less than all of its core also waited: for the pace of the load, for the next request of few connections, for its
  upstream, or for the machine

## Targets

{targets}

## All rows

{table}
"""


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _versions() -> Mapping[str, str]:
    found = {"Python": platform.python_version()}
    found |= {name: metadata.version(name) for name in _PACKAGES}
    found["nginx"] = _told("nginx", "-v").rpartition("/")[2]
    found["wrk"] = _told("wrk", "-v").split()[1] if shutil.which("wrk") else "absent"
    if LITELLM_PYTHON.exists():
        found["litellm"] = _told(
            str(LITELLM_PYTHON), "-c", "from importlib.metadata import version; print(version('litellm'))"
        )
    package = PORTKEY_SCRIPT.parents[1] / "package.json"
    if package.exists():
        found["Portkey"] = _told("node", "-p", f"require({str(package)!r}).version")
        found["node"] = _told("node", "--version").lstrip("v")
    return found


def _told(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except (OSError, subprocess.SubprocessError):
        return "absent"
    return (done.stdout + done.stderr).strip() or "unknown"
