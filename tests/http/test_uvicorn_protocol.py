import asyncio

import pytest

from adapters.http.uvicorn_protocol import GatheringTransport


class Below(asyncio.Transport):
    """Remembers what reached it, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[bytes | str] = []

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        self.calls.append(data)

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def is_closing(self) -> bool:
        return False


@pytest.fixture
async def below() -> Below:
    return Below()


def gathering(below: Below) -> GatheringTransport:
    return GatheringTransport(below, asyncio.get_running_loop())


async def test_writes_of_one_turn_leave_together(below: Below) -> None:
    transport = gathering(below)
    transport.write(b"head")
    transport.write(b"body")
    assert below.calls == []
    await asyncio.sleep(0)
    transport.write(b"next")
    await asyncio.sleep(0)
    assert below.calls == [b"headbody", b"next"]


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


async def test_what_is_gathered_is_bounded(below: Below) -> None:
    transport = gathering(below)
    for _ in range(5):
        transport.write(b"x" * 20_000)
    assert below.calls == [b"x" * 80_000]
    await asyncio.sleep(0)
    assert below.calls == [b"x" * 80_000, b"x" * 20_000]
