"""The body of an upstream's answer: what it is, whatever its label says."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

from domain.errors import MalformedResponse, UpstreamError

_STREAM_STARTS: Final = (b"data:", b"event:", b"id:", b"retry:", b":")
_LINGER_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Opening:
    """The first bytes of a body, and whether it is one document or a stream of events."""

    first: bytes
    is_document: bool


def is_stream(body: bytes) -> bool:
    """Whether a body that should be a document is a stream of events."""
    return body.lstrip().startswith(_STREAM_STARTS)


async def opening(chunks: AsyncIterator[bytes]) -> Opening:
    """Read until there is more than white space, which is left out: an upstream may send it to keep alive.

    Documents are JSON, or the HTML of an edge that failed.
    """
    async for chunk in chunks:
        first = chunk.lstrip()
        if first:
            return Opening(first, first[:1] in (b"{", b"[", b"<"))
    return Opening(b"", is_document=False)


async def rest_of(first: bytes, chunks: AsyncIterator[bytes], *, max_bytes: int) -> bytes:
    """The whole body that began with `first`. Raises MalformedResponse where it is larger than `max_bytes`."""
    gathered, size = [first], len(first)
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise MalformedResponse(f"expected an answer of at most {max_bytes} bytes; the upstream's is longer")
        gathered.append(chunk)
    return b"".join(gathered)


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """Read what follows an answer that is complete, so that its connection can serve again.

    An upstream that neither ends nor breaks within a quarter of a second is left; nothing is raised, because
    the answer itself was good.
    """
    try:
        async with asyncio.timeout(_LINGER_S):
            async for _ in chunks:
                pass
    except (UpstreamError, TimeoutError):
        return
