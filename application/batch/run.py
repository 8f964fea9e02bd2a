"""The use case: run a batch as fast as the limits and those who answer allow."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum

from application.batch.lane import Asking
from application.batch.limits import BatchLimits
from application.batch.line_queue import LineQueue
from application.batch.workers import Workers
from application.ports.batch import BatchWatch, LineAsker, LineSource, ResultSink
from application.ports.clock import Clock
from domain.batch.allowance import NOTHING, Allowance, Need
from domain.batch.line import BatchLine, LineOutcome
from domain.batch.pacing import may_succeed_later, retry_wait_s, turned_away_for_s, turned_away_wait_s
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

    Lines are asked side by side, in the source's order but for those whose model is asked as much as it answers:
    lines of other models come first then. A failed one is asked again when its wait is over, before new ones of
    its model, and holds no slot meanwhile. Only lines that are asked or wait to be are held, and a bounded number
    of them.
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
        self._concurrency = limits.concurrency
        self._queue = LineQueue(source, limits.concurrency)
        self._allowance = _allowance_of(limits)
        self._workers = Workers(limits.concurrency, self._work)
        self._stopping = False
        self._reason = EndReason.COMPLETE
        self.tally = Tally()
        self.in_flight = 0
        """How many lines are being asked now."""

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
                if self.in_flight < self._concurrency:
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
        if self.in_flight >= self._concurrency:
            return None
        now_s = self._clock.monotonic_s()
        asking = self._queue.first(now_s)
        if asking is None:
            if self._queue.reads_on:
                self._workers.call_in(0.0)
                return None
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
        """Look again when the wait of a failed line, or of a model, is over; `otherwise` where none waits."""
        due_s = self._queue.next_due_s
        if due_s is None:
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
        lane = asking.lane
        self._watch.asking(asking.line)
        try:
            outcome = await self._asker.ask(asking.line)
        finally:
            self.in_flight -= 1
            lane.in_flight -= 1
        if self._allowance is not None and asking.need is not None:
            self._allowance.settle(asking.need, outcome)
        if outcome.error is None:
            lane.succeeded(asking, outcome)
            self._finish(asking.line, outcome)
        else:
            self._failed(asking, outcome, outcome.error)
        if lane.holds_any:
            self._queue.ended(lane)

    def _failed(self, asking: Asking, outcome: LineOutcome, error: FeatherGateError) -> None:
        now_s = self._clock.monotonic_s()
        asking.lane.failed(asking, outcome, error, now_s)
        wait_s = self._retry_wait_s(asking, outcome, error, now_s)
        if wait_s is None:
            self._finish(asking.line, outcome)
            return
        self._queue.wait(asking, now_s + wait_s)
        self.tally.retrying(outcome, error)
        self._watch.retrying(asking.line, outcome, wait_s)

    def _retry_wait_s(
        self, asking: Asking, outcome: LineOutcome, error: FeatherGateError, now_s: float
    ) -> float | None:
        """How long a failed line waits to be asked again; None = its failure is its result.

        Where nobody was asked, that asking is none.
        """
        if not may_succeed_later(error):
            return None
        away_s = turned_away_for_s(outcome)
        if away_s is not None and asking.lane.is_patient(asking, now_s):
            asking.turn_away(now_s)
            self._queue.turned_away(asking.lane, now_s, away_s)
            return turned_away_wait_s(asking.turned_away, away_s)
        if asking.asked >= self._max_attempts:
            return None
        return retry_wait_s(asking.asked, self._draw(), error.retry_after_s)

    def _finish(self, line: BatchLine, outcome: LineOutcome) -> None:
        self._sink.write(line, outcome)
        self.tally.finished(outcome)
        self._watch.finished(line, outcome)


def _allowance_of(limits: BatchLimits) -> Allowance | None:
    if limits.rpm is None and limits.tpm is None and limits.budget_usd is None:
        return None
    return Allowance(rpm=limits.rpm, tpm=limits.tpm, budget_usd=limits.budget_usd)
