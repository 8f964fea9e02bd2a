"""The vendors' streams, paced: a small server on uvloop that is never what a measurement waits for.

usage: python -m bench.mock.server PORT …
`POST /pace` with a JSON object sets the `Pace` of the streams that begin from then on; every other POST is
answered by a stream in the dialect that its path names.
"""

import asyncio
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

import httptools
import uvloop

from bench.dialects import Dialect
from bench.mock.frames import Frames, frames_of

_HEAD: Final = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n"
    b"cache-control: no-cache\r\nx-request-id: bench\r\n\r\n"
)
_NO_CONTENT: Final = b"HTTP/1.1 204 No Content\r\n\r\n"
_LAST_CHUNK: Final = b"0\r\n\r\n"

ENDLESS: Final = 100_000_000
"""Tokens of a stream that outlasts every measurement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How a stream goes: its tokens, the time from one to the next (0 = as fast as they are taken)."""

    tokens: int = 20
    interval_s: float = 0.0


class Pacing:
    """The pace of streams to come, and the prepared frames of each dialect."""

    def __init__(self) -> None:
        self.pace = Pace()
        self.frames: Mapping[Dialect, Frames] = {dialect: frames_of(dialect) for dialect in Dialect}


class Vendor(asyncio.Protocol):
    """One connection: requests in, streams out."""

    def __init__(self, pacing: Pacing) -> None:
        self._pacing = pacing
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._writable = True
        self._path = b""
        self._body = b""
        self._stream: _Stream | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of asyncio's classes

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._stream is not None:
            self._stream.cancel()

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._stream is not None:
            self._stream.resume()

    def on_message_begin(self) -> None:
        self._path = self._body = b""

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_body(self, body: bytes) -> None:
        if self._path == b"/pace":
            self._body += body

    def on_message_complete(self) -> None:
        if self._path == b"/pace":
            self._pacing.pace = Pace(**json.loads(self._body))
            self.write(_NO_CONTENT)
        else:
            self._stream = _Stream(self, self._pacing.frames[_spoken(self._path)], self._pacing.pace)
            self._stream.begin()

    @property
    def writable(self) -> bool:
        return self._writable and self._transport is not None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        return self._loop

    def write(self, sent: bytes) -> None:
        if self._transport is not None:
            self._transport.write(sent)


class _Stream:
    """One answer on its way; each token in a chunk and a write of its own, as vendors send them."""

    def __init__(self, vendor: Vendor, frames: Frames, pace: Pace) -> None:
        self._vendor = vendor
        self._frames = frames
        self._pace = pace
        self._said: list[bytes] = []
        self._due_s = 0.0
        self._timer: asyncio.Handle | None = None

    def begin(self) -> None:
        opening = self._frames.opening
        self._vendor.write(_HEAD + _chunk(opening) if opening else _HEAD)
        self._due_s = self._vendor.loop.time()
        self._speak()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def resume(self) -> None:
        if self._timer is None:
            self._plan()

    def _speak(self) -> None:
        self._timer = None
        text = b"@%d; " % (time.monotonic_ns() // 1000)
        self._said.append(text)
        self._vendor.write(_chunk(self._frames.before + text + self._frames.after))
        if len(self._said) >= self._pace.tokens:
            self._vendor.write(_chunk(self._frames.closing(self._said)) + _LAST_CHUNK)
        elif self._vendor.writable:
            self._plan()

    def _plan(self) -> None:
        if len(self._said) >= self._pace.tokens:
            return
        self._due_s += self._pace.interval_s
        if self._pace.interval_s:
            self._timer = self._vendor.loop.call_at(self._due_s, self._speak)
        else:
            self._timer = self._vendor.loop.call_soon(self._speak)


def _spoken(path: bytes) -> Dialect:
    if path.endswith(b"/chat/completions"):
        return Dialect.CHAT
    if path.endswith(b"/responses"):
        return Dialect.RESPONSES
    return Dialect.MESSAGES if path.endswith(b"/messages") else Dialect.GEMINI


def _chunk(sent: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(sent), sent)


async def serve(*ports: int) -> list[asyncio.Server]:
    """Listen on `ports` (0 = any free one), all with one pace."""
    loop, pacing = asyncio.get_running_loop(), Pacing()
    return [
        await loop.create_server(lambda: Vendor(pacing), "127.0.0.1", port, backlog=16_384, start_serving=True)
        for port in ports
    ]


async def _main(ports: list[int]) -> None:
    await serve(*ports)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_main([int(port) for port in sys.argv[1:]]))
