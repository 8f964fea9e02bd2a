"""Streams on the client's side: many at once, repeated or held open, their tokens counted."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Final

from bench.dialects import Dialect, Request
from bench.load.connection import RESPONSES_SIGN, ClientConnection, connect, sent_us
from bench.mock.frames import TOKEN_SIGN
from bench.mock.server import Pace
from bench.systems import STREAM_PORTS

_FLOWING_S: Final = 15.0
_CROWD_FLOWING_S: Final = 0.01
"""What each stream adds to that."""
_AT_ONCE: Final = 64
"""Connections that are opened together; a crowd beyond that measures the backlog."""


class NotFlowing(Exception):
    """Streams that did not begin in time."""


class Streams:
    """Open streams. `repeat` has each connection ask again when its answer ends.

    whole, broken: answers that ended as they should, or not.
    """

    def __init__(self, request: Request, client: Dialect, *, repeat: bool) -> None:
        self._request = request
        self._encoded = request.encoded()
        self._sign = RESPONSES_SIGN if client is Dialect.RESPONSES else TOKEN_SIGN
        self._repeat = repeat
        self._leaving = False
        self._begun: set[ClientConnection] = set()
        self._new = asyncio.Event()
        self._delays_ms: list[float] = []
        self.connections: list[ClientConnection] = []
        self.whole = 0
        self.broken = 0

    @property
    def tokens(self) -> int:
        """Tokens that arrived so far, on all connections."""
        return sum(connection.tokens for connection in self.connections)

    async def open(self, count: int) -> None:
        """Begin `count` streams and wait until each has sent a token. Raises NotFlowing."""
        try:
            async with asyncio.timeout(_FLOWING_S + count * _CROWD_FLOWING_S):
                while len(self.connections) < count:
                    await self._open_some(min(_AT_ONCE, count - len(self.connections)))
                await self.until(lambda: len(self._begun) + self.broken >= count)
        except TimeoutError:
            raise NotFlowing(f"only {len(self._begun)} of {count} streams began in time") from None

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait for something that a stream's beginning or end brings about."""
        while not reached():
            self._new.clear()
            await self._new.wait()

    def watch_delays(self) -> None:
        """Have the delay of each token measured from now on."""
        for connection in self.connections:
            connection.watch = self._note_delays

    def delays_ms(self) -> list[float]:
        """How long each watched token was under way, ascending."""
        return sorted(self._delays_ms)

    def _note_delays(self, body: bytes) -> None:
        now_us = time.monotonic_ns() // 1000
        self._delays_ms += [(now_us - at_us) / 1000 for at_us in sent_us(body)]

    def abort(self) -> None:
        """Leave all of them in the middle."""
        self._leaving = True
        for connection in self.connections:
            connection.abort()

    async def _open_some(self, count: int) -> None:
        def make() -> ClientConnection:
            return ClientConnection(self._on_end, on_token=self._on_token, sign=self._sign)

        opened = await asyncio.gather(*(connect(self._request.port, make) for _ in range(count)))
        for connection in opened:
            self.connections.append(connection)
            connection.ask(self._encoded, 0.0)

    def _on_token(self, connection: ClientConnection) -> None:
        self._begun.add(connection)
        self._new.set()

    def _on_end(self, connection: ClientConnection, *, whole: bool) -> None:
        if self._leaving:
            return
        if whole:
            self.whole += 1
        else:
            self.broken += 1
        self._new.set()
        if whole and self._repeat:
            connection.ask(self._encoded, 0.0)


async def set_pace(pace: Pace) -> None:
    """Tell the mock how the streams go that begin from now on."""
    body = json.dumps(asdict(pace)).encode()
    told = Request(port=STREAM_PORTS[0], path="/pace", headers={}, body=body)
    await _tell(told)


async def _tell(request: Request) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", request.port)
    writer.write(request.encoded())
    await reader.readuntil(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()


@asynccontextmanager
async def open_streams(
    request: Request, client: Dialect, count: int, *, repeat: bool = False
) -> AsyncIterator[Streams]:
    """`count` flowing streams, left at the end of the block. Raises NotFlowing."""
    streams = Streams(request, client, repeat=repeat)
    try:
        await streams.open(count)
        yield streams
    finally:
        streams.abort()


async def first_token_ms(request: Request, count: int) -> list[float]:
    """Milliseconds from asking to the first token, ascending; `count` times in turn on one connection."""
    loop, ms = asyncio.get_running_loop(), []
    ended: asyncio.Future[bool] = loop.create_future()

    def token(connection: ClientConnection) -> None:
        ms.append((time.perf_counter() - connection.asked_s) * 1000)

    def end(_: ClientConnection, *, whole: bool) -> None:
        if not ended.done():
            ended.set_result(whole)

    connection = await connect(request.port, lambda: ClientConnection(end, on_token=token))
    encoded = request.encoded()
    for _ in range(count):
        ended = loop.create_future()
        connection.ask(encoded, time.perf_counter())
        if not await asyncio.wait_for(ended, _FLOWING_S):
            break
    connection.abort()
    return sorted(ms)
