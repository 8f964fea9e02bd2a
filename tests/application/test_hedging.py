"""Hedging: a second deployment is asked where the first is slow; the slower one is closed."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from application.attempts import Attempts
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.errors import UpstreamUnavailable
from domain.routing.fleet import Deployment
from domain.routing.hedging import FEWEST
from domain.routing.policy import HedgingPolicy, RetryPolicy, RoutingPolicy
from tests.application.fakes import ENDED, FINISHED, ManualClock, chat_call, piece, text
from tests.application.routed import answer_chat_over, attempts_over
from tests.strategies.fleets import deployment

HEDGED = RoutingPolicy(hedging=HedgingPolicy(enabled=True, share=1.0), retry=RetryPolicy(retries=0))


class Fleet:
    """Two deployments; `acts` says what the asked one does first: answer, hang, or fail when it is let go on."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.deployments = [deployment(ident="a"), deployment(ident="b")]
        self.attempts: Attempts = attempts_over(self.deployments, self.clock, HEDGED)
        self.acts: list[str] = []
        self.asked: list[str] = []
        self.closed: list[str] = []
        self.failures: list[UpstreamUnavailable] = []
        self.going_on = asyncio.Event()
        self.both_asked = asyncio.Event()

    async def open(self, asked: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        self.asked.append(asked.id)
        if len(self.asked) == 2:
            self.both_asked.set()
        act = self.acts.pop(0) if self.acts else "answer"
        try:
            if act != "answer":
                await self.going_on.wait()
            if act == "fail":
                self.failures.append(UpstreamUnavailable("gone"))
                raise self.failures[-1]
            yield text()
            yield piece(FINISHED, ENDED)
        finally:
            self.closed.append(asked.id)

    async def call(self) -> str:
        answer = await answer_chat_over(self.attempts, self).run(chat_call())
        await answer.pieces.aclose()
        return answer.deployment.id

    async def warm(self) -> None:
        """Let the group's pace be known: every answer takes no time at all."""
        for _ in range(FEWEST):
            await self.call()
        self.asked.clear()
        self.closed.clear()
        self.both_asked.clear()

    async def call_both(self, *acts: str) -> asyncio.Task[str]:
        """A call of the warm fleet, for which both have been asked and wait until they are let go on."""
        await self.warm()
        self.acts = list(acts)
        calling = asyncio.create_task(self.call())
        await self.both_asked.wait()
        return calling

    @property
    def in_flight(self) -> list[int]:
        return [member.standing.in_flight for member in self.attempts.roster.standings()]


async def test_nobody_is_hedged_before_the_pace_is_known() -> None:
    fleet = Fleet()
    fleet.acts = ["hang"]
    calling = asyncio.ensure_future(fleet.call())
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(fleet.asked) == 1
    fleet.going_on.set()
    assert await calling == fleet.asked[0]


async def test_a_second_answers_for_a_slow_first_which_is_closed() -> None:
    fleet = Fleet()
    await fleet.warm()
    fleet.acts = ["hang"]
    served_by = await asyncio.wait_for(fleet.call(), 5)
    first, second = fleet.asked
    assert first != second == served_by
    assert sorted(fleet.closed) == ["a", "b"]
    assert fleet.in_flight == [0, 0]


async def test_the_first_may_still_win() -> None:
    fleet = Fleet()
    calling = await fleet.call_both("hang", "fail")
    fleet.going_on.set()
    assert await calling == fleet.asked[0]
    assert sorted(fleet.closed) == ["a", "b"]
    assert fleet.in_flight == [0, 0]


async def test_a_failure_beside_an_answer_holds_nothing_of_the_call() -> None:
    fleet = Fleet()
    calling = await fleet.call_both("hang", "fail")
    fleet.going_on.set()
    await calling
    assert [failure.__traceback__ for failure in fleet.failures] == [None]


async def test_where_both_fail_the_first_failure_is_raised() -> None:
    fleet = Fleet()
    calling = await fleet.call_both("fail", "fail")
    fleet.going_on.set()
    with pytest.raises(UpstreamUnavailable) as raised:
        await calling
    assert len(raised.value.attempts) == 2
    assert fleet.in_flight == [0, 0]


async def test_a_caller_that_leaves_takes_both_along() -> None:
    fleet = Fleet()
    calling = await fleet.call_both("hang", "hang")
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert sorted(fleet.closed) == ["a", "b"]
    assert fleet.in_flight == [0, 0]


async def test_hedges_stay_within_their_share() -> None:
    fleet = Fleet()
    fleet.attempts = attempts_over(
        fleet.deployments, fleet.clock, RoutingPolicy(hedging=HedgingPolicy(enabled=True, share=0.0))
    )
    await fleet.warm()
    fleet.acts = ["hang"]
    calling = asyncio.ensure_future(fleet.call())
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(fleet.asked) == 1
    fleet.going_on.set()
    await calling


async def test_a_caller_that_leaves_while_the_loser_is_closed_leaves_no_answer_open() -> None:
    fleet = Fleet()
    await fleet.warm()
    closing, closed = asyncio.Event(), asyncio.Event()

    async def slow_to_close(asked: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        fleet.asked.append(asked.id)
        try:
            if len(fleet.asked) == 1:
                await asyncio.Event().wait()
            yield text()
        finally:
            if fleet.asked[0] == asked.id:
                closing.set()
                await closed.wait()
            fleet.closed.append(asked.id)

    fleet.open = slow_to_close  # type: ignore[method-assign]  # this fleet closes slowly
    calling = asyncio.ensure_future(fleet.call())
    await closing.wait()
    calling.cancel()
    await asyncio.sleep(0)
    closed.set()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert sorted(fleet.closed) == ["a", "b"]
    assert fleet.in_flight == [0, 0]
