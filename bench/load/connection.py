"""A client's connection: one request at a time, told when tokens and the end of its answer arrive."""

import asyncio
import re
from collections.abc import Callable
from typing import Final, Protocol, cast

import httptools

from bench.dialects import Request
from bench.mock.frames import TOKEN_SIGN

RESPONSES_SIGN: Final = b"event: response.output_text.delta"
"""In Responses the whole text is said again at the end; this stands once with every token."""

_SENT_US: Final = re.compile(TOKEN_SIGN + rb"(\d+);")


class OnEnd(Protocol):
    """Told that an answer is over; `whole` = it has status 200 and was not cut."""

    def __call__(self, connection: "ClientConnection", /, *, whole: bool) -> None: ...


class ClientConnection(asyncio.Protocol):
    """Counts tokens; `on_token` is called at the first one of an answer, `on_end` at its end.

    sign:  what stands once in each token.
    watch: is given the bytes that tokens came in, where somebody sets it.
    """

    def __init__(
        self,
        on_end: "OnEnd",
        *,
        on_token: Callable[["ClientConnection"], None] | None = None,
        sign: bytes = TOKEN_SIGN,
    ) -> None:
        self._on_end = on_end
        self._on_token = on_token
        self._sign = sign
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpResponseParser | None = None
        self._tail = b""
        self.tokens = 0
        self.tokens_of_answer = 0
        self.status = 0
        self.asked_s = 0.0
        self.watch: Callable[[bytes], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not of asyncio's classes

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        if self._parser is not None:
            self._parser = None
            self._on_end(self, whole=False)

    def ask(self, encoded: bytes, asked_s: float) -> None:
        """Send a request; `asked_s` is kept for whoever waits for the answer."""
        assert self._transport is not None
        self._parser = httptools.HttpResponseParser(self)
        self._tail = b""
        self.tokens_of_answer = 0
        self.asked_s = asked_s
        self._transport.write(encoded)

    def abort(self) -> None:
        """Leave, as a client does that has heard enough; nothing is told any more."""
        self._parser = None
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._parser is not None:
            self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        found = (self._tail + body).count(self._sign)
        self._tail = body[-len(self._sign) + 1 :] if len(self._sign) > 1 else b""
        if not found:
            return
        if not self.tokens_of_answer and self._on_token is not None:
            self._on_token(self)
        self.tokens += found
        self.tokens_of_answer += found
        if self.watch is not None:
            self.watch(body)

    def on_message_complete(self) -> None:
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        self._parser = None
        self._on_end(self, whole=self.status == 200)


async def connect(port: int, make: Callable[[], ClientConnection]) -> ClientConnection:
    """A connection to a port of this machine."""
    _, connection = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", port)
    return connection


def sent_us(body: bytes) -> list[int]:
    """When the tokens in `body` were sent, as far as they are not cut."""
    return [int(found) for found in _SENT_US.findall(body)]


async def once(request: Request, timeout_s: float = 60.0) -> bool:
    """Ask once; whether a whole answer with status 200 came."""
    ended: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

    def end(_: ClientConnection, *, whole: bool) -> None:
        if not ended.done():
            ended.set_result(whole)

    try:
        connection = await connect(request.port, lambda: ClientConnection(end))
    except OSError:
        return False
    connection.ask(request.encoded(), 0.0)
    try:
        async with asyncio.timeout(timeout_s):
            return await ended
    except TimeoutError:
        return False
    finally:
        connection.abort()
