"""Connections of clients and of upstreams, on both servers: kept, closed, pipelined, stalled and left."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from tests.http.both_servers import (
    ANSWER,
    ANSWERS,
    AUTHORITY,
    BODY,
    DONE,
    FRAME,
    FRAMES,
    PATH,
    SENT,
    STREAM,
    Stage,
    chunked,
    head,
    request,
)
from tests.http.http_client import Connection
from tests.http.test_leaving_clients import until
from tests.http.test_uvicorn_protocol import later
from tests.upstream.scripted_server import (
    Exchange,
    Script,
    answer,
    sends,
    sends_and_closes,
    sends_and_resets,
    sends_and_stalls,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAMS = sends(EVENTS + chunked(FRAMES))
CONTINUE = b"HTTP/1.1 100 "


@pytest_asyncio.fixture(loop_scope="module")
async def client(stage: Stage) -> AsyncIterator[Connection]:
    async with asyncio.timeout(10), await stage.connect() as connection:
        yield connection


async def assert_closed(client: Connection) -> None:
    assert await client.reader.read() == b""


# Clients that keep their connection, or do not.


async def test_a_connection_is_used_again_at_once(stage: Stage, client: Connection) -> None:
    stage.plays(ANSWERS, STREAMS, ANSWERS)
    for body, expected in ((BODY, ANSWER), (STREAM, FRAMES), *((BODY, ANSWER),) * 20):
        await client.send(request(body))
        assert (await client.answer()).body == expected


@pytest.mark.parametrize("target", [PATH, b"/v1/models"])
async def test_a_connection_closes_where_the_client_says_so(client: Connection, target: bytes) -> None:
    method = b"POST" if target == PATH else b"GET"
    body = BODY if target == PATH else b""
    await client.send(request(body, b"connection: close", target=target, method=method))
    answer = await client.answer()
    assert (answer.status, answer.header("connection")) == (200, "close")
    await assert_closed(client)


@pytest.mark.parametrize(
    "lines",
    [(), (b"connection: keep-alive",), (b"connection: upgrade", b"upgrade: h2c")],
    ids=["plain", "keep-alive", "upgrade"],
)
@pytest.mark.parametrize("body", [BODY, STREAM], ids=["buffered", "streamed"])
async def test_clients_of_http_1_0_read_until_the_end(
    stage: Stage, client: Connection, body: bytes, lines: tuple[bytes, ...]
) -> None:
    """Neither server keeps their connections, which they must not expect; no chunk frames the stream."""
    stage.plays(STREAMS if body == STREAM else ANSWERS)
    await client.send(request(body, *lines, version=b"1.0"))
    answer = await client.head()
    assert (answer.status, answer.header("transfer-encoding"), answer.header("connection")) == (200, None, "close")
    assert await client.reader.read() == (FRAMES if body == STREAM else ANSWER)


async def test_an_upload_that_is_refused_is_told_so_although_it_goes_on(stage: Stage, client: Connection) -> None:
    """The connection closes, but not before the client could read why; Hypercorn may reset it sooner."""
    raw = request(b" " * 3_000_000, b"connection: close").replace(AUTHORITY, b"host: 127.0.0.1\r\n")
    client.writer.write(raw)
    assert await client.refusal(may_reset=stage.server == "hypercorn") in (401, None)
    assert stage.bodies == []


async def test_what_stands_in_trailers_is_no_header(client: Connection) -> None:
    """Also on paths that the wire door hands over."""
    last = b"0\r\n" + AUTHORITY.partition(b"\r\n")[2] + b"\r\n"
    for target in (PATH, b"/v1/responses/r/cancel"):
        raw = head(b"transfer-encoding: chunked", target=target, first=b"host: 127.0.0.1\r\n")
        await client.send(raw + chunked(BODY, end=last))
        assert (await client.answer()).status == 401


# Expectations.


async def test_who_waits_for_continue_is_told_once(client: Connection) -> None:
    for _ in range(2):
        await client.send(head(b"content-length: %d" % len(BODY), b"expect: 100-continue"))
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(CONTINUE)
        await client.send(BODY)
        assert (await client.answer()).body == ANSWER


async def test_who_does_not_wait_for_continue_is_not_told(stage: Stage, client: Connection) -> None:
    for _ in range(2):
        await client.send(request(BODY, b"expect: 100-continue"))
        interim = stage.server == "hypercorn"  # h11 tells it before it looks whether the body is there
        if interim:
            assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(CONTINUE)
        assert (await client.answer()).body == ANSWER


@pytest.mark.parametrize(("status", "first", "length"), [(401, b"host: a\r\n", 9), (413, AUTHORITY, 10**9)])
async def test_who_may_not_send_is_told_that_instead_of_continue(
    stage: Stage, client: Connection, status: int, first: bytes, length: int
) -> None:
    await client.send(head(b"content-length: %d" % length, b"expect: 100-continue", first=first))
    if stage.server == "hypercorn":  # it tells everybody to go on before it asks the application
        assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(CONTINUE)
    answer = await client.answer()
    assert answer.status == status
    await assert_closed(client)
    assert stage.bodies == []


# Several requests at once.


@pytest.mark.parametrize("size", [7, 1_000_000])
async def test_pipelined_requests_are_answered_in_order(stage: Stage, client: Connection, size: int) -> None:
    stage.plays(ANSWERS, STREAMS, ANSWERS)
    health = request(b"", target=b"/health", method=b"GET")
    asked = {
        request(): (200, ANSWER),
        health: (200, None),
        request(STREAM): (200, FRAMES),
        request(BODY.replace(b"openai/m", b"nobody")): (404, None),
        head(b"transfer-encoding: chunked") + chunked(BODY[:9], BODY[9:]): (200, ANSWER),
        request(b"{"): (400, None),
        request(BODY, b"connection: upgrade", b"upgrade: websocket"): (200, ANSWER),
        request(BODY, b"connection: upgrade, http2-settings", b"upgrade: h2c", b"http2-settings: AAMA"): (
            200,
            ANSWER,
        ),
        request(b"", target=b"/nowhere", method=b"GET"): (404, None),
        request(b"", method=b"GET"): (405, None),
        request(BODY, b"x: last"): (200, ANSWER),
    }
    raw = b"".join(asked)
    for start in range(0, len(raw), size):
        await client.send(raw[start : start + size])
    for status, body in asked.values():
        answer = await client.answer()
        assert answer.status == status
        assert body in (None, answer.body)
    assert len(stage.bodies) == 6


async def test_nothing_is_asked_after_the_last_request(stage: Stage, client: Connection) -> None:
    await client.send(request(BODY, b"connection: close") + request() * 3)
    answer = await client.answer()
    # h11 takes whatever follows the last request for an error of that one
    assert answer.status == (200 if stage.server == "uvicorn" else 400)
    await assert_closed(client)
    await stage.upstream.until(lambda it: it.exchanges != [])
    assert stage.bodies == [SENT]


async def test_a_client_that_leaves_amid_its_requests_takes_them_along(stage: Stage) -> None:
    """Not with Hypercorn, which reads no further before its answer: it sees nobody leave, and asks for the rest."""
    stage.plays(sends_and_stalls(b""), ANSWERS)
    async with await stage.connect() as client:
        await client.send(request() * 3 + request(b"", target=b"/health", method=b"GET"))
        await stage.upstream.until(lambda it: len(it.exchanges) == 1)
        busy = stage.upstream.open_connections
    if stage.server == "hypercorn":
        await stage.upstream.exchanges[0].send(answer(ANSWER, headers=b"Connection: close\r\n"))
        await stage.upstream.until(lambda it: len(it.exchanges) == 3)
    else:
        await fewer_connections(stage, busy)
        assert len(stage.bodies) == 1


async def test_garbage_behind_a_request_does_not_take_its_answer(stage: Stage, client: Connection) -> None:
    await client.send(request() + b"\0 garbage\r\n\r\n" + request())
    assert (await client.answer()).body == ANSWER
    assert b"HTTP/1.1 200" not in await client.reader.read()
    assert stage.bodies == [SENT]


# Upstreams that close.


@pytest.mark.parametrize("body", [BODY, STREAM], ids=["buffered", "streamed"])
@pytest.mark.parametrize("raw", [
    b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b",
    b"HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%b",
    b"HTTP/1.0 200 OK\r\nX: %d\r\n\r\n%b",
    b"HTTP/1.1 200 OK\r\nX: %d\r\n\r\n%b",
], ids=["close", "1.0", "1.0 until close", "until close"])  # fmt: skip
async def test_upstreams_may_close_after_their_answer(
    stage: Stage, client: Connection, body: bytes, raw: bytes
) -> None:
    expected = ANSWER if body == BODY else FRAMES
    stage.plays(sends_and_closes(raw % (len(expected), expected)))
    accepted = stage.upstream.accepted
    for _ in range(3):
        await client.send(request(body))
        assert (await client.answer()).body == expected
    assert stage.upstream.accepted >= accepted + 2


@pytest.mark.parametrize("farewell", [sends_and_closes, sends_and_resets], ids=["closed", "reset"])
async def test_an_upstream_that_closes_just_as_it_is_asked_is_asked_again(
    stage: Stage, client: Connection, farewell: Callable[[bytes], Script]
) -> None:
    whole = answer(ANSWER)
    stage.plays(*(ANSWERS, farewell(b"")) * 20, ANSWERS)
    for _ in range(20):
        await client.send(request())
        assert (await client.answer()).body == ANSWER
    stage.plays(sends_and_closes(whole))  # and where it closes right behind each answer
    for _ in range(20):
        await client.send(request())
        assert (await client.answer()).body == ANSWER
    assert stage.bodies == [SENT] * 20


async def test_trailers_and_extensions_of_upstreams_are_left_out(stage: Stage, client: Connection) -> None:
    ending = b"0;x\r\nX-Trailer: 1\r\n\r\n"
    for body, expected in ((BODY, ANSWER), (STREAM, FRAMES)):
        raw = b"%x;a=b\r\n%b\r\n" % (len(expected), expected) + ending
        stage.plays(sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + raw), ANSWERS)
        await client.send(request(body))
        answer = await client.answer()
        assert answer.body == expected
        assert answer.header("x-trailer") is None


# Paths and methods.


@pytest.mark.parametrize("method", [b"HEAD", b"GET", b"DELETE", b"OPTIONS"])
async def test_other_methods_are_answered_without_a_model(stage: Stage, client: Connection, method: bytes) -> None:
    for body in (b"", BODY):
        await client.send(request(body, method=method))
        answer = await client.answer(method=method.decode())
        assert answer.status == (204 if method == b"OPTIONS" else 405)
        assert (answer.body == b"") == (method in (b"HEAD", b"OPTIONS"))
    await client.send(request())
    assert (await client.answer()).body == ANSWER
    assert stage.bodies == [SENT]


@pytest.mark.parametrize(
    ("target", "status"),
    [
        (b"/%76%31/chat/completions", 200),
        (b"/v1/chat%2Fcompletions", 200),
        (PATH + b"?x=%2F&y=#z", 200),
        (b"/v1/chat%252Fcompletions", 404),
        (b"/v1/../v1/chat/completions", 404),
        (b"//v1/chat/completions", 404),
        (b"/%zz", 404),
        (b"/%ff%00", 404),
        (b"*", 404),
    ],
)
async def test_paths_are_decoded_once(stage: Stage, client: Connection, target: bytes, status: int) -> None:
    await client.send(request(target=target))
    assert (await client.answer()).status == status
    await client.send(request())
    assert (await client.answer()).status == 200
    assert len(stage.bodies) == (2 if status == 200 else 1)


async def test_a_target_may_name_its_host(stage: Stage, client: Connection) -> None:
    await client.send(request(target=b"http://elsewhere.example" + PATH))
    assert (await client.answer()).status == 200
    assert stage.bodies == [SENT]


# Clients that stall or leave.


async def test_a_client_that_stops_reading_stops_the_upstream(stage: Stage) -> None:
    piece, pieces = chunked(FRAME * 500, end=b""), 2_000
    written = 0

    async def flood(exchange: Exchange) -> None:
        nonlocal written
        await exchange.send(EVENTS)
        for _ in range(pieces):
            await exchange.send(piece)
            written += len(piece)

    stage.plays(flood)
    async with asyncio.timeout(10), await stage.connect() as client:
        await client.send(request(STREAM))
        await client.head()
        seen = -1
        while written != seen:
            seen = written
            await later(0.05)
        assert written < len(piece) * pieces // 3
        busy = stage.upstream.open_connections
    await fewer_connections(stage, busy)


def leaving() -> list[tuple[str, bytes, Script | None]]:
    """When the client leaves: after what it sent, and after the upstream did what."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"
    return [
        ("connected", b"", None),
        ("in its head", request()[:40], None),
        ("before its body", head(b"content-length: 99"), None),
        ("in its body", request()[:-5], None),
        ("in a long body", request(BODY.ljust(3_000_000))[:1_000_000], None),
        ("in a chunk", head(b"transfer-encoding: chunked") + b"ff\r\n{", None),
        ("before the answer", request(), sends_and_stalls(b"")),
        ("in the answer's head", request(), sends_and_stalls(half[:20])),
        ("after the answer's head", request(), sends_and_stalls(half)),
        ("in the answer", request(), sends_and_stalls(half + ANSWER[:50])),
        ("before the stream", request(STREAM), sends_and_stalls(b"")),
        ("after the stream's head", request(STREAM), sends_and_stalls(EVENTS)),
        ("in the stream", request(STREAM), sends_and_stalls(EVENTS + chunked(FRAME, end=b""))),
        ("in a frame", request(STREAM), sends_and_stalls(EVENTS + chunked(FRAME[:20], end=b""))),
        ("before the stream ends", request(STREAM), sends_and_stalls(EVENTS + chunked(FRAMES[: -len(DONE)], end=b""))),
        ("before the last chunk", request(STREAM), sends_and_stalls(EVENTS + chunked(FRAMES, end=b""))),
    ]  # fmt: skip


@pytest.mark.parametrize("how", ["reset", "close", "shut down"])
@pytest.mark.parametrize(("sent", "script"), [row[1:] for row in leaving()], ids=[row[0] for row in leaving()])
async def test_a_client_that_leaves_leaves_nothing_behind(
    stage: Stage, sent: bytes, script: Script | None, how: str
) -> None:
    async with asyncio.timeout(5), await stage.connect() as warm:
        await warm.send(request())
        await warm.answer()
    files = stage.file_count()
    stage.plays(*(() if script is None else (script,)))
    client = await stage.connect()
    await client.send(sent)
    if script is not None:
        await stage.upstream.until(lambda it: len(it.exchanges) == 1)
    await later(0.01)  # some of the answer may have come
    match how:
        case "reset":
            client.leave()
        case "close":
            client.writer.close()
        case _:
            client.writer.write_eof()
    async with asyncio.timeout(1):
        await until(lambda: all(exchange.closed for exchange in stage.upstream.exchanges))
        await until(lambda: stage.file_count() <= files)
    client.leave()
    assert len(stage.bodies) == (script is not None)


async def fewer_connections(stage: Stage, than: int) -> None:
    """Wait until the gateway has closed one to its upstream; it must take less than a second."""
    async with asyncio.timeout(1):
        await stage.upstream.until(lambda it: it.open_connections < than)
