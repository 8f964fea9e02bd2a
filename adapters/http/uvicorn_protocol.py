"""uvicorn's HTTP/1.1 protocol with bounds that uvicorn lacks."""

import asyncio
from math import inf
from typing import ClassVar, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.http.gathering import GatheringTransport, Outbox
from adapters.http.wire_farewell import Farewell

MAX_HEAD_BYTES: Final = 64 * 1024
HEAD_TIMEOUT_S: Final = 30.0
WRITE_STALL_S: Final = 120.0

_MALFORMED: Final = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 30\r\nconnection: close\r\n\r\nInvalid HTTP request received."
)
_HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)
_HEAD_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol on GatheringTransports, with limits to what a client may have it hold and wait for.

    What comes between bodies (heads, trailers) is held to MAX_HEAD_BYTES, and a head to HEAD_TIMEOUT_S from the
    connection's or its own first byte. A client that takes nothing of its answer for WRITE_STALL_S, while more
    waits than the transport likes to hold, is broken off. uvicorn itself would take any amount, for any time.
    """

    outbox: ClassVar[Outbox]

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        self._framing_bytes = 0
        self._in_head = True
        self._look_every_s = min(HEAD_TIMEOUT_S, self.timeout_keep_alive)
        self._deadline_s = self.loop.time() + HEAD_TIMEOUT_S
        self._look_timer = self.loop.call_later(self._look_every_s, self._look)
        self._unread_bytes = 0
        self._stall_timer: asyncio.TimerHandle | None = None
        self.out = GatheringTransport(transport, self.outbox, self.loop)
        super().connection_made(self.out)

    def connection_lost(self, exc: Exception | None) -> None:
        self._look_timer.cancel()
        self._stop_watching_reader()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._framing_bytes += len(data)
        super().data_received(data)
        self._check_framing()

    def on_message_begin(self) -> None:
        self._begin_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._end_head()
        super().on_headers_complete()
        self.headers = []  # what follows are trailers, which uvicorn would add to the headers

    def on_body(self, body: bytes) -> None:
        self._framing_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._framing_bytes = 0
        super().on_message_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop_watching_reader()

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(_MALFORMED)

    def _check_framing(self) -> None:
        if self._framing_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
            self._refuse(_HEAD_TOO_LARGE)

    def _begin_head(self) -> None:
        self._in_head = True
        self._deadline_s = self.loop.time() + HEAD_TIMEOUT_S

    def _end_head(self) -> None:
        self._in_head = False
        self._deadline_s = inf

    @property
    def is_in_head(self) -> bool:
        """Whether a request has begun to arrive whose head is not complete."""
        return self._in_head and (self._framing_bytes > 0 or self.cycle is not None)

    @property
    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete  # type: ignore[redundant-expr]  # None at first

    def _look(self) -> None:
        """One timer per connection looks now and then, instead of one set for each head."""
        left_s = self._deadline_s - self.loop.time()
        if left_s > 0 or self._is_answering:
            next_s = min(left_s, self._look_every_s) if left_s > 0 else self._look_every_s
            self._look_timer = self.loop.call_later(next_s, self._look)
        else:
            if self._in_head:
                self.transport.write(_HEAD_TOO_SLOW)
            self._close()

    def _refuse(self, answer: bytes) -> None:
        """Close the connection; say why where no answer is under way."""
        if self._is_answering:
            self._close()
        else:
            self.transport.write(answer)
            self._linger()

    def _linger(self) -> None:
        """Close the connection, in a way that a client that still sends can read what it was told."""
        self._look_timer.cancel()
        if not self.transport.is_closing():
            Farewell(self.out, close=self._close, lost=self.connection_lost)

    def _close(self) -> None:
        """Close the connection once the client has read what it was told, or does not go on reading it."""
        self.transport.close()
        if self.transport.get_write_buffer_size():
            self._watch_reader()

    def _watch_reader(self) -> None:
        self._stop_watching_reader()
        self._unread_bytes = self.transport.get_write_buffer_size()
        self._stall_timer = self.loop.call_later(WRITE_STALL_S, self._look_at_reader)

    def _stop_watching_reader(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _look_at_reader(self) -> None:
        if self.transport.get_write_buffer_size() < self._unread_bytes:
            self._watch_reader()
        else:
            self.transport.abort()
