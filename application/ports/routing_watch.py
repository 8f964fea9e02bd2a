"""Who is told what routing does."""

from typing import Protocol

from domain.routing.fleet import Deployment
from domain.routing.health import Health
from domain.routing.plan import Plan


class RoutingWatch(Protocol):
    """Tells operators about routing."""

    def changed(self, deployment: Deployment, before: Health, after: Health) -> None:
        """A deployment's health changed."""
        ...

    def routed(self, plan: Plan) -> None:
        """A call was routed, well or not. Told of every call: to look further than `plan.went_smoothly` costs."""
        ...
