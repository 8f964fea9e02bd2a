"""An HTTP/1.1 server on loopback that does what a script tells it, mistakes included."""

import asyncio
import os
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Self

from adapters.upstream.port import DEFAULT_LIMITS, Limits, Origin, UpstreamRequest

PATIENCE_S = 10.0


class Exchange:
    """One request as the server received it, and the means to answer it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, head: bytes) -> None:
        self.reader = reader
        self.writer = writer
        self.head = head
        self.body = b""
        self.closed = False

    @property
    def body_length(self) -> int:
        for line in self.head.split(b"\r\n"):
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                return int(value)
        return 0

    async def read_body(self) -> None:
        self.body = await self.reader.readexactly(self.body_length)

    async def send(self, raw: bytes) -> None:
        self.writer.write(raw)
        await self.writer.drain()

    def close(self) -> None:
        """Close in order, after what was written."""
        self.closed = True
        self.writer.close()

    def reset(self) -> None:
        """Close with a TCP reset."""
        self.closed = True
        with socket.socket(fileno=os.dup(self.writer.get_extra_info("socket").fileno())) as same:
            same.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def client_left(self) -> None:
        """Return when the client has closed its socket."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            pass


Script = Callable[[Exchange], Awaitable[None]]


class ScriptedServer:
    """Runs one script per request, the last one for all that follow, and counts its connections."""

    def __init__(self, scripts: Sequence[Script], *, scheme: str, read_bodies: bool) -> None:
        self._scripts = list(scripts)
        self._read_bodies = read_bodies
        self._scheme = scheme
        self._changed = asyncio.Condition()
        self.port = 0
        self.accepted = 0
        self.open_connections = 0
        self.exchanges: list[Exchange] = []

    @property
    def origin(self) -> Origin:
        return Origin(
            scheme=self._scheme, host="localhost" if self._scheme == "https" else "127.0.0.1", port=self.port
        )

    def request(
        self,
        *,
        limits: Limits = DEFAULT_LIMITS,
        body: bytes = b'{"model":"m"}',
        method: str = "POST",
        target: str = "/v1/chat/completions",
        headers: tuple[tuple[str, str], ...] = (("Authorization", "Bearer sk-test"),),
    ) -> UpstreamRequest:
        return UpstreamRequest(
            origin=self.origin,
            target=target,
            headers=headers,
            body=body,
            limits=limits,
            method=method,
            provider="scripted",
            model="m",
        )

    def plays(self, *scripts: Script) -> None:
        """Forget what was asked, and go on with other scripts."""
        self._scripts = list(scripts)
        self.exchanges.clear()

    async def until(self, condition: Callable[[Self], bool]) -> None:
        """Wait until the counts satisfy the condition."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: condition(self))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        self.open_connections += 1
        await self._notify()
        try:
            await self._serve_requests(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.transport.abort()
            self.open_connections -= 1
            await self._notify()

    async def _serve_requests(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            exchange = Exchange(reader, writer, head=await reader.readuntil(b"\r\n\r\n"))
            if self._read_bodies:
                await exchange.read_body()
            self.exchanges.append(exchange)
            await self._notify()
            script = self._scripts.pop(0) if len(self._scripts) > 1 else self._scripts[0]
            await script(exchange)
            if exchange.closed:
                await exchange.client_left()
                return

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


@asynccontextmanager
async def serving(
    *scripts: Script, tls: ssl.SSLContext | None = None, read_bodies: bool = True
) -> AsyncIterator[ScriptedServer]:
    """A running server; when the block ends every connection must be closed by then or soon after."""
    server = ScriptedServer(scripts, scheme="http" if tls is None else "https", read_bodies=read_bodies)
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls, limit=2**20)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
        await server.until(lambda it: it.open_connections == 0)
    finally:
        listener.close()


# Scripts.


def sends(raw: bytes) -> Script:
    """Send these bytes and await the next request."""

    async def script(exchange: Exchange) -> None:
        await exchange.send(raw)

    return script


def sends_and_closes(raw: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send(raw)
        exchange.close()

    return script


def sends_and_resets(raw: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send(raw)
        exchange.reset()

    return script


def sends_and_stalls(raw: bytes) -> Script:
    async def script(exchange: Exchange) -> None:
        await exchange.send(raw)
        await exchange.client_left()
        exchange.closed = True

    return script


def sends_byte_by_byte(raw: bytes) -> Script:
    """Each byte in a segment of its own, as far as loopback allows."""

    async def script(exchange: Exchange) -> None:
        for byte in raw:
            await exchange.send(bytes((byte,)))
            await asyncio.sleep(0)

    return script


def answer(body: bytes = b'{"ok":true}', *, status: str = "200 OK", headers: bytes = b"") -> bytes:
    """A complete answer with its length."""
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n%s" % (status.encode(), headers, len(body), body)


def chunked_answer(*chunks: bytes, last: bytes = b"0\r\n\r\n", headers: bytes = b"") -> bytes:
    """An answer in chunks."""
    framed = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return b"HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n%s%s" % (headers, framed, last)
