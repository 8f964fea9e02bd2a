"""A server that retires: which connections it takes for idle."""

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from adapters.http.gathering import Outbox
from adapters.http.uvicorn_protocol import BoundedProtocol
from entrypoints import uvicorn_server
from entrypoints.server import ServerSettings
from entrypoints.uvicorn_server import DrainingServer, dismissable
from tests.http.below import Below

HALF = b"GET / HTTP/1.1\r\nhos"


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that answers everything with nothing."""
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def answered(below: Below, answers: int) -> None:
    async with asyncio.timeout(5):
        while below.written.count(b" 204 ") < answers:  # noqa: ASYNC110 - the transport has no event for it
            await asyncio.sleep(0)


async def test_a_head_that_is_coming_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uvicorn_server, "IDLE_S", 0.0)

    class Bounded(BoundedProtocol):
        outbox = Outbox()

    config = uvicorn.Config(nothing, http=dismissable(Bounded), lifespan="off", log_config=None)
    config.load()
    settings = ServerSettings(
        listener=socket.socket(),
        drain_timeout_s=0,
        on_listening=lambda _: None,
        on_stop=lambda: None,
        on_hurry=lambda: None,
        retire_timeout_s=0,
        supervised=True,
    )
    server = DrainingServer(config, settings)
    server.servers, server._loop = [], asyncio.get_running_loop()
    silent, first, next_one = Below(), Below(), Below()
    protocols = [config.http_protocol_class(config, server.server_state, {}) for _ in range(3)]  # type: ignore[call-arg]  # uvicorn has any protocol
    for protocol, below in zip(protocols, (silent, first, next_one), strict=True):
        protocol.connection_made(below)
    protocols[1].data_received(HALF)
    protocols[2].data_received(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    await answered(next_one, 1)
    protocols[2].data_received(HALF)

    server.retire()
    assert not await server.on_tick(1)
    assert [below.is_closing() for below in (silent, first, next_one)] == [True, False, False]

    for protocol in protocols[1:]:
        protocol.data_received(b"t: a\r\n\r\n")
    await answered(first, 1)
    await answered(next_one, 2)
    assert first.is_closing()
    assert next_one.is_closing()
    for protocol in protocols:
        protocol.connection_lost(None)
    await asyncio.gather(*server.server_state.tasks)
