"""A fleet of two and a fallback, whose routing is watched, for the tests beside this file."""

import asyncio
from dataclasses import dataclass, field

from adapters.observability.routing_book import RoutingBook
from adapters.observability.routing_counts import RoutingCounts
from adapters.observability.routing_log import RoutingLog
from application.attempts import Attempts
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment, Fleet
from domain.routing.policy import CooldownPolicy, FallbackPolicy, RetryPolicy, RoutingPolicy
from domain.routing.roster import Roster
from domain.routing.steps import Course, Try

DEPLOYMENTS = tuple(
    Deployment(id=ident, group=group, provider="openai", model="gpt-4o")
    for ident, group in (("one", "smart"), ("two", "smart"), ("three", "backup"))
)
POLICY = RoutingPolicy(
    retry=RetryPolicy(retries=1, backoff_s=0.0),
    cooldown=CooldownPolicy(allowed_fails=4),
    fallbacks=FallbackPolicy(general={"smart": ("backup",)}),
)
"""A fifth failure within a minute opens a breaker."""


class HandClock:
    """A clock that stands still until it is told otherwise."""

    now_s = 1_000.0

    def monotonic_s(self) -> float:
        return self.now_s

    def unix_s(self) -> float:
        return 1_795_310_355.042


@dataclass
class Scene:
    """Calls go through the gateway's own loop; chance draws 0."""

    clock: HandClock
    counts: RoutingCounts
    roster: Roster
    attempts: Attempts
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, *faults: FeatherGateError, model: str = "smart") -> None:
        """A call whose tries end with these faults one after the other; the next one answers."""
        left = list(faults)

        async def attempt(tried: Try) -> None:
            if left:
                raise left.pop(0)

        try:
            served = await self.attempts.run(self._course(model), attempt)
        except FeatherGateError:
            return
        served.ended()

    async def call_and_leave(self, *faults: FeatherGateError) -> None:
        """A call whose caller leaves while a try goes on, after these faults."""
        left = list(faults)

        async def attempt(tried: Try) -> None:
            if left:
                raise left.pop(0)
            self.asked.set()
            await asyncio.Event().wait()

        self.asked.clear()
        calling = asyncio.ensure_future(self.attempts.run(self._course("smart"), attempt))
        await self.asked.wait()
        calling.cancel()
        await asyncio.wait([calling])

    async def fails_until_left_alone(self, error: FeatherGateError) -> None:
        """Both deployments of the group fail until their breakers open."""
        for _ in range(5):
            await self.call(error, error)

    def _course(self, model: str) -> Course:
        return Course(model=model, began_s=self.clock.now_s, call_id="r-1")


def scene() -> Scene:
    clock = HandClock()
    counts = RoutingCounts(clock)
    book = RoutingBook(counts, RoutingLog(clock))
    roster = Roster(Fleet.of(DEPLOYMENTS), POLICY, book.changed)
    return Scene(clock, counts, roster, Attempts(roster, clock, lambda: 0.0, book))
