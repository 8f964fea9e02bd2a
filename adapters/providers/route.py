"""Route: everything about a deployment that can be settled before the first call."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final

from adapters.dialects.contract import Target, UpstreamDialect
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.providers.addresses import Endpoint
from adapters.providers.credentials import Headers
from adapters.providers.deployment_spec import ModelInfo, TlsKey
from adapters.upstream.port import Limits
from domain.chat.content import Family
from domain.errors import UnknownModel
from domain.json_types import JSON
from domain.models.catalogue import profile_for
from domain.models.profile import ModelProfile, Thinking

_MAX_MODELS: Final = 256
_DOTS: Final = frozenset({".", ".."})


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRoute:
    """A route for one concrete model: where its requests go, and what a translation must know of it."""

    buffered_target: str
    streamed_target: str
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a deployment's requests are made.

    headers:  of every request, the credential among them; never printed.
    secrets:  the credentials in them alone, to be taken out of what the upstream says.
    quirks:   how its Chat Completions differ; None = it speaks another dialect.
    markers:  bytes that tell of a value inside a Chat Completions body that it must not get as it stands.
    renames:  top-level members of the finished body, OpenAI's name → the provider's.
    defaults: members that are set where the caller leaves them out.
    dropped:  members of the caller's request that are left out.
    allowed:  parameters that are sent although the dialect says the provider lacks them.
    extra_body: members of the finished body, whatever the caller says.
    buffered_limits, streamed_limits: how long an upstream may take.
    models:   model id → its ModelRoute, made when first asked for; at most 256 are kept.
    """

    provider: str
    endpoint: Endpoint
    headers: Headers = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False)
    dialect: UpstreamDialect
    quirks: ChatQuirks | None
    markers: tuple[bytes, ...]
    renames: Mapping[str, str]
    defaults: Mapping[str, JSON]
    dropped: frozenset[str]
    allowed: frozenset[str]
    extra_body: Mapping[str, JSON]
    buffered_limits: Limits
    streamed_limits: Limits
    tls: TlsKey
    models: "ModelRoutes"


class ModelRoutes:
    """The concrete models of one deployment. Wildcard deployments have many, all others one."""

    def __init__(self, provider: str, family: Family, endpoint: Endpoint, info: ModelInfo) -> None:
        self._provider = provider
        self._family = family
        self._endpoint = endpoint
        self._info = info
        self.of = lru_cache(maxsize=_MAX_MODELS)(self._make)

    def _make(self, model: str) -> ModelRoute:
        """Raises UnknownModel for a name, captured by a wildcard, whose steps would lead elsewhere in a URL."""
        if not _DOTS.isdisjoint(model.split("/")):
            raise UnknownModel(
                f"no model of {self._provider} has `.` or `..` as a part of its name", param="model"
            )
        profile = profile_for(self._provider, self._info.base_model or model)
        return ModelRoute(
            buffered_target=self._endpoint.target(model, False),
            streamed_target=self._endpoint.target(model, True),
            target=Target(
                provider=self._provider,
                family=self._family,
                model=model,
                profile=informed(profile, self._info),
            ),
        )


def informed(profile: ModelProfile, info: ModelInfo) -> ModelProfile:
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
