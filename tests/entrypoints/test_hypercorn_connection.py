"""Connections on Hypercorn: nothing of one stays when its client has gone, and what is under way goes on."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h2.config
import h2.connection
import h2.events
import pytest
import trustme
from hypercorn.asyncio import run, serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from entrypoints.hypercorn_connection import ClosingConnection, closing_connections, fits

_GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
_TRANSPORTS = ("http/1.1", "h2", "tls http/1.1", "tls h2")
_OF_CONNECTIONS = {
    "worker_serve.<locals>._server_callback",
    "TCPServer._idle_timeout",
    "TCPServer._initiate_server_close",
    "EventWrapper.wait",
    "H2Protocol.send_task",
    "_handle",
}
"""What Hypercorn's tasks of connections run."""


@dataclass
class Stage:
    """A server whose application answers when it may, whether or not the client is still there."""

    folder: Path
    may_answer: asyncio.Event
    asked: asyncio.Event
    port: int = 0

    async def app(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.asked.set()
            await self.may_answer.wait()
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
            await send({"type": "http.response.body", "body": b"hi"})

    async def connect(self, transport: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if not transport.startswith("tls"):
            return await asyncio.open_connection("127.0.0.1", self.port)
        trusting = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        trusting.set_alpn_protocols([transport.removeprefix("tls ")])
        return await asyncio.open_connection("127.0.0.1", self.port, ssl=trusting, server_hostname="localhost")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    issued.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    issued.private_key_pem.write_to_path(str(folder / "key.pem"))
    return folder


@asynccontextmanager
async def staged(folder: Path, *, tls: bool = False, closing: bool = True) -> AsyncIterator[Stage]:
    stage = Stage(folder, asyncio.Event(), asyncio.Event())
    listener = socket.create_server(("127.0.0.1", 0))
    stage.port = listener.getsockname()[1]
    config, stop = Config(), asyncio.Event()
    config.bind = [f"fd://{listener.detach()}"]
    config.graceful_timeout = 0.2
    config.errorlog = None
    if tls:
        config.certfile, config.keyfile = str(folder / "cert.pem"), str(folder / "key.pem")
        config.alpn_protocols = ["h2", "http/1.1"]
    with closing_connections() if closing else nullcontext():
        serving = asyncio.create_task(serve(stage.app, config, shutdown_trigger=stop.wait))
        try:
            yield stage
        finally:
            stop.set()
            async with asyncio.timeout(10):
                await serving


class Speaker:
    """A client of either version of HTTP that asks for one answer."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_h2: bool) -> None:
        self.reader, self.writer = reader, writer
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration()) if is_h2 else None
        if self._h2 is not None:
            self._h2.initiate_connection()

    async def ask(self) -> None:
        if self._h2 is None:
            self.writer.write(_GET)
            return
        head = [(":method", "GET"), (":path", "/"), (":scheme", "http"), (":authority", "a")]
        self._h2.send_headers(1, head, end_stream=True)
        self.writer.write(self._h2.data_to_send())

    async def answer(self) -> bytes:
        """What the answer says, as far as it comes."""
        told = b""
        while received := await self.reader.read(4_096):
            if self._h2 is None:
                told += received
                if told.endswith(b"hi"):
                    return b"hi"
                continue
            for event in self._h2.receive_data(received):
                if isinstance(event, h2.events.DataReceived):
                    told += event.data
                if isinstance(event, h2.events.StreamEnded):
                    return told
        return told


@asynccontextmanager
async def client_of(stage: Stage, transport: str) -> AsyncIterator[Speaker]:
    speaker = Speaker(*await stage.connect(transport), is_h2=transport.endswith("h2"))
    try:
        yield speaker
    finally:
        speaker.writer.transport.abort()


def connection_tasks() -> list[asyncio.Task[Any]]:
    return [
        task for task in asyncio.all_tasks() if getattr(task.get_coro(), "__qualname__", "") in _OF_CONNECTIONS
    ]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not condition():  # noqa: ASYNC110 - nobody tells of tasks that are over
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("transport", _TRANSPORTS)
@pytest.mark.parametrize("is_used", [False, True], ids=["unused", "used"])
async def test_of_an_idle_connection_nothing_stays_when_its_client_leaves(
    certificates: Path, transport: str, is_used: bool
) -> None:
    async with (
        staged(certificates, tls=transport.startswith("tls")) as stage,
        client_of(stage, transport) as client,
    ):
        stage.may_answer.set()
        if is_used:
            await client.ask()
            assert await client.answer() == b"hi"
        await until(lambda: len(connection_tasks()) > 1)
        client.writer.close()
        await until(lambda: not connection_tasks())


async def test_the_server_closes_its_half_at_once(certificates: Path) -> None:
    async with staged(certificates) as stage, client_of(stage, "http/1.1") as client:
        stage.may_answer.set()
        await client.ask()
        assert await client.answer() == b"hi"
        client.writer.write_eof()
        async with asyncio.timeout(2):
            assert await client.reader.read() == b""


@pytest.mark.parametrize("closing", [True, False], ids=["closing", "stock"])
async def test_who_only_stops_to_send_gets_the_answer_under_way(certificates: Path, closing: bool) -> None:
    """As with Hypercorn's own connections, but for what comes after it."""
    async with staged(certificates, closing=closing) as stage, client_of(stage, "http/1.1") as client:
        await client.ask()
        client.writer.write_eof()
        await stage.asked.wait()
        await asyncio.sleep(0)
        stage.may_answer.set()
        async with asyncio.timeout(2):
            assert await client.answer() == b"hi"
            if closing:
                assert await client.reader.read() == b""


async def test_a_connection_that_nobody_uses_ends_with_the_keep_alive(
    certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Config, "keep_alive_timeout", 0.05)
    async with staged(certificates) as stage, client_of(stage, "http/1.1") as client, asyncio.timeout(2):
        assert await client.reader.read() == b""


def test_the_connections_of_this_hypercorn_are_known() -> None:
    assert fits(TCPServer)
    with closing_connections():
        assert run.__dict__["TCPServer"] is ClosingConnection
    assert run.__dict__["TCPServer"] is TCPServer


def test_unknown_connections_are_left_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    class Renamed(TCPServer):
        async def _read_data(self) -> None:
            await self.reader.read()

    assert not fits(Renamed)
    assert not fits(asyncio.Protocol)
    monkeypatch.setattr(run, "TCPServer", Renamed)
    with closing_connections():
        assert run.__dict__["TCPServer"] is Renamed
