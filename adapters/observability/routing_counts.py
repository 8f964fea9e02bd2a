"""Counts what routing does, as plain numbers; bounded by the number of deployments that are configured."""

from collections import Counter
from enum import StrEnum
from typing import Final

from application.ports.clock import Clock
from domain.routing.fleet import Deployment
from domain.routing.health import Health, has_been_limited, has_opened
from domain.routing.plan import Plan

OK: Final = "ok"
CANCELLED: Final = "cancelled"
"""The outcome of an attempt that nobody waited for any more: its caller left, or another one was faster."""


class Cooldown(StrEnum):
    """Why a deployment is left alone."""

    FAILURES = "failures"
    RATE_LIMIT = "rate_limit"


class RoutingCounts:
    """Counts attempts and cooldowns. All by deployment id.

    attempts:  by outcome too: OK, CANCELLED, or the class label of an error.
    retries:   of these, those beyond the first in their group.
    fallbacks: of these, the first in a group that answered in place of another.
    cooldowns: by their reason too.
    """

    __slots__ = ("_answered", "_clock", "_others", "cooldowns", "fallbacks", "retries")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._answered: Counter[str] = Counter()
        self._others: Counter[tuple[str, str]] = Counter()
        self.retries: Counter[str] = Counter()
        self.fallbacks: Counter[str] = Counter()
        self.cooldowns: Counter[tuple[str, Cooldown]] = Counter()

    @property
    def attempts(self) -> Counter[tuple[str, str]]:
        """The number of attempts by deployment and outcome."""
        answered = Counter({(deployment, OK): number for deployment, number in self._answered.items()})
        return answered + self._others

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        """A deployment's health changed."""
        if has_opened(before, after):
            self.cooldowns[deployment.id, Cooldown.FAILURES] += 1
        elif has_been_limited(before, after, self._clock.monotonic_s()):
            self.cooldowns[deployment.id, Cooldown.RATE_LIMIT] += 1

    def routed(self, plan: Plan) -> None:
        """A call was routed: one addition where the first who was asked answered."""
        answered = plan.answered
        if answered is not None:
            self._answered[answered.member.deployment.id] += 1
            if len(plan.tries) == 1 and not plan.failures:
                return
        self._count_others(plan)

    def _count_others(self, plan: Plan) -> None:
        asked = Counter(tried.member.deployment.id for tried in plan.tries)
        if plan.answered is not None:
            asked[plan.answered.member.deployment.id] -= 1
        for failure in plan.failures:
            if failure.member is not None:
                asked[failure.member.deployment.id] -= 1
                self._others[failure.member.deployment.id, failure.error.label] += 1
        for deployment, number in (+asked).items():
            self._others[deployment, CANCELLED] += number
        target = None
        for index, tried in enumerate(plan.tries):
            if tried.target is not target:
                target = tried.target
                self.fallbacks[tried.member.deployment.id] += 1
            elif index:
                self.retries[tried.member.deployment.id] += 1
