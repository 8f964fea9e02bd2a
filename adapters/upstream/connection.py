"""One HTTP/1.1 connection to an origin."""

import asyncio
from collections import deque
from math import inf
from typing import Final, Protocol, cast

import httptools

from adapters.upstream.alarm import Alarm
from adapters.upstream.answer import Answer
from adapters.upstream.failures import (
    Phase,
    closed_before_answer,
    cut_short,
    malformed,
    reason_of,
    timed_out,
)
from adapters.upstream.outbox import Outbox
from adapters.upstream.port import Limits, UpstreamRequest
from adapters.upstream.request_body import slices
from domain.errors import UpstreamError

HIGH_WATER_BYTES: Final = 256 * 1024
SEND_SLICE_BYTES: Final = 256 * 1024

_TRANSFER_CODINGS: Final = frozenset({"chunked", "identity"})


class Home(Protocol):
    """The pool that a connection belongs to."""

    def opened(self, connection: "Connection") -> None: ...

    def put(self, connection: "Connection") -> None:
        """The connection is clean and free for the next request."""
        ...

    def lost(self, connection: "Connection") -> None:
        """The connection is closed."""
        ...


class Connection(asyncio.Protocol):
    """Sends one request at a time and fills its `Answer`; between requests it lies in its pool.

    Everything happens in the loop's callbacks: a large request body is sent slice by slice as the socket takes
    it, while the answer may already be arriving.
    """

    def __init__(self, home: Home, loop: asyncio.AbstractEventLoop, outbox: Outbox) -> None:
        self._home = home
        self._loop = loop
        self._outbox = outbox
        self._alarm = Alarm(loop, self._on_alarm)
        self._phase = Phase.FIRST_BYTE
        self._answer: Answer | None = None
        self._unposted = b""
        self._unsent: deque[memoryview] | None = None
        self._writable = True
        self._paused = False
        self._reset()

    def _reset(self) -> None:
        self._interim = self._complete = self._until_eof = self._heard = False
        self._objection: str | None = None
        self._alive_by = inf
        self._reusable = True
        self._head_bytes = 0
        self._framing_bytes = 0

    @property
    def usable(self) -> bool:
        """Whether nothing has been heard of its end."""
        return not self._transport.is_closing()

    def send(self, request: UpstreamRequest, head: bytes, *, total_at: float) -> Answer:
        """Begin to send; the answer fills as bytes arrive."""
        answer = self._answer = Answer(request, self, loop=self._loop, total_at=total_at)
        self._reset()
        if len(request.body) <= SEND_SLICE_BYTES:
            self._unposted = head + bytes(request.body)
            self._outbox.add(self)
            self._await_head(request.limits)
        else:
            self._transport.write(head)
            self._unsent = deque(slices(request.body, SEND_SLICE_BYTES))
            self._send_more(answer)
        return answer

    def post(self) -> None:
        unposted, self._unposted = self._unposted, b""
        if unposted and self.usable:
            self._transport.write(unposted)

    def abort(self) -> None:
        """Close the socket now."""
        self._alarm.stop()
        self._transport.abort()

    # What the answer's reader asks for.

    def await_more(self) -> None:
        if self._answer is not None:
            idle_s = self._answer.request.limits.idle_s
            self._watch(Phase.IDLE, self._loop.time() + idle_s if self._alive_by == inf else inf)

    def drained(self) -> None:
        if self._paused:
            self._paused = False
            if not self._transport.is_closing():
                self._transport.resume_reading()

    def drop(self) -> None:
        self._answer = None
        self.abort()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpResponseParser(self)
        self._home.opened(self)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        if answer is None or self._unposted:  # bytes that answer nothing: nothing here can be trusted any more
            self.abort()
            return
        self._heard = True
        self._framing_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reusable = False
            if not self._complete:
                self._fail(malformed(answer.request, "its bytes are not HTTP/1.1"))
                return
        self._advance(answer)

    def eof_received(self) -> bool:
        answer = self._answer
        if answer is not None and self._until_eof:
            self._finish(answer)
        elif answer is not None:
            self._fail(self._breakage(answer.request, "the connection was closed"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self._alarm.stop()
        self._home.lost(self)
        self._unsent = None
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.fail(self._breakage(answer.request, reason_of(exc)))
        del self._parser  # it refers back to this object

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        if self._answer is not None and self._unsent is not None:
            self._send_more(self._answer)

    # The parser's callbacks. They only note what came: an exception in one would be swallowed by the parser.

    def on_message_begin(self) -> None:
        if self._complete:
            self._reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        answer = self._answer
        if answer is None or answer.headed:
            return
        self._head_bytes += len(name) + len(value) + 4
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1").rstrip(" \t")
        headers = answer.headers
        headers[key] = f"{headers[key]}, {text}" if key in headers else text

    def on_headers_complete(self) -> None:
        answer = self._answer
        if answer is None or answer.headed:
            return
        limits = answer.request.limits
        if self._head_bytes > limits.max_head_bytes:
            self._objection = _head_too_large(limits)
        status = self._parser.get_status_code()
        if status < 200:
            if status == 101:
                self._objection = "it switches to a protocol that was not asked for"
            self._interim = True
            answer.headers.clear()
            return
        answer.status = status
        answer.headed = True
        if answer.headers.get("transfer-encoding", "chunked").lower() not in _TRANSFER_CODINGS:
            self._objection = "it uses a transfer coding that was not asked for"
        if not self._parser.should_keep_alive():
            self._reusable = False
            self._until_eof = "content-length" not in answer.headers and "chunked" not in (
                answer.headers.get("transfer-encoding", "").lower()
            )
        if answer.request.method == "HEAD":  # its length is that of a body that does not come
            self._complete = True
            self._reusable = False

    def on_body(self, body: bytes) -> None:
        self._framing_bytes = 0
        self._alive_by = inf
        if self._answer is not None and not self._complete:
            self._answer.append(body)

    def on_message_complete(self) -> None:
        if self._interim:
            self._interim = False
        else:
            self._complete = True

    # Progress.

    def _advance(self, answer: Answer) -> None:
        limits = answer.request.limits
        if self._framing_bytes > limits.max_head_bytes:
            self._objection = _head_too_large(limits)
        if self._objection is not None:
            self._fail(malformed(answer.request, self._objection))
        elif self._complete:
            self._finish(answer)
        elif answer.headed:
            if answer.status >= 300 and self._unsent is not None:
                self._unsent = None  # refused before it was sent: the rest is not wanted
                self._reusable = False
            if answer.buffered_bytes > HIGH_WATER_BYTES and not self._paused:
                self._paused = True
                self._transport.pause_reading()
            still_awaited = answer.arrived()
            self._watch(Phase.IDLE, self._loop.time() + limits.idle_s if still_awaited else inf)
        else:
            self._watch(Phase.IDLE, self._loop.time() + limits.idle_s)

    def _finish(self, answer: Answer) -> None:
        self._answer = None
        sent = self._unsent is None and not self._transport.get_write_buffer_size()
        answer.complete()
        if self._reusable and sent and self.usable:
            self.drained()
            self._alarm.set(inf)
            self._home.put(self)
        else:
            self.abort()

    def _fail(self, error: UpstreamError) -> None:
        answer, self._answer = self._answer, None
        if answer is not None:
            answer.fail(error)
        self.abort()

    def _send_more(self, answer: Answer) -> None:
        while self._unsent and self._writable and self.usable:
            self._transport.write(self._unsent.popleft())
        limits = answer.request.limits
        if not self._unsent:
            self._unsent = None
        if not self._heard:
            if self._unsent is None:
                self._await_head(limits)
            else:
                self._watch(Phase.SEND, self._loop.time() + limits.idle_s)

    def _await_head(self, limits: Limits) -> None:
        """The request has been sent."""
        now = self._loop.time()
        if limits.first_chunk_s is not None:
            self._alive_by = now + limits.first_chunk_s
        self._watch(Phase.FIRST_BYTE, now + limits.first_byte_s)

    def _watch(self, phase: Phase, at: float) -> None:
        """Wait until `at`, or until a limit that ends sooner."""
        if self._alive_by < at:
            phase, at = Phase.FIRST_CHUNK, self._alive_by
        if self._answer is not None and self._answer.total_at < at:
            phase, at = Phase.TOTAL, self._answer.total_at
        self._phase = phase
        self._alarm.set(at)

    def _on_alarm(self) -> None:
        if self._answer is not None:
            self._fail(timed_out(self._answer.request, self._phase))

    def _breakage(self, request: UpstreamRequest, reason: str) -> UpstreamError:
        return cut_short(request, reason) if self._heard else closed_before_answer(request, reason)


def _head_too_large(limits: Limits) -> str:
    return f"its head is larger than the limit of {limits.max_head_bytes} bytes"
