"""Connections that end while their clients still send: the last answer can be read, and nothing stays for long."""

import asyncio

import pytest

from adapters.http import wire_farewell
from adapters.http.access import AccessPolicy
from adapters.http.gathering import GatheringTransport, Outbox
from adapters.http.uvicorn_protocol import MAX_HEAD_BYTES
from adapters.http.wire_farewell import Farewell
from domain.secret import Secret
from tests.http.below import Below
from tests.http.conftest import CHAT
from tests.http.gateway_under_test import build_gateway, served
from tests.http.http_client import Connection, request_bytes
from tests.http.scripts import everything
from tests.http.test_uvicorn_protocol import later

ENDLESS_HEAD = b"GET / HTTP/1.1\r\nx: " + b"y" * (MAX_HEAD_BYTES + 100)
GARBAGE = b"\0" * 1_000
UPLOAD = request_bytes("POST", CHAT, headers={"content-length": "9999999", "connection": "close"}) + b"z" * 200_000
REFUSED = [(ENDLESS_HEAD, 431), (GARBAGE, 400), (UPLOAD, 401)]


def farewell(below: Below) -> tuple[Farewell, list[Exception | None]]:
    lost: list[Exception | None] = []
    transport = GatheringTransport(below, Outbox(), asyncio.get_running_loop())
    transport.write(b"last words")
    return Farewell(transport, close=transport.close, lost=lost.append), lost


async def test_last_words_come_before_the_end_and_time_is_given_to_read_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire_farewell, "LINGER_S", 0.01)
    below = Below()
    saying, _ = farewell(below)
    assert below.protocol is saying
    saying.data_received(b"more")
    assert below.calls == [b"last words", "eof", "resume"]
    await asyncio.wait_for(below.closed.wait(), 5)


async def test_who_leaves_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire_farewell, "LINGER_S", 0.01)
    below = Below()
    saying, lost = farewell(below)
    assert not saying.eof_received()  # which has the transport close
    saying.connection_lost(None)
    assert lost == [None]
    await later(0.02)
    assert not below.closed.is_set()


@pytest.mark.parametrize(("sent", "status"), REFUSED)
async def test_a_refusal_can_be_read_while_one_still_sends(sent: bytes, status: int) -> None:
    locked = build_gateway(everything(), access=AccessPolicy(master_key=Secret("sk")))
    async with served(locked, "wire") as gateway, asyncio.timeout(5), await gateway.connect() as client:
        client.writer.write(sent)
        assert (await client.head()).status == status
        client.writer.write(b"z" * 3_000_000)
        await client.reader.read()


@pytest.mark.parametrize(("sent", "status"), REFUSED)
async def test_who_never_stops_sending_is_cut_off(
    monkeypatch: pytest.MonkeyPatch, sent: bytes, status: int
) -> None:
    monkeypatch.setattr(wire_farewell, "LINGER_S", 0.02)
    locked = build_gateway(everything(), access=AccessPolicy(master_key=Secret("sk")))
    async with served(locked, "wire") as gateway, asyncio.timeout(5), await gateway.connect() as client:
        await client.send(sent)
        assert (await client.head()).status == status
        with pytest.raises(ConnectionError):
            await send_for_ever(client)


async def send_for_ever(client: Connection) -> None:
    while True:
        await client.send(b"z" * 1_000)
        await asyncio.sleep(0)


async def test_a_server_that_stops_does_not_wait_for_them() -> None:
    built = build_gateway(everything())
    async with asyncio.timeout(5):
        async with served(built, "wire") as gateway:
            client = await gateway.connect()
            await client.send(ENDLESS_HEAD)
            assert (await client.head()).status == 431
        client.leave()
