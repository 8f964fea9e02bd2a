from collections.abc import AsyncIterator

import pytest

from adapters.providers import answer_body
from domain.errors import MalformedResponse


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    ("chunks", "first", "is_document"),
    [
        ((b'{"a":', b"1}"), b'{"a":', True),
        ((b"\n", b" \r\n", b" [1]"), b"[1]", True),
        ((b"<html>",), b"<html>", True),
        ((b"d", b"ata: x\n\n"), b"d", False),
        ((b": comment\n",), b": comment\n", False),
        ((), b"", False),
    ],
)
async def test_the_first_bytes_tell_a_document_from_a_stream(
    chunks: tuple[bytes, ...], first: bytes, is_document: bool
) -> None:
    assert await answer_body.opening(_chunks(*chunks)) == answer_body.Opening(first, is_document)


async def test_a_document_in_chunks_is_read_to_its_end_within_bounds() -> None:
    assert await answer_body.rest_of(b"{", _chunks(b"1", b"}"), max_bytes=3) == b"{1}"
    with pytest.raises(MalformedResponse, match="at most 2 bytes"):
        await answer_body.rest_of(b"{", _chunks(b"1", b"}"), max_bytes=2)


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"data: x", True), (b"\nevent: x", True), (b": c", True), (b'{"a":1}', False), (b"", False)],
)
def test_a_whole_body_may_be_a_stream(body: bytes, expected: bool) -> None:
    assert answer_body.is_stream(body) is expected
