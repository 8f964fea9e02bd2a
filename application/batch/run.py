"""The use case: run a batch as fast as the limits and those who answer allow."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from application.batch.limits import BatchLimits
from application.batch.line_queue import Asking, LineQueue
from application.batch.workers import Workers
from application.ports.batch import BatchWatch, LineAsker, LineSource, ResultSink
from application.ports.clock import Clock
from domain.batch.allowance import NOTHING, Allowance, Need
from domain.batch.line import BatchLine, LineOutcome
from domain.batch.pacing import AT_ONCE_S, THROTTLING, ConcurrencyWindow, may_succeed_later, retry_wait_s
from domain.batch.tally import Tally
from domain.errors import FeatherGateError, RequestError
from domain.routing.group import Draw

__all__ = ["BatchEnd", "BatchLimits", "EndReason", "RunBatch"]


class EndReason(StrEnum):
    """Why a batch ended: every line has its result, it was stopped, or the next line might pass the budget."""

    COMPLETE = "complete"
    STOPPED = "stopped"
    BUDGET = "budget"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchEnd:
    """How a batch ended; `resume_at`: the first line that has no result, None where all have one."""

    reason: EndReason
    tally: Tally
    resume_at: BatchLine | None


class RunBatch:
    """Asks each line of a source, again where that may help, and gives each result to a sink.

    Lines are asked in the source's order, side by side; a failed one is asked again when its wait is over, before
    new ones, and holds no slot meanwhile. Only lines that are asked or wait for another asking are held, and a
    bounded number of them.
    """

    def __init__(
        self,
        asker: LineAsker,
        source: LineSource,
        sink: ResultSink,
        *,
        limits: BatchLimits,
        clock: Clock,
        watch: BatchWatch,
        draw: Draw,
    ) -> None:
        self._asker = asker
        self._sink = sink
        self._clock = clock
        self._watch = watch
        self._draw = draw
        self._max_attempts = limits.max_attempts
        self._queue = LineQueue(source)
        self._window = ConcurrencyWindow(limits.concurrency)
        self._allowance = _allowance_of(limits)
        self._workers = Workers(limits.concurrency, self._work)
        self._stopping = False
        self._reason = EndReason.COMPLETE
        self.tally = Tally()
        self.in_flight = 0
        """How many lines are being asked now."""

    @property
    def concurrency(self) -> int:
        """How many lines may be asked at a time now."""
        return self._window.limit

    async def run(self) -> BatchEnd:
        """Run to the end, once. Cancelling it cancels what is being asked, which has no result then.

        Raises OSError where the source cannot be read or a result cannot be kept, after cancelling likewise.
        """
        await self._workers.run()
        left = self._queue.first_left()
        reason = EndReason.COMPLETE if left is None else self._reason
        return BatchEnd(reason=reason, tally=self.tally, resume_at=left)

    def stop(self) -> None:
        """Ask nothing more; the run ends when what is being asked is answered.

        Lines that wait for another asking have no result then.
        """
        self._stopping = True
        self._workers.call()

    async def _work(self) -> None:
        """One worker's day: ask what is next, and rest while nothing may be asked."""
        workers = self._workers
        while not workers.are_dismissed:
            found = self._next()
            if isinstance(found, Asking):
                if self.in_flight < self._window.limit:
                    workers.call()
                await self._ask(found)
                await asyncio.sleep(0)  # an answer may take no time at all; the others have their turn
                continue
            if found is not None and not self.in_flight:
                self._reason = found
                workers.dismiss()
            await workers.rest()

    def _next(self) -> Asking | EndReason | None:
        """The line to ask now, which is in flight from here on.

        Or why there is none, where only an answer to what is in flight could change that; None = later.
        """
        if self._stopping:
            return EndReason.STOPPED
        if self.in_flight >= self._window.limit:
            return None
        now_s = self._clock.monotonic_s()
        asking = self._queue.first(now_s, self._window.limit)
        if asking is None:
            return self._when_due(now_s, EndReason.COMPLETE)
        if self._allowance is not None:
            if asking.need is None:
                asking.need = self._need(self._allowance, asking.line)
            if not self._allowance.affords(asking.need):
                return self._when_due(now_s, EndReason.BUDGET)
            wait_s = self._allowance.wait_s(now_s, asking.need)
            if wait_s > 0.0:
                self._workers.call_in(wait_s)
                return None
            self._allowance.take(now_s, asking.need)
        self._queue.take(asking)
        self.in_flight += 1
        asking.asked += 1
        asking.asked_s = now_s
        return asking

    def _when_due(self, now_s: float, otherwise: EndReason) -> EndReason | None:
        """Look again when a failed line's wait is over; `otherwise` where none waits."""
        due_s = self._queue.next_due_s
        if due_s is None or due_s <= now_s:
            return otherwise
        self._workers.call_in(due_s - now_s)
        return None

    def _need(self, allowance: Allowance, line: BatchLine) -> Need:
        if not allowance.wants_estimates:
            return NOTHING
        try:
            return allowance.need(self._asker.estimate(line))
        except RequestError:
            return NOTHING  # nobody understands it: it fails before it takes anything

    async def _ask(self, asking: Asking) -> None:
        self._watch.asking(asking.line)
        try:
            outcome = await self._asker.ask(asking.line)
        finally:
            self.in_flight -= 1
        if self._allowance is not None and asking.need is not None:
            self._allowance.settle(asking.need, outcome)
        error = outcome.error
        if error is None:
            self._window.succeeded(self.in_flight + 1)
            self._queue.succeeded()
        elif error.kind in THROTTLING and (outcome.attempts or outcome.duration_s > AT_ONCE_S):
            self._window.throttled(asking.asked_s, self._clock.monotonic_s())
        if error is not None and may_succeed_later(error) and asking.asked < self._max_attempts:
            self._ask_again(asking, outcome, error)
        else:
            self._sink.write(asking.line, outcome)
            self.tally.finished(outcome)
            self._watch.finished(asking.line, outcome)

    def _ask_again(self, asking: Asking, outcome: LineOutcome, error: FeatherGateError) -> None:
        wait_s = retry_wait_s(asking.asked, self._draw(), error.retry_after_s)
        self._queue.wait(asking, self._clock.monotonic_s() + wait_s)
        self.tally.retrying(outcome, error)
        self._watch.retrying(asking.line, outcome, wait_s)


def _allowance_of(limits: BatchLimits) -> Allowance | None:
    if limits.rpm is None and limits.tpm is None and limits.budget_usd is None:
        return None
    return Allowance(rpm=limits.rpm, tpm=limits.tpm, budget_usd=limits.budget_usd)
