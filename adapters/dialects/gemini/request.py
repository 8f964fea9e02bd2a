"""A chat request as the body of generateContent (ai.google.dev/api/generate-content, 2026-11)."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.gemini.contents import render_contents
from adapters.dialects.gemini.generation import render_generation
from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.tools import custom_tool_names, fitting_names, render_tools
from adapters.dialects.gemini.vocabulary import FAMILY
from domain.chat.content import OpaquePart, Reasoning, Refusal
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest
from domain.errors import MalformedRequest
from domain.json_types import JSON

_TIERS: Final = MappingProxyType(
    {
        "default": "standard",
        "standard": "standard",
        "standard_only": "standard",
        "flex": "flex",
        "priority": "priority",
        "fast": "priority",
    }
)
_GEMINI_MEMBERS: Final = MappingProxyType({"cached_content": "cachedContent", "cachedContent": "cachedContent"})
"""Gemini's own top-level members that clients of other dialects may send."""
_SAFETY_MEMBERS: Final = ("safety_settings", "safetySettings")
_WITHOUT_EFFECT: Final = frozenset(
    {"prompt_cache_retention", "prompt_cache_options", "safety_identifier", "stream_options"}
)
"""Leftover members whose loss cannot change the answer."""


def render_request(request: ChatRequest, target: Target) -> RenderedRequest:
    """The JSON body; the model stands in the URL. Raises UnsupportedFeature and MalformedRequest."""
    losses = Losses()
    names = fitting_names(request)
    profile = target.profile
    instructions, contents = render_contents(request.messages, profile, names=names, losses=losses)
    tools, tool_config = render_tools(request, profile, names=names, losses=losses)
    wanted: dict[str, JSON] = {
        "contents": contents,
        "systemInstruction": {"parts": instructions} if instructions else None,
        "tools": tools,
        "toolConfig": tool_config,
        "generationConfig": render_generation(request, profile, losses=losses),
        "serviceTier": _tier(request.service_tier, losses),
    }
    _note_dropped(request, losses)
    body = {name: value for name, value in wanted.items() if value} | _leftovers(request, losses)
    return RenderedRequest(
        body=body,
        losses=losses.noted(),
        tool_names=names,
        custom_tools=custom_tool_names(request.tools, names),
    )


def _tier(tier: str | None, losses: Losses) -> str | None:
    if tier is None or tier == "auto":
        return None
    known = _TIERS.get(tier)
    if known is None:
        losses.parameter("service_tier", "Gemini has standard, flex and priority")
    return known


def _note_dropped(request: ChatRequest, losses: Losses) -> None:
    """Parameters that Gemini lacks, and hints that it does not need."""
    dropped = {
        "verbosity": request.verbosity,
        "prediction": request.prediction,
        "store": request.store,
        "metadata": request.metadata,
        "user": request.end_user,
    }
    for name, value in dropped.items():
        if value:
            losses.parameter(name)
    if request.cache_key is not None:
        losses.hint("dropped_cache_hint", "/prompt_cache_key", "Gemini caches by itself")
    for index, message in enumerate(request.messages):
        for key in (key for family, members in message.ext.items() if family != FAMILY for key in members):
            losses.hint("dropped_ext", f"/messages/{index}/{key}", "Gemini has no such member")
        for position, part in enumerate(message.parts):
            if not isinstance(part, Reasoning | Refusal | OpaquePart) and part.cache is not None:
                where = f"/messages/{index}/content/{position}"
                losses.hint("dropped_cache_hint", where, "Gemini caches by itself")


def _leftovers(request: ChatRequest, losses: Losses) -> dict[str, JSON]:
    """Members the canonical request has no word for: Gemini's own go on, the rest are named as lost."""
    kept: dict[str, JSON] = dict(request.ext.get(FAMILY, {}))
    for family, members in request.ext.items():
        if family == FAMILY:
            continue
        for name, value in members.items():
            if name in _SAFETY_MEMBERS:
                kept["safetySettings"] = _safety_settings(value, name)
            elif name in _GEMINI_MEMBERS:
                kept[_GEMINI_MEMBERS[name]] = value
            elif name in _WITHOUT_EFFECT:
                losses.hint("dropped_ext", f"/{name}", "Gemini has no such member")
            elif value is not None:
                losses.add(Loss("dropped_ext", f"/{name}", "Gemini has no such member", LossKind.PARAMETER))
    return kept


def _safety_settings(value: JSON, name: str) -> list[JSON]:
    """The settings, without what only Vertex AI takes. Raises MalformedRequest where they have another shape."""
    if not isinstance(value, list) or not all(isinstance(setting, dict) for setting in value):
        raise MalformedRequest(
            f"expected {name} to be a list of {{category, threshold}}; got something else. Correct it.", param=name
        )
    return [{key: given for key, given in setting.items() if key != "method"} for setting in value]
