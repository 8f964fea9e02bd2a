"""A chat request as the body of generateContent (ai.google.dev/api/generate-content, 2026-11)."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.gemini.contents import render_contents
from adapters.dialects.gemini.generation import render_generation
from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.own_request import render_own_request
from adapters.dialects.gemini.tools import custom_tool_names, render_tools
from adapters.dialects.gemini.unsaid import note_unsaid
from adapters.dialects.gemini.vocabulary import FAMILY, NAME, TOOL_NAME
from adapters.dialects.leftovers import foreign_losses, refuse_foreign
from domain.chat.request import ChatRequest, is_plain_talk
from domain.chat.tool_names import ToolNames
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT, Ext

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


def render_request(request: ChatRequest, target: Target) -> RenderedRequest:
    """The JSON body; the model stands in the URL. Raises UnsupportedFeature and MalformedRequest.

    What was written in this dialect goes out as it was; all else is mended and fitted to the model.
    """
    if request.source == NAME:
        return render_own_request(request, target.profile)
    losses = Losses()
    rare, plain = not request.is_simple, is_plain_talk(request.messages)
    names = ToolNames.of(request, TOOL_NAME)
    profile = target.profile
    instructions, contents = render_contents(request.messages, profile, plain=plain, names=names, losses=losses)
    tools, tool_config = render_tools(request, profile, names=names, losses=losses)
    wanted: dict[str, JSON] = {
        "contents": contents,
        "systemInstruction": {"parts": instructions} if instructions else None,
        "tools": tools,
        "toolConfig": tool_config,
        "generationConfig": render_generation(request, profile, rare=rare, losses=losses),
        "serviceTier": _tier(request.service_tier, losses),
    }
    note_unsaid(request, losses, rare=rare, plain=plain)
    body = {name: value for name, value in wanted.items() if value}
    if request.ext is not NO_EXT:
        body |= _leftovers(request.ext, losses)
    return RenderedRequest(
        body=body,
        losses=losses.noted(),
        tool_names=names,
        custom_tools=custom_tool_names(request.tools, names),
    )


def _tier(tier: str | None, losses: Losses) -> str | None:
    if tier is None:
        return None
    if tier == "auto":
        losses.hint("dropped_param", "/service_tier", "Gemini chooses by itself where nothing is asked")
        return None
    known = _TIERS.get(tier)
    if known is None:
        losses.parameter("service_tier", "Gemini has standard, flex and priority")
    return known


def _leftovers(ext: Ext, losses: Losses) -> dict[str, JSON]:
    """Members the canonical request has no word for: Gemini's own go on, the rest are refused or named as lost."""
    kept: dict[str, JSON] = dict(ext.get(FAMILY, {}))
    for family, members in ext.items():
        if family == FAMILY:
            continue
        rest: dict[str, JSON] = {}
        for name, value in members.items():
            if name in _SAFETY_MEMBERS:
                kept["safetySettings"] = _safety_settings(value, name)
            elif name in _GEMINI_MEMBERS:
                kept[_GEMINI_MEMBERS[name]] = value
            elif value is not None:
                rest[name] = value
        refuse_foreign({family: rest})
        losses.add(*foreign_losses({family: rest}))
    return kept


def _safety_settings(value: JSON, name: str) -> list[JSON]:
    """The settings, without what only Vertex AI takes. Raises MalformedRequest where they have another shape."""
    if not isinstance(value, list) or not all(isinstance(setting, dict) for setting in value):
        raise MalformedRequest(
            f"expected {name} to be a list of {{category, threshold}}; got something else. Correct it.", param=name
        )
    return [{key: given for key, given in setting.items() if key != "method"} for setting in value]
