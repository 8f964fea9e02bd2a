"""The use case: which models can be asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.errors import UnknownModel
from domain.routing.fleet import WILDCARD, Fleet

KnownModels = Callable[[str], Iterable[str]]
"""Provider name → the upstream model ids the gateway knows of it."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as it is listed: the name to ask for, and the provider behind it."""

    name: str
    owner: str


class ListModels:
    """Lists the models of the fleet; a wildcard group is listed by the known models that it covers."""

    def __init__(self, fleet: Fleet, known_models: KnownModels) -> None:
        self._fleet = fleet
        self._listed = {model.name: model for model in self._all(known_models)}

    def run(self) -> tuple[ListedModel, ...]:
        """Every model, in the order of the configuration."""
        return tuple(self._listed.values())

    def one(self, name: str) -> ListedModel:
        """The model of that name, listed or covered by a wildcard. Raises UnknownModel."""
        listed = self._listed.get(name)
        if listed is not None:
            return listed
        usable = [d for d in self._fleet.deployments(name) if d.unready is None]
        if not usable:
            raise UnknownModel(f"no configured model is named {name!r}; GET /v1/models lists them", param="model")
        return ListedModel(name, usable[0].provider)

    def _all(self, known_models: KnownModels) -> Iterable[ListedModel]:
        for name in self._fleet.names():
            if WILDCARD not in name:
                yield ListedModel(name, self._owner(name))
                continue
            for deployment in self._fleet.groups[name]:
                if deployment.unready is None and WILDCARD in deployment.model:
                    yield from _covered(name, deployment.model, deployment.provider, known_models)

    def _owner(self, name: str) -> str:
        return next(d.provider for d in self._fleet.deployments(name) if d.unready is None)


def _covered(group: str, pattern: str, provider: str, known_models: KnownModels) -> Iterable[ListedModel]:
    prefix, _, suffix = pattern.partition(WILDCARD)
    for model in known_models(provider):
        if model.startswith(prefix) and model.endswith(suffix) and len(model) >= len(prefix) + len(suffix):
            captured = model[len(prefix) : len(model) - len(suffix)]
            yield ListedModel(group.replace(WILDCARD, captured, 1), provider)
