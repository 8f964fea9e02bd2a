"""Long bodies at the wire door, which come past the parser: nothing is lost, added, or read twice."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from adapters.dialects.document import Document
from adapters.http import wire_exchange
from adapters.http.wire import WireProtocol, wire_to
from adapters.http.wire_body import WireBody
from adapters.http.wire_exchange import WireExchange
from adapters.http.wire_intake import MIN_INTAKE_BYTES, Intake
from domain.errors import MalformedRequest
from tests.http.below import Below
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import MAX_BODY_BYTES, Gateway, build_gateway
from tests.http.http_client import request_bytes
from tests.http.scripts import RAW_ANSWER, everything
from tests.http.test_leaving_clients import until

LONG = chat_body("passed-through", user="x" * (MIN_INTAKE_BYTES + 10_000))
SHORT = chat_body("passed-through", user="following")


@dataclass
class Line:
    """A connection to a gateway without a socket."""

    gateway: Gateway
    below: Below
    protocol: WireProtocol

    @property
    def taker(self) -> asyncio.BaseProtocol:
        return self.below.protocol

    @property
    def bodies(self) -> list[object]:
        """What was asked, as the provider met it."""
        documents = [call.document for call in self.gateway.provider.calls]
        return [document.envelope.document() for document in documents if isinstance(document, Document)]

    def arrive(self, data: bytes) -> None:
        """`data` comes from the client, in as many pieces as whoever takes it has room for."""
        while data:
            taker = self.taker
            if isinstance(taker, asyncio.BufferedProtocol):
                room = memoryview(taker.get_buffer(-1))
                taken = min(len(room), len(data))
                room[:taken] = data[:taken]
                del room
                taker.buffer_updated(taken)
                data = data[taken:]
            else:
                assert isinstance(taker, asyncio.Protocol)
                taker.data_received(data)
                return

    async def in_intake(self) -> None:
        await until(lambda: isinstance(self.taker, Intake))


@asynccontextmanager
async def line(body_idle_s: float = 60.0) -> AsyncIterator[Line]:
    gateway, below = build_gateway(everything()), Below()
    protocol_class = wire_to(gateway.plane, body_idle_s=body_idle_s)
    config = uvicorn.Config(gateway.app, http=protocol_class, lifespan="off", log_config=None)
    config.load()
    protocol = protocol_class(config, ServerState(), {})
    assert isinstance(protocol, WireProtocol)
    below.set_protocol(protocol)
    protocol.connection_made(below)
    async with asyncio.timeout(10):
        yield Line(gateway, below, protocol)
    if not below.closed.is_set():
        protocol.connection_lost(None)
    await asyncio.gather(*protocol.server_state.tasks)


def answers(below: Below) -> int:
    return below.written.count(RAW_ANSWER)


@given(st.lists(st.integers(0, 400), max_size=8), st.lists(st.booleans(), min_size=9, max_size=9))
async def test_bodies_are_what_came_however_they_came(cuts: list[int], waits: list[bool]) -> None:
    asked = [chat_body("passed-through", user=name * 20) for name in "abc"]
    raw = b"".join(request_bytes("POST", CHAT, body=body) for body in asked)
    places = [0, *sorted(place * len(raw) // 400 for place in cuts), len(raw)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wire_exchange, "MIN_INTAKE_BYTES", 1)
        async with line() as client:
            for start, end, wait in zip(places, places[1:], waits, strict=False):
                client.arrive(raw[start:end])
                for _ in range(5 * wait):
                    await asyncio.sleep(0)
            await until(lambda: answers(client.below) == len(asked))
            assert client.bodies == [json.loads(body) for body in asked]
            assert client.below.written.count(b"HTTP/1.1 ") == len(asked)


async def test_long_bodies_come_past_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[bytes] = []
    monkeypatch.setattr(WireBody, "feed", lambda _, part: parsed.append(part))
    async with line() as client:
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(len(LONG))}))
        await client.in_intake()
        client.arrive(LONG)
        await until(lambda: answers(client.below) == 1)
        assert (client.taker, parsed) == (client.protocol, [])
        assert client.bodies == [json.loads(LONG)]


async def test_what_is_sent_in_chunks_or_too_long_does_not() -> None:
    async with line() as client:
        client.arrive(request_bytes("POST", CHAT, headers={"transfer-encoding": "chunked"}))
        client.arrive(b"%x\r\n%b\r\n" % (len(LONG), LONG))
        await asyncio.sleep(0.01)
        assert client.taker is client.protocol
        client.arrive(b"0\r\n\r\n")
        await until(lambda: answers(client.below) == 1)
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(MAX_BODY_BYTES + 1)}))
        await until(lambda: b"HTTP/1.1 413 " in client.below.written)
        assert client.taker is client.protocol


async def test_silence_is_measured_from_the_last_bytes() -> None:
    async with line(body_idle_s=0.3) as client:
        loop = asyncio.get_running_loop()
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(len(LONG))}) + LONG[:10])
        await client.in_intake()
        for after_s in (0.15, 0.3, 0.45):
            loop.call_later(after_s, client.arrive, b"x")
        began_s = loop.time()
        await until(lambda: bool(client.below.written))
        assert loop.time() >= began_s + 0.7
        assert client.below.written.startswith(b"HTTP/1.1 408 ")


async def test_what_follows_a_body_that_was_given_up_is_still_read() -> None:
    async with line() as client:
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(len(LONG))}) + LONG[:10])
        await client.in_intake()
        client.arrive(LONG[10:30_000])
        exchange = client.protocol.cycle
        assert isinstance(exchange, WireExchange)
        exchange.body.fail(MalformedRequest("no more of it"))
        await until(lambda: client.below.written.startswith(b"HTTP/1.1 400 "))
        assert client.taker is client.protocol
        client.arrive(LONG[30_000:] + request_bytes("POST", CHAT, body=SHORT))
        await until(lambda: answers(client.below) == 1)
        assert client.bodies == [json.loads(SHORT)]


def _closes(client: Line) -> None:
    taker = client.taker
    assert isinstance(taker, Intake)
    taker.eof_received()
    client.below.closed.set()


def _is_lost(client: Line) -> None:
    taker = client.taker
    assert isinstance(taker, Intake)
    client.below.closed.set()
    taker.connection_lost(None)


@pytest.mark.parametrize("leaves", [_closes, _is_lost])
async def test_a_client_that_leaves_within_its_body_has_left(leaves: Callable[[Line], None]) -> None:
    async with line() as client:
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(len(LONG))}) + LONG[:10])
        await client.in_intake()
        client.arrive(LONG[10:1_000])
        leaves(client)
        await until(lambda: not client.protocol.server_state.tasks)
        assert [record.status for record in client.gateway.books.records] == [499]
        assert client.below.written == b""


async def test_the_taker_of_a_body_passes_on_what_the_transport_says() -> None:
    async with line() as client:
        client.arrive(request_bytes("POST", CHAT, headers={"content-length": str(len(LONG))}))
        await client.in_intake()
        flow = client.protocol.flow
        paused = []
        for tell in (client.taker.pause_writing, client.taker.resume_writing):
            tell()
            paused.append(flow.write_paused)
        assert paused == [True, False]
        client.arrive(LONG)
        await until(lambda: answers(client.below) == 1)
