"""What routing knows of every deployment, as metric families, made anew whenever somebody asks."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from adapters.observability.families import Across, Family, Type
from adapters.observability.routing_counts import RoutingCounts
from domain.routing.fleet import Deployment
from domain.routing.group import Member
from domain.routing.health import Breaker
from domain.routing.roster import Roster

_LABELS: Final = ("model", "deployment", "provider")
_LITELLM_LABELS: Final = ("litellm_model_name", "model_id", "api_provider")
_STATES: Final = MappingProxyType({Breaker.CLOSED: 0, Breaker.HALF_OPEN: 1, Breaker.OPEN: 2})


class RoutingCollector:
    """Tells how every configured deployment stands, and what was counted of it so far."""

    def __init__(self, roster: Roster, counts: RoutingCounts) -> None:
        self._roster = roster
        self._counts = counts

    def collect(self) -> Iterator[Family]:
        """Every family, with every deployment in the gauges, asked or not."""
        members = tuple(self._roster.standings())
        yield from _standings(members)
        yield from self._attempts({member.deployment.id: member.deployment for member in members})

    def _attempts(self, deployments: dict[str, Deployment]) -> Iterator[Family]:
        counts = self._counts
        attempts = _counter(
            "attempts",
            "Tries of deployments that are over, by outcome: ok, cancelled or the error's class.",
            "outcome",
        )
        for (ident, outcome), number in counts.attempts.items():
            attempts.add((*_labels(deployments[ident]), outcome), number)
        retries = _counter("retries", "Tries beyond the first of a model group.")
        for ident, number in counts.retries.items():
            retries.add(_labels(deployments[ident]), number)
        fallbacks = _counter("fallbacks", "Calls that came to a model group in place of another one.")
        for ident, number in counts.fallbacks.items():
            fallbacks.add(_labels(deployments[ident]), number)
        cooldowns = _counter("deployment_cooldowns", "Times that a deployment was left alone.", "reason")
        for (ident, reason), number in counts.cooldowns.items():
            cooldowns.add((*_labels(deployments[ident]), reason), number)
        yield from (attempts, retries, fallbacks, cooldowns)


def _standings(members: tuple[Member, ...]) -> Iterator[Family]:
    """Of several workers the worst state counts: each finds out for itself who is well."""
    state = Family(
        name="feathergate_deployment_state",
        type=Type.GAUGE,
        documentation="The breaker: 0 closed, 1 half-open, 2 open.",
        labels=_LABELS,
        across=Across.MOST,
    )
    in_flight = Family(
        name="feathergate_deployment_in_flight",
        type=Type.GAUGE,
        documentation="Calls that a deployment is answering now.",
        labels=_LABELS,
    )
    litellm_state = Family(
        name="litellm_deployment_state",
        type=Type.GAUGE,
        documentation="The same by litellm's name and labels.",
        labels=_LITELLM_LABELS,
        across=Across.MOST,
    )
    for member in members:
        deployment, value = member.deployment, _STATES[member.standing.health.breaker]
        state.add(_labels(deployment), value)
        in_flight.add(_labels(deployment), member.standing.in_flight)
        litellm_state.add((deployment.model, deployment.id, deployment.provider), value)
    yield from (state, in_flight, litellm_state)


def _counter(name: str, documentation: str, *further_labels: str) -> Family:
    labels = (*_LABELS, *further_labels)
    return Family(name=f"feathergate_{name}", type=Type.COUNTER, documentation=documentation, labels=labels)


def _labels(deployment: Deployment) -> tuple[str, str, str]:
    return deployment.group, deployment.id, deployment.provider
