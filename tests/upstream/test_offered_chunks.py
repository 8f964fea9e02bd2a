"""Chunks that are taken the moment they come: only while the reader waits, and as if it had read them."""

import asyncio
import gzip
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.answer import Answer
from adapters.upstream.connection import Connection
from adapters.upstream.outbox import Outbox
from adapters.upstream.port import Limits, Origin, UpstreamRequest
from domain.errors import UpstreamTimeout
from tests.upstream.without_socket import MemoryTransport, Shelf

REQUEST = UpstreamRequest(
    origin=Origin(scheme="http", host="upstream.test", port=80), target="/", headers=(), body=b"{}"
)


class Fed:
    """An answer whose upstream is fed by hand, and what was taken of it."""

    def __init__(self, request: UpstreamRequest = REQUEST, *, total_s: float = float("inf")) -> None:
        loop = asyncio.get_running_loop()
        self._connection = Connection(Shelf(), loop, Outbox(loop))
        self.transport = MemoryTransport(self._connection)
        self._connection.connection_made(self.transport)
        self.answer: Answer = self._connection.send(request, b"", total_at=loop.time() + total_s)
        self.takes = True
        self.got: list[bytes] = []
        self.taken = 0

    async def head(self, lines: bytes = b"") -> None:
        await asyncio.sleep(0)
        self.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + lines + b"\r\n")
        await self.answer.wait_for_head()
        self.answer.offer_to(self.take)

    def feed(self, data: bytes) -> None:
        self._connection.data_received(data)

    def chunk(self, body: bytes) -> None:
        self.feed(b"%x\r\n%b\r\n" % (len(body), body))

    def take(self, chunk: bytes) -> bool:
        if self.takes:
            self.taken += 1
            self.got.append(chunk)
        return self.takes

    async def read(self) -> None:
        async for chunk in self.answer.chunks():
            self.got.append(chunk)


@given(
    steps=st.lists(st.binary(min_size=1, max_size=9) | st.sampled_from(("take", "leave", "turn")), max_size=40),
    splits=st.lists(st.integers(1, 9), max_size=9),
)
def test_every_byte_is_given_once_and_in_order(steps: list[bytes | str], splits: list[int]) -> None:
    async def check() -> None:
        fed = Fed()
        await fed.head()
        reading = asyncio.ensure_future(fed.read())
        for step in steps:
            if isinstance(step, bytes):
                framed = b"%x\r\n%b\r\n" % (len(step), step)
                for size in splits:
                    if framed[:size]:
                        fed.feed(framed[:size])
                    framed = framed[size:]
                if framed:
                    fed.feed(framed)
            elif step == "turn":
                await asyncio.sleep(0)
            else:
                fed.takes = step == "take"
        fed.feed(b"0\r\n\r\n")
        await reading
        assert b"".join(fed.got) == b"".join(step for step in steps if isinstance(step, bytes))

    asyncio.run(check())


async def test_nothing_is_offered_while_nobody_waits() -> None:
    fed = Fed()
    await fed.head()
    fed.chunk(b"one")
    assert fed.taken == 0
    chunks = fed.answer.chunks()
    assert await anext(chunks) == b"one"
    fed.chunk(b"two")
    assert fed.taken == 0
    await chunks.aclose()
    assert fed.transport.closed


async def test_compressed_chunks_are_for_the_reader_alone() -> None:
    fed = Fed()
    await fed.head(b"Content-Encoding: gzip\r\n")
    reading = asyncio.ensure_future(fed.read())
    await asyncio.sleep(0)
    fed.chunk(gzip.compress(b"said"))
    fed.feed(b"0\r\n\r\n")
    await reading
    assert (fed.taken, fed.got) == (0, [b"said"])


@pytest.mark.parametrize(("idle_s", "total_s"), [(0.2, float("inf")), (30.0, 0.2)])
async def test_the_limits_go_on_counting(idle_s: float, total_s: float) -> None:
    fed = Fed(replace(REQUEST, limits=Limits(idle_s=idle_s)), total_s=total_s)
    await fed.head()
    reading = asyncio.ensure_future(fed.read())
    await asyncio.sleep(0)
    fed.chunk(b"taken")
    async with asyncio.timeout(5):
        with pytest.raises(UpstreamTimeout):
            await reading
    assert (fed.taken, fed.transport.closed) == (1, True)


async def test_a_reader_that_is_cancelled_is_offered_nothing_more() -> None:
    fed = Fed()
    await fed.head()
    reading = asyncio.ensure_future(fed.read())
    await asyncio.sleep(0)
    reading.cancel()
    fed.chunk(b"late")
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert (fed.taken, fed.transport.closed) == (0, True)
