"""Exchange on one of uvicorn's connections, without ASGI between."""

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from adapters.http.exchange import ClientGone, HeaderBlock
from adapters.http.gathering import MAX_GATHERED_BYTES
from adapters.http.request_body import check_declared_length, without_coding
from adapters.http.wire_body import WireBody
from adapters.http.wire_head import Framing, render_head
from adapters.http.wire_intake import MIN_INTAKE_BYTES, Intake

if TYPE_CHECKING:
    from adapters.http.wire import WireProtocol

_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_FAILURE: Final = (
    b"HTTP/1.1 500 Internal Server Error\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: 21\r\nconnection: close\r\n\r\nInternal Server Error"
)
_LAST_CHUNK: Final = b"0\r\n\r\n"
_RESET: Final = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


class WireExchange:
    """One request on a connection, and its answer, whose head leaves in one write with the first of its body.

    uvicorn's own code meets it as the connection's `cycle`: it reads `response_complete` and sets `keep_alive`.
    """

    __slots__ = (
        "_broken",
        "_connection",
        "_framing",
        "_gone",
        "_head",
        "_left",
        "_speaks_1_1",
        "_waits_for_continue",
        "answered",
        "body",
        "finished",
        "headers",
        "keep_alive",
        "method",
        "path",
        "query",
        "task",
    )

    def __init__(self, connection: "WireProtocol", path: str, query: bytes, headers: dict[str, str]) -> None:
        parser = connection.parser
        self.method = parser.get_method().decode("ascii")
        self.path = path
        self.query = query
        self.headers = headers
        self.answered = self.finished = False
        self.body = WireBody(connection.flow, connection.loop, connection.body_idle_s)
        self.task: asyncio.Task[None] | None = None
        self._connection = connection
        self._speaks_1_1 = parser.get_http_version() == "1.1"
        self.keep_alive = self._speaks_1_1 and parser.should_keep_alive()
        self._waits_for_continue = self._speaks_1_1 and headers.get("expect", "").lower() == "100-continue"
        self._broken: Callable[[Exception], None] | None = None
        self._gone = False
        self._head = b""
        self._framing = Framing.NO_BODY
        self._left = 0

    @property
    def client_host(self) -> str | None:
        """The peer's address."""
        client = self._connection.client
        return client[0] if client else None

    @property
    def response_complete(self) -> bool:
        """`finished`, in uvicorn's words."""
        return self.finished

    # The handler's side: Exchange.

    async def read_body(self, max_bytes: int) -> bytes:
        receive = None
        if not self.body.is_whole:
            length = check_declared_length(self.headers, max_bytes)
            if self._gone:
                raise ClientGone
            if self._waits_for_continue:
                self._waits_for_continue = False
                self._connection.out.write(_CONTINUE)
            if length - self.body.size >= MIN_INTAKE_BYTES and "transfer-encoding" not in self.headers:
                receive = partial(Intake, self._connection, self.body, length)
        return without_coding(await self.body.read(max_bytes, receive), self.headers, max_bytes)

    async def start(self, status: int, headers: HeaderBlock) -> None:
        if self._waits_for_continue and not self.body.is_whole:
            self.keep_alive = False  # whether the body still comes is anybody's guess
        self._head, self._framing, self._left = render_head(
            status,
            headers,
            standing=self._connection.standing_lines(),
            method=self.method,
            may_chunk=self._speaks_1_1,
            keep_alive=self.keep_alive,
        )
        self.answered = True

    async def write(self, data: bytes) -> None:
        flow = self._connection.flow
        if flow.write_paused:
            await flow.drain()
        if data:
            self._send_framed(data)

    def write_at_once(self, data: bytes) -> bool:
        if self._connection.flow.write_paused:
            return False
        self._send_framed(data)
        return True

    async def finish(self, data: bytes = b"") -> None:
        flow = self._connection.flow
        if flow.write_paused:
            await flow.drain()
        if self._framing is Framing.LENGTH and len(data) != self._left:
            raise RuntimeError(f"expected {self._left} more bytes of the answer; got {len(data)}")
        self._send_framed(data, _LAST_CHUNK if self._framing is Framing.CHUNKED else b"")
        self._broken = None
        self.finished = True
        self._connection.answered(self)

    def abort(self) -> None:
        out = self._connection.out
        out.flush()
        if (
            self._framing is Framing.UNTIL_CLOSE and not out.is_closing()
        ):  # only a reset tells that there should have been more
            out.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        out.abort()

    def on_broken(self, callback: Callable[[Exception], None]) -> None:
        self._broken = callback
        if self._gone:
            self._connection.loop.call_soon(callback, ClientGone())

    # The connection's side.

    def lost(self) -> None:
        """The client left."""
        self._gone = True
        callback, self._broken = self._broken, None
        if not self.body.fail(ClientGone()) and callback is not None:
            callback(ClientGone())

    def give_up(self) -> None:
        """Whoever served the exchange is done, and has not finished it."""
        if self.answered or self._gone:
            self.abort()
        else:
            self.keep_alive = False
            self._connection.out.write(_FAILURE)
            self.finished = True
            self._connection.answered(self)

    def _send_framed(self, data: bytes, end: bytes = b"") -> None:
        head, self._head = self._head, b""
        if self._framing is Framing.LENGTH:
            self._left -= len(data)
        elif self._framing is Framing.NO_BODY:
            data = b""
        elif self._framing is Framing.CHUNKED and data:
            head += b"%x\r\n" % len(data)
            end = b"\r\n" + end
        out = self._connection.out
        if self._gone or out.is_closing():
            return
        if len(data) < MAX_GATHERED_BYTES:
            out.write(head + data + end)
        else:
            out.writelines((head, data, end))
