"""What routing does, in the log."""

import logging
from typing import Final

from application.ports.clock import Clock
from domain.routing.explanation import explain
from domain.routing.fleet import Deployment
from domain.routing.health import Breaker, Health, has_been_limited, has_opened
from domain.routing.plan import Plan

_LOG = logging.getLogger(__name__)
_OTHERS_FAULT: Final = ("provider_", "gateway_")
"""How the class labels of errors begin that are not the caller's doing, nor a rule's."""


class RoutingLog:
    """A line for every change of a deployment's health, and the course of calls that did not run smoothly.

    A breaker that opens is a warning; that it closes again, and rate limits, are worth knowing; probes are for
    debugging, since they go on for as long as a deployment is down.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @property
    def explains_all(self) -> bool:
        """Whether calls that went smoothly are told of too."""
        return _LOG.isEnabledFor(logging.DEBUG)

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        """Write the one line of a change."""
        now_s = self._clock.monotonic_s()
        level = _level_of_change(before, after, now_s)
        if _LOG.isEnabledFor(level):
            who = f"{deployment.id} ({deployment.provider}/{deployment.model})"
            _LOG.log(level, "deployment %s %s", who, _change(before, after, now_s))

    def routed(self, plan: Plan) -> None:
        """Explain a call of which somebody was left out or failed; every one while debugging."""
        level = logging.DEBUG if plan.went_smoothly else _level_of_call(plan)
        if _LOG.isEnabledFor(level):
            _LOG.log(level, "request %s: %s", plan.course.call_id, explain(plan).replace("\n", " | "))


def _level_of_call(plan: Plan) -> int:
    """A warning where others than the caller kept the call from being answered."""
    unserved = plan.error is not None and plan.error.label.startswith(_OTHERS_FAULT)
    return logging.WARNING if unserved else logging.INFO


def _level_of_change(before: Health, after: Health, now_s: float) -> int:
    if has_opened(before, after):
        return logging.WARNING
    recovers = after.breaker is Breaker.CLOSED and before.breaker is not Breaker.CLOSED
    return logging.INFO if recovers or has_been_limited(before, after, now_s) else logging.DEBUG


def _change(before: Health, after: Health, now_s: float) -> str:
    told = [f"is {after.breaker}"]
    if after.breaker is not before.breaker:
        told[0] += f", was {before.breaker}"
        if before.breaker is not Breaker.CLOSED:
            told[0] += f"; it opened {now_s - before.opened_s:.1f} s ago"
    if after.breaker is Breaker.OPEN:
        told += [after.why, f"next probe in {after.waits_s(now_s):.1f} s"]
    if after.limited_s > now_s and after.limited_s != before.limited_s:
        told.append(f"rate limited for {after.limited_s - now_s:.1f} s")
    return "; ".join(told)
