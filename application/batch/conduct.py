"""The use case: work off the batches that are kept, in one process of those that share them."""

import asyncio
import logging
from typing import Final

from application.batch.kept_run import KeptRun, Workshop, pause
from application.ports.batch_store import Leadership
from application.ports.batch_work import Interrupted, Starter
from domain.batch.job import BatchJob

LOOK_EVERY_S: Final = 1.0
"""How often to look whether there are new batches, and whether this process leads now."""

REST_S: Final = 30.0
"""How long to leave a batch alone that could not be worked on, as where the disk is full."""

MOST_AT_ONCE: Final = 8
"""How many batches are worked on side by side; others wait."""

_LOG = logging.getLogger(__name__)


class ConductBatches:
    """Works off batches as long as it leads and is not stopped; what is left waits for the next leader."""

    def __init__(self, leadership: Leadership, shop: Workshop, tasks: Starter) -> None:
        self._leadership = leadership
        self._shop = shop
        self._tasks = tasks
        self._runs: dict[str, KeptRun] = {}
        self._resting_until_s: dict[str, float] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._news = asyncio.Event()
        self._leads = False
        self._stopped = False

    async def run(self) -> None:
        """Work until stopped, and then until what is being asked is answered."""
        self._loop = asyncio.get_running_loop()
        try:
            while not self._stopped or self._runs:
                wait_s = LOOK_EVERY_S
                if not self._stopped and not await self._look():
                    wait_s = REST_S
                await pause(self._news, wait_s)
        finally:
            await asyncio.to_thread(self._leadership.leave)

    def notice(self) -> None:
        """There is something new to look at. May be called from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._tell)

    def stop(self) -> None:
        """Ask nothing more: `run` returns when what is being asked is answered."""
        self._stopped = True
        self._stop_runs()
        self._news.set()

    def _stop_runs(self) -> None:
        for run in self._runs.values():
            run.stop()

    def _tell(self) -> None:
        self._news.set()
        for run in self._runs.values():
            run.notice()

    async def _look(self) -> bool:
        """Take the lead where nobody has it, and do what a leader does; whether that was possible."""
        try:
            if not await asyncio.to_thread(self._leadership.take):
                self._leads = False
                self._stop_runs()  # there are some where the lead was lost, as with its directory
                return True
            if not self._leads:
                self._leads = True
                await asyncio.to_thread(self._shop.bench.sweep)
            for job in await asyncio.to_thread(self._shop.store.unfinished):
                self._begin(job)
        except OSError as failure:
            _LOG.error("batches cannot be worked on, and rest for %g s: %s", REST_S, failure)
            return False
        return True

    def _begin(self, job: BatchJob) -> None:
        is_due = self._shop.clock.monotonic_s() >= self._resting_until_s.get(job.id, 0.0)
        if job.id not in self._runs and is_due and len(self._runs) < MOST_AT_ONCE and not self._stopped:
            run = self._runs[job.id] = KeptRun(job, self._shop)
            self._tasks.run(self._work(job.id, run))

    async def _work(self, job_id: str, run: KeptRun) -> None:
        rest_s = REST_S
        try:
            await run.work()
            rest_s = 0.0
        except Interrupted:
            _LOG.info("batch %s waits for the next start", job_id)
        except OSError as failure:
            _LOG.error("batch %s rests for %g s: %s", job_id, REST_S, failure)
        finally:
            del self._runs[job_id]
            self._resting_until_s.pop(job_id, None)
            if rest_s:
                self._resting_until_s[job_id] = self._shop.clock.monotonic_s() + rest_s
            self._news.set()
