"""Processes under measurement: each on the core it is given, watched through /proc (Linux)."""

import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

GATEWAY_CORE: Final = 0
LOAD_CORE: Final = 1
_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_UP_S: Final = 90.0
_STOP_S: Final = 5.0


class NotUp(Exception):
    """A process that ended or did not listen in time; the message says where its log is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How a process is started: its command, where it listens, and where its output goes."""

    command: tuple[str, ...]
    port: int
    log: Path
    core: int | None = GATEWAY_CORE
    environment: Mapping[str, str] | None = None
    folder: Path | None = None


class Process:
    """A started program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        program.log.parent.mkdir(parents=True, exist_ok=True)
        with program.log.open("wb") as log:
            self._popen = subprocess.Popen(
                [*_pinned_to(program.core), *program.command],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                cwd=program.folder,
                env=dict(program.environment or os.environ),
            )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait_until_listening(self, timeout_s: float = _UP_S) -> None:
        """Raises NotUp."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            if self._popen.poll() is not None:
                raise NotUp(
                    f"{self.program.command[0]} ended with status {self._popen.returncode}: {self._told()}"
                )
            try:
                socket.create_connection(("127.0.0.1", self.program.port), timeout=1).close()
            except OSError:
                time.sleep(0.002)
            else:
                return
        raise NotUp(f"{self.program.command[0]} did not listen within {timeout_s:.0f} s: {self._told()}")

    def _told(self) -> str:
        lines = self.program.log.read_text("utf-8", "replace").splitlines()
        return lines[-1][:200] if lines else "it said nothing"

    def cpu_s(self) -> float:
        """Processor time used so far, user's and system's, children included."""
        return sum(_ticks(pid) for pid in _family(self.pid)) / _TICKS_PER_S

    def resident_mb(self) -> float:
        """Memory now, in 1,000,000 bytes."""
        return sum(_status_kb(pid, "VmRSS") for pid in _family(self.pid)) * 1024 / 1e6

    def peak_mb(self) -> float:
        """The most memory since the start or `forget_peak`."""
        return sum(_status_kb(pid, "VmHWM") for pid in _family(self.pid)) * 1024 / 1e6

    def forget_peak(self) -> None:
        for pid in _family(self.pid):
            Path(f"/proc/{pid}/clear_refs").write_text("5", "ascii")

    def open_sockets(self) -> int:
        """How many descriptors are open that are sockets."""
        descriptors = Path(f"/proc/{self.pid}/fd").iterdir()
        return sum(_is_socket(descriptor) for descriptor in descriptors)

    def stop(self) -> None:
        self._popen.terminate()
        try:
            self._popen.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


@contextmanager
def running(program: Program) -> Iterator[Process]:
    """The program, listening, until the block ends. Raises NotUp."""
    process = Process(program)
    try:
        process.wait_until_listening()
        yield process
    finally:
        process.stop()


def pin_load() -> str:
    """Keep this process, and the load it starts, off the gateway's core; says what was possible."""
    if not can_pin():
        return "not pinned: this machine has one core or no taskset, so that load and gateway disturb each other"
    os.sched_setaffinity(0, {LOAD_CORE})
    return f"gateways on core {GATEWAY_CORE}, load and upstreams on core {LOAD_CORE}"


def can_pin() -> bool:
    return shutil.which("taskset") is not None and len(os.sched_getaffinity(os.getppid())) > 1


def raise_descriptor_limit() -> int:
    """As many open descriptors as the machine allows, for this process and those it starts; how many that are."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def _pinned_to(core: int | None) -> Sequence[str]:
    return () if core is None or not can_pin() else ("taskset", "-c", str(core))


def _family(pid: int) -> Iterator[int]:
    """The process and those it started."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _status_kb(pid: int, name: str) -> int:
    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    return 0


def _is_socket(descriptor: Path) -> bool:
    try:
        return str(descriptor.readlink()).startswith("socket:")
    except OSError:
        return False
