"""What is written within one turn of the loop leaves together, and in order."""

import asyncio

import pytest

from adapters.http.gathering import MAX_GATHERED_BYTES, GatheringTransport, Outbox
from tests.http.below import Below


@pytest.fixture
async def below() -> Below:
    return Below()


def gathering(below: Below, outbox: Outbox | None = None) -> GatheringTransport:
    return GatheringTransport(below, outbox or Outbox(), asyncio.get_running_loop())


async def test_writes_of_one_turn_leave_together(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"head")
    transport.write(b"body")
    assert below.calls == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert below.calls == [b"headbody", b"next"]


async def test_all_connections_send_at_the_end_of_the_same_turn() -> None:
    outbox, belows = Outbox(), [Below() for _ in range(3)]
    for below in belows:
        gathering(below, outbox).write(b"x")
    assert [below.calls for below in belows] == [[], [], []]
    await asyncio.sleep(0)
    assert [below.calls for below in belows] == [[b"x"], [b"x"], [b"x"]]


async def test_closing_sends_what_was_gathered_first(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"last words")
    transport.close()
    await asyncio.sleep(0)
    assert below.calls == [b"last words", "close"]


async def test_aborting_sends_nothing_more(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"never")
    transport.abort()
    await asyncio.sleep(0)
    assert below.calls == ["abort"]


async def test_nothing_is_written_to_a_transport_that_closed_meanwhile(below: Below) -> None:
    gathering(below).write(b"too late")
    below.close()
    await asyncio.sleep(0)
    assert below.calls == ["close"]


async def test_what_is_gathered_is_bounded(below: Below) -> None:
    transport = gathering(below)
    for _ in range(5):
        transport.write(b"x" * 20_000)
    assert below.calls == [b"x" * 80_000]
    await asyncio.sleep(0)
    assert below.calls == [b"x" * 80_000, b"x" * 20_000]


async def test_what_is_large_is_not_copied(below: Below) -> None:
    gathering(below).writelines([b"head", b"x" * MAX_GATHERED_BYTES, b"end"])
    assert below.calls == [b"head" + b"x" * MAX_GATHERED_BYTES]
    await asyncio.sleep(0)
    assert below.calls[1:] == [b"end"]


async def test_what_was_gathered_counts_as_not_sent(below: Below) -> None:
    transport = gathering(below)
    below.unsent = 7
    transport.write(b"abc")
    assert transport.get_write_buffer_size() == 10
