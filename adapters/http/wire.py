"""The wire door to the data plane: requests on uvicorn's HTTP/1.1 connections, answered without ASGI between."""

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import unquote

import httptools
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from adapters.http.data_plane import DataPlane
from adapters.http.gathering import Outbox
from adapters.http.request_body import BODY_IDLE_S
from adapters.http.routes import Route
from adapters.http.uvicorn_protocol import MAX_HEAD_BYTES, BoundedProtocol
from adapters.http.wire_exchange import WireExchange
from adapters.http.wire_fit import fits
from adapters.http.wire_request import check_headers, check_size, joined
from adapters.http.wire_upgrade import without_upgrade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

MAX_QUEUED: Final = 16
"""So many requests of a connection may wait for the answers before theirs until no more is read from it."""

_LOG = logging.getLogger(__name__)


class WireProtocol(BoundedProtocol):
    """uvicorn's protocol, in which requests for the data plane's paths become WireExchanges.

    Of these uvicorn's own code sees nothing but the exchange in the place of its `cycle` and, with the route in
    the place of the application, in its `pipeline`. All other requests reach it as they would from the parser.
    """

    plane: ClassVar[DataPlane]
    body_idle_s: ClassVar[float]

    cycle: "WireExchange | RequestResponseCycle | None"  # type: ignore[assignment]  # see above
    pipeline: deque[tuple["WireExchange | RequestResponseCycle", Any]]  # type: ignore[assignment]  # see above

    _exchange: WireExchange | None = None
    """The one whose body is coming."""
    _running: "WireExchange | RequestResponseCycle | None" = None
    """The one that is being answered."""
    _offers_upgrade = False
    _standing: tuple[object, bytes] = (None, b"")

    def standing_lines(self) -> bytes:
        """The server's own header lines, such as the date."""
        headers = self.server_state.default_headers
        if self._standing[0] is not headers:
            self._standing = headers, b"".join([b"%b: %b\r\n" % header for header in headers])
        return self._standing[1]

    def answered(self, exchange: WireExchange) -> None:
        """The last of the exchange's answer was written."""
        if not exchange.keep_alive:
            if exchange.body.is_whole:
                self._close()
            else:
                self._linger()
        self.on_response_complete()

    def body_came_past(self) -> None:
        """An Intake took in the rest of the body, to its last byte: another request may follow."""
        self.out.set_protocol(self)
        self._renew_parser()
        self.on_message_complete()

    def resume_parsing(self, slices: "Iterable[memoryview]") -> None:
        """An Intake took in these of the body, and goes no further: the parser has yet to see them."""
        if self.out.is_closing():
            return
        self.out.set_protocol(self)
        for part in slices:
            self.parser.feed_data(part)

    def data_received(self, data: bytes) -> None:
        self._framing_bytes += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            if self._framing_bytes <= MAX_HEAD_BYTES:
                self.send_400_response("Invalid HTTP request received.")
        self._check_framing()

    def _feed(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self.parser.get_method() == b"CONNECT":
                raise httptools.HttpParserError("CONNECT") from None
            self._decline_upgrade(data[upgrade.args[0] :])

    def _decline_upgrade(self, rest: bytes) -> None:
        """Have the request read again without its offer: the parser took its body for the other protocol's."""
        first = self.parser.get_method(), self.url, self.parser.get_http_version().encode("ascii")
        head = b"%b %b HTTP/%b\r\n" % first + without_upgrade(self.headers)
        self._offers_upgrade = False
        self._renew_parser()
        self._feed(head + rest)

    def _renew_parser(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does

    # The parser's callbacks.

    def on_message_begin(self) -> None:
        self._begin_head()
        self.url = b""
        self.headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self._offers_upgrade = True
            return
        if self._framing_bytes > MAX_HEAD_BYTES:  # the head may have come in one piece with a body
            check_size(self.url, self.headers, max_bytes=MAX_HEAD_BYTES)
        headers = joined(self.headers)
        check_headers(headers, self.parser)
        url = httptools.parse_url(self.url)
        path = url.path.decode("ascii")
        if "%" in path:
            path = unquote(path)
        found = self.plane.find(path)
        if found is None:
            self._hand_over()
            return
        self._end_head()
        exchange = self._exchange = WireExchange(self, path, url.query or b"", headers)
        earlier, self.cycle = self.cycle, exchange
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(exchange, found)
        else:
            self.pipeline.appendleft((exchange, found))
            if len(self.pipeline) >= MAX_QUEUED:
                self.flow.pause_reading()

    def on_body(self, body: bytes) -> None:
        exchange = self._exchange
        if exchange is None:
            super().on_body(body)
            return
        self._framing_bytes = 0
        if exchange.finished:
            self._deadline_s = self.loop.time() + self.body_idle_s
        else:
            exchange.body.feed(body)

    def on_message_complete(self) -> None:
        if self._offers_upgrade:
            return
        exchange, self._exchange = self._exchange, None
        if exchange is None:
            super().on_message_complete()
            return
        self._framing_bytes = 0
        exchange.body.complete()
        if exchange.finished:
            self._rest()

    # uvicorn's own steps.

    def connection_lost(self, exc: Exception | None) -> None:
        self._lose_client()
        super().connection_lost(exc)

    def eof_received(self) -> None:
        """The client closed its side: the transport closes, once it could send what it holds."""
        self.out.flush()
        self._lose_client()
        if self.transport.get_write_buffer_size():
            self._watch_reader()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        self._running = None
        if self.transport.is_closing():
            return
        following = self.pipeline.pop() if self.pipeline else None
        if len(self.pipeline) < MAX_QUEUED:
            self.flow.resume_reading()
        if following is None:
            self._rest()
        else:
            self._start_asgi_task(*following)

    def _refuse(self, answer: bytes) -> None:
        running = self._running
        if running is None:
            super()._refuse(answer)
        elif _came_whole(running):  # its answer is still sent, and the last
            running.keep_alive = False
            self.pipeline.clear()
            self.flow.pause_reading()
        elif not _has_begun(running):
            self.transport.write(answer)
            self._lose_client()
            self._linger()
        elif isinstance(running, WireExchange):
            running.abort()
        else:
            self.transport.abort()

    def _start_asgi_task(self, cycle: "WireExchange | RequestResponseCycle", app: Any) -> None:
        self._running = cycle
        if isinstance(cycle, WireExchange):
            task = cycle.task = self.loop.create_task(self._serve(cycle, *app))
            self.tasks.add(task)
        else:
            super()._start_asgi_task(cycle, app)

    async def _serve(self, exchange: WireExchange, route: Route, path_model: str | None) -> None:
        try:
            await self.plane.serve(exchange, route, path_model)
        finally:
            if exchange.task is not None:
                self.tasks.discard(exchange.task)
                exchange.task = None
            if not exchange.finished:
                exchange.give_up()

    def _hand_over(self) -> None:
        """Tell uvicorn of a request as the parser would have."""
        url, headers = self.url, self.headers
        super().on_message_begin()
        self.url = url
        for name, value in headers:
            super().on_header(name, value)
        super().on_headers_complete()
        if len(self.pipeline) < MAX_QUEUED:
            self.flow.resume_reading()  # uvicorn reads no further; but then nobody would see the client leave

    def _rest(self) -> None:
        """Nothing is under way: keep the connection for a while."""
        if not self._in_head:
            patience_s = self.timeout_keep_alive if self._exchange is None else self.body_idle_s
            self._deadline_s = self.loop.time() + patience_s

    def _lose_client(self) -> None:
        running, self._running = self._running, None
        if isinstance(running, WireExchange):
            running.lost()
        elif running is not None:  # uvicorn itself would tell the last of its pipeline instead
            running.disconnected = True
            running.message_event.set()
        if isinstance(self.cycle, WireExchange):
            self.cycle = None


def wire_to(plane: DataPlane, *, body_idle_s: float = BODY_IDLE_S) -> type[BoundedProtocol]:
    """A protocol class for uvicorn that takes `plane`'s paths past ASGI, and leaves everything else to uvicorn.

    Where uvicorn's own class is not the one known, it leaves everything to uvicorn, and the lane answers.
    body_idle_s: how long a client may be silent in the middle of a request's body.
    """
    if not fits(HttpToolsProtocol):
        _LOG.warning(
            "uvicorn %s is not a version that the fast way in was fitted to; requests take the slower one",
            uvicorn.__version__,
        )
        return type("Bounded", (BoundedProtocol,), {"outbox": Outbox()})
    members = {"outbox": Outbox(), "plane": plane, "body_idle_s": body_idle_s}
    return type("Wire", (WireProtocol,), members)


def _came_whole(request: "WireExchange | RequestResponseCycle") -> bool:
    return request.body.is_whole if isinstance(request, WireExchange) else not request.more_body


def _has_begun(request: "WireExchange | RequestResponseCycle") -> bool:
    """Whether something of its answer was sent."""
    return request.answered if isinstance(request, WireExchange) else request.response_started
