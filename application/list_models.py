"""The use case: which models can be asked for."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from domain.errors import UnknownModel
from domain.models.profile import ModelProfile
from domain.routing.fleet import WILDCARD, Deployment, Fleet

KnownModels = Callable[[str], Iterable[str]]
"""Provider name → the upstream model ids the gateway knows of it."""
ProfileOf = Callable[[Deployment], ModelProfile]
"""A deployment, its model's name without wildcard → what that model can do."""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model as it is listed: the name to ask for, the provider behind it, and its limits where they are known.

    context_tokens: the longest request. max_output_tokens: the longest answer.
    """

    name: str
    owner: str
    context_tokens: int | None = None
    max_output_tokens: int | None = None


class ListModels:
    """Lists the models of the fleet; a wildcard group is listed by the known models that it covers."""

    def __init__(self, fleet: Fleet, known_models: KnownModels, profile_of: ProfileOf) -> None:
        self._fleet = fleet
        self._profile_of = profile_of
        named = (self._named(name) for name in self._names(known_models))
        self._listed = {model.name: model for model in named if model is not None}

    def run(self) -> tuple[ListedModel, ...]:
        """Every model, in the order of the configuration."""
        return tuple(self._listed.values())

    def one(self, name: str) -> ListedModel:
        """The model of that name, listed or covered by a wildcard. Raises UnknownModel."""
        model = self._listed.get(name) or self._named(name)
        if model is None:
            raise UnknownModel(f"no configured model is named {name!r}; GET /v1/models lists them", param="model")
        return model

    def _named(self, name: str) -> ListedModel | None:
        """The first ready deployment of the name speaks for all; None where none is. Raises UnknownModel."""
        usable = next((d for d in self._fleet.deployments(name) if d.unready is None), None)
        if usable is None:
            return None
        profile = self._profile_of(usable)
        return ListedModel(name, usable.provider, profile.context_tokens, profile.max_output_tokens)

    def _names(self, known_models: KnownModels) -> Iterable[str]:
        for name in self._fleet.names():
            if WILDCARD not in name:
                yield name
                continue
            for deployment in self._fleet.groups[name]:
                if deployment.unready is None and WILDCARD in deployment.model:
                    yield from _covered(name, deployment.model, known_models(deployment.provider))


def _covered(group: str, pattern: str, known: Iterable[str]) -> Iterable[str]:
    prefix, _, suffix = pattern.partition(WILDCARD)
    for model in known:
        if model.startswith(prefix) and model.endswith(suffix) and len(model) >= len(prefix) + len(suffix):
            captured = model[len(prefix) : len(model) - len(suffix)]
            yield group.replace(WILDCARD, captured, 1)
