"""What Hypercorn bounds by itself; BoundedProtocol is for uvicorn."""

import asyncio

import pytest
from hypercorn.config import Config

from tests.http.gateway_under_test import build_gateway, served


@pytest.mark.parametrize("sent", [b"", b"POST / HTTP/1.1\r\nhos"], ids=["nothing", "half"])
async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """The time counts from the connection's start, or from the answer before."""
    monkeypatch.setattr(Config, "keep_alive_timeout", 0.05)
    async with (
        served(build_gateway({}), "hypercorn") as gateway,
        asyncio.timeout(5),
        await gateway.connect() as client,
    ):
        await client.send(sent)
        assert await client.reader.read() == b""


async def test_a_head_that_never_ends_is_refused() -> None:
    async with (
        served(build_gateway({}), "hypercorn") as gateway,
        asyncio.timeout(5),
        await gateway.connect() as client,
    ):
        client.writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n" + b"x-a: b\r\n" * 20_000)
        assert await client.refusal(may_reset=True) in (431, None)
