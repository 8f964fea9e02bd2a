"""A streamed answer on its way out: the head before the first bytes, keep-alives while there is nothing to say."""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from adapters.http.exchange import Exchange
from adapters.http.headers import Header
from adapters.http.task_runner import TaskRunner


class EventStream:
    """Writes a stream to an exchange; whenever nothing was written for `interval_s`, writes a keep-alive.

    `keep_alive` gives its bytes, or none while a frame is half sent and nothing may come between. `head` is
    asked for the headers when the first bytes go out, keep-alives included. One timer looks after the
    silence, and is set anew only when it rings.
    """

    __slots__ = (
        "_exchange",
        "_head",
        "_interval_s",
        "_keep_alive",
        "_loop",
        "_ping",
        "_tasks",
        "_timer",
        "_writing",
        "_written_s",
    )

    def __init__(
        self,
        exchange: Exchange,
        *,
        head: Callable[[], Iterable[Header]],
        keep_alive: Callable[[], bytes],
        interval_s: float,
        tasks: TaskRunner,
    ) -> None:
        self._exchange = exchange
        self._head = head
        self._keep_alive = keep_alive
        self._interval_s = interval_s
        self._tasks = tasks
        self._ping: asyncio.Task[None] | None = None
        self._writing = False
        self._loop = tasks.loop
        self._written_s = self._loop.time()
        self._timer = self._loop.call_later(interval_s, self._ring)

    async def write(self, data: bytes) -> None:
        """Send `data`, after a keep-alive that may be on its way."""
        if self._ping is not None:
            await self._ping
        self._writing = True
        if not self._exchange.answered:
            await self._exchange.start(200, self._head())
        await self._exchange.write(data)
        self._written_s = self._loop.time()
        self._writing = False

    def write_at_once(self, data: bytes) -> bool:
        """Send `data`, whole frames, unless something has to be sent or waited for before; whether it was sent.

        Not while a `write` is under way.
        """
        if self._ping is not None or not self._exchange.answered or not self._exchange.write_at_once(data):
            return False
        self._written_s = self._loop.time()
        return True

    async def finish(self) -> None:
        """Complete the answer."""
        self._timer.cancel()
        if self._ping is not None:
            await self._ping
        await self._exchange.finish()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._timer.cancel()
        if self._ping is not None:
            await self._ping

    def _ring(self) -> None:
        left_s = self._written_s + self._interval_s - self._loop.time()
        if left_s <= 0 and not self._writing and self._ping is None:
            frame = self._keep_alive()
            self._ping = self._tasks.run(self._send_keep_alive(frame)) if frame else None
        self._timer = self._loop.call_later(left_s if left_s > 0 else self._interval_s, self._ring)

    async def _send_keep_alive(self, frame: bytes) -> None:
        try:
            if not self._exchange.answered:
                await self._exchange.start(200, self._head())
            await self._exchange.write(frame)
            self._written_s = self._loop.time()
        finally:
            self._ping = None
