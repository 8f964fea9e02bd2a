"""The pooled client's protocol object without a socket: any split of the bytes, any bytes at all."""

import asyncio
import contextlib
from collections.abc import Iterable, Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.answer import Answer
from adapters.upstream.connection import Connection
from adapters.upstream.failures import ClosedBeforeAnswer
from adapters.upstream.outbox import Outbox
from adapters.upstream.port import Limits, Origin, UpstreamRequest
from domain.errors import MalformedResponse, UpstreamUnavailable
from tests.upstream.without_socket import MemoryTransport, Shelf

LIMITS = Limits(max_head_bytes=4_096)
REQUEST = UpstreamRequest(
    origin=Origin(scheme="http", host="upstream.test", port=80), target="/", headers=(), body=b"{}", limits=LIMITS
)


async def play(pieces: Iterable[bytes], *, eof: bool) -> tuple[Answer, Shelf, MemoryTransport]:
    """One exchange in which the upstream answers with these pieces."""
    shelf = Shelf()
    connection = Connection(shelf, asyncio.get_running_loop(), Outbox(asyncio.get_running_loop()))
    transport = MemoryTransport(connection)
    connection.connection_made(transport)
    answer = connection.send(REQUEST, b"HEAD", total_at=float("inf"))
    assert transport.written == b""
    await asyncio.sleep(0)
    assert transport.written == b"HEAD{}"
    for piece in pieces:
        if transport.closed:
            break
        connection.data_received(piece)
    if eof and not transport.closed:
        connection.eof_received()
        transport.abort()
    return answer, shelf, transport


def split(raw: bytes, cuts: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(raw), *(cut % (len(raw) + 1) for cut in cuts)})
    return (raw[start:end] for start, end in pairwise(edges))


async def outcome(answer: Answer) -> tuple[int, dict[str, str], bytes]:
    await answer.wait_for_head()
    return answer.status, dict(answer.headers), await answer.read()


bodies = st.lists(st.binary(min_size=1, max_size=60), max_size=6)
cuts = st.lists(st.integers(0, 2_000), max_size=30)


@st.composite
def valid_answers(draw: st.DrawFn) -> tuple[bytes, bytes, bool]:
    """The bytes of an answer, its body, and whether its end is the end of the connection."""
    chunks = draw(bodies)
    body = b"".join(chunks)
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Hints\r\nA: b\r\n\r\n"]))
    head = interim + b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\n"
    match draw(st.sampled_from(["length", "chunked", "eof"])):
        case "length":
            return head + b"Content-Length: %d\r\n\r\n" % len(body) + body, body, False
        case "chunked":
            framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
            return head + b"Transfer-Encoding: chunked\r\n\r\n" + framed + b"0\r\n\r\n", body, False
        case _:
            return head + b"\r\n" + body, body, True


@given(valid=valid_answers(), cuts=cuts)
def test_any_split_of_a_valid_answer_gives_the_same_answer(
    valid: tuple[bytes, bytes, bool], cuts: list[int]
) -> None:
    raw, body, until_eof = valid

    async def check() -> None:
        answer, shelf, transport = await play(split(raw, cuts), eof=until_eof)
        status, headers, received = await outcome(answer)
        assert (status, headers["x-a"], received) == (200, "1, 2", body)
        assert shelf.free == (0 if until_eof else 1)
        assert transport.closed == until_eof

    asyncio.run(check())


@given(valid=valid_answers(), cuts=cuts, keep=st.integers(0, 2_000))
def test_any_truncation_of_a_framed_answer_is_an_error(
    valid: tuple[bytes, bytes, bool], cuts: list[int], keep: int
) -> None:
    raw, _, until_eof = valid
    cut = raw[: keep % len(raw)]
    complete_head = until_eof and b"\r\n\r\n" in cut.removeprefix(raw[: raw.index(b"HTTP/1.1 200")])

    async def check() -> None:
        answer, shelf, transport = await play(split(cut, cuts), eof=True)
        try:
            await outcome(answer)
        except UpstreamUnavailable:
            assert not complete_head
        else:
            assert complete_head
        assert shelf.free == 0
        assert transport.closed

    asyncio.run(check())


@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(
                [
                    b"HTTP/1.1 200 OK\r\n",
                    b"HTTP/1.1 101 Up\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
                    b"Content-Length: 5\r\n",
                    b"Content-Encoding: gzip\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Connection: close\r\n",
                    b"\r\n",
                    b"5\r\nabcde\r\n",
                    b"0\r\n\r\n",
                    b"X: " + b"a" * 5_000,
                ]
            ),
        ),
        max_size=12,
    )
)
def test_garbage_gives_an_answer_or_one_of_two_errors_and_never_a_dirty_connection(pieces: list[bytes]) -> None:
    async def check() -> None:
        answer, shelf, transport = await play(pieces, eof=True)
        with contextlib.suppress(MalformedResponse, UpstreamUnavailable):
            await outcome(answer)
        assert shelf.free == 0
        assert transport.closed

    asyncio.run(check())


@given(sizes=st.lists(st.integers(1, 200_000), min_size=1, max_size=12))
def test_reading_pauses_above_the_mark_and_resumes_when_the_reader_comes(sizes: list[int]) -> None:
    async def check() -> None:
        shelf = Shelf()
        connection = Connection(shelf, asyncio.get_running_loop(), Outbox(asyncio.get_running_loop()))
        transport = MemoryTransport(connection)
        connection.connection_made(transport)
        answer = connection.send(REQUEST, b"", total_at=float("inf"))
        await asyncio.sleep(0)
        connection.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (sum(sizes) + 1))
        await answer.wait_for_head()
        chunks = answer.chunks()
        for size in sizes:
            connection.data_received(b"x" * size)
            assert transport.paused == (answer.buffered_bytes > 262_144)
            if transport.paused:
                assert len(await anext(chunks)) > 262_144
                assert not transport.paused
        connection.data_received(b"x")
        assert shelf.free == 1
        await chunks.aclose()

    asyncio.run(check())


async def test_what_comes_before_the_request_was_sent_is_no_answer_to_it() -> None:
    shelf = Shelf()
    connection = Connection(shelf, asyncio.get_running_loop(), Outbox(asyncio.get_running_loop()))
    transport = MemoryTransport(connection)
    connection.connection_made(transport)
    answer = connection.send(REQUEST, b"HEAD", total_at=float("inf"))
    connection.data_received(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    with pytest.raises(ClosedBeforeAnswer):
        await answer.wait_for_head()
    await asyncio.sleep(0)
    assert (transport.closed, transport.written, shelf.free) == (True, b"", 0)
