"""What only the pooled client promises: its pool, its sending, and what it does with surplus bytes."""

import asyncio
import socket
from typing import cast

import pytest

from adapters.upstream import pooled as pooled_module
from adapters.upstream.pooled import PooledUpstream
from adapters.upstream.port import Limits, Origin, UpstreamRequest
from domain.errors import UpstreamTimeout, UpstreamUnavailable
from tests.upstream.scripted_server import (
    Exchange,
    answer,
    sends,
    sends_and_closes,
    sends_and_stalls,
    serving,
)


async def fetch(upstream: PooledUpstream, request: UpstreamRequest) -> bytes:
    response = await upstream.open(request)
    try:
        return await response.read()
    finally:
        await response.aclose()


async def test_concurrent_calls_get_connections_of_their_own_and_share_them_later(pooled: PooledUpstream) -> None:
    async with serving(sends(answer())) as server:
        first, second = await asyncio.gather(pooled.open(server.request()), pooled.open(server.request()))
        assert server.accepted == 2
        assert await first.read() == await second.read() == b'{"ok":true}'
        for _ in range(4):
            await fetch(pooled, server.request())
        assert server.accepted == 2
        await pooled.aclose()


async def test_the_pool_keeps_no_more_than_its_bound() -> None:
    pooled = PooledUpstream(max_idle_per_origin=2)
    async with serving(sends(answer())) as server:
        await asyncio.gather(*(fetch(pooled, server.request()) for _ in range(5)))
        assert server.accepted == 5
        await server.until(lambda it: it.open_connections == 2)
        await pooled.aclose()


async def test_idle_connections_expire() -> None:
    pooled = PooledUpstream(idle_expiry_s=0)
    async with serving(sends(answer())) as server:
        for accepted in (1, 2, 3):
            await fetch(pooled, server.request())
            assert server.accepted == accepted
        await server.until(lambda it: it.open_connections == 1)
        await pooled.aclose()


async def test_the_number_of_origins_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pooled_module, "MAX_ORIGINS", 1)
    pooled = PooledUpstream()
    async with serving(sends(answer())) as one, serving(sends(answer())) as other:
        for _ in range(2):
            busy, _ = await asyncio.gather(pooled.open(one.request()), fetch(pooled, other.request()))
            assert await busy.read() == b'{"ok":true}'
            await one.until(lambda it: it.open_connections == 0)
        await pooled.aclose()


@pytest.mark.parametrize("farewell", [b"", b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b"?"])
async def test_an_idle_connection_that_closes_or_speaks_is_discarded(
    pooled: PooledUpstream, farewell: bytes
) -> None:
    async with serving(sends(answer(b"first")), sends(answer(b"second"))) as server:
        assert await fetch(pooled, server.request()) == b"first"
        writer = server.exchanges[0].writer
        if farewell:
            writer.write(farewell)
        else:
            writer.close()
        await server.until(lambda it: it.open_connections == 0)
        assert await fetch(pooled, server.request()) == b"second"
        assert server.accepted == 2
        await pooled.aclose()


@pytest.mark.parametrize("surplus", [b"garbage", b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"HTTP/1.1 20"])
async def test_surplus_bytes_spoil_the_connection_but_not_the_answer(
    pooled: PooledUpstream, surplus: bytes
) -> None:
    async with serving(sends_and_stalls(answer(b"first") + surplus), sends(answer(b"second"))) as server:
        assert await fetch(pooled, server.request()) == b"first"
        assert await fetch(pooled, server.request()) == b"second"
        assert server.accepted == 2
        await pooled.aclose()


async def test_an_early_refusal_ends_the_sending(pooled: PooledUpstream) -> None:
    """The server never reads the body; the client does not insist."""
    async with serving(sends_and_stalls(answer(b"too large", status="413 No")), read_bodies=False) as server:
        response = await pooled.open(server.request(body=b"x" * 32_000_000))
        assert (response.status, await response.read()) == (413, b"too large")
        await server.until(lambda it: it.open_connections == 0)


async def test_an_early_refusal_ends_the_sending_before_its_body_is_complete(pooled: PooledUpstream) -> None:
    head_only = b"HTTP/1.1 401 No\r\nContent-Length: 4\r\n\r\nno"
    async with serving(sends_and_stalls(head_only), read_bodies=False) as server:
        request = server.request(body=b"x" * 32_000_000, limits=Limits(idle_s=0.1))
        response = await pooled.open(request)
        assert response.status == 401
        with pytest.raises(UpstreamTimeout, match="idle limit"):
            await response.read()
        await server.until(lambda it: it.open_connections == 0)


async def test_a_good_answer_may_begin_before_the_request_is_sent(pooled: PooledUpstream) -> None:
    size = 8_000_000

    async def echo_while_reading(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        left = size
        while left:
            piece = await exchange.reader.read(min(left, 100_000))
            left -= len(piece)
            await exchange.send(piece)

    async with serving(echo_while_reading, read_bodies=False) as server:
        body = bytes(range(250)) * (size // 250)
        for _ in range(2):
            assert await fetch(pooled, server.request(body=body)) == body
        assert server.accepted == 1
        await pooled.aclose()


async def test_a_server_that_stops_reading_is_a_timeout(pooled: PooledUpstream) -> None:
    async def read_nothing(exchange: Exchange) -> None:
        transport = cast("asyncio.Transport", exchange.writer.transport)
        transport.pause_reading()
        await gone.wait()
        transport.resume_reading()
        await exchange.client_left()
        exchange.closed = True

    gone = asyncio.Event()
    async with serving(read_nothing, read_bodies=False) as server:
        with pytest.raises(UpstreamTimeout, match="stopped reading the request"):
            await pooled.open(server.request(body=b"x" * 32_000_000, limits=Limits(idle_s=0.1)))
        gone.set()


async def test_memory_is_bounded_by_the_high_water_mark(pooled: PooledUpstream) -> None:
    """Even where the loop could read everything at once, the answer holds little."""
    body = b"x" * 32_000_000
    async with serving(sends(answer(body))) as server:
        response = await pooled.open(server.request())
        largest, received = 0, 0
        async for chunk in response.chunks():
            largest, received = max(largest, len(chunk)), received + len(chunk)
        assert received == len(body)
        assert largest <= 4 * 262_144
        await pooled.aclose()


async def test_total_limit_holds_while_bytes_keep_coming(pooled: PooledUpstream) -> None:
    async def drip(exchange: Exchange) -> None:
        await exchange.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await exchange.send(b"1\r\nx\r\n")
            await asyncio.sleep(0)

    async with serving(drip) as server:
        with pytest.raises(UpstreamTimeout, match=r"total limit of 0\.1 s"):
            await fetch(pooled, server.request(limits=Limits(total_s=0.1)))
        await server.until(lambda it: it.open_connections == 0)


async def test_a_later_shorter_limit_rings_before_an_earlier_longer_one(pooled: PooledUpstream) -> None:
    async with serving(sends(answer()), sends_and_stalls(b"")) as server:
        await fetch(pooled, server.request(limits=Limits(first_byte_s=600)))
        with pytest.raises(UpstreamTimeout, match="first byte"):
            await pooled.open(server.request(limits=Limits(first_byte_s=0.05)))
        assert server.accepted == 1


async def test_connect_limit(pooled: PooledUpstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        origin = Origin(scheme="https", host="127.0.0.1", port=deaf.getsockname()[1])
        for limits, says in ((Limits(connect_s=0.05), "connect limit"), (Limits(total_s=0.05), "total limit")):
            request = UpstreamRequest(origin=origin, target="/", headers=(), body=b"", limits=limits)
            with pytest.raises(UpstreamTimeout, match=says):
                await pooled.open(request)


async def test_cancellation_closes_the_socket_while_tls_is_being_set_up(pooled: PooledUpstream) -> None:
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        origin = Origin(scheme="https", host="127.0.0.1", port=listener.getsockname()[1])
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            request = UpstreamRequest(origin=origin, target="/", headers=(), body=b"")
            call = tasks.create_task(pooled.open(request))
            peer, _ = await loop.sock_accept(listener)
            with peer:
                assert await loop.sock_recv(peer, 65_536)
                call.cancel()
                assert await loop.sock_recv(peer, 65_536) == b""


async def test_closing_the_client_ends_calls_under_way(pooled: PooledUpstream) -> None:
    async with serving(sends_and_stalls(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")) as server:
        response = await pooled.open(server.request())
        await pooled.aclose()
        chunks = aiter(response.chunks())
        assert await anext(chunks) == b"ab"
        with pytest.raises(UpstreamUnavailable, match="cut short"):
            await anext(chunks)


async def test_reading_a_closed_answer_is_a_defect(pooled: PooledUpstream) -> None:
    async with serving(sends_and_stalls(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab")) as server:
        response = await pooled.open(server.request())
        await response.aclose()
        with pytest.raises(RuntimeError, match="closed before"):
            await response.read()


async def test_names_with_several_addresses(pooled: PooledUpstream) -> None:
    """`localhost` may resolve to ::1 first, where nothing listens."""
    async with serving(sends_and_closes(answer())) as server:
        origin = Origin(scheme="http", host="localhost", port=server.port)
        assert await fetch(pooled, UpstreamRequest(origin=origin, target="/", headers=(), body=b""))
        assert b"Host: localhost:%d\r\n" % server.port in server.exchanges[0].head


async def test_calls_that_are_cancelled_at_any_moment_leave_nothing_behind(pooled: PooledUpstream) -> None:
    async with serving(sends(answer())) as server, asyncio.timeout(20):
        for turns in range(60):
            call = asyncio.get_running_loop().create_task(fetch(pooled, server.request()))
            for _ in range(turns % 20):
                await asyncio.sleep(0)
            call.cancel()
            await asyncio.wait([call])
        await pooled.aclose()
