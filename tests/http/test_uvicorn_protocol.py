import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import uvicorn
from uvicorn.server import ServerState

from adapters.http import uvicorn_protocol
from adapters.http.uvicorn_protocol import MAX_HEAD_BYTES, GatheringProtocol, GatheringTransport


class Below(asyncio.Transport):
    """Remembers what reached it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []
        self.closed = asyncio.Event()

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.calls.append(data)

    def close(self) -> None:
        self.calls.append("close")
        self.closed.set()

    def abort(self) -> None:
        self.calls.append("abort")

    def is_closing(self) -> bool:
        return "close" in self.calls

    def get_extra_info(self, name: str, default: object = None) -> object:
        return default

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        pass


@pytest.fixture
async def below() -> Below:
    return Below()


def gathering(below: Below) -> GatheringTransport:
    return GatheringTransport(below, asyncio.get_running_loop())


async def test_writes_of_one_turn_leave_together(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"head")
    transport.write(b"body")
    assert below.calls == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert below.calls == [b"headbody", b"next"]


async def test_closing_sends_what_was_gathered_first(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"last words")
    transport.close()
    await asyncio.sleep(0)
    assert below.calls == [b"last words", "close"]


async def test_aborting_sends_nothing_more(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"never")
    transport.abort()
    await asyncio.sleep(0)
    assert below.calls == ["abort"]


async def test_what_is_gathered_is_bounded(below: Below) -> None:
    transport = gathering(below)
    for _ in range(5):
        transport.write(b"x" * 20_000)
    assert below.calls == [b"x" * 80_000]
    await asyncio.sleep(0)
    assert below.calls == [b"x" * 80_000, b"x" * 20_000]


async def nothing(scope: object, receive: object, send: Callable[[dict[str, object]], Awaitable[None]]) -> None:
    """An application that answers everything with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


def gathering_protocol(below: Below) -> GatheringProtocol:
    config = uvicorn.Config(nothing, http=GatheringProtocol, lifespan="off", log_config=None)
    config.load()
    protocol = GatheringProtocol(config, ServerState(), {})
    protocol.connection_made(below)
    return protocol


@pytest.fixture
async def protocol(below: Below) -> AsyncIterator[GatheringProtocol]:
    protocol = gathering_protocol(below)
    yield protocol
    protocol.connection_lost(None)
    await asyncio.gather(*protocol.server_state.tasks)


@pytest.mark.parametrize("line", [b"x-a: " + b"y" * 990 + b"\r\n", b"y" * 1000], ids=["many", "one"])
async def test_a_head_that_never_ends_is_refused(protocol: GatheringProtocol, below: Below, line: bytes) -> None:
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\nx-b: ")
    for _ in range(MAX_HEAD_BYTES // len(line) + 1):
        assert "close" not in below.calls
        protocol.data_received(line)
    assert b"".join(call for call in below.calls if isinstance(call, bytes)).startswith(b"HTTP/1.1 431 ")
    assert below.calls[-1] == "close"


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nhos"], ids=["nothing", "half"])
async def test_a_head_that_does_not_come_is_not_waited_for(
    below: Below, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.02)
    protocol = gathering_protocol(below)
    if sent:
        protocol.data_received(sent)
    await asyncio.wait_for(below.closed.wait(), 5)
    assert b"".join(call for call in below.calls if isinstance(call, bytes)).startswith(b"HTTP/1.1 408 ")
    protocol.connection_lost(None)


async def test_a_slow_body_is_no_slow_head(below: Below, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.01)
    protocol = gathering_protocol(below)
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nx")
    later = asyncio.Event()
    asyncio.get_running_loop().call_later(0.05, later.set)
    await later.wait()
    assert not below.closed.is_set()
    protocol.connection_lost(None)


async def test_trailers_that_never_end_are_refused(protocol: GatheringProtocol, below: Below) -> None:
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n")
    for _ in range(70):
        protocol.data_received(b"x-a: " + b"y" * 990 + b"\r\n")
    assert below.calls[-1] == "close"


async def test_bodies_and_many_requests_in_one_piece_are_no_heads(
    protocol: GatheringProtocol, below: Below
) -> None:
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n" * 4_000)
    protocol.data_received(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n")
    for _ in range(10):
        protocol.data_received(b"z" * 100_000)
    assert "close" not in below.calls
