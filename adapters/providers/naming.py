"""Which provider a configured model means, and what the model is called there."""

import difflib
from dataclasses import dataclass
from typing import Final

from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.registry import BARE_NAMES, NOT_SERVED, PROVIDERS
from adapters.providers.spec import ProviderSpec
from adapters.providers.wire import RESPONSES, RESPONSES_PREFIX

_COMPATIBLE_CURE: Final = "an OpenAI-compatible server is openai/<model> with its api_base"


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A model at its provider, by the provider's own id.

    dialects: what the operator says the upstream speaks, by `model_info` or by `responses/` before the model.
    """

    provider: ProviderSpec
    model: str
    dialects: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class NotServed:
    """A model that litellm knows how to reach and this version does not; `reason` says what to do."""

    provider: str
    model: str
    reason: str


def resolve(spec: DeploymentSpec) -> NamedModel | NotServed:
    """The model that `spec` means: by `custom_llm_provider`, else by prefix, else by a well-known bare name.

    Raises ValueError, with a sentence for the operator, where no provider can be told.
    """
    name, model = _split(spec)
    if name is None:
        return _by_bare_name(spec)
    if name in NOT_SERVED:
        return NotServed(name, model, f"provider {name} is not served by this version; {_COMPATIBLE_CURE}")
    provider = PROVIDERS.get(name)
    if provider is None:
        raise ValueError(_unknown_provider(name, spec.model))
    dialects = spec.model_info.dialects
    if model.startswith(RESPONSES_PREFIX) and any(wire.dialect.name == RESPONSES for wire in provider.wires):
        model = model.removeprefix(RESPONSES_PREFIX)
        dialects = dialects or (RESPONSES,)
    if not model:
        raise ValueError(f"model: expected a model after {name}/; write {name}/<model>")
    return NamedModel(provider, model, dialects)


def _split(spec: DeploymentSpec) -> tuple[str | None, str]:
    given = spec.custom_llm_provider
    if given:
        return given, spec.model.removeprefix(f"{given}/")
    prefix, slash, rest = spec.model.partition("/")
    return (prefix, rest) if slash else (None, spec.model)


def _by_bare_name(spec: DeploymentSpec) -> NamedModel:
    model = spec.model
    for names, provider in BARE_NAMES:
        if names.match(model):
            return NamedModel(provider, model, spec.model_info.dialects)
    near = difflib.get_close_matches(model, PROVIDERS, n=1)
    suggestion = f"did you mean {near[0]}/<model>? " if near else ""
    raise ValueError(
        f"model: expected <provider>/<model>; {model!r} names no provider and is not a well-known model. "
        f"{suggestion}Write for instance openai/{model}; {_COMPATIBLE_CURE}"
    )


def _unknown_provider(name: str, model: str) -> str:
    near = difflib.get_close_matches(name, PROVIDERS, n=1)
    suggestion = f"did you mean {near[0]}? " if near else ""
    return (
        f"model: expected a known provider before the slash; {name!r} is none. {suggestion}"
        f"If {model!r} is a model's whole name: {_COMPATIBLE_CURE}"
    )
