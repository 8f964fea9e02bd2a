"""Names with several addresses."""

import asyncio
import socket

import pytest

from adapters.upstream import dial as dialling
from adapters.upstream.dial import dial, resolve

Found = tuple[int, tuple[str, int]]


def _found(family: int, address: str, port: int) -> Found:
    return (family, (address, port))


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


async def test_families_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    found = [_found(six, "::1", 1), _found(six, "::2", 1), _found(four, "127.0.0.1", 1)]

    async def lookup(host: str, port: int, **_: object) -> list[Found]:
        return found

    monkeypatch.setattr(dialling, "_look_up", lookup)
    assert [address[0] for _, address in await resolve("name.test", 1)] == ["::1", "127.0.0.1", "::2"]


async def test_the_address_that_answers_wins_and_a_refusal_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        async def lookup(host: str, port_: int, **_: object) -> list[Found]:
            return [_found(socket.AF_INET, "127.0.0.2", _closed_port()), _found(socket.AF_INET, "127.0.0.1", port)]

        monkeypatch.setattr(dialling, "_look_up", lookup)
        monkeypatch.setattr(dialling, "ATTEMPT_DELAY_S", 60)
        async with asyncio.timeout(5):
            connected = await dial("name.test", port)
        assert connected.getpeername() == ("127.0.0.1", port)
        connected.close()


async def test_when_every_address_refuses_the_first_refusal_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int, **_: object) -> list[Found]:
        return [_found(socket.AF_INET, "127.0.0.1", _closed_port()) for _ in range(2)]

    monkeypatch.setattr(dialling, "_look_up", lookup)
    with pytest.raises(ConnectionRefusedError):
        await dial("name.test", 1)


async def test_addresses_need_no_lookup(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lookup(host: str, port: int, **_: object) -> list[Found]:
        raise AssertionError(host)

    monkeypatch.setattr(dialling, "_look_up", lookup)
    for host in ("127.0.0.1", "::1"):
        ((_, address),) = await resolve(host, 80)
        assert address[:2] == (host, 80)
