"""Four vendors on a loopback port: canned answers in their own formats, and a record of what they were asked."""

import asyncio
import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httptools

from tests.e2e.canned import beside_chat, chat, gemini, messages, responses
from tests.e2e.canned.contents import Asked, Canned

_ROUTES: tuple[tuple[str, Callable[[Asked], Canned]], ...] = (
    (r"/chat/completions$", chat.answer),
    (r"/completions$", beside_chat.completion),
    (r"/embeddings$", beside_chat.embeddings),
    (r"/responses$", responses.answer),
    (r"/responses/resp_up1(/input_items|/cancel)?$", beside_chat.stored_response),
    (r"/messages$", messages.answer),
    (r"/messages/count_tokens$", lambda _: beside_chat.counted("input_tokens")),
    (r":(stream)?[gG]enerateContent$", gemini.answer),
    (r":countTokens$", lambda _: beside_chat.counted("totalTokens")),
    (r":batchEmbedContents$", beside_chat.gemini_embeddings),
)


@dataclass(slots=True)
class Vendors:
    """The running upstream: what it was asked, and how many sockets are open."""

    tls: bool = False
    port: int = 0
    transports: set[asyncio.Transport] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def base(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def wait_for(self, condition: Callable[["Vendors"], bool], timeout_s: float = 5.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout_s)

    def note(self, change: Callable[["Vendors"], None]) -> None:
        with self.changed:
            change(self)
            self.changed.notify_all()


class _Connection(asyncio.Protocol):
    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors
        self.parser = httptools.HttpRequestParser(self)
        self.url, self.body = b"", b""
        self.headers: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.vendors.transports.add(transport)
        self.vendors.note(lambda v: setattr(v, "connections", v.connections + 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self.vendors.transports.discard(self.transport)
        self.vendors.note(lambda v: setattr(v, "connections", v.connections - 1))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        body = json.loads(self.body) if self.body else {}
        asked = Asked(self.url.decode(), self.headers, body, self.parser.get_method().decode())
        self.url, self.body, self.headers = b"", b"", {}
        self.vendors.note(lambda v: v.asked.append(asked))
        self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        canned, model = answer(asked), asked.model
        if "stall" in model:
            self._begin(canned)
        elif "silent" in model:
            pass
        elif "cut" in model:
            self._begin(canned)
            self.transport.abort() if "abort" in model else self.transport.close()
        elif "flood" in model:
            self._flood(canned)
        else:
            self.transport.write(_head(canned, len(canned.payload)) + canned.payload)

    def _begin(self, canned: Canned) -> None:
        """The first part of an answer: content, but no ending, and the last frame cut in two."""
        part = canned.payload[: len(canned.payload) * 3 // 5]
        self.transport.write(_head(canned, None) + b"%x\r\n%b\r\n" % (len(part), part))

    def _flood(self, canned: Canned) -> None:
        frame = canned.payload.split(b"\n\n")[1] + b"\n\n"
        self.transport.write(_head(canned, None))
        chunk = frame * 200
        for _ in range(2_000):
            self.transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))


def _head(canned: Canned, length: int | None) -> bytes:
    framing = ("transfer-encoding", "chunked") if length is None else ("content-length", str(length))
    headers = (("content-type", canned.content_type), framing, *canned.headers)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    return f"HTTP/1.1 {canned.status} X\r\n{lines}\r\n".encode()


def answer(asked: Asked) -> Canned:
    """The canned answer to `asked`, in the format of its path."""
    path = asked.path.partition("?")[0]
    for pattern, answered in _ROUTES:
        if re.search(pattern, path):
            return answered(asked)
    error = {"message": "no such path", "type": "not_found", "code": 404}
    return Canned(payload=json.dumps({"error": error}).encode(), status=404)


@contextmanager
def running_vendors(tls: ssl.SSLContext | None = None) -> Iterator[Vendors]:
    """The vendors, listening until the block ends; by https where `tls` is given."""
    vendors, loop, up, over = (
        Vendors(tls=tls is not None),
        asyncio.new_event_loop(),
        threading.Event(),
        asyncio.Event(),
    )

    async def serve() -> None:
        server = await loop.create_server(lambda: _Connection(vendors), "127.0.0.1", 0, ssl=tls)
        vendors.port = server.sockets[0].getsockname()[1]
        up.set()
        await over.wait()
        server.close()
        for transport in tuple(vendors.transports):
            transport.abort()
        await asyncio.sleep(0)  # the transports tell of their end

    def run() -> None:
        loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    up.wait(10)
    try:
        yield vendors
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def _serve_until_killed() -> None:
    """`python -m tests.e2e.vendors`: the vendors in a process of their own, for tests that kill it."""
    with running_vendors() as vendors:
        print(vendors.port, flush=True)  # noqa: T201 - the parent reads it
        threading.Event().wait()


if __name__ == "__main__":
    _serve_until_killed()
