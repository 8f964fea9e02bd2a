"""The connections to one origin."""

import asyncio
from typing import TYPE_CHECKING

from adapters.upstream.port import Origin
from adapters.upstream.request_head import RequestHeads

if TYPE_CHECKING:
    from adapters.upstream.connection import Connection


class OriginPool:
    """Keeps free connections, the last one back first out, and knows every open one; a `Home`.

    Idle connections expire when somebody passes by: on `take` and `put`. Those that the peer closes leave at once.
    """

    def __init__(self, origin: Origin, *, max_idle: int, idle_expiry_s: float) -> None:
        self.origin = origin
        self.heads = RequestHeads(origin)
        self._max_idle = max_idle
        self._idle_expiry_s = idle_expiry_s
        self._loop = asyncio.get_running_loop()
        self._idle: dict[Connection, float] = {}  # in the order of their return, with the time of expiry
        self._open: set[Connection] = set()
        self._retired = False
        self._emptied: asyncio.Future[None] | None = None  # there while the pool is being closed

    def take(self) -> "Connection | None":
        """A free connection that is not known to be closed or stale."""
        while self._idle:
            connection, expires_at = self._idle.popitem()
            if expires_at > self._loop.time() and connection.usable:
                return connection
            connection.abort()
        return None

    def put(self, connection: "Connection") -> None:
        if self._retired:
            connection.abort()
            return
        now = self._loop.time()
        while self._idle:
            oldest = next(iter(self._idle))
            if len(self._idle) < self._max_idle and self._idle[oldest] > now:
                break
            del self._idle[oldest]
            oldest.abort()
        self._idle[connection] = now + self._idle_expiry_s

    def opened(self, connection: "Connection") -> None:
        self._open.add(connection)
        if self._emptied is not None:
            connection.abort()

    def lost(self, connection: "Connection") -> None:
        self._idle.pop(connection, None)
        self._open.discard(connection)
        if not self._open and self._emptied is not None and not self._emptied.done():
            self._emptied.set_result(None)

    def retire(self) -> None:
        """Close what is free now, and later what comes back."""
        self._retired = True
        for connection in tuple(self._idle):
            connection.abort()
        self._idle.clear()

    async def aclose(self) -> None:
        """Close every connection, busy ones too, and wait until their sockets are closed."""
        self.retire()
        self._emptied = self._loop.create_future()
        for connection in tuple(self._open):
            connection.abort()
        if self._open:
            await self._emptied
