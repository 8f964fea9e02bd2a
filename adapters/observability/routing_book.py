"""The RoutingWatch: everything is counted, and what operators should know is logged."""

from adapters.observability.routing_counts import RoutingCounts
from adapters.observability.routing_log import RoutingLog
from domain.routing.fleet import Deployment
from domain.routing.health import Health
from domain.routing.plan import Plan


class RoutingBook:
    """Books what routing does in its counts and its log."""

    __slots__ = ("_counts", "_log")

    def __init__(self, counts: RoutingCounts, log: RoutingLog) -> None:
        self._counts = counts
        self._log = log

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        self._counts.changed(deployment, before, after)
        self._log.changed(deployment, before, after)

    def routed(self, plan: Plan) -> None:
        self._counts.routed(plan)
        if not plan.went_smoothly or self._log.explains_all:
            self._log.routed(plan)
