"""The reader's side of an answer on a pooled connection."""

from asyncio import AbstractEventLoop, Future
from typing import Protocol

from adapters.upstream.content_coding import (
    Inflater,
    body_too_large,
    inflated,
    read_within_limit,
    take_inflater,
)
from adapters.upstream.port import Chunks, Taker, UpstreamRequest
from domain.errors import UpstreamError


class Source(Protocol):
    """The connection, as seen by whoever reads from it."""

    def await_more(self) -> None:
        """The reader waits from now on: the idle limit counts."""
        ...

    def drained(self) -> None:
        """The reader has taken everything: the socket may be read again."""
        ...

    def drop(self) -> None:
        """Nobody will read the rest: close the socket now."""
        ...


class Answer:
    """One answer: filled by its connection, emptied by its reader; an `UpstreamResponse`.

    It outlives its connection's interest in it: once the last byte came the connection goes back to the pool,
    and what the reader has not taken yet stays here.
    """

    __slots__ = (
        "_buffer",
        "_complete",
        "_failure",
        "_inflater",
        "_loop",
        "_source",
        "_taker",
        "_waiter",
        "buffered_bytes",
        "headed",
        "headers",
        "request",
        "status",
        "total_at",
    )

    def __init__(
        self, request: UpstreamRequest, source: Source, *, loop: AbstractEventLoop, total_at: float
    ) -> None:
        self.request = request
        self.status = 0
        self.headers: dict[str, str] = {}
        self.headed = False
        self.buffered_bytes = 0
        self.total_at = total_at
        self._loop = loop
        self._source: Source | None = source
        self._buffer: list[bytes] = []
        self._complete = False
        self._failure: UpstreamError | None = None
        self._inflater: Inflater | None = None
        self._taker: Taker | None = None
        self._waiter: Future[None] | None = None

    # The connection's side.

    def append(self, body: bytes) -> None:
        self._buffer.append(body)
        self.buffered_bytes += len(body)

    def arrived(self) -> bool:
        """Something came, and more will follow; whether the reader goes on waiting, as it is not concerned."""
        waiter = self._waiter
        if waiter is None or waiter.done():
            return False
        if self._taker is not None and self._buffer:
            chunk = self._take()
            if self._taker(chunk):
                return True
            self.append(chunk)
        waiter.set_result(None)
        return False

    def complete(self) -> None:
        """The last byte has come."""
        self._complete = True
        self._end()

    def fail(self, error: UpstreamError) -> None:
        """No more bytes will come; what came before is still read first."""
        self._failure = error
        self._end()

    def _end(self) -> None:
        self._source = self._taker = None
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The reader's side.

    async def wait_for_head(self) -> None:
        """Return when the head is there. Raises as `UpstreamHttp.open`; on cancellation the socket is closed."""
        try:
            while not self.headed:
                self._raise_failure()
                self._waiter = self._loop.create_future()
                await self._waiter
            if "content-encoding" in self.headers:
                self._inflater = take_inflater(self.headers, self.request)
        except BaseException:
            self._drop()
            raise

    def chunks(self) -> Chunks:
        return self if self._inflater is None else inflated(self, self._inflater, request=self.request)

    def offer_to(self, taker: Taker) -> None:
        if self._inflater is None and self._source is not None:
            self._taker = taker

    async def read(self) -> bytes:
        if self._complete and self._inflater is None:
            if self.buffered_bytes > self.request.limits.max_body_bytes:
                raise body_too_large(self.request)
            return self._take()
        return await read_within_limit(self.chunks(), self.request)

    async def aclose(self) -> None:
        self._drop()

    def __aiter__(self) -> "Answer":
        return self

    async def __anext__(self) -> bytes:
        """The next bytes as they came, coded or not; an async generator would take three times as long."""
        try:
            while not self._buffer:
                self._expect_more()
                self._waiter = self._loop.create_future()
                await self._waiter
        except BaseException:
            self._drop()
            raise
        return self._take()

    def _expect_more(self) -> None:
        if self._complete:
            raise StopAsyncIteration
        self._raise_failure()
        if self._source is None:
            raise RuntimeError("the answer was closed before its body was read")
        self._source.await_more()

    def _take(self) -> bytes:
        buffer = self._buffer
        body = buffer[0] if len(buffer) == 1 else b"".join(buffer)
        self._buffer = []
        self.buffered_bytes = 0
        if self._source is not None:
            self._source.drained()
        return body

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _drop(self) -> None:
        source, self._source = self._source, None
        self._taker = None
        if source is not None:
            source.drop()
