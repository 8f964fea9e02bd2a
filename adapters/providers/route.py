"""Route: everything about a deployment that can be settled before the first call."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import Target
from adapters.dialects.openai_chat.reasoning_models import refuses_sampling
from adapters.providers.apis import Api, ModelApi
from adapters.providers.call_limits import CallLimits
from adapters.providers.canonical_wishes import CanonicalWishes
from adapters.providers.completions import completions_wire
from adapters.providers.credentials import Headers
from adapters.providers.deployment_spec import ModelInfo, TlsKey
from adapters.providers.wire import ModelWire, Wire, narrowed
from adapters.upstream.port import Origin
from domain.chat.content import Family
from domain.errors import UnknownModel
from domain.json_types import JSON
from domain.models.catalogue import profile_for
from domain.models.profile import PLAIN_MODEL, ModelProfile, Thinking
from domain.routing.fleet import WILDCARD

_MAX_MODELS: Final = 256
_DOTS: Final = frozenset({".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRoute:
    """A route for one concrete model: how clients of each dialect are answered, and what else it can be asked.

    target: what a translation must know of the model.
    wires:  dialect → the wire that speaks it.
    bridge: the wire for clients of all other dialects.
    apis:   the further APIs that the model has, each with the path and query of its requests.
    """

    target: Target
    wires: Mapping[str, ModelWire]
    bridge: ModelWire
    apis: Mapping[Api, str]

    def wire_for(self, dialect: str) -> ModelWire:
        """The wire that answers clients of `dialect`: the one of that dialect where there is one."""
        return self.wires.get(dialect, self.bridge)

    def counting_for(self, dialect: str) -> ModelWire | None:
        """The wire that counts the tokens of such clients' requests, their own first; None = none counts."""
        own = self.wires.get(dialect)
        candidates = (*(() if own is None else (own,)), self.bridge, *self.wires.values())
        return next((wire for wire in candidates if wire.counting_target is not None), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a deployment's requests are made.

    headers:  of every request, the credential among them; never printed.
    secrets:  the credentials in them alone, to be taken out of what the upstream says.
    wires:    the APIs in which it answers chats.
    defaults: members that are set where the caller leaves them out.
    dropped:  members of the caller's request that are left out.
    wishes:   these two, for requests of clients that do not speak Chat Completions.
    allowed:  parameters that are sent although the dialect says the provider lacks them.
    extra_body: members of the finished body, whatever the caller says.
    limits:   how long an upstream may take.
    skip_bad_frames: an event of a stream that is no JSON is counted and left out; else it is an error.
    models:   model id → its ModelRoute, made when first asked for; at most 256 are kept.
    """

    provider: str
    origin: Origin
    headers: Headers = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    wires: tuple[Wire, ...]
    defaults: Mapping[str, JSON]
    dropped: frozenset[str]
    wishes: CanonicalWishes
    allowed: frozenset[str]
    extra_body: Mapping[str, JSON]
    limits: CallLimits
    skip_bad_frames: bool
    tls: TlsKey
    models: "ModelRoutes"


class ModelRoutes:
    """The concrete models of one deployment. Wildcard deployments have many, all others one."""

    def __init__(
        self,
        provider: str,
        family: Family,
        info: ModelInfo,
        *,
        wires: tuple[Wire, ...],
        apis: Mapping[Api, ModelApi],
    ) -> None:
        self._provider = provider
        self._family = family
        self._info = info
        self._wires = wires
        self._apis = apis
        self.of = lru_cache(maxsize=_MAX_MODELS)(self._make)

    def own_id(self, model: str) -> str:
        """The provider's own id of `model`; nothing is made for it."""
        return narrowed(self._wires, model)[1]

    def _make(self, model: str) -> ModelRoute:
        """Raises UnknownModel for a name, captured by a wildcard, whose steps would lead elsewhere in a URL."""
        if not _DOTS.isdisjoint(model.split("/")):
            raise UnknownModel(
                f"no model of {self._provider} has `.` or `..` as a part of its name", param="model"
            )
        wanted, model = narrowed(self._wires, model)
        known_as = self._info.base_model or model
        profile = profile_of(self._provider, model, self._info)
        target = Target(provider=self._provider, family=self._family, model=model, profile=profile)
        wires = tuple(ModelWire.of(wire, target) for wire in wanted)
        apis = {api: found.endpoint(model, False) for api, found in self._apis.items() if found.has(known_as)}
        spoken = {wire.wire.dialect.name: wire for wire in wires}
        if Api.COMPLETIONS in apis:
            completions = completions_wire(apis[Api.COMPLETIONS], target, wires[0].wire)
            spoken[completions.wire.dialect.name] = completions
        return ModelRoute(
            target=target,
            wires=MappingProxyType(spoken),
            bridge=_bridge(wires, profile),
            apis=MappingProxyType(apis),
        )


def _bridge(wires: tuple[ModelWire, ...], profile: ModelProfile) -> ModelWire:
    """The wire for clients of dialects that the upstream does not speak.

    Of OpenAI's two, only Responses carries the thoughts of models that reason.
    """
    reasons = refuses_sampling(profile)
    return next((wire for wire in wires if reasons and wire.wire.for_reasoning), wires[0])


def profile_of(provider: str, model: str, info: ModelInfo) -> ModelProfile:
    """What is known of a deployment's model; of a wildcard's models only what the operator says."""
    known_as = info.base_model or model
    return _informed(PLAIN_MODEL if WILDCARD in known_as else profile_for(provider, known_as), info)


def _informed(profile: ModelProfile, info: ModelInfo) -> ModelProfile:
    """The catalogue's `profile`, corrected by what the operator says in `model_info`."""
    supports = info.supports
    return replace(
        profile,
        context_tokens=info.max_input_tokens or profile.context_tokens,
        max_output_tokens=info.max_output_tokens or info.max_tokens or profile.max_output_tokens,
        thinking=profile.thinking if supports.get("reasoning", True) else Thinking.NONE,
        sampling=supports.get("sampling_params", profile.sampling),
        forced_tools=supports.get("forced_tool_use", profile.forced_tools),
        mid_system=supports.get("mid_conversation_system", profile.mid_system),
        prefill=supports.get("assistant_prefill", profile.prefill),
        json_schema=supports.get("native_structured_output", supports.get("response_schema", profile.json_schema)),
    )
