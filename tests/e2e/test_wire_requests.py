"""Requests as bytes, on both servers: each shape is read one way or refused, and none hides a second request.

What the upstream saw is counted: a request that was smuggled would be among it.
"""

import asyncio
from dataclasses import dataclass

import pytest

from tests.http.both_servers import (
    ANSWER,
    AUTHORITY,
    BODY,
    PATH,
    SENT,
    Stage,
    chunked,
    head,
    request,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")


TAKEN = 200
SMUGGLED = request(BODY.replace(b'"hi"', b'"smuggled"'))
FOLLOWING = request(BODY.replace(b'"hi"', b'"following"'))
LENGTH = b"content-length: %d" % len(BODY)
CHUNKED = b"transfer-encoding: chunked"
IN_CHUNKS = chunked(BODY)
H11_READS_LF = "h11 reads a bare LF as the end of a line, which RFC 9112 (2.2) allows"
H11_UNFOLDS = "h11 reads a folded line as one with a space, which RFC 9112 (5.2) allows"
H11_501 = "h11 tells codings that it does not know by 501"
H11_LENIENT = "h11 is lenient, and reads it the one way there is"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A request's bytes, and the status on each server.

    TAKEN: it is answered, and so is the next one. Any other: refused, and the connection closed, whatever follows.
    """

    name: str
    raw: bytes
    status: int = 400
    on_hypercorn: int | None = None
    because: str = ""

    def __post_init__(self) -> None:
        assert (self.on_hypercorn not in (None, self.status)) == bool(self.because), self.name

    def status_on(self, server: str) -> int:
        return self.status if server == "uvicorn" or self.on_hypercorn is None else self.on_hypercorn


def with_length(line: bytes) -> bytes:
    """`BODY` under another line than its length."""
    return head(line) + BODY


def in_chunks(raw: bytes, *lines: bytes) -> bytes:
    return head(CHUNKED, *lines) + raw


HIDING = chunked(end=b"0\r\n\r\n") + SMUGGLED
HIDING_LENGTH = b"content-length: %d" % len(HIDING)

SHAPES = (
    # Two ways to say where the body ends.
    Shape(name="length, then chunks", raw=head(HIDING_LENGTH, CHUNKED) + HIDING),
    Shape(name="chunks, then length", raw=head(CHUNKED, HIDING_LENGTH) + HIDING),
    Shape(name="length and chunks of HTTP/1.0", raw=head(HIDING_LENGTH, CHUNKED, version=b"1.0") + HIDING),
    Shape(name="length and chunks that agree", raw=head(LENGTH, CHUNKED) + IN_CHUNKS),
    Shape(name="two lengths", raw=head(LENGTH, b"content-length: 5") + BODY),
    Shape(name="two lengths in a line", raw=with_length(b"content-length: %d, 5" % len(BODY))),
    Shape(name="a length twice", raw=head(LENGTH, LENGTH) + BODY, on_hypercorn=TAKEN, because=H11_LENIENT),
    Shape(name="a length twice in a line", raw=with_length(b"content-length: %d, %d" % (len(BODY), len(BODY))),
          on_hypercorn=TAKEN, because=H11_LENIENT),
    # Lengths.
    Shape(name="a length amid spaces", raw=with_length(b"content-length: \t %d \t " % len(BODY)), status=TAKEN),
    Shape(name="a length with zeros", raw=with_length(b"content-length: 000%d" % len(BODY)), status=TAKEN),
    Shape(name="a length with a plus", raw=with_length(b"content-length: +%d" % len(BODY))),
    Shape(name="a negative length", raw=with_length(b"content-length: -1")),
    Shape(name="a length with a space within", raw=with_length(b"content-length: 6 3")),
    Shape(name="a length with an underscore", raw=with_length(b"content-length: 6_3")),
    Shape(name="a length in hex", raw=with_length(b"content-length: 0x3f")),
    Shape(name="a length in other digits", raw=with_length("content-length: \uff16".encode())),
    Shape(name="no length in its line", raw=with_length(b"content-length: ")),
    Shape(name="a length of 64 bits and more", raw=with_length(b"content-length: %d" % (2**64 + len(BODY))),
          on_hypercorn=413, because="h11 counts without bound, so that the length is merely too large"),
    # Codings.
    Shape(name="chunks, in capitals", raw=head(b"Transfer-Encoding: CHUNKED") + IN_CHUNKS, status=TAKEN),
    Shape(name="chunks twice", raw=head(CHUNKED, CHUNKED) + IN_CHUNKS, on_hypercorn=501, because=H11_501),
    Shape(name="chunks twice in a line", raw=head(CHUNKED + b", chunked") + IN_CHUNKS,
          on_hypercorn=501, because=H11_501),
    *(Shape(name=f"the coding {coding!r}", raw=head(b"transfer-encoding: " + coding) + IN_CHUNKS,
            on_hypercorn=501, because=H11_501)
      for coding in (b"xchunked", b"chunkedx", b"foo", b"identity", b"chunked, identity", b"gzip", b"chunked, gzip",
                     b"gzip, chunked", b'"chunked"', b"chunked;a=b", b"", b",chunked")),
    Shape(name="identity beside a length", raw=head(b"transfer-encoding: identity", LENGTH) + BODY,
          on_hypercorn=501, because=H11_501),
    Shape(name="no coding beside a length", raw=head(b"transfer-encoding: ", LENGTH) + BODY,
          on_hypercorn=501, because=H11_501),
    Shape(name="a vertical tab before the coding", raw=head(b"transfer-encoding: \x0bchunked") + IN_CHUNKS),
    # Chunks.
    Shape(name="a size with zeros", raw=in_chunks(b"0000" + IN_CHUNKS), status=TAKEN),
    Shape(name="sizes in capitals", raw=in_chunks(IN_CHUNKS.upper()[:2] + IN_CHUNKS[2:]), status=TAKEN),
    Shape(name="extensions", raw=in_chunks(b'%x;a=b;c="d;e"\r\n%b\r\n0;f\r\n\r\n' % (len(BODY), BODY)), status=TAKEN),
    Shape(name="a space behind the size", raw=in_chunks(b"%x \r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)),
          on_hypercorn=TAKEN, because=H11_LENIENT),
    Shape(name="a space before the size", raw=in_chunks(b" " + IN_CHUNKS)),
    Shape(name="a size that is none", raw=in_chunks(b"zz\r\n")),
    Shape(name="a size in 0x", raw=in_chunks(b"0x" + IN_CHUNKS)),
    Shape(name="a size with a plus", raw=in_chunks(b"+" + IN_CHUNKS)),
    Shape(name="a negative size", raw=in_chunks(b"-" + IN_CHUNKS)),
    Shape(name="an empty size", raw=in_chunks(b"\r\n" + IN_CHUNKS)),
    Shape(name="a size of 21 digits", raw=in_chunks(b"1%020x\r\n" % len(BODY) + BODY + b"\r\n0\r\n\r\n")),
    Shape(name="a chunk longer than its size", raw=in_chunks(b"1\r\n%b\r\n0\r\n\r\n" % BODY)),
    Shape(name="other bytes behind a chunk", raw=in_chunks(b"%x\r\n%bXX0\r\n\r\n" % (len(BODY), BODY))),
    Shape(name="a bare LF behind a chunk", raw=in_chunks(b"%x\r\n%b\n0\r\n\r\n" % (len(BODY), BODY))),
    Shape(name="a bare LF behind a size", raw=in_chunks(b"%x\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)) + b"\r\n" * 99),
    Shape(name="a bare LF in an extension", raw=in_chunks(b"%x;a\nb\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY))),
    # Trailers.
    Shape(name="trailers", status=TAKEN,
          raw=in_chunks(chunked(BODY, end=b"0\r\nauthorization: Bearer no\r\nx: y\r\n\r\n"), b"trailer: x")),
    Shape(name="a trailer that is none", raw=in_chunks(chunked(BODY, end=b"0\r\nx y\r\n\r\n"))),
    Shape(name="a length for a trailer", raw=in_chunks(chunked(BODY, end=b"0\r\ncontent-length: 7\r\n\r\n")),
          on_hypercorn=TAKEN, because="h11 ignores all trailers; llhttp sees two framings"),
    # Lines.
    Shape(name="bare LFs", raw=head(LENGTH).replace(b"\r\n", b"\n") + BODY, on_hypercorn=TAKEN, because=H11_READS_LF),
    Shape(name="one bare LF", raw=head(b"x: a\ny: b", LENGTH) + BODY, on_hypercorn=TAKEN, because=H11_READS_LF),
    Shape(name="a bare CR", raw=head(b"x: a\rcontent-length: 0", LENGTH) + BODY),
    Shape(name="a folded line", raw=head(b"x: a\r\n b", LENGTH) + BODY, on_hypercorn=TAKEN, because=H11_UNFOLDS),
    Shape(name="a folded length", raw=with_length(b"content-length:\r\n %d" % len(BODY)),
          on_hypercorn=TAKEN, because=H11_UNFOLDS),
    Shape(name="a folded coding", raw=head(b"transfer-encoding:\r\n\tchunked") + IN_CHUNKS,
          on_hypercorn=TAKEN, because=H11_UNFOLDS),
    Shape(name="a folded first line", raw=head(LENGTH, first=b" " + AUTHORITY) + BODY),
    Shape(name="a space before the colon", raw=with_length(b"content-length : %d" % len(BODY))),
    Shape(name="a tab before the colon", raw=head(b"transfer-encoding\t: chunked", LENGTH) + BODY),
    Shape(name="no colon", raw=head(b"x", LENGTH) + BODY),
    Shape(name="no name", raw=head(b": x", LENGTH) + BODY),
    Shape(name="a NUL in a value", raw=head(b"x: a\0b", LENGTH) + BODY),
    Shape(name="a NUL in a name", raw=head(b"x\0: a", LENGTH) + BODY),
    Shape(name="a name in UTF-8", raw=head("é: a".encode(), LENGTH) + BODY),
    Shape(name="a value in Latin-1", raw=head(b"x: \xe9", LENGTH) + BODY, status=TAKEN),
    # Hosts.
    Shape(name="no host", raw=head(LENGTH, first=AUTHORITY.partition(b"\r\n")[2]) + BODY),
    Shape(name="two hosts", raw=head(b"host: elsewhere.example", LENGTH) + BODY),
    # The first line.
    Shape(name="two targets", raw=request(target=PATH + b" /x")),
    Shape(name="a target in UTF-8", raw=request(target="/v1/é".encode())),
    Shape(name="HTTP/1.10", raw=request(version=b"1.10")),
    Shape(name="no version", raw=b"POST %b\r\n\r\n" % PATH),
    Shape(name="no HTTP", raw=b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 99 + b"\r\n\r\n"),
    # Sizes.
    Shape(name="a head of 60 kB", raw=head(b"x: " + b"y" * 60_000, LENGTH) + BODY, status=TAKEN),
    Shape(name="a head of one long line", raw=head(b"x: " + b"y" * 140_000, LENGTH) + BODY, status=431),
    Shape(name="a head of many lines", raw=head(*(b"x-%d: y" % i for i in range(15_000)), LENGTH) + BODY, status=431),
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
async def test_every_shape_is_read_one_way_or_refused(stage: Stage, shape: Shape) -> None:
    status = shape.status_on(stage.server)
    async with asyncio.timeout(5), await stage.connect() as client:
        client.writer.write(shape.raw + FOLLOWING)
        if status == TAKEN:
            answers = [await client.answer() for _ in range(2)]
            assert [(answer.status, answer.body) for answer in answers] == [(200, ANSWER)] * 2
        else:
            assert await client.refusal(may_reset=stage.server == "hypercorn") in (status, None)
    await assert_well(stage)
    expected = [SENT, SENT.replace(b'"hi"', b'"following"')] if status == TAKEN else []
    assert stage.bodies == [*expected, SENT]


async def assert_well(stage: Stage) -> None:
    """The next caller is answered."""
    async with asyncio.timeout(5), await stage.connect() as client:
        await client.send(request())
        assert (await client.answer()).body == ANSWER
