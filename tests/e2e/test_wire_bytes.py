"""Bodies pass both servers byte by byte, whatever stands in them and however they are cut."""

import asyncio
import base64
import gzip
import random
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.http.both_servers import (
    ANSWER,
    BODY,
    DONE,
    FRAME,
    LAST_FRAME,
    MODEL,
    SENT,
    STREAM,
    Stage,
    head,
    request,
)
from tests.http.both_servers import chunked as in_chunks
from tests.upstream.scripted_server import Exchange, Script, answer, sends, sends_and_closes

pytestmark = pytest.mark.asyncio(loop_scope="module")

JSON_TYPE = b"Content-Type: application/json\r\n"
EVENTS_TYPE = b"Content-Type: text/event-stream\r\n"


@pytest.fixture(scope="module")
def stage(running_stage: Stage) -> Stage:
    """For all examples of a property; each says itself what the upstream plays."""
    return running_stage


texts = st.lists(
    st.sampled_from(
        ["a", "é", "😀", "\u2028", "\\u00e9", "\\ud83d\\ude00", "\\u0000", "\\/", "/", "\\n", '\\"', "\\\\", " ", "data: ", "\x7f"]
    ),
    max_size=6,
).map(lambda parts: f'"{"".join(parts)}"'.encode())  # fmt: skip
numbers = st.sampled_from(
    [b"0", b"-0", b"1.0", b"1.10", b"1e2", b"1E+2", b"-0.0", b"1e-400", b"0.1000000000000000055511151231257827",
     b"123456789012345678901234567890", b"-9223372036854775809", b"18446744073709551616"]
)  # fmt: skip
blanks = st.sampled_from([b"", b"", b" ", b"\n\t ", b"\r\n"])


def arrays(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    return st.tuples(blanks, st.lists(inner, max_size=3), blanks).map(
        lambda drawn: b"[" + drawn[0] + (drawn[2] + b"," + drawn[0]).join(drawn[1]) + b"]"
    )


def objects(inner: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Names may stand twice."""
    member = st.tuples(st.sampled_from([b'"a"', b'"b"', b'"\\u0061"', b'""']), blanks, inner)
    return st.lists(member, max_size=3).map(
        lambda members: (
            b"{" + b",".join(name + blank + b":" + blank + value for name, blank, value in members) + b"}"
        )
    )


oddities = st.recursive(
    texts | numbers | st.sampled_from([b"null", b"true", b"{}"]),
    lambda inner: arrays(inner) | objects(inner),
    max_leaves=8,
)
"""JSON as no encoder would write it."""
cuts = st.lists(st.integers(1, 400), max_size=6)


def cut(raw: bytes, sizes: list[int]) -> list[bytes]:
    """`raw` in pieces of these sizes, and the rest of it."""
    pieces, at = [], 0
    for size in sizes:
        pieces.append(raw[at : at + size])
        at += size
    return [piece for piece in (*pieces, raw[at:]) if piece]


def bulk(size: int) -> bytes:
    """So many bytes of a JSON string's inside."""
    return base64.b64encode(random.Random(size).randbytes(size))[:size]


async def asked(stage: Stage, pieces: list[bytes]) -> tuple[int, bytes]:
    """Status and body of the answer to a request that is sent piece by piece."""
    async with asyncio.timeout(20), await stage.connect() as client:
        for piece in pieces:
            await client.send(piece)
            await asyncio.sleep(0)
        got = await client.answer()
        assert got.complete
        return got.status, got.body


@settings(max_examples=25)
@given(oddity=oddities, text=texts, sizes=cuts, chunks=st.booleans())
async def test_requests_keep_their_bytes(
    stage: Stage, oddity: bytes, text: bytes, sizes: list[int], chunks: bool
) -> None:
    stage.plays()
    body = BODY.replace(b'"hi"', text)[:-1] + b',"x_odd":' + oddity + b"}"
    raw = head(b"transfer-encoding: chunked") + in_chunks(*cut(body, sizes)) if chunks else request(body)
    assert await asked(stage, cut(raw, sizes)) == (200, ANSWER)
    assert stage.bodies == [body.replace(MODEL, b'"model":"m"')]


@pytest.mark.parametrize("size", [1, 65_000, 262_144, 5_000_000])
@pytest.mark.parametrize("chunk", [None, 977, 70_001])
async def test_requests_of_any_size_keep_their_bytes(stage: Stage, size: int, chunk: int | None) -> None:
    stage.plays()
    body = BODY.replace(b'"hi"', b'"' + bulk(size) + b'"')
    if chunk is None:
        raw = request(body)
    else:
        pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)]
        raw = head(b"transfer-encoding: chunked") + in_chunks(*pieces)
    assert await asked(stage, [raw]) == (200, ANSWER)
    (sent,) = stage.bodies
    assert sent == body.replace(MODEL, b'"model":"m"')


@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        (b"gzip", gzip.compress(BODY, mtime=0), 200),
        (b"deflate", zlib.compress(BODY), 200),
        (b"gzip", gzip.compress(bytes(100_000_000), 1, mtime=0), 413),
        (b"deflate", zlib.compress(bytes(100_000_000), 1), 413),
        (b"gzip", gzip.compress(BODY, mtime=0)[:-1], 400),
        (b"gzip", gzip.compress(BODY, mtime=0) * 2, 400),
        (b"gzip, gzip", gzip.compress(gzip.compress(BODY, mtime=0), mtime=0), 415),
        (b"br", BODY, 415),
    ],
    ids=["gzip", "deflate", "gzip bomb", "deflate bomb", "cut short", "two members", "twice", "unknown"],
)
async def test_compressed_requests_arrive_plain_or_not_at_all(
    stage: Stage, coding: bytes, body: bytes, status: int
) -> None:
    stage.plays()
    assert (await asked(stage, [request(body, b"content-encoding: " + coding)]))[0] == status
    assert stage.bodies == ([SENT] if status == 200 else [])


def framed(body: bytes, framing: str, pieces: list[bytes], content_type: bytes) -> Script:
    """An answer of 200 whose end is told one of three ways, sent piece by piece."""
    match framing:
        case "length":
            raw = answer(body, headers=content_type)
        case "chunks":
            raw = b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n%b" % (content_type, in_chunks(*pieces))
        case _:
            raw = b"HTTP/1.1 200 OK\r\n%b\r\n%b" % (content_type, body)
    script = sends_and_closes(b"") if framing == "close" else sends(b"")

    async def play(exchange: Exchange) -> None:
        for start in range(0, len(raw), len(raw) // 4 + 1):
            await exchange.send(raw[start : start + len(raw) // 4 + 1])
            await asyncio.sleep(0)
        await script(exchange)

    return play


framings = st.sampled_from(["length", "chunks", "close"])


@settings(max_examples=25)
@given(oddity=oddities, text=texts, sizes=cuts, framing=framings)
async def test_answers_keep_their_bytes(
    stage: Stage, oddity: bytes, text: bytes, sizes: list[int], framing: str
) -> None:
    body = ANSWER.replace(b'"hi"', text)[:-1] + b' , "x_odd" :\n' + oddity + b"}\n"
    stage.plays(framed(body, framing, cut(body, sizes), JSON_TYPE))
    assert await asked(stage, [request()]) == (200, body)


@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
@pytest.mark.parametrize("size", [1, 65_536, 5_000_000])
async def test_answers_of_any_size_keep_their_bytes(stage: Stage, size: int, framing: str) -> None:
    body = ANSWER.replace(b'"hi"', b'"' + bulk(size) + b'"')
    pieces = [body[at : at + 70_001] for at in range(0, len(body), 70_001)]
    stage.plays(framed(body, framing, pieces, JSON_TYPE))
    status, got = await asked(stage, [request()])
    assert status == 200
    assert got == body


@settings(max_examples=25)
@given(odd=st.lists(st.tuples(oddities, texts), max_size=3), sizes=cuts, framing=framings)
async def test_streams_keep_their_bytes(
    stage: Stage, odd: list[tuple[bytes, bytes]], sizes: list[int], framing: str
) -> None:
    frames = [
        b": a comment\n\n"
        + FRAME.replace(b'"hi"', text).replace(b"}]}", b'}], "x_odd" : ' + _on_a_line(oddity) + b"}")
        for oddity, text in odd
    ]
    body = b"".join((FRAME, *frames, LAST_FRAME, DONE))
    stage.plays(framed(body, framing, cut(body, sizes), EVENTS_TYPE))
    assert await asked(stage, [request(STREAM)]) == (200, body)


@pytest.mark.parametrize("framing", ["length", "chunks", "close"])
async def test_long_streams_keep_their_bytes(stage: Stage, framing: str) -> None:
    frames = [FRAME.replace(b'"hi"', b'"' + bulk(size) + b'"') for size in (1, 1_000, 65_536, 1_000_000)] * 4
    body = b"".join((*frames, LAST_FRAME, DONE))
    pieces = [body[at : at + 8_191] for at in range(0, len(body), 8_191)]
    stage.plays(framed(body, framing, pieces, EVENTS_TYPE))
    status, got = await asked(stage, [request(STREAM)])
    assert status == 200
    assert got == body


@pytest.mark.parametrize("ends", [True, False], ids=["ends", "breaks"])
async def test_tokens_keep_their_order_however_slowly_they_are_read(stage: Stage, ends: bool) -> None:
    tokens = [FRAME.replace(b'"hi"', b'"%06d %b"' % (number, b"x" * 2_000)) for number in range(2_000)]
    many_sent = asyncio.Event()

    async def play(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\n%bTransfer-Encoding: chunked\r\n\r\n" % EVENTS_TYPE)
        for number, token in enumerate(tokens):
            await exchange.send(b"%x\r\n%b\r\n" % (len(token), token))
            if number == 100:
                many_sent.set()
        await exchange.send(in_chunks(LAST_FRAME, DONE) if ends else b"no chunk\r\n")

    stage.plays(play)
    async with asyncio.timeout(20), await stage.connect() as client:
        await client.send(request(STREAM))
        await many_sent.wait()
        got = await client.answer()
    assert got.complete
    said, last = b"".join(tokens), got.body[len(b"".join(tokens)) :]
    assert got.body.startswith(said)
    assert last == LAST_FRAME + DONE if ends else b'"error"' in last


def _on_a_line(oddity: bytes) -> bytes:
    return oddity.replace(b"\r", b" ").replace(b"\n", b" ")
