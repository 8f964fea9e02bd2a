"""The HTTP/1.1 client of the hot path."""

import asyncio
from math import inf
from typing import Final

from adapters.upstream.connection import Connection
from adapters.upstream.dial import dial
from adapters.upstream.failures import ClosedBeforeAnswer, Phase, reason_of, timed_out, unreachable
from adapters.upstream.outbox import Outbox
from adapters.upstream.pool import OriginPool
from adapters.upstream.port import Origin, UpstreamRequest, UpstreamResponse
from adapters.upstream.tls import LazySslContext, TlsSettings
from domain.errors import ShuttingDown

MAX_ORIGINS: Final = 1024


class PooledUpstream:
    """`UpstreamHttp` on httptools, with a pool of kept-alive connections per origin.

    Belongs to the event loop that first calls `open`. The number of busy connections is the number of calls in
    flight; bounding those is the business of whoever makes them.
    """

    def __init__(
        self,
        tls: TlsSettings = TlsSettings(),  # noqa: B008 - a frozen value
        *,
        max_idle_per_origin: int = 256,
        idle_expiry_s: float = 30.0,
    ) -> None:
        self._ssl_context = LazySslContext(tls)
        self._max_idle_per_origin = max_idle_per_origin
        self._idle_expiry_s = idle_expiry_s
        self._pools: dict[Origin, OriginPool] = {}
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outbox: Outbox | None = None

    async def open(self, request: UpstreamRequest) -> UpstreamResponse:
        """As `UpstreamHttp.open`.

        Raises also MalformedRequest (a header that cannot be sent), NotConfigured (an origin or a certificate
        file that cannot be used) and ShuttingDown (after `aclose`).
        """
        total_s = request.limits.total_s
        total_at = inf if total_s is None else self._running_loop().time() + total_s
        pool = self._pools.get(request.origin)
        if pool is None or self._closed:
            pool = self._new_pool(request.origin)
        head = pool.heads.of(request)
        connection = pool.take()
        if connection is not None:
            answer = connection.send(request, head, total_at=total_at)
            try:
                await answer.wait_for_head()
            except ClosedBeforeAnswer:
                pass  # the peer's keep-alive ran out while the request was under way
            else:
                return answer
        connection = await self._connect(request, pool, total_at=total_at)
        answer = connection.send(request, head, total_at=total_at)
        await answer.wait_for_head()
        return answer

    async def aclose(self) -> None:
        self._closed = True
        pools = tuple(self._pools.values())
        self._pools.clear()
        for pool in pools:
            await pool.aclose()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        """The loop, found once: `asyncio.get_running_loop` makes a system call each time (until 3.12)."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _new_pool(self, origin: Origin) -> OriginPool:
        if self._closed:
            raise ShuttingDown("the gateway is shutting down and opens no upstream connections; try another one")
        if len(self._pools) >= MAX_ORIGINS:
            self._pools.pop(next(iter(self._pools))).retire()
        pool = OriginPool(origin, max_idle=self._max_idle_per_origin, idle_expiry_s=self._idle_expiry_s)
        self._pools[origin] = pool
        return pool

    async def _connect(self, request: UpstreamRequest, pool: OriginPool, *, total_at: float) -> Connection:
        connect_at = self._running_loop().time() + request.limits.connect_s
        try:
            async with asyncio.timeout_at(min(connect_at, total_at)):
                connection = await self._connected(request.origin, pool)
        except TimeoutError as error:
            raise timed_out(request, Phase.TOTAL if total_at < connect_at else Phase.CONNECT) from error
        except (OSError, UnicodeError) as error:
            raise unreachable(request, reason_of(error)) from error
        if not connection.usable:
            raise unreachable(request, "the connection was closed at once")
        return connection

    async def _connected(self, origin: Origin, pool: OriginPool) -> Connection:
        loop = self._running_loop()
        self._outbox = self._outbox or Outbox(loop)
        context = self._ssl_context.get() if origin.scheme == "https" else None
        connected = await dial(origin.host, origin.port)
        connection = Connection(pool, loop, self._outbox)
        try:
            await loop.create_connection(
                lambda: connection,
                sock=connected,
                ssl=context,
                server_hostname=origin.host if context is not None else None,
            )
        except BaseException:
            pool.lost(connection)  # where the making is cancelled, uvloop closes what it made without telling it
            raise
        return connection
