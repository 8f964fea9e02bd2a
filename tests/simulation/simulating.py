"""Hours of traffic over a fleet, routed as the gateway routes, on virtual time."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from application.attempts import Attempts
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment, Fleet
from domain.routing.health import Health
from domain.routing.plan import Plan
from domain.routing.policy import RoutingPolicy
from domain.routing.roster import Roster
from domain.routing.steps import Course, Try
from tests.simulation.fleets import SimulatedFleet
from tests.simulation.upstreams import Upstream
from tests.virtual_time import VirtualTimeLoop, virtual_time

_MODEL = "m"


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What came of it.

    failed_tries: tries that came to nothing. most_in_vain: how many at most one outage cost that began in it;
    probes_in_vain: the probes of it, which do not count there. first_token_s: of every answer, from the call on.
    """

    calls: int = 0
    failed_tries: int = 0
    most_in_vain: int = 0
    probes_in_vain: int = 0
    first_token_s: list[float] = field(default_factory=list, repr=False)

    @property
    def availability(self) -> float:
        """The share of the calls that were answered."""
        return len(self.first_token_s) / self.calls

    @property
    def wasted(self) -> float:
        """Tries that came to nothing, of a thousand calls."""
        return 1_000 * self.failed_tries / self.calls

    def quantile_s(self, share: float) -> float:
        """The seconds within which that share of the answers began."""
        return sorted(self.first_token_s)[int(share * (len(self.first_token_s) - 1))]


def simulate(fleet: SimulatedFleet, policy: RoutingPolicy, seed: int = 1) -> Outcome:
    """The outcome of the fleet's traffic under a policy; the same for the same seed."""
    loop = virtual_time()
    upstreams = [Upstream(each, loop, Random(seed + at)) for at, each in enumerate(fleet.upstreams)]
    simulation = _Simulation(loop, upstreams, policy, Random(seed))
    loop.run(simulation.run(fleet.calls_per_s, fleet.seconds))
    outcome = simulation.outcome
    outcome.failed_tries = sum(upstream.failed for upstream in upstreams)
    outcome.probes_in_vain = sum(upstream.probes_in_vain for upstream in upstreams)
    outcome.most_in_vain = max((most for upstream in upstreams for most in upstream.asked_in_vain), default=0)
    return outcome


class _Simulation:
    def __init__(
        self, loop: VirtualTimeLoop, upstreams: Sequence[Upstream], policy: RoutingPolicy, chance: Random
    ) -> None:
        self.outcome = Outcome()
        self._loop = loop
        self._upstreams = {str(at): upstream for at, upstream in enumerate(upstreams)}
        self._chance = chance
        fleet = Fleet.of(Deployment(id=name, group=_MODEL, provider="p", model=name) for name in self._upstreams)
        watch = _Nobody()
        self._attempts = Attempts(Roster(fleet, policy, watch.changed), loop, chance.random, watch)

    async def run(self, calls_per_s: float, seconds: float) -> None:
        until_s = self._loop.now_s + seconds
        calls = set[asyncio.Task[None]]()
        while self._loop.now_s < until_s:
            await asyncio.sleep(self._chance.expovariate(calls_per_s))
            call = self._loop.create_task(self._call())
            calls.add(call)
            call.add_done_callback(calls.discard)
        await asyncio.gather(*calls)

    async def _call(self) -> None:
        began_s = self._loop.now_s
        self.outcome.calls += 1
        try:
            served = await self._attempts.run(Course(model=_MODEL, began_s=began_s), self._attempt)
        except FeatherGateError:
            return
        self.outcome.first_token_s.append(self._loop.now_s - began_s)
        self._loop.call_later(served.answer, served.ended)

    async def _attempt(self, tried: Try) -> float:
        """How long the answer takes after its first token."""
        return await self._upstreams[tried.member.deployment.id].answer(is_probe=tried.is_probe)


class _Nobody:
    """Watches nothing."""

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        pass

    def routed(self, plan: Plan) -> None:
        pass
