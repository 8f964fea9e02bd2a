"""Everything about a request of another dialect but what was said and the tools: canonical → wire members.

Source: https://platform.openai.com/docs/api-reference/responses/create (2026-11).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import Target
from adapters.dialects.leftovers import lost_leftovers, refuse_no_answer
from adapters.dialects.openai_responses.strict_schema import is_strict
from adapters.dialects.openai_responses.vocabulary import FAMILY, OPENAI
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Effort, ResponseFormat
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.json_types import JSON
from domain.models.profile import refused_parameters, refuses_sampling

ENCRYPTED_REASONING: Final = "reasoning.encrypted_content"
LOGPROBS: Final = "message.output_text.logprobs"

_LEAST_OUTPUT_TOKENS: Final = 16
"""The API refuses lower limits (seen 2026-11)."""
_PLAIN_SAMPLING: Final = MappingProxyType({"temperature": 1, "top_p": 1})
"""Values that ask for nothing: leaving them out changes no answer."""
_ALSO_HERE: Final = frozenset(
    {"moderation", "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "stream_options", "user"}
)
"""Members of chat requests that the canonical form has no word for and that this format knows too."""
_WIRE_TIERS: Final = MappingProxyType({"standard": "default"})


def refuse_impossible(request: ChatRequest) -> None:
    """Raise UnsupportedFeature where the API cannot give what is asked for at all."""
    if request.candidates > 1:
        raise UnsupportedFeature(
            f"expected n = 1, since this upstream gives one answer per request; got {request.candidates}. "
            "Send the request that often.",
            param="n",
        )
    if request.modalities and "text" not in request.modalities:
        raise UnsupportedFeature(
            f"expected text among modalities; got {', '.join(request.modalities)}. This upstream only writes.",
            param="modalities",
        )


def render_service_tier(tier: str) -> str:
    """The wire's word for a service tier."""
    return _WIRE_TIERS.get(tier, tier)


def render_text(wanted: ResponseFormat | None, verbosity: str | None) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """`text`: the shape of what is written, and how much of it; empty where there is nothing to say."""
    text: dict[str, JSON] = {} if verbosity is None else {"verbosity": verbosity}
    if wanted is None:
        return text, ()
    if wanted.kind == "text":
        return text, (Loss("dropped_param", "/response_format", "an answer is text anyway", LossKind.HINT),)
    if wanted.kind == "json_object":
        return {**text, "format": {"type": "json_object"}}, ()
    relaxed = bool(wanted.strict) and not is_strict(wanted.schema)
    losses = (
        (Loss("strict_relaxed", "/response_format/json_schema/strict", "the schema leaves open what it closes"),)
        if relaxed
        else ()
    )
    return {**text, "format": _json_schema(wanted, strict=False if relaxed else wanted.strict)}, losses


def _json_schema(wanted: ResponseFormat, *, strict: bool | None) -> JSON:
    name = wanted.name or "response"
    schema: dict[str, JSON] = {"type": "json_schema", "name": ToolNames.fitting((name,)).wire(name)}
    schema["schema"] = {"type": "object"} if wanted.schema is None else wanted.schema
    optional = {"description": wanted.description, "strict": strict}
    return schema | {member: value for member, value in optional.items() if value is not None}


def sampling_members(
    request: ChatRequest, target: Target, effort: Effort | None
) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """`temperature` and `top_p`; models that reason take none of them while they do."""
    refused = refused_parameters(target.profile, reasons=effort is not Effort.NONE)
    sampling = request.sampling
    members: dict[str, JSON] = {}
    losses: list[Loss] = []
    for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)):
        if value is not None and name in refused:
            kind = LossKind.HINT if _PLAIN_SAMPLING[name] == value else LossKind.PARAMETER
            losses.append(_dropped(name, f"{target.model} does not take it", kind))
        elif value is not None:
            members[name] = value
    if sampling.stop:
        losses.append(_dropped("stop"))
    return members, tuple(losses)


def logprob_members(
    request: ChatRequest, target: Target, effort: Effort | None
) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """`top_logprobs` and the `include` that asks for them, which models that reason do not take either."""
    wanted = request.logprobs
    if wanted is None:
        return {}, ()
    if "logprobs" in refused_parameters(target.profile, reasons=effort is not Effort.NONE):
        why = f"{target.model} does not take it"
        return {}, (_dropped("logprobs", why), *([_dropped("top_logprobs", why)] if wanted else ()))
    return {"include": [LOGPROBS], **({"top_logprobs": wanted} if wanted else {})}, ()


def dropped_parameters(request: ChatRequest) -> list[Loss]:
    """A loss for each rare parameter that the format lacks."""
    return [_dropped(name, kind=kind) for name, given, kind in _without_counterpart(request) if given]


def _without_counterpart(request: ChatRequest) -> tuple[tuple[str, bool, LossKind], ...]:
    """Each parameter that the format lacks: its name, whether it was given, and what losing it means."""
    sampling, parameter, hint = request.sampling, LossKind.PARAMETER, LossKind.HINT
    frequency, presence = sampling.frequency_penalty, sampling.presence_penalty
    only_text = set(request.modalities) <= {"text"}
    return (
        ("top_k", sampling.top_k is not None, parameter),
        ("seed", sampling.seed is not None, parameter),
        ("frequency_penalty", frequency is not None, parameter if frequency else hint),
        ("presence_penalty", presence is not None, parameter if presence else hint),
        ("logit_bias", bool(sampling.logit_bias), parameter),
        ("prediction", request.prediction is not None, parameter),
        ("audio", request.audio_output is not None, parameter),
        ("modalities", bool(request.modalities), hint if only_text else parameter),
    )


def _dropped(name: str, why: str = "no such parameter here", kind: LossKind = LossKind.PARAMETER) -> Loss:
    return Loss("dropped_param", f"/{name}", why, kind)


def limit_members(request: ChatRequest, target: Target) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """`max_output_tokens`, within what the API and the model take."""
    limit, most = request.max_output_tokens, target.profile.max_output_tokens
    if limit is None:
        return {}, ()
    refuse_no_answer(limit)
    if limit < _LEAST_OUTPUT_TOKENS:
        raised = Loss("max_tokens_raised", "/max_tokens", f"the API takes no less than {_LEAST_OUTPUT_TOKENS}")
        return {"max_output_tokens": _LEAST_OUTPUT_TOKENS}, (raised,)
    if most is not None and limit > most:
        clamped = Loss("max_tokens_clamped", "/max_tokens", f"{target.model} generates at most {most}")
        return {"max_output_tokens": most}, (clamped,)
    return {"max_output_tokens": limit}, ()


def rare_members(request: ChatRequest) -> dict[str, JSON]:
    """Members that mean the same in every dialect that has them, and that few requests have."""
    kept = request.ext.get(OPENAI, {})
    named = "safety_identifier" in kept or "user" in kept
    members: dict[str, JSON] = {
        "service_tier": None if request.service_tier is None else render_service_tier(request.service_tier),
        "user": None if named else request.end_user,
        "prompt_cache_key": request.cache_key,
        "metadata": dict(request.metadata) or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def wants_encrypted_reasoning(body: Mapping[str, JSON], target: Target) -> bool:
    """Whether thoughts must come encrypted, since nothing is stored. Models without thoughts refuse it."""
    return not body.get("store") and ("reasoning" in body or refuses_sampling(target.profile))


def kept_leftovers(request: ChatRequest) -> dict[str, JSON]:
    """The members of a chat request that this format knows too."""
    kept = {name: value for name, value in request.ext.get(OPENAI, {}).items() if name in _ALSO_HERE}
    if not request.stream:
        kept.pop("stream_options", None)
    return kept


def leftover_losses(request: ChatRequest) -> list[Loss]:
    """What is lost of the members that this format does not know."""
    return [loss for loss in lost_leftovers(request, FAMILY) if loss.where.removeprefix("/") not in _ALSO_HERE]
