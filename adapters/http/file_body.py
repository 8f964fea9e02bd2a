"""A file as the body of an answer."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import BinaryIO, Final, Self

from quart import Response
from quart.wrappers.response import ResponseBody

_CHUNK_BYTES: Final = 256 * 1024


class FileBody(ResponseBody):
    """The rest of an open file, read in another thread, and closed whatever happens."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        self._stream.close()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while chunk := await asyncio.to_thread(self._stream.read, _CHUNK_BYTES):
            yield chunk


def file_response(stream: BinaryIO, content_type: str) -> Response:
    """An answer that is all of an open file."""
    size_bytes = stream.seek(0, 2)
    stream.seek(0)
    return Response(FileBody(stream), content_type=content_type, headers={"content-length": str(size_bytes)})
