"""One kept batch, worked on from where it was left to its end, or until it is stopped."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from application.batch.run import BatchLimits, RunBatch
from application.batch.turns import Turns
from application.batch.unwatched import Unwatched
from application.ports.batch import LineAsker
from application.ports.batch_store import BatchStore
from application.ports.batch_work import OpenedJob, Workbench
from application.ports.clock import Clock
from domain.batch.job import UNFINISHED, BatchJob, JobCounts, JobStatus
from domain.routing.group import Draw

LOOK_EVERY_S: Final = 1.0
"""How often to say how far a batch is, and to look whether it was cancelled or has run out of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """What every batch is worked on with.

    places: bound how many lines are asked at a time, of all batches.
    desk:   who has it reads or writes whole files in a thread: one at a time, as others need threads too.
    """

    store: BatchStore
    bench: Workbench
    asker: LineAsker
    places: asyncio.Semaphore
    desk: asyncio.Lock
    limits: BatchLimits
    clock: Clock
    draw: Draw


class KeptRun:
    """A batch being worked on."""

    def __init__(self, job: BatchJob, shop: Workshop) -> None:
        self._job = job
        self._shop = shop
        self._turns = Turns(shop.asker, shop.places)
        self._run: RunBatch | None = None
        self._news = asyncio.Event()
        self._stopped = False

    def stop(self) -> None:
        """Ask nothing more: `work` returns when what is being asked is answered."""
        self._stopped = True
        self._turns.close()
        self._news.set()
        if self._run is not None:
            self._run.stop()

    def notice(self) -> None:
        """There may be something new about it."""
        self._news.set()

    async def work(self) -> None:
        """Work on it. Raises OSError where the disk fails, Interrupted where it was stopped before it began."""
        shop, job = self._shop, self._job
        found = await asyncio.to_thread(shop.store.get, job.id)
        if found is None or found.status not in UNFINISHED:
            return
        async with shop.desk:
            opened = await asyncio.to_thread(shop.bench.open, job, goes_on=lambda: not self._stopped)
        try:
            has_ended = await self._through(opened)
        finally:
            await asyncio.to_thread(opened.close)
        if has_ended:
            await asyncio.to_thread(shop.bench.clear, job.id)

    async def _through(self, opened: OpenedJob) -> bool:
        """Whether the batch came to its end."""
        if opened.mistakes:
            await asyncio.to_thread(self._fail, opened)
            return True
        await asyncio.to_thread(self._begin, opened)
        if await asyncio.to_thread(self._goes_on, opened.counts()):
            await self._ask(opened)
        if self._stopped and opened.counts().left:
            return False
        async with self._shop.desk:
            await asyncio.to_thread(self._close_out, opened)
        return True

    def _fail(self, opened: OpenedJob) -> None:
        """One that was cancelled before is so all the same."""
        advance, now_unix_s = self._shop.store.advance, self._now_unix_s()
        if not advance(self._job.id, JobStatus.FAILED, now_unix_s, mistakes=opened.mistakes):
            advance(self._job.id, JobStatus.CANCELLED, now_unix_s, mistakes=opened.mistakes)

    def _begin(self, opened: OpenedJob) -> None:
        """It may be further than that: then it was left there, or cancelled."""
        total = opened.counts().total
        self._shop.store.advance(self._job.id, JobStatus.IN_PROGRESS, self._now_unix_s(), total=total)

    async def _ask(self, opened: OpenedJob) -> None:
        shop = self._shop
        self._run = run = RunBatch(
            self._turns,
            opened.source,
            opened.sink,
            limits=shop.limits,
            clock=shop.clock,
            watch=Unwatched(),
            draw=shop.draw,
        )
        if self._stopped:
            return
        asking = asyncio.ensure_future(run.run())  # noqa: TID251 - awaited below, whatever happens
        asking.add_done_callback(lambda _: self._news.set())
        try:
            while not asking.done() and await asyncio.to_thread(self._goes_on, opened.counts()):
                await pause(self._news, LOOK_EVERY_S)
            run.stop()
            self._turns.close()
            await self._turns.idle()
        finally:
            asking.cancel()
            await asyncio.wait({asking})
        if not asking.cancelled():
            asking.result()

    def _goes_on(self, counts: JobCounts) -> bool:
        """Whether to ask on; says how far the batch is."""
        store, job_id = self._shop.store, self._job.id
        job = store.get(job_id)
        if job is None or job.status is not JobStatus.IN_PROGRESS or self._stopped:
            return False
        if (job.counts.succeeded, job.counts.failed) != (counts.succeeded, counts.failed):
            store.count(job_id, counts)
        return self._now_unix_s() < self._job.expires_unix_s

    def _close_out(self, opened: OpenedJob) -> None:
        """Give every line a result and every result its place; each step may have been done before."""
        store, job_id, now_unix_s = self._shop.store, self._job.id, self._now_unix_s()
        store.advance(job_id, JobStatus.FINALIZING, now_unix_s)  # unless it was cancelled, or is there already
        job = store.get(job_id)
        if job is None:
            return
        counts = _final_counts(opened.counts(), job.counts.unasked)
        store.count(job_id, counts)
        if job.status is JobStatus.CANCELLING:
            status = JobStatus.CANCELLED
        else:
            status = JobStatus.EXPIRED if counts.unasked else JobStatus.COMPLETED
        if counts.unasked:
            opened.give_up(status)
        results, usage = opened.results(), opened.usage()
        store.finish(job_id, status, self._now_unix_s(), counts=counts, results=results, usage=usage)

    def _now_unix_s(self) -> int:
        return int(self._shop.clock.unix_s())


async def pause(news: asyncio.Event, seconds: float) -> None:
    """Wait for news, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await news.wait()
    news.clear()


def _final_counts(found: JobCounts, unasked: int) -> JobCounts:
    """What is found to have a result, and the rest given up; `unasked` were given up before, maybe not all."""
    unasked = unasked or found.left
    return JobCounts(
        total=found.total,
        succeeded=found.succeeded,
        failed=found.total - found.succeeded - unasked,
        unasked=unasked,
    )
