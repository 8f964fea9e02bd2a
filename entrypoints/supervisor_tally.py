"""What all workers counted together, for the one that is scraped."""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from adapters.observability.families import Snapshot, decode_snapshot, encode_snapshot
from adapters.observability.totals import add_up, lasting
from entrypoints.workers import State, Worker
from entrypoints.workers_messages import Count, Counted, Totals


@dataclass(slots=True, kw_only=True, eq=False)
class Scrape:
    """A question that waits for answers.

    number: how the asker knows it. asked: how those know it who are to answer. silent: who has not yet.
    """

    asker: Worker
    number: int
    asked: int
    silent: set[Worker]


class Tally:
    """Passes snapshots from worker to worker, and keeps the sums of those that are gone.

    The supervisor only hands on what it gets, so that it is never busy; who is scraped adds up. Those that do not
    answer in time are counted as they stood when they last told.
    """

    def __init__(self, workers: Callable[[], Iterable[Worker]]) -> None:
        self._workers = workers
        self._scrapes: list[Scrape] = []
        self._asked = 0
        self._gone: Snapshot = ()
        self._gone_encoded = encode_snapshot(())
        self._gone_cpu_s = 0.0
        self.restarts = 0

    def scraped(self, asker: Worker, number: int) -> Scrape:
        """Ask all others what they counted; answered at once where there are none."""
        self._asked += 1
        starting = State.STARTING  # these have counted nothing, and do not listen yet
        others = {worker for worker in self._workers() if worker is not asker and worker.state is not starting}
        scrape = Scrape(asker=asker, number=number, asked=self._asked, silent=others)
        self._scrapes.append(scrape)
        for other in others:
            other.channel.send(Count(self._asked))
        if not others:
            self.answer(scrape)
        return scrape

    def counted(self, worker: Worker, told: Counted) -> None:
        """A worker told what it counted so far."""
        worker.counted = bytes(told.snapshot)
        if told.asked:
            self._heard(worker, told.asked)

    def gone(self, worker: Worker, cpu_s: float) -> None:
        """A worker is gone, after using the CPU for `cpu_s`."""
        self._gone_cpu_s += cpu_s
        if worker.counted:
            self._gone = lasting(add_up((self._gone, decode_snapshot(worker.counted))))
            self._gone_encoded = encode_snapshot(self._gone)
        self._heard(worker, self._asked)

    def answer(self, scrape: Scrape) -> None:
        """Answer now, whoever is silent; once."""
        if scrape not in self._scrapes:
            return
        self._scrapes.remove(scrape)
        workers = tuple(self._workers())
        told = (worker.counted for worker in workers if worker is not scrape.asker and worker.counted)
        scrape.asker.channel.send(
            Totals(
                number=scrape.number,
                snapshots=tuple(map(msgspec.Raw, (self._gone_encoded, *told))),
                pids=(os.getpid(), *(worker.pid for worker in workers)),
                gone_cpu_s=self._gone_cpu_s,
                serving=sum(worker.state is State.SERVING for worker in workers),
                restarts=self.restarts,
            )
        )

    def _heard(self, worker: Worker, asked: int) -> None:
        """`worker` answered all questions up to `asked`."""
        for scrape in tuple(self._scrapes):
            if scrape.asked <= asked:
                scrape.silent.discard(worker)
                if not scrape.silent:
                    self.answer(scrape)
