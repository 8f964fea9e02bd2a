"""Decoding of answers that are compressed although identity was asked for."""

import zlib
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Final

from adapters.upstream.failures import malformed
from adapters.upstream.port import Chunks, UpstreamRequest
from domain.errors import MalformedResponse

_PIECE_BYTES: Final = 65_536
_GZIP_WINDOW: Final = 31
_ZLIB_WINDOW: Final = 15
_RAW_DEFLATE_WINDOW: Final = -15


class CodingError(ValueError):
    """The compressed bytes are damaged or end early."""


class Inflater:
    """Decodes `gzip`, several members too, or `deflate`, wrapped by zlib or bare (servers send both)."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip = gzip
        self._stream = zlib.decompressobj(_GZIP_WINDOW) if gzip else None
        self._sniffed = b""
        self._fed = False

    def inflate(self, raw: bytes) -> Iterator[bytes]:
        """The decoded bytes in non-empty pieces of at most 64 KiB. Raises CodingError."""
        self._fed = True
        stream = self._stream
        if stream is None:
            self._sniffed += raw
            if len(self._sniffed) < 2:
                return
            raw = self._sniffed
            wrapped = raw[0] & 0x0F == zlib.DEFLATED and int.from_bytes(raw[:2], "big") % 31 == 0
            stream = self._stream = zlib.decompressobj(_ZLIB_WINDOW if wrapped else _RAW_DEFLATE_WINDOW)
        try:
            while True:
                if stream.eof:
                    if not raw:
                        return
                    stream = self._stream = self._next_member()
                piece = stream.decompress(raw, _PIECE_BYTES)
                if piece:
                    yield piece
                raw = stream.unused_data if stream.eof else stream.unconsumed_tail
                if not raw and len(piece) < _PIECE_BYTES:
                    return
        except zlib.error as error:
            raise CodingError("its compressed body is damaged") from error

    def finish(self) -> None:
        """Raise CodingError unless the compressed stream reached its own end."""
        if self._fed and (self._stream is None or not self._stream.eof):
            raise CodingError("its compressed body ends early")

    def _next_member(self) -> "zlib._Decompress":
        if not self._gzip:
            raise CodingError("bytes follow its compressed body")
        return zlib.decompressobj(_GZIP_WINDOW)


def take_inflater(headers: dict[str, str], request: UpstreamRequest) -> Inflater | None:
    """The decoder that the headers call for, if any; the headers then describe the decoded body.

    Raises MalformedResponse for a coding that was not asked for and cannot be undone.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in ("gzip", "x-gzip", "deflate"):
        raise malformed(request, "it uses a content coding although identity was asked for")
    del headers["content-encoding"]
    headers.pop("content-length", None)
    return Inflater(gzip=coding != "deflate")


async def inflated(chunks: Chunks, inflater: Inflater, *, request: UpstreamRequest) -> AsyncGenerator[bytes, None]:
    """`chunks` decoded. Raises MalformedResponse where they are damaged, else as `chunks`."""
    async with aclosing(chunks):
        try:
            async for raw in chunks:
                for piece in inflater.inflate(raw):
                    yield piece
            inflater.finish()
        except CodingError as error:
            raise malformed(request, str(error)) from error


async def read_within_limit(chunks: Chunks, request: UpstreamRequest) -> bytes:
    """All chunks joined. Raises MalformedResponse beyond `max_body_bytes`, else as `chunks`."""
    limit = request.limits.max_body_bytes
    received: list[bytes] = []
    size = 0
    async with aclosing(chunks):
        async for chunk in chunks:
            size += len(chunk)
            if size > limit:
                raise body_too_large(request)
            received.append(chunk)
    return received[0] if len(received) == 1 else b"".join(received)


def body_too_large(request: UpstreamRequest) -> MalformedResponse:
    """The error of a body beyond `max_body_bytes`."""
    return malformed(request, f"its body is larger than the limit of {request.limits.max_body_bytes} bytes")
