"""One process that keeps several workers serving: it starts, replaces and ends them, and serves nothing itself."""

import contextlib
import logging
import os
import sched
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, assert_never

from application.ports.clock import Clock
from entrypoints.listening import CannotServe
from entrypoints.server import DRAIN_MARGIN_S, LAST_WORDS_S
from entrypoints.supervisor_signals import Signals
from entrypoints.supervisor_tally import Tally
from entrypoints.workers import Channel, Slot, State, Work, Worker, fork, how_it_ended, patience_s
from entrypoints.workers_messages import Counted, Drain, FromWorker, Hurry, Retire, Scraped, Serving

START_TIMEOUT_S: Final = 60.0
STEADY_S: Final = 1.0
"""A worker that ends sooner after it began to serve is replaced with the same patience as one that never did."""

MOST_FAILED_STARTS: Final = 3
"""After so many the gateway gives up, where no worker ever served."""

MOST_LEAVING: Final = 4
"""A rolling restart waits while more workers than this, for each that serves, still end what they began."""

ANSWER_WITHIN_S: Final = 1.0
"""How long a scrape waits for what the other workers counted."""

KILL_MARGIN_S: Final = 5.0
"""How long after it should have ended a worker is killed."""

_LOG: Final = logging.getLogger(__name__)


class Unchanged(Exception):
    """The configuration was not taken over; one argument for each reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supervision:
    """How to supervise.

    reload: what workers do from now on, of the configuration as it is now. Raises Unchanged.
    on_up:  called when the first worker serves.
    """

    reload: Callable[[], Work]
    on_up: Callable[[], None]
    drain_timeout_s: float


class Supervisor:
    """Keeps a worker on each of `listeners`, which it holds itself: what waits there outlives workers.

    A worker that ends is replaced at once, with growing patience where it did not serve for a while. SIGTERM and
    SIGINT drain all workers, a second one hurries them. SIGHUP replaces them one after another by workers with the
    configuration as it is then; each serves before its predecessor retires.
    """

    def __init__(
        self, work: Work, listeners: tuple[socket.socket, ...], settings: Supervision, clock: Clock
    ) -> None:
        self._work = work
        self._former: Work | None = None
        self._proven = False
        self._settings = settings
        self._clock = clock
        self._slots = [Slot(listener=listener) for listener in listeners]
        self._timers = sched.scheduler(clock.monotonic_s, time.sleep)
        self._selector = selectors.DefaultSelector()
        self._tally = Tally(self._workers)
        self._roll: deque[Slot] = deque()
        self._roll_again = False
        self._stopping = False
        self._failure: CannotServe | None = None

    def run(self) -> None:
        """Supervise until a signal; returns when the last worker ended. Raises CannotServe where none served."""
        self._signals = Signals(self._selector, self._signalled)
        try:
            for slot in self._slots:
                self._start(slot)
            while not self._stopping or any(self._workers()):
                wait_s = self._timers.run(blocking=False)
                for key, _ in self._selector.select(wait_s):
                    key.data()
        finally:
            self._signals.close()
            self._selector.close()
        if self._failure is not None:
            raise self._failure

    def _workers(self) -> Iterator[Worker]:
        return (worker for slot in self._slots for worker in slot.workers)

    # Workers begin and end.

    def _start(self, slot: Slot) -> None:
        """Start a worker, unless there is one that is enough, or it is too soon."""
        is_enough = slot.has(State.STARTING) or (slot.has(State.SERVING) and slot not in self._roll)
        if self._stopping or is_enough or self._clock.monotonic_s() < slot.patient_until_s:
            return
        try:
            pid, end = fork(self._work, slot.listener, lambda: self._leave(slot.listener))
        except OSError as refused:
            _LOG.error("cannot start a worker: %s", refused.strerror)
            self._start_later(slot)
            return
        channel = Channel(end, self._selector, lambda: self._hear(slot, worker))
        worker = Worker(pid=pid, work=self._work, channel=channel)
        slot.workers.append(worker)
        self._timers.enter(START_TIMEOUT_S, 0, self._kill_if_starting, (slot, pid))

    def _leave(self, listener: socket.socket) -> None:
        """In a process that becomes a worker: close what is the supervisor's, not by the shared selector."""
        with contextlib.suppress(OSError):  # a kqueue does not come along
            self._selector.close()
        self._signals.leave()
        for slot in self._slots:
            if slot.listener is not listener:
                slot.listener.close()
        for worker in self._workers():
            worker.channel.leave()

    def _reap(self) -> None:
        """See who ended; whoever was left to process 1, if this is it, is seen off too."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if not pid:
                return
            for slot in self._slots:
                for worker in slot.workers:
                    if worker.pid == pid:
                        self._see_off(slot, worker)
                        self._tally.gone(worker, usage.ru_utime + usage.ru_stime)
                        self._ended(slot, worker, status)
                        break

    def _see_off(self, slot: Slot, worker: Worker) -> None:
        self._hear(slot, worker)
        worker.channel.close()
        slot.workers.remove(worker)

    def _ended(self, slot: Slot, worker: Worker, status: int) -> None:
        how = how_it_ended(status)
        if self._stopping or worker.state is State.LEAVING:
            _LOG.log(logging.WARNING if status else logging.INFO, "worker %d %s", worker.pid, how)
            self._roll_on()
            return
        if self._former is not None and worker.work is self._work:
            self._take_back(self._former, how)
            return
        _LOG.warning("worker %d %s; another one takes its place", worker.pid, how)
        self._tally.restarts += 1
        if worker.state is State.SERVING and self._clock.monotonic_s() - worker.served_s >= STEADY_S:
            slot.failures = 0
        self._start_later(slot)
        if not self._proven and worker.work is self._work and slot.failures >= MOST_FAILED_STARTS:
            self._failure = CannotServe(f"no worker came up: the last one {how}; its own words are above")
            self._stop()
            self._kill_all()

    def _start_later(self, slot: Slot) -> None:
        """Start a worker at once after one that served, else with patience."""
        slot.failures += 1
        slot.patient_until_s = self._clock.monotonic_s() + patience_s(slot.failures)
        self._timers.enterabs(slot.patient_until_s, 0, self._start, (slot,))

    def _take_back(self, former: Work, how: str) -> None:
        """Return to the former configuration, and let no worker begin to serve with the one that is refused."""
        self._work, self._former, self._proven = former, None, True
        self._roll.clear()
        _LOG.error("no worker came up with the new configuration: one %s; the one before stays in force", how)
        for slot in self._slots:
            for worker in slot.workers:
                if worker.state is State.STARTING and worker.work is not self._work:
                    worker.state = State.LEAVING
                    worker.channel.close()  # it may have said that it serves
                    os.kill(worker.pid, signal.SIGKILL)
            self._start(slot)
        self._roll_on()

    def _kill_if_starting(self, slot: Slot, pid: int) -> None:
        if any(worker.pid == pid and worker.state is State.STARTING for worker in slot.workers):
            _LOG.error("worker %d does not serve after %.0f s", pid, START_TIMEOUT_S)
            os.kill(pid, signal.SIGKILL)

    def _kill_all(self) -> None:
        for worker in self._workers():
            _LOG.warning("worker %d is killed", worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

    # What workers say.

    def _hear(self, slot: Slot, worker: Worker) -> None:
        worker.channel.flush()
        for message in worker.channel.receive():
            self._heed(slot, worker, message)

    def _heed(self, slot: Slot, worker: Worker, message: FromWorker) -> None:
        match message:
            case Serving():
                self._serves(slot, worker)
            case Counted():
                self._tally.counted(worker, message)
            case Scraped(number):
                scrape = self._tally.scraped(worker, number)
                self._timers.enter(ANSWER_WITHIN_S, 0, self._tally.answer, (scrape,))
            case _:
                assert_never(message)

    def _serves(self, slot: Slot, worker: Worker) -> None:
        if self._stopping:
            return
        _LOG.info("worker %d serves", worker.pid)
        for former in slot.workers:
            if former.state is State.SERVING:
                former.state = State.LEAVING
                former.channel.send(Retire())
        worker.state, worker.served_s = State.SERVING, self._clock.monotonic_s()
        if worker.work is self._work and not self._proven:
            self._proven = True
            if self._former is None:
                self._settings.on_up()
            self._former = None
        self._roll_on()

    # What the operator says.

    def _signalled(self, number: int) -> None:
        if number == signal.SIGCHLD:
            self._reap()
        elif number == signal.SIGHUP:
            self._reload()
        elif self._stopping:
            self._hurry()
        else:
            self._stop()

    def _stop(self) -> None:
        self._stopping = True
        self._roll.clear()
        for slot in self._slots:
            slot.listener.close()
        for worker in self._workers():
            worker.channel.send(Drain())
        last_s = self._settings.drain_timeout_s + DRAIN_MARGIN_S + KILL_MARGIN_S
        self._timers.enter(last_s, 0, self._kill_all)

    def _hurry(self) -> None:
        for worker in self._workers():
            worker.channel.send(Hurry())
        self._timers.enter(LAST_WORDS_S + KILL_MARGIN_S, 0, self._kill_all)

    def _reload(self) -> None:
        if self._stopping:
            return
        if self._roll or not self._proven:
            self._roll_again = True
            return
        try:
            work = self._settings.reload()
        except Unchanged as reasons:
            for reason in reasons.args:
                _LOG.error("%s", reason)
            _LOG.error("the configuration was not taken over; the one before stays in force")
            return
        except Exception:  # noqa: BLE001 - the home of a reload's defects: who serves goes on
            _LOG.exception("a defect: the configuration was not taken over; the one before stays in force")
            return
        _LOG.info("the configuration is taken over; workers are replaced one after another")
        self._former, self._work, self._proven = self._work, work, False
        self._roll = deque(self._slots)
        self._roll_on()

    def _roll_on(self) -> None:
        """Replace the next worker that has not the configuration in force."""
        if self._stopping:
            return
        while self._roll and any(w.work is self._work and w.state is State.SERVING for w in self._roll[0].workers):
            self._roll.popleft()
            if not self._roll:
                _LOG.info("all workers are replaced")
        leaving = sum(worker.state is State.LEAVING for worker in self._workers())
        if self._roll and leaving < MOST_LEAVING * len(self._slots):
            self._start(self._roll[0])
        elif not self._roll and self._roll_again and self._proven:
            self._roll_again = False
            self._reload()
