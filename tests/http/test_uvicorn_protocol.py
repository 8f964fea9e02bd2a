"""uvicorn's protocol with bounds: heads of some size and time, readers who read."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvicorn
from uvicorn.server import ServerState

from adapters.http import uvicorn_protocol
from adapters.http.gathering import Outbox
from adapters.http.uvicorn_protocol import MAX_HEAD_BYTES, BoundedProtocol
from tests.http.below import Below


@pytest.fixture
async def below() -> Below:
    return Below()


async def nothing(scope: object, receive: object, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
    """An application that answers everything with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


class Bounded(BoundedProtocol):
    outbox = Outbox()


def bounded_protocol(below: Below) -> BoundedProtocol:
    config = uvicorn.Config(nothing, http=Bounded, lifespan="off", log_config=None)
    config.load()
    protocol = Bounded(config, ServerState(), {})
    protocol.outbox = Outbox()  # type: ignore[misc]  # one for each test's loop
    protocol.connection_made(below)
    return protocol


@pytest.fixture
async def protocol(below: Below) -> AsyncIterator[BoundedProtocol]:
    protocol = bounded_protocol(below)
    yield protocol
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.server_state.tasks)


async def later(seconds: float) -> None:
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, passed.set)
    await passed.wait()


@pytest.mark.parametrize("line", [b"x-a: " + b"y" * 990 + b"\r\n", b"y" * 1000], ids=["many", "one"])
async def test_a_head_that_never_ends_is_refused(protocol: BoundedProtocol, below: Below, line: bytes) -> None:
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\nx-b: ")
    for _ in range(MAX_HEAD_BYTES // len(line) + 1):
        assert "close" not in below.calls
        protocol.data_received(line)
    assert below.written.startswith(b"HTTP/1.1 431 ")
    assert "eof" in below.calls


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nhos"], ids=["nothing", "half"])
async def test_a_head_that_does_not_come_is_not_waited_for(
    below: Below, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.02)
    protocol = bounded_protocol(below)
    if sent:
        protocol.data_received(sent)
    await asyncio.wait_for(below.closed.wait(), 5)
    assert below.written.startswith(b"HTTP/1.1 408 ")
    protocol.connection_lost(None)


async def test_a_slow_body_is_no_slow_head(below: Below, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.01)
    protocol = bounded_protocol(below)
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nx")
    await later(0.05)
    assert not below.closed.is_set()
    protocol.connection_lost(None)


async def test_trailers_that_never_end_are_refused(protocol: BoundedProtocol, below: Below) -> None:
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    for _ in range(70):
        protocol.data_received(b"x-a: " + b"y" * 990 + b"\r\n")
    assert below.calls[-1] == "close"


async def test_bodies_and_many_requests_in_one_piece_are_no_heads(protocol: BoundedProtocol, below: Below) -> None:
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * 4_000)
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
    for _ in range(10):
        protocol.data_received(b"z" * 100_000)
    assert "close" not in below.calls


async def test_who_takes_nothing_for_long_is_cut_off(below: Below, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "WRITE_STALL_S", 0.01)
    sizes = iter([1000, 900, 900, 500, 500, 500])  # at each look, and once more where it goes on
    monkeypatch.setattr(below, "get_write_buffer_size", lambda: next(sizes))
    protocol = bounded_protocol(below)
    protocol.pause_writing()
    await asyncio.wait_for(below.closed.wait(), 5)
    assert below.calls == ["abort"]
    assert next(sizes, None) is None
    protocol.connection_lost(None)


async def test_who_reads_on_is_not(below: Below, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "WRITE_STALL_S", 0.01)
    protocol = bounded_protocol(below)
    protocol.pause_writing()
    protocol.resume_writing()
    await later(0.03)
    assert below.calls == []
    protocol.connection_lost(None)


async def test_a_closed_connection_does_not_wait_for_its_reader_for_ever(
    below: Below, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.01)
    monkeypatch.setattr(uvicorn_protocol, "WRITE_STALL_S", 0.01)
    protocol = bounded_protocol(below)
    below.unsent = 1
    await later(0.05)
    assert below.calls[-2:] == ["close", "abort"]
    protocol.connection_lost(None)
