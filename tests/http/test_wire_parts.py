"""The parts of the wire door without sockets: heads, bodies, and what a connection writes and waits for."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from adapters.http import uvicorn_protocol
from adapters.http.exchange import HeaderLines
from adapters.http.wire import WireProtocol, wire_to
from adapters.http.wire_body import MAX_WAITING_BYTES, WireBody
from adapters.http.wire_head import Framing, render_head
from domain.errors import MalformedRequest, RequestTooLarge
from tests.http.below import Below
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import Gateway, build_gateway
from tests.http.http_client import request_bytes
from tests.http.scripts import RAW_ANSWER, everything
from tests.http.test_leaving_clients import until

names = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=8).filter(
    lambda name: name != "content-length"
)
values = st.binary(max_size=12)


def head_of(
    status: int, headers: object, method: str = "POST", may_chunk: bool = True, keep_alive: bool = True
) -> tuple[bytes, Framing, int]:
    return render_head(
        status,
        headers,  # type: ignore[arg-type]  # whatever the test made
        standing=b"date: now\r\n",
        method=method,
        may_chunk=may_chunk,
        keep_alive=keep_alive,
    )


@pytest.mark.parametrize(("status", "line"), [(404, b"404 Not Found"), (520, b"520 "), (529, b"529 ")])
def test_statuses_need_not_be_registered(status: int, line: bytes) -> None:
    assert head_of(status, [])[0].startswith(b"HTTP/1.1 " + line + b"\r\n")


@given(st.lists(st.tuples(names.map(str.encode), values), max_size=5))
def test_no_header_can_forge_another(headers: list[tuple[bytes, bytes]]) -> None:
    forged = any(b"\r" in value or b"\n" in value for _, value in headers)
    try:
        head, _, _ = head_of(200, headers)
    except ValueError:
        assert forged
        return
    assert not forged
    lines = head.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert lines[1:] == [
        b"date: now",
        *(name + b": " + value for name, value in headers),
        b"transfer-encoding: chunked",
    ]


@pytest.mark.parametrize(
    ("status", "method", "headers", "may_chunk", "framing", "length"),
    [
        (200, "POST", [(b"content-length", b"17")], True, Framing.LENGTH, 17),
        (200, "POST", HeaderLines(b"x: y\r\ncontent-length: 17\r\n"), True, Framing.LENGTH, 17),
        (200, "POST", [(b"x-content-length", b"17")], True, Framing.CHUNKED, 0),
        (200, "POST", [], False, Framing.UNTIL_CLOSE, 0),
        (405, "HEAD", [(b"content-length", b"17")], True, Framing.NO_BODY, 0),
        (204, "OPTIONS", [], True, Framing.NO_BODY, 0),
    ],
)
def test_the_end_of_a_body_is_told_one_way(
    status: int, method: str, headers: object, may_chunk: bool, framing: Framing, length: int
) -> None:
    head, told, left = head_of(status, headers, method, may_chunk)
    assert (told, left) == (framing, length)
    assert head.count(b"\r\n\r\n") == 1
    assert (b"\r\ntransfer-encoding: chunked\r\n" in head) == (framing is Framing.CHUNKED)


def test_who_is_not_kept_is_told() -> None:
    assert b"\r\nconnection: close\r\n" in head_of(200, [], keep_alive=False)[0]


def test_header_lines_are_headers() -> None:
    assert list(HeaderLines(b"a: b\r\nc: d: e\r\n")) == [(b"a", b"b"), (b"c", b"d: e")]


class Inflow:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


def body_of(inflow: Inflow | None = None, idle_s: float = 60.0) -> WireBody:
    return WireBody(inflow or Inflow(), asyncio.get_running_loop(), idle_s)


@given(st.lists(st.binary(min_size=1, max_size=20)), st.integers(0, 20), st.integers(0, 200))
async def test_a_body_is_what_came_however_it_came(parts: list[bytes], asked_after: int, max_bytes: int) -> None:
    body, whole = body_of(), b"".join(parts)
    for part in parts[:asked_after]:
        body.feed(part)
    if asked_after >= len(parts):
        body.complete()
    reading = asyncio.get_running_loop().create_task(body.read(max_bytes))
    await asyncio.sleep(0)
    for part in parts[asked_after:]:
        body.feed(part)
    body.complete()
    if len(whole) <= max_bytes:
        assert await reading == whole
    else:
        with pytest.raises(RequestTooLarge):
            await reading


async def test_what_nobody_asked_for_is_taken_in_up_to_a_bound() -> None:
    inflow = Inflow()
    body = body_of(inflow)
    body.feed(b"x" * MAX_WAITING_BYTES)
    assert inflow.calls == []
    body.feed(b"x")
    assert inflow.calls == ["pause"]
    reading = asyncio.get_running_loop().create_task(body.read(10 * MAX_WAITING_BYTES))
    await asyncio.sleep(0)
    assert inflow.calls == ["pause", "resume"]
    body.complete()
    assert len(await reading) == MAX_WAITING_BYTES + 1


async def test_silence_is_measured_from_the_last_word() -> None:
    body = body_of(idle_s=0.05)
    loop = asyncio.get_running_loop()
    for after_s in (0.03, 0.06, 0.09):
        loop.call_later(after_s, body.feed, b"x")
    began_s = loop.time()
    with pytest.raises(MalformedRequest, match="silent"):
        await body.read(100)
    assert loop.time() >= began_s + 0.13


@pytest.fixture
def gateway() -> Gateway:
    return build_gateway(everything())


@pytest.fixture
async def below() -> Below:
    return Below()


Connect = Callable[..., WireProtocol]


@pytest.fixture
async def connect(gateway: Gateway, below: Below) -> AsyncIterator[Connect]:
    made: list[WireProtocol] = []

    def connected(keep_alive_s: float = 5.0, body_idle_s: float = 60.0) -> WireProtocol:
        protocol_class = wire_to(gateway.plane, body_idle_s=body_idle_s)
        config = uvicorn.Config(
            gateway.app, http=protocol_class, lifespan="off", log_config=None, timeout_keep_alive=5
        )
        config.load()
        protocol = protocol_class(config, ServerState(), {})
        assert isinstance(protocol, WireProtocol)
        protocol.timeout_keep_alive = keep_alive_s  # type: ignore[assignment]  # parts of seconds, for the test
        protocol.connection_made(below)
        made.append(protocol)
        return protocol

    yield connected
    for protocol in made:
        protocol.connection_lost(None)
        await asyncio.gather(*protocol.server_state.tasks)


GOOD = request_bytes("POST", CHAT, body=chat_body("passed-through"))


async def test_an_answer_is_one_write(connect: Connect, below: Below) -> None:
    connect().data_received(GOOD)
    await until(lambda: bool(below.calls))
    (written,) = below.calls
    assert isinstance(written, bytes)
    assert written.startswith(b"HTTP/1.1 200 OK\r\n")
    assert written.endswith(b"\r\n\r\n" + RAW_ANSWER)


async def test_the_servers_own_headers_are_those_of_now(connect: Connect, below: Below) -> None:
    protocol = connect()
    for date in (b"yesterday", b"today"):
        protocol.server_state.default_headers = [(b"date", date)]
        protocol.data_received(GOOD)
        await until(lambda date=date: b"\r\ndate: %b\r\n" % date in below.written)  # type: ignore[misc]  # mypy infers no default of a lambda
    assert protocol.server_state.total_requests == 2


async def test_a_connection_is_kept_for_a_while(connect: Connect, below: Below) -> None:
    protocol = connect(keep_alive_s=0.03)
    loop = asyncio.get_running_loop()
    protocol.data_received(GOOD)
    await until(lambda: bool(below.calls))
    answered_s = loop.time()
    await asyncio.wait_for(below.closed.wait(), 5)
    assert loop.time() >= answered_s + 0.02
    assert below.calls[1:] == ["close"]


async def test_a_body_that_trickles_after_its_answer_is_waited_for(
    connect: Connect, below: Below, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.01)
    protocol = connect(body_idle_s=0.1)
    head = request_bytes("POST", CHAT, headers={"content-length": "999999"})
    protocol.data_received(head)
    await until(lambda: bool(below.calls))
    assert below.written.startswith(b"HTTP/1.1 413 ")
    loop = asyncio.get_running_loop()
    for after_s in (0.05, 0.1, 0.15):
        loop.call_later(after_s, protocol.data_received, b"x")
    began_s = loop.time()
    await asyncio.wait_for(below.closed.wait(), 5)
    assert loop.time() >= began_s + 0.2


async def test_a_client_that_closes_its_side_has_left(gateway: Gateway, connect: Connect) -> None:
    protocol = connect()
    protocol.data_received(request_bytes("POST", CHAT, body=chat_body("hangs")))
    await gateway.provider.opened.wait()
    protocol.eof_received()
    await until(lambda: gateway.provider.closed.is_set() and not protocol.server_state.tasks)
    assert gateway.books.records[0].status == 499
