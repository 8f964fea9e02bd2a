"""Worker processes as the supervisor sees them: how they begin, what they say, and how they end."""

import os
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final, NoReturn, TypeAlias

from entrypoints.workers_messages import FromSupervisor, FromWorker, Inbox, decode_from_worker, encode_message

READ_BYTES: Final = 1 << 18

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 30.0
"""Between two attempts to start a worker, from the second failure on; doubled with each."""

THE_SUPERVISORS: Final = frozenset({signal.SIGINT, signal.SIGHUP})
"""Signals that reach workers where the terminal sends them to everybody."""

HEEDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD)
"""Signals that the supervisor heeds."""

Work: TypeAlias = Callable[[socket.socket, socket.socket], None]
"""What a worker does with its listener and its end of the socket to the supervisor; returns when it is done."""


class State(Enum):
    """How far a worker has come."""

    STARTING = auto()
    SERVING = auto()
    LEAVING = auto()


class Channel:
    """The supervisor's end of the socket to a worker. Never blocks: what does not fit is sent when it does."""

    def __init__(self, end: socket.socket, selector: selectors.BaseSelector, on_ready: Callable[[], None]) -> None:
        end.setblocking(False)
        self._end = end
        self._selector = selector
        self._on_ready = on_ready
        self._inbox = Inbox()
        self._unsent = bytearray()
        self._open = True
        selector.register(end, selectors.EVENT_READ, on_ready)

    def send(self, message: FromSupervisor) -> None:
        """Send `message`, now or soon; to nobody, if the worker is gone."""
        if self._open:
            self._unsent += encode_message(message)
            self.flush()

    def flush(self) -> None:
        """Send as much as fits of what is waiting."""
        try:
            while self._open and self._unsent:
                del self._unsent[: self._end.send(self._unsent)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
        if self._open:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
            self._selector.modify(self._end, events, self._on_ready)

    def receive(self) -> Iterator[FromWorker]:
        """What the worker said since."""
        while self._open:
            try:
                arrived = self._end.recv(READ_BYTES)
            except BlockingIOError:
                return
            except OSError:
                arrived = b""
            if not arrived:
                self.close()
            yield from map(decode_from_worker, self._inbox.feed(arrived))

    def leave(self) -> None:
        """Close the socket: for a process forked from the one whose it is."""
        self._end.close()

    def close(self) -> None:
        """Say and hear no more."""
        if self._open:
            self._open = False
            self._selector.unregister(self._end)
            self._end.close()


@dataclass(slots=True, kw_only=True, eq=False)
class Worker:
    """A worker process.

    work:     what it was started with.
    counted:  its last snapshot, encoded; empty before the first.
    served_s: when it began to serve, by the monotonic clock.
    """

    pid: int
    work: Work
    channel: Channel
    state: State = State.STARTING
    counted: bytes = b""
    served_s: float = 0.0


@dataclass(slots=True, kw_only=True, eq=False)
class Slot:
    """A worker's place: the listener that it serves, and those who have it, the successor last.

    failures:        how many in a row ended before they had served for a while.
    patient_until_s: when the next one may be started, by the monotonic clock.
    """

    listener: socket.socket
    workers: list[Worker] = field(default_factory=list)
    failures: int = 0
    patient_until_s: float = 0.0

    def has(self, *states: State) -> bool:
        """Whether a worker in one of `states` has this place."""
        return any(worker.state in states for worker in self.workers)


def patience_s(failures: int) -> float:
    """How long to wait with the next worker after so many failures in a row; not at all after the first."""
    return min(FIRST_WAIT_S * 2 ** min(failures - 2, 16), LONGEST_WAIT_S) if failures > 1 else 0.0


def fork(work: Work, listener: socket.socket, close_others: Callable[[], None]) -> tuple[int, socket.socket]:
    """Begin a worker: its process id, and the supervisor's end of the socket to it.

    close_others: closes in the worker what is the supervisor's alone, other workers' sockets included.
    Raises OSError where the system has no room for a process or a socket.
    """
    ours, its = socket.socketpair()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HEEDED)  # none is lost, and none heard by the wrong process
    try:
        pid = os.fork()
        if not pid:
            ours.close()
            _be_worker(lambda: work(listener, its), close_others)
    except OSError:
        ours.close()
        raise
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        its.close()
    return pid, ours


def _be_worker(work: Callable[[], None], close_others: Callable[[], None]) -> NoReturn:
    """Leaves the process without a way back into the supervisor's code."""
    status = 1
    try:
        close_others()
        signal.set_wakeup_fd(-1)
        for heeded in HEEDED:
            signal.signal(heeded, signal.SIG_IGN if heeded in THE_SUPERVISORS else signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEEDED)
        work()
        status = 0
    finally:
        if status:
            sys.excepthook(*sys.exc_info())
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def how_it_ended(status: int) -> str:
    """What a process' wait status says, in words."""
    code = os.waitstatus_to_exitcode(status)
    if code >= 0:
        return f"ended with status {code}"
    name = signal.Signals(-code).name if -code in {*signal.Signals} else f"signal {-code}"
    return f"was killed by {name}"
