"""The body of a request, as its connection takes it in and its handler asks for it."""

import asyncio
from collections.abc import Callable
from typing import Final, Protocol

from adapters.http.content_coding import too_large
from adapters.http.request_body import silent

MAX_WAITING_BYTES: Final = 64 * 1024
"""How much is taken in before anybody asks for it."""


class Inflow(Protocol):
    """What brings the body, and can be told to pause."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Receiving(Protocol):
    """Takes in the rest of a body in the place of `feed`, and tells the body as its connection would."""

    def close(self) -> bytes:
        """The whole body, or none where it is not whole; nothing is taken in any more."""
        ...


class WireBody:
    """Gathers one body, and wakes its reader once: when the body is whole, or will never be."""

    __slots__ = (
        "_chunks",
        "_heard_s",
        "_idle_s",
        "_inflow",
        "_loop",
        "_max_bytes",
        "_reader",
        "_timer",
        "_wanted",
        "is_whole",
        "size",
    )

    def __init__(self, inflow: Inflow, loop: asyncio.AbstractEventLoop, idle_s: float) -> None:
        self.is_whole = False
        self._inflow = inflow
        self._loop = loop
        self._idle_s = idle_s
        self._chunks: list[bytes] = []
        self.size = 0
        self._max_bytes: int | None = None  # not known before somebody asks for the body
        self._reader: asyncio.Future[None] | None = None
        self._wanted = True

    # The connection's side.

    def feed(self, data: bytes) -> None:
        if not self._wanted:
            return
        self.size += len(data)
        if self._max_bytes is None:
            self._chunks.append(data)
            if self.size > MAX_WAITING_BYTES:
                self._inflow.pause_reading()
        elif self.size > self._max_bytes:
            self.fail(too_large(self._max_bytes))
        else:
            self._chunks.append(data)
            self.heard()

    def heard(self) -> None:
        """Something came: the time in which the client was silent begins again."""
        self._heard_s = self._loop.time()

    def complete(self) -> None:
        self.is_whole = True
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def fail(self, reason: Exception) -> bool:
        """The rest will not come; whether somebody waited for it, who is told the `reason`."""
        if self._reader is None or self._reader.done():
            return False
        self._reader.set_exception(reason)
        return True

    # The handler's side.

    async def read(self, max_bytes: int, receive: Callable[[bytes], Receiving] | None = None) -> bytes:
        """All of it. Raises RequestTooLarge, MalformedRequest where it stops coming, and the reason of `fail`.

        receive: takes in what does not come by `feed`, after what did.
        """
        self._max_bytes = max_bytes
        if self.size > max_bytes:
            self._drop()
            raise too_large(max_bytes)
        if self.is_whole:
            return self._taken()
        if receive is None:
            await self._rest()
            return self._taken()
        receiving = receive(self._taken())
        try:
            await self._rest()
        finally:
            body = receiving.close()
        return body

    def _taken(self) -> bytes:
        chunks, self._chunks = self._chunks, []
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _drop(self) -> None:
        self._wanted = False
        self._chunks.clear()

    async def _rest(self) -> None:
        self._reader = self._loop.create_future()
        self._heard_s = self._loop.time()
        self._timer = self._loop.call_later(self._idle_s, self._look)
        self._inflow.resume_reading()
        try:
            await self._reader
        except BaseException:
            self._drop()
            raise
        finally:
            self._timer.cancel()

    def _look(self) -> None:
        left_s = self._heard_s + self._idle_s - self._loop.time()
        if left_s > 0:
            self._timer = self._loop.call_later(left_s, self._look)
        else:
            self.fail(silent(self._idle_s))
