"""The defaults of the breaker do no harm, and what they are for."""

from math import sqrt

import pytest

from domain.routing.policy import CooldownPolicy, RoutingPolicy
from tests.simulation.fleets import WELL, SimulatedFleet, failing, lone, three
from tests.simulation.simulating import simulate
from tests.simulation.upstreams import Behaviour

_NEVER_LEFT_ALONE = RoutingPolicy(cooldown=CooldownPolicy(enabled=False))


@pytest.mark.parametrize(
    "fleet",
    [
        lone("lone, fails 5 %", failing(0.05), seconds=120.0),
        lone("lone, fails 20 %", failing(0.2), seconds=120.0),
        lone("lone, fails 60 %", failing(0.6), seconds=40.0),
        three("3 fail 20 %", *(failing(0.2),) * 3, seconds=40.0),
        three("3 fail 60 %", *(failing(0.6),) * 3, seconds=20.0),
    ],
    ids=lambda fleet: fleet.name,
)
def test_chance_failures_are_made_no_worse_by_leaving_deployments_alone(fleet: SimulatedFleet) -> None:
    other = simulate(fleet, _NEVER_LEFT_ALONE)
    chance = 3.0 * sqrt(2.0 * other.availability * (1.0 - other.availability) / other.calls)
    assert simulate(fleet, RoutingPolicy()).availability >= other.availability - chance


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_death_costs_few_tries_and_no_call(seed: int) -> None:
    """After those that were on their way, which the death cuts; only probes reach the dead one then."""
    dies = Behaviour(outages=((5.3, 15.9), (20.1, 26.2)))
    outcome = simulate(three("dies", dies, WELL, WELL, seconds=30.0), RoutingPolicy(), seed)
    assert outcome.availability == 1.0
    assert outcome.most_in_vain <= 10
    assert 0 < outcome.probes_in_vain <= 9


def test_a_death_of_an_idle_deployment_costs_few_tries() -> None:
    """Nobody's answer is cut, so that only tries in vain tell of it."""
    dies = Behaviour(first_token_s=0.01, outages=((5.3, 15.9),))
    fleet = three("dies", dies, dies, WELL, calls_per_s=20.0, seconds=20.0)
    outcome = simulate(fleet, RoutingPolicy())
    assert outcome.availability == 1.0
    assert 0 < outcome.most_in_vain <= 10


def test_a_lone_deployment_is_back_within_one_probe() -> None:
    outages = ((5.0, 25.0),)
    outcome = simulate(lone("dies", Behaviour(outages=outages), seconds=40.0), RoutingPolicy())
    assert outcome.availability > 1.0 - (20.0 + 2.0 + 2.0) / 40.0


def test_what_is_over_a_rate_limit_is_asked_elsewhere() -> None:
    outcome = simulate(three("limited", Behaviour(per_s=30.0), WELL, WELL, seconds=20.0), RoutingPolicy())
    assert outcome.availability == 1.0
    assert outcome.wasted < 5.0
