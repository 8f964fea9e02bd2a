"""Lines of several batches asked by one asker: a bounded number at a time, whoever came first."""

import asyncio

from application.ports.batch import LineAsker
from domain.batch.line import BatchLine, LineEstimate, LineOutcome
from domain.errors import ShuttingDown


class Turns:
    """The LineAsker of one batch, which shares `places` with those of the others.

    Once it is closed, lines that wait for a place are never asked; and at no time is there an outcome for those
    that the end of the process cut off. Who waits for one of them is to be cancelled.
    """

    def __init__(self, asker: LineAsker, places: asyncio.Semaphore) -> None:
        self._asker = asker
        self._places = places
        self._asked = 0
        self._closed = False
        self._idle = asyncio.Event()

    async def ask(self, line: BatchLine) -> LineOutcome:
        async with self._places:
            outcome = None if self._closed else await self._ask(line)
        if outcome is None or isinstance(outcome.error, ShuttingDown):
            never: asyncio.Future[LineOutcome] = asyncio.get_running_loop().create_future()
            return await never
        return outcome

    def estimate(self, line: BatchLine) -> LineEstimate:
        return self._asker.estimate(line)

    def close(self) -> None:
        """Ask nothing more."""
        self._closed = True
        self._tell()

    async def idle(self) -> None:
        """Wait until all that was asked is answered; it has to be closed."""
        await self._idle.wait()

    async def _ask(self, line: BatchLine) -> LineOutcome:
        self._asked += 1
        try:
            return await self._asker.ask(line)
        finally:
            self._asked -= 1
            self._tell()

    def _tell(self) -> None:
        if self._closed and not self._asked:
            self._idle.set()
