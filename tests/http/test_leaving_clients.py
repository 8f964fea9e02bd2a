"""One cancellation scope: what the client's leaving, a stalled reader and a shutdown do, on both servers."""

import asyncio
import json
import logging
from collections.abc import Callable

import pytest

from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.scripts import Flood


async def until(condition: Callable[[], bool]) -> None:
    """Let everybody work until `condition` holds."""
    loop = asyncio.get_running_loop()
    met: asyncio.Future[None] = loop.create_future()

    def look() -> None:
        if condition():
            met.set_result(None)
        else:
            loop.call_later(0.001, look)

    look()
    await met


async def stalled(flood: Flood) -> None:
    """Wait until nothing more was taken from `flood` while a hundred turns of the loop went by."""
    seen = -1
    while flood.taken != seen:
        seen = flood.taken
        for _ in range(100):
            await asyncio.sleep(0)


def assert_quiet(caplog: pytest.LogCaptureFixture) -> None:
    assert [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("stream", [False, True])
async def test_leaving_before_the_answer_closes_the_upstream(
    gateway: Gateway, stream: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(5), await gateway.connect() as client:
        await client.request("POST", CHAT, body=chat_body("hangs", stream=stream))
        await gateway.provider.opened.wait()
    async with asyncio.timeout(1):
        await gateway.provider.closed.wait()
        await gateway.books.booked.wait()
    (record,) = gateway.books.records
    assert (record.status, record.error, gateway.books.open) == (499, None, 0)
    await until(lambda: not len(gateway.tasks))
    assert_quiet(caplog)


async def test_leaving_in_the_middle_closes_the_upstream(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(5), await gateway.connect() as client:
        await client.request("POST", CHAT, body=chat_body("hangs-later", stream=True))
        await client.head()
        await client.chunk()
    async with asyncio.timeout(1):
        await gateway.provider.closed.wait()
        await gateway.books.booked.wait()
    assert gateway.books.records[0].status == 499
    assert_quiet(caplog)


async def test_leaving_before_the_body_is_read(gateway: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(5), await gateway.connect() as client:
        await client.request("POST", CHAT, headers={"content-length": "100"})
        await until(lambda: gateway.books.open == 1)
    async with asyncio.timeout(1):
        await gateway.books.booked.wait()
    assert gateway.books.records[0].status == 499
    assert gateway.provider.calls == []
    assert_quiet(caplog)


async def test_a_stalled_reader_stops_the_upstream_and_may_leave(
    server: str, caplog: pytest.LogCaptureFixture
) -> None:
    flood = Flood()
    async with served(build_gateway({"flood": flood}), server) as gateway, asyncio.timeout(10):
        async with await gateway.connect() as client:
            await client.request("POST", CHAT, body=chat_body("flood", stream=True))
            await client.head()
            await stalled(flood)
            assert flood.taken < 1000
        await gateway.books.booked.wait()
        assert gateway.books.records[0].status == 499
    assert_quiet(caplog)


async def test_finished_exchanges_leave_no_watcher(gateway: Gateway) -> None:
    for _ in range(3):
        await gateway.ask("POST", CHAT, body=chat_body("passed-through", stream=True))
    assert len(gateway.tasks) == 0
    assert len(gateway.drain) == 0


@pytest.mark.parametrize("stream", [False, True])
async def test_draining_lets_answers_end_and_then_tells_them(gateway: Gateway, stream: bool) -> None:
    async with asyncio.timeout(5), await gateway.connect() as client:
        await client.request("POST", CHAT, body=chat_body("hangs", stream=stream))
        await gateway.provider.opened.wait()
        gateway.drain.begin(0.02)
        ready = await gateway.ask("GET", "/health/readiness")
        assert (ready.status, ready.json) == (503, {"status": "shutting_down"})
        answer = await client.answer()
        await gateway.drain.wait()
    assert (answer.status, answer.error["code"]) == (503, "service_unavailable")
    assert gateway.provider.closed.is_set()


async def test_draining_ends_a_stream_with_a_typed_error(gateway: Gateway) -> None:
    async with asyncio.timeout(5), await gateway.connect() as client:
        await client.request("POST", CHAT, body=chat_body("hangs-later", stream=True))
        await client.head()
        await client.chunk()
        gateway.drain.begin(0)
        last = await client.chunk()
        assert await client.chunk() == b""
        await gateway.drain.wait()
    assert json.loads(last.removeprefix(b"data: "))["error"]["code"] == "service_unavailable"
    late = await gateway.ask("POST", CHAT, body=chat_body("passed-through"))
    assert late.status == 503


async def test_draining_cuts_off_who_does_not_even_read(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.http.drain.FAREWELL_S", 0.02)
    flood = Flood()
    async with served(build_gateway({"flood": flood}), server) as gateway, asyncio.timeout(10):
        async with await gateway.connect() as client:
            await client.request("POST", CHAT, body=chat_body("flood", stream=True))
            await client.head()
            await stalled(flood)
            gateway.drain.begin(0)
            await gateway.drain.wait()
        assert gateway.books.records[0].status == 499
