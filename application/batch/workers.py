"""Coroutines that work side by side and rest while there is nothing to do."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Final

SHORTEST_ALARM_S: Final = 0.001
"""Timers are not exact; what is due sooner than this is due now, or a moment later."""


class Workers:
    """At most `most` workers; each comes when it is called for, and stays until all are dismissed.

    `work` is what a worker does: one thing after the other, resting in between.
    """

    def __init__(self, most: int, work: Callable[[], Coroutine[None, None, None]]) -> None:
        self._work = work
        self._missing = most
        self._resting: list[asyncio.Future[None]] = []
        self._group: asyncio.TaskGroup | None = None
        self._alarm: asyncio.TimerHandle | None = None
        self.are_dismissed = False

    async def run(self) -> None:
        """Work as the first of them, once, until all are gone.

        What one of them raises cancels the others, and is raised once they are gone.
        """
        self._missing -= 1
        try:
            async with asyncio.TaskGroup() as self._group:
                await self._worker()
        except BaseExceptionGroup as raised:
            raise raised.exceptions[0] from None
        finally:
            self._silence()

    def call(self) -> None:
        """Have one more worker look for something to do, where one is left."""
        resting = self._resting
        while resting:
            rest = resting.pop()
            if not rest.done():
                rest.set_result(None)
                return
        if self._missing and self._group is not None:
            self._missing -= 1
            self._group.create_task(self._worker())

    def call_in(self, seconds: float) -> None:
        """Call one then, or before."""
        loop = asyncio.get_running_loop()
        seconds = max(seconds, SHORTEST_ALARM_S)
        if self._alarm is not None:
            if self._alarm.when() <= loop.time() + seconds:
                return
            self._alarm.cancel()
        self._alarm = loop.call_later(seconds, self._ring)

    async def rest(self) -> None:
        """Wait until called; at once where all are dismissed."""
        if not self.are_dismissed:
            rest: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._resting.append(rest)
            await rest

    def dismiss(self) -> None:
        """Let every worker go once it has done what it does."""
        self.are_dismissed = True
        self._missing = 0
        while self._resting:
            self.call()

    async def _worker(self) -> None:
        try:
            await self._work()
        finally:
            self._missing = 0  # once one goes, by itself or not, nobody comes any more

    def _ring(self) -> None:
        self._alarm = None
        self.call()

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
