"""The use case: tell how every deployment stands in this process."""

from dataclasses import dataclass
from math import inf
from typing import Final

from application.ports.clock import Clock
from domain.routing.fleet import Deployment
from domain.routing.group import Member
from domain.routing.health import Breaker, Health
from domain.routing.policy import RoutingPolicy
from domain.routing.roster import Roster

NOT_CONFIGURED: Final = "not configured"
"""The state of a deployment that cannot be called, since it lacks its key, say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentState:
    """One deployment's standing, in seconds and amounts of the last minute.

    state:          its breaker's, or NOT_CONFIGURED.
    why, since_s:   why it is left alone, and for how long already; "" and None while it is well.
    next_probe_s:   how long until it is tried again; None while its breaker is closed.
    rate_limited_s: how long its upstream wants to be left alone; 0 = not at all.
    first_answer_s: decaying average of the time until its answers prove good; None = nobody knows.
    share:          its part of the requests of its group; None where there were none.
    """

    deployment: Deployment
    state: str
    why: str
    since_s: float | None
    next_probe_s: float | None
    rate_limited_s: float
    in_flight: int
    requests: float
    tokens: float
    failures: float
    first_answer_s: float | None
    share: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterReport:
    """Every model group with its deployments, in the order of the configuration, and the policy in force."""

    groups: dict[str, tuple[DeploymentState, ...]]
    policy: RoutingPolicy


class RouterState:
    """Reads the standings."""

    def __init__(self, roster: Roster, clock: Clock) -> None:
        self._roster = roster
        self._clock = clock

    def run(self) -> RouterReport:
        """How everything stands now."""
        now_s = self._clock.monotonic_s()
        groups: dict[str, list[Member]] = {}
        for member in self._roster.standings():
            groups.setdefault(member.deployment.group, []).append(member)
        return RouterReport(
            groups={name: _states(members, now_s) for name, members in groups.items()}, policy=self._roster.policy
        )


def _states(members: list[Member], now_s: float) -> tuple[DeploymentState, ...]:
    requests = sum(member.standing.requests.last(now_s) for member in members)
    return tuple(_state(member, requests, now_s) for member in members)


def _state(member: Member, group_requests: float, now_s: float) -> DeploymentState:
    standing, health = member.standing, member.standing.health
    requests = standing.requests.last(now_s)
    unready = member.deployment.unready
    return DeploymentState(
        deployment=member.deployment,
        state=health.breaker if unready is None else NOT_CONFIGURED,
        why=unready or _why(health, now_s),
        since_s=None if health.opened_s == -inf else now_s - health.opened_s,
        next_probe_s=health.waits_s(now_s) if health.breaker is Breaker.OPEN else None,
        rate_limited_s=max(0.0, health.limited_s - now_s),
        in_flight=standing.in_flight,
        requests=requests,
        tokens=standing.tokens.last(now_s),
        failures=standing.failures.last(now_s),
        first_answer_s=standing.open_s,
        share=requests / group_requests if group_requests else None,
    )


def _why(health: Health, now_s: float) -> str:
    return health.why or ("its upstream asked to be left alone" if health.limited_s > now_s else "")
