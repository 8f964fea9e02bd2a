"""Memory: idle, under load, after a long day, and for each open stream."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from bench.dialects import Chat, Dialect, Request
from bench.load.streams import open_streams, set_pace
from bench.load.wrk import closed_loop
from bench.mock.server import ENDLESS, Pace
from bench.processes import Process
from bench.report import rows
from bench.report.rows import Row, Spread
from bench.systems import CHAT_PAIR, CHAT_TO_MESSAGES, FEATHERGATE, Pair, System

_REQUESTS: Final = 200_000
_ABORTS: Final = 2_000
_ABORTED_AT_ONCE: Final = 100
_CONNECTIONS: Final = 32
_MANY_CONNECTIONS: Final = 256
_SETTLE_S: Final = 1.0


def idle(systems: Sequence[System]) -> list[Row]:
    """What each holds once it has answered a first time."""
    return [
        Row(what=rows.IDLE_MEMORY, system=system.name, unit="MB", value=Spread.of([system.process.resident_mb()]))
        for system in systems
        if system.process is not None
    ]


async def growth(gateway: System) -> AsyncIterator[Row]:
    """What is left after many requests, passed through and translated, and many streams that clients left."""
    process = _process(gateway)
    asks = [_request(gateway, pair, Chat()) for pair in (CHAT_PAIR, CHAT_TO_MESSAGES)]
    await closed_loop(asks[0], connections=_MANY_CONNECTIONS, seconds=2.0)
    yield Row(what=rows.LOADED_MEMORY, system=FEATHERGATE, unit="MB", value=Spread.of([process.resident_mb()]))
    for ask in asks:
        await closed_loop(ask, connections=_CONNECTIONS, seconds=2.0)
    await _leave(_request(gateway, CHAT_PAIR, Chat(stream=True)), _ABORTED_AT_ONCE)
    await asyncio.sleep(_SETTLE_S)
    before_mb, done = process.resident_mb(), 0
    while done < _REQUESTS:
        for ask in asks:
            done += (await closed_loop(ask, connections=_CONNECTIONS, seconds=3.0)).requests
    for _ in range(_ABORTS // _ABORTED_AT_ONCE):
        await _leave(_request(gateway, CHAT_PAIR, Chat(stream=True)), _ABORTED_AT_ONCE)
    await asyncio.sleep(_SETTLE_S)
    yield Row(
        what=rows.MEMORY_GROWTH,
        system=FEATHERGATE,
        unit="MB",
        value=Spread.of([process.resident_mb() - before_mb]),
        note=f"{done:,} requests, from {before_mb:.1f} MB; {process.open_sockets()} sockets are open",
    )


async def per_stream(gateway: System, counts: Sequence[int]) -> AsyncIterator[Row]:
    """What a stream holds that is open and says nothing, the smallest crowd first."""
    process = _process(gateway)
    await set_pace(Pace(tokens=ENDLESS, interval_s=3600.0))
    for count in counts:
        before_mb = process.resident_mb()
        request = _request(gateway, CHAT_PAIR, Chat(stream=True))
        async with open_streams(request, Dialect.CHAT, count):
            await asyncio.sleep(_SETTLE_S)
            held_kb = (process.resident_mb() - before_mb) * 1000 / count
        yield Row(what=rows.stream_memory(count), system=FEATHERGATE, unit="kB", value=Spread.of([held_kb]))
        await asyncio.sleep(_SETTLE_S)


async def _leave(request: Request, count: int) -> None:
    """Open streams and leave them in the middle."""
    await set_pace(Pace(tokens=ENDLESS, interval_s=0.05))
    async with open_streams(request, Dialect.CHAT, count):
        await asyncio.sleep(0.05)


def _request(gateway: System, pair: Pair, chat: Chat) -> Request:
    request = gateway.ask(pair, chat)
    assert request is not None
    return request


def _process(gateway: System) -> Process:
    assert gateway.process is not None
    return gateway.process
