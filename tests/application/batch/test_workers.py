"""Workers: no more than allowed, called one at a time or by an alarm, gone together."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from application.batch.workers import Workers
from tests.virtual_time import BEGINNING_S, VirtualTimeLoop, virtual_time


class Crew:
    """Workers of whom each does `act`, then rests until it is called, and does it again."""

    def __init__(self, most: int, act: Callable[["Crew"], Awaitable[None]]) -> None:
        self.loop: VirtualTimeLoop = virtual_time()
        self.workers = Workers(most, self._work)
        self._act = act
        self.came = 0
        self.acted: list[float] = []

    async def _work(self) -> None:
        self.came += 1
        while not self.workers.are_dismissed:
            self.acted.append(self.loop.now_s - BEGINNING_S)
            await self._act(self)
            await self.workers.rest()

    def run(self) -> None:
        self.loop.run(self.workers.run())

    def call_at(self, *times_s: float) -> None:
        for at_s in times_s:
            self.loop.call_later(at_s, self.workers.call)


async def _nothing(crew: Crew) -> None:
    """Rest again."""


async def _much(crew: Crew) -> None:
    await asyncio.sleep(100.0)


@pytest.mark.parametrize("most", [1, 2, 5])
def test_as_many_come_as_are_called_for_and_allowed(most: int) -> None:
    crew = Crew(most, _much)
    crew.call_at(1.0, 2.0, 3.0)
    crew.loop.call_later(50.0, crew.workers.dismiss)
    crew.run()
    assert crew.acted == [0.0, 1.0, 2.0, 3.0][:most]


def test_who_rests_is_called_before_somebody_new() -> None:
    crew = Crew(5, _nothing)
    crew.call_at(1.0, 2.0, 3.0)
    crew.loop.call_later(50.0, crew.workers.dismiss)
    crew.run()
    assert crew.acted == [0.0, 1.0, 2.0, 3.0]
    assert crew.came == 1


def test_the_earliest_alarm_counts() -> None:
    crew = Crew(3, _nothing)
    for at_s, seconds in ((1.0, 20.0), (2.0, 5.0), (3.0, 30.0), (8.0, 4.0)):
        crew.loop.call_later(at_s, crew.workers.call_in, seconds)
    crew.loop.call_later(50.0, crew.workers.dismiss)
    crew.run()
    assert crew.acted == [0.0, 7.0, 12.0]


def test_an_alarm_is_never_so_soon_that_no_time_passes() -> None:
    async def rings(crew: Crew) -> None:
        crew.workers.call_in(1e-15)

    crew = Crew(1, rings)
    crew.loop.call_later(1.0, crew.workers.dismiss)
    crew.run()
    assert 900 < len(crew.acted) <= 1_001


def test_what_one_raises_cancels_the_others_and_nobody_comes_any_more() -> None:
    """Even where the others take their time, and somebody is called meanwhile."""
    left: list[float] = []

    async def act(crew: Crew) -> None:
        if crew.came == 2:
            crew.workers.call_in(12.0)
            await asyncio.sleep(10.0)
            raise OSError("full")
        try:
            await asyncio.sleep(100.0)
        finally:
            await asyncio.sleep(5.0)
            left.append(crew.loop.now_s - BEGINNING_S)

    crew = Crew(9, act)
    crew.call_at(0.0, 11.0)
    with pytest.raises(OSError, match="full"):
        crew.run()
    assert left == [15.0]
    assert crew.came == 2
    crew.workers.call()
    crew.loop.pass_time(100.0)
    assert crew.came == 2


def test_nobody_is_called_before_the_beginning() -> None:
    crew = Crew(3, _nothing)
    crew.workers.call()
    crew.loop.call_later(1.0, crew.workers.dismiss)
    crew.run()
    assert crew.acted == [0.0]
