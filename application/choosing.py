"""Choosing the one deployment that serves a call."""

from collections.abc import Callable

from application.call_record import CallRecord
from domain.routing.fleet import Deployment, Fleet, ready
from domain.routing.strategy import simple_shuffle


class Chooser:
    """Chooses among the ready deployments of a model's group, by their shares; `draw` gives numbers in [0, 1)."""

    def __init__(self, fleet: Fleet, draw: Callable[[], float]) -> None:
        self._fleet = fleet
        self._draw = draw

    def choose(self, model: str, record: CallRecord) -> Deployment:
        """A deployment for `model`, noted in `record`. Raises UnknownModel, NotConfigured."""
        deployment = simple_shuffle(ready(self._fleet.deployments(model)), self._draw)
        record.group, record.deployment = deployment.group, deployment.id
        record.provider, record.upstream_model = deployment.provider, deployment.model
        return deployment
