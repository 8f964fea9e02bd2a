"""The wire door over real sockets: what HTTP/1.1 asks of a connection, whatever its requests are about."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.http import uvicorn_protocol, wire
from adapters.http.access import AccessPolicy
from adapters.http.inbound import Inbound
from adapters.http.uvicorn_protocol import BoundedProtocol
from adapters.http.wire import MAX_QUEUED, WireProtocol, wire_to
from adapters.http.wire_fit import fits
from domain.secret import Secret
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import MAX_BODY_BYTES, Gateway, build_gateway, served
from tests.http.http_client import Connection, request_bytes
from tests.http.scripts import DONE, RAW_ANSWER, RAW_FRAME, Flood, Gated, everything
from tests.http.test_data_plane import gateway_with
from tests.http.test_leaving_clients import until
from tests.http.test_uvicorn_protocol import later

GOOD = request_bytes("POST", CHAT, body=chat_body("passed-through"))
HEALTH = request_bytes("GET", "/health")


@pytest.fixture
async def behind_wire() -> AsyncIterator[Gateway]:
    async with served(build_gateway(everything()), "wire") as running:
        yield running


@pytest.fixture
async def client(behind_wire: Gateway) -> AsyncIterator[Connection]:
    async with asyncio.timeout(10), await behind_wire.connect() as connection:
        yield connection


async def rest_of(client: Connection) -> bytes:
    """Everything until the server closes the connection."""
    return await client.reader.read()


async def test_nothing_of_asgi_is_between(
    behind_wire: Gateway, client: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object) -> None:
        raise AssertionError("the application was asked")

    monkeypatch.setattr(behind_wire.app, "asgi_app", refuse)
    await client.send(GOOD)
    assert (await client.answer()).body == RAW_ANSWER


@pytest.mark.parametrize(
    ("version", "connection", "kept"),
    [("1.1", None, True), ("1.1", "close", False), ("1.1", "keep-alive", True), ("1.0", None, False)],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_connections_are_kept_as_the_client_asks(
    client: Connection, version: str, connection: str | None, kept: bool, stream: bool
) -> None:
    headers = {"connection": connection} if connection else {}
    request = request_bytes("POST", CHAT, body=chat_body("passed-through", stream=stream), headers=headers)
    await client.send(request.replace(b"HTTP/1.1", f"HTTP/{version}".encode(), 1))
    body = RAW_FRAME + RAW_FRAME + DONE if stream else RAW_ANSWER
    if version == "1.0":
        head = await client.head()
        assert head.header("transfer-encoding") is None
        assert await rest_of(client) == body
    else:
        answer = head = await client.answer()
        assert (answer.complete, answer.body) == (True, body)
    assert (head.header("connection") == "close") is not kept
    if kept:
        await client.send(GOOD)
        assert (await client.answer()).status == 200
    else:
        assert await rest_of(client) == b""


async def test_a_broken_answer_is_told_also_to_clients_that_know_no_chunks() -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(200, [(b"content-type", b"text/plain")])
        await inbound.exchange.write(b"half")
        await asyncio.sleep(0.01)
        raise ZeroDivisionError

    async with (
        served(gateway_with(work), "wire") as gateway,
        asyncio.timeout(5),
        await gateway.connect() as client,
    ):
        await client.send(request_bytes("POST", "/work").replace(b"HTTP/1.1", b"HTTP/1.0"))
        await client.reader.readuntil(b"half")
        with pytest.raises(ConnectionResetError):
            await client.reader.read()


@pytest.mark.parametrize("given", [b"123", b"12345"])
async def test_an_answer_of_another_length_than_it_says_is_broken_off(given: bytes) -> None:
    async def work(inbound: Inbound) -> None:
        await inbound.exchange.start(200, [(b"content-length", b"4")])
        await inbound.exchange.finish(given)

    async with (
        served(gateway_with(work), "wire") as gateway,
        asyncio.timeout(5),
        await gateway.connect() as client,
    ):
        await client.send(request_bytes("POST", "/work"))
        assert await rest_of(client) == b""


@pytest.mark.parametrize("sizes", [1, 7, 1_000_000])
async def test_pipelined_requests_of_both_planes_are_answered_in_order(client: Connection, sizes: int) -> None:
    stream = request_bytes("POST", CHAT, body=chat_body("passed-through", stream=True))
    wrong = request_bytes("POST", CHAT, body=chat_body("nobody"))
    asked = [GOOD, HEALTH, stream, HEALTH, HEALTH, wrong, GOOD, GOOD, request_bytes("GET", "/nowhere"), stream]
    requests = b"".join(asked)
    for start in range(0, len(requests), sizes):
        await client.send(requests[start : start + sizes])
    statuses = [(await client.answer()).status for _ in asked]
    assert statuses == [200, 200, 200, 200, 200, 404, 200, 200, 404, 200]


async def test_many_pipelined_requests_wait_outside(behind_wire: Gateway, client: Connection) -> None:
    count = 40 * MAX_QUEUED
    sending = asyncio.get_running_loop().create_task(client.send(GOOD * count))
    for _ in range(count):
        assert (await client.answer()).status == 200
    await sending
    assert len(behind_wire.books.records) == count


async def test_leaving_ends_what_runs_and_drops_what_waits(behind_wire: Gateway) -> None:
    async with asyncio.timeout(5), await behind_wire.connect() as client:
        await client.send(request_bytes("POST", CHAT, body=chat_body("hangs")) + GOOD + HEALTH + GOOD)
        await behind_wire.provider.opened.wait()
    async with asyncio.timeout(1):
        await behind_wire.provider.closed.wait()
        await behind_wire.books.booked.wait()
    assert [record.status for record in behind_wire.books.records] == [499]
    assert len(behind_wire.provider.calls) == 1


async def test_leaving_ends_what_runs_also_while_another_plane_waits(behind_wire: Gateway) -> None:
    async with asyncio.timeout(5), await behind_wire.connect() as client:
        await client.send(request_bytes("POST", CHAT, body=chat_body("hangs-later", stream=True)) + HEALTH)
        await client.head()
    async with asyncio.timeout(1):
        await behind_wire.books.booked.wait()
    assert behind_wire.books.records[0].status == 499


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        GOOD[:30],
        GOOD[:-9],
        request_bytes("POST", CHAT, headers={"transfer-encoding": "chunked"}) + b"ff\r\n{",
        request_bytes("POST", CHAT, body=chat_body("hangs")),
        request_bytes("POST", CHAT, body=chat_body("hangs-later", stream=True)),
        request_bytes("POST", CHAT, body=chat_body("hangs")) + GOOD * 3 + HEALTH,
        request_bytes("POST", CHAT, headers={"content-length": "999999", "connection": "close"}) + b"{",
        b"GET / HTTP/1.1\r\nx: " + b"y" * 70_000,
    ],
    ids=["idle", "head", "body", "chunk", "waiting", "streaming", "pipelining", "refused", "flood"],
)
async def test_who_leaves_leaves_no_task_behind(behind_wire: Gateway, sent: bytes) -> None:
    before = len(asyncio.all_tasks())
    for how in ("reset", "close", "half close"):
        async with asyncio.timeout(5), await behind_wire.connect() as client:
            await client.send(sent)
            await later(0.01)
            match how:
                case "reset":
                    client.leave()
                case "close":
                    client.writer.close()
                case _:
                    client.writer.write_eof()
            await until(lambda: len(asyncio.all_tasks()) == before and not len(behind_wire.tasks))
        assert (len(behind_wire.drain), behind_wire.books.open) == (0, 0)


async def test_a_client_that_waits_for_continue_is_told_to_go_on(client: Connection) -> None:
    body = chat_body("passed-through")
    headers = {"expect": "100-Continue", "content-length": str(len(body))}
    await client.send(request_bytes("POST", CHAT, headers=headers))
    assert await client.reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    await client.send(body)
    assert (await client.answer()).body == RAW_ANSWER
    await client.send(GOOD)
    assert (await client.answer()).status == 200


async def test_a_client_that_does_not_wait_for_continue_gets_none(client: Connection) -> None:
    await client.send(GOOD.replace(b"host:", b"expect: 100-continue\r\nhost:", 1))
    assert (await client.answer()).status == 200


async def test_who_may_not_send_is_told_so_instead_of_continue() -> None:
    locked = build_gateway(everything(), access=AccessPolicy(master_key=Secret("sk")))
    async with served(locked, "wire") as gateway, asyncio.timeout(5), await gateway.connect() as client:
        await client.send(request_bytes("POST", CHAT, headers={"expect": "100-continue", "content-length": "5"}))
        answer = await client.answer()
        assert (answer.status, answer.header("connection")) == (401, "close")
        assert await rest_of(client) == b""


async def test_a_body_that_was_refused_is_read_past(client: Connection) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)
    await client.send(request_bytes("POST", CHAT, body=body) + GOOD)
    assert [(await client.answer()).status for _ in range(2)] == [413, 200]


async def test_a_body_that_nobody_reads_yet_is_not_taken_in(behind_wire: Gateway, client: Connection) -> None:
    gate = asyncio.Event()
    behind_wire.provider.scripts["passed-through"] = Gated(gate)
    big = chat_body("passed-through").ljust(MAX_BODY_BYTES)
    await client.send(request_bytes("POST", CHAT, body=chat_body("passed-through", stream=True)))
    await client.send(request_bytes("POST", CHAT, body=big))
    gate.set()
    assert (await client.answer()).complete
    assert (await client.answer()).status == 200


@pytest.mark.parametrize(
    "head",
    [
        b"content-length: 5\r\ntransfer-encoding: chunked\r\n",
        b"transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        b"content-length: 5\r\ncontent-length: 6\r\n",
        b"content-length: 5, 6\r\n",
        b"content-length: +5\r\n",
        b"content-length: 0x5\r\n",
        b"transfer-encoding: identity, chunked, identity\r\ncontent-length: 5\r\n",
        b"x-a: b\r\n folded: c\r\ncontent-length: 5\r\n",
        b"x-a : b\r\ncontent-length: 5\r\n",
        b"x-a: b\n\ncontent-length: 5\r\n",
        b"x-a: b\0c\r\ncontent-length: 5\r\n",
        b"content-length: 5\rtransfer-encoding: chunked\r\n",
    ],
)
async def test_shapes_that_smuggle_are_refused(behind_wire: Gateway, client: Connection, head: bytes) -> None:
    start = b"POST " + CHAT.encode() + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n"
    await client.send(start + head + b"\r\n" + b"0\r\n\r\n" + GOOD)
    answer = await client.head()
    assert answer.status == 400
    rest = await rest_of(client)
    assert b"HTTP/1.1 " not in rest
    assert behind_wire.provider.calls == []


async def test_garbage_behind_a_request_does_not_take_its_answer(
    behind_wire: Gateway, client: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    gate = asyncio.Event()
    behind_wire.provider.scripts["passed-through"] = Gated(gate)
    await client.send(request_bytes("POST", CHAT, body=chat_body("passed-through", stream=True)))
    await behind_wire.provider.opened.wait()
    await client.send(GOOD + b"\0\0\0 garbage\r\n\r\n")
    await until(lambda: "Invalid HTTP request received." in caplog.text)
    gate.set()
    answer = await client.answer()
    assert (answer.complete, answer.body) == (True, RAW_FRAME + DONE)
    assert await rest_of(client) == b""


async def test_garbage_within_a_body_ends_the_request(behind_wire: Gateway, client: Connection) -> None:
    await client.send(request_bytes("POST", CHAT, headers={"transfer-encoding": "chunked"}) + b"5\r\n{")
    await until(lambda: behind_wire.books.open == 1)
    await client.send(b'"a":\r\nzz\r\n')
    assert (await client.head()).status == 400
    await until(lambda: behind_wire.books.open == 0)
    assert behind_wire.provider.calls == []


async def test_garbage_within_a_body_ends_requests_of_the_other_plane_too(client: Connection) -> None:
    await client.send(request_bytes("POST", "/v1/models", headers={"transfer-encoding": "chunked"}) + b"zz\r\n")
    assert (await client.head()).status in {400, 405}


@pytest.mark.parametrize("size", [1, 60, 1_000_000])
@pytest.mark.parametrize("connection", ["Upgrade, HTTP2-Settings", "keep-alive, Upgrade", "upgrade"])
async def test_an_upgrade_that_is_offered_is_not_taken(client: Connection, connection: str, size: int) -> None:
    offer = {"connection": connection, "upgrade": "h2c", "http2-settings": "AAMAAABk"}
    chunked = request_bytes("POST", CHAT, headers={**offer, "transfer-encoding": "chunked"})
    body = chat_body("passed-through")
    requests = [
        request_bytes("POST", CHAT, body=body, headers=offer),
        chunked + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body),
        request_bytes("GET", "/health", headers=offer),
        GOOD,
    ]
    data = b"".join(requests)
    for start in range(0, len(data), size):
        await client.send(data[start : start + size])
    for _ in requests:
        assert (await client.answer()).status == 200


async def test_an_upgrade_does_not_keep_who_wants_to_close(client: Connection) -> None:
    headers = {"connection": "close, Upgrade", "upgrade": "websocket"}
    await client.send(request_bytes("POST", CHAT, body=chat_body("passed-through"), headers=headers))
    assert (await client.answer()).header("connection") == "close"
    assert await rest_of(client) == b""


async def test_tunnels_are_not_dug(client: Connection) -> None:
    await client.send(b"CONNECT upstream.example:443 HTTP/1.1\r\nhost: upstream.example\r\n\r\n" + GOOD)
    assert (await client.head()).status == 400
    assert b"HTTP/1.1 " not in await rest_of(client)


async def test_leaving_before_the_end_of_an_unframed_answer(behind_wire: Gateway) -> None:
    request = request_bytes("POST", CHAT, body=chat_body("hangs-later", stream=True))
    async with asyncio.timeout(5), await behind_wire.connect() as client:
        await client.send(request.replace(b"HTTP/1.1", b"HTTP/1.0", 1))
        await client.reader.readuntil(RAW_FRAME)
    async with asyncio.timeout(1):
        await behind_wire.books.booked.wait()
    assert behind_wire.books.records[0].status == 499


async def test_an_empty_line_between_requests_is_no_request(client: Connection) -> None:
    await client.send(GOOD + b"\r\n")
    assert (await client.answer()).status == 200
    await client.send(GOOD)
    assert (await client.answer()).status == 200


async def test_a_client_that_never_reads_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_protocol, "WRITE_STALL_S", 0.05)
    flood = Flood()
    built = build_gateway({"flood": flood})
    async with served(built, "wire") as gateway, asyncio.timeout(10), await gateway.connect() as client:
        await client.request("POST", CHAT, body=chat_body("flood", stream=True))
        await client.head()
        await gateway.books.booked.wait()
        assert gateway.books.records[0].status == 499
        assert gateway.provider.closed.is_set()


async def test_a_body_that_stops_coming_after_its_answer_ends_the_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.02)
    built = build_gateway({}, body_idle_s=0.02)
    async with served(built, "wire") as gateway, asyncio.timeout(5), await gateway.connect() as client:
        await client.send(request_bytes("POST", CHAT, headers={"content-length": "10"}) + b"{")
        assert (await client.answer()).status == 408
        assert await rest_of(client) == b""


async def test_a_long_answer_outlasts_every_head_timeout(
    monkeypatch: pytest.MonkeyPatch, behind_wire: Gateway
) -> None:
    monkeypatch.setattr(uvicorn_protocol, "HEAD_TIMEOUT_S", 0.01)
    gate = asyncio.Event()
    behind_wire.provider.scripts["passed-through"] = Gated(gate)
    async with asyncio.timeout(5), await behind_wire.connect() as client:
        await client.send(request_bytes("POST", CHAT, body=chat_body("passed-through", stream=True)) + b"\r\nGET")
        asyncio.get_running_loop().call_later(0.1, gate.set)
        assert (await client.answer()).complete


async def test_a_shutdown_lets_the_answer_end_and_says_so() -> None:
    gate = asyncio.Event()
    built = build_gateway({"gated": Gated(gate)})
    async with asyncio.timeout(10), AsyncExitStack() as connections:
        async with served(built, "wire") as gateway:
            client, idle = [await connections.enter_async_context(await gateway.connect()) for _ in range(2)]
            await idle.send(HEALTH)
            await idle.answer()
            await client.request("POST", CHAT, body=chat_body("gated"))
            await gateway.provider.opened.wait()
            asyncio.get_running_loop().call_later(0.05, gate.set)
        answer = await client.answer()
        assert (answer.status, answer.header("connection")) == (200, "close")
        assert await rest_of(client) == b""
        assert await rest_of(idle) == b""


async def test_every_path_is_decoded_once(client: Connection) -> None:
    await client.send(GOOD.replace(CHAT.encode(), b"/%76%31/chat/completions?x=%2F#f", 1))
    assert (await client.answer()).body == RAW_ANSWER
    await client.send(GOOD.replace(CHAT.encode(), b"http://elsewhere.example/v1/chat/completions", 1))
    assert (await client.answer()).body == RAW_ANSWER


def test_uvicorn_is_the_one_that_is_known() -> None:
    assert fits(HttpToolsProtocol)


def test_another_uvicorn_is_left_alone(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    class Renamed(HttpToolsProtocol):
        def on_response_complete(self) -> None:
            self.server_state.total_requests += 1

    assert not fits(Renamed)
    assert not fits(asyncio.Protocol)
    monkeypatch.setattr(wire, "HttpToolsProtocol", Renamed)
    protocol = wire_to(build_gateway({}).plane)
    assert issubclass(protocol, BoundedProtocol)
    assert not issubclass(protocol, WireProtocol)
    (entry,) = caplog.records
    assert (entry.levelno, uvicorn.__version__ in entry.getMessage()) == (logging.WARNING, True)


async def test_the_slower_way_answers_too() -> None:
    gateway = build_gateway(everything())
    async with served(gateway, "uvicorn") as running:
        answer = await running.ask("POST", CHAT, body=chat_body("passed-through"))
    assert json.loads(answer.body) == json.loads(RAW_ANSWER)
