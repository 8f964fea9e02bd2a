"""Requests: wire → canonical.

Source: https://platform.claude.com/docs/en/api/messages (2026-11). Writing what was read is the exact inverse,
except for these normal forms: `stream: false` and a tool's `type: custom` are left out, `output_format`, the older
name, becomes `output_config.format`, and media are standard base64 under the type they have.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from adapters.dialects.anthropic_messages.members import Members, malformed, not_one_of
from adapters.dialects.anthropic_messages.message_parsing import parse_messages, parse_system
from adapters.dialects.anthropic_messages.tool_parsing import parse_tool_choice, parse_tools
from adapters.dialects.anthropic_messages.vocabulary import FAMILY, NAME
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Effort,
    ReasoningSettings,
    ResponseFormat,
    Sampling,
    Tool,
)
from domain.json_types import JSON, NO_EXT

_RARE: Final = frozenset({"output_config", "metadata", "tool_choice", "thinking", "output_format", "service_tier"})
"""Members that small requests do without: they are looked for one by one only where any of them is there."""
_TIERS: Final = MappingProxyType({"standard_only": "standard"})
_THINKING: Final = ("enabled", "adaptive", "disabled", "between_tools")
_EFFORTS: Final = MappingProxyType({effort.value: effort for effort in Effort if effort is not Effort.NONE})
_SHOWN: Final = MappingProxyType({"summarized": True, "omitted": False})


def parse_request(body: Mapping[str, JSON]) -> ChatRequest:
    """A request. Raises MalformedRequest with the path of what is wrong.

    Requests to count tokens are such requests without `max_tokens`.
    """
    request = Members(body, "")
    tools = parse_tools(request)
    nested: dict[str, dict[str, JSON]] = {}
    rare = _parse_rare(request, tools, nested) if request.has_any(_RARE) else {}
    stream = request.take_flag("stream") or False
    return ChatRequest(
        model=request.need_text("model"),
        messages=(*parse_system(request), *parse_messages(request)),
        tools=tools,
        sampling=_parse_sampling(request),
        max_output_tokens=request.take_integer("max_tokens"),
        stream=stream,
        include_usage=stream,
        source=NAME,
        **rare,
        ext=request.leftovers(**nested),
    )


def _parse_rare(
    request: Members, tools: tuple[Tool | BuiltinTool, ...], nested: dict[str, dict[str, JSON]]
) -> dict[str, Any]:
    """The canonical members that many requests have not; `nested` gets what is left over inside of theirs."""
    config = request.take_object("output_config") or Members({}, "output_config")
    metadata = request.take_object("metadata") or Members({}, "metadata")
    choice, parallel, choice_left = parse_tool_choice(request, tools)
    reasoning = _parse_reasoning(request, config)
    response_format, format_left = _parse_format(request, config)
    if format_left:
        config.put_back("format", format_left)
    tier, end_user = request.take_text("service_tier"), metadata.take_text("user_id")
    nested |= {"output_config": config.left(), "metadata": metadata.left(), "tool_choice": choice_left}
    return {
        "tool_choice": choice,
        "parallel_tool_calls": parallel,
        "response_format": response_format,
        "reasoning": reasoning,
        "service_tier": None if tier is None else _TIERS.get(tier, tier),
        "end_user": end_user,
    }


def _parse_sampling(request: Members) -> Sampling:
    stop = request.take_list("stop_sequences")
    for index, word in enumerate(stop):
        if not isinstance(word, str):
            raise malformed(f"{request.at('stop_sequences')}[{index}]", "a string", word)
    return Sampling(
        temperature=request.take_number("temperature"),
        top_p=request.take_number("top_p"),
        top_k=request.take_integer("top_k"),
        stop=tuple(stop),
    )


def _parse_reasoning(request: Members, config: Members) -> ReasoningSettings | None:
    """`thinking` and `output_config.effort`; an effort beside thinking that is off is left over."""
    word = config.take_text("effort")
    effort = None if word is None else _EFFORTS.get(word)
    if word is not None and effort is None:
        config.put_back("effort", word)
    thinking = request.take_object("thinking")
    if thinking is None:
        return None if effort is None else ReasoningSettings(effort=effort)
    kind = thinking.take("type")
    if kind not in _THINKING:
        raise not_one_of(thinking.at("type"), _THINKING, kind)
    if kind in {"disabled", "between_tools"}:
        kept = {} if kind == "disabled" else {"type": kind}
        kept |= {} if effort is None else {"effort": effort.value}
        members = {**thinking.left(), **kept}
        return ReasoningSettings(effort=Effort.NONE, ext={FAMILY: members} if members else NO_EXT)
    display = thinking.take_text("display")
    if display is not None and display not in _SHOWN:
        thinking.put_back("display", display)
    budget = thinking.take_integer("budget_tokens") if kind == "enabled" else None
    if kind == "enabled" and budget is None:
        raise malformed(thinking.at("budget_tokens"), "an integer", None)
    return ReasoningSettings(
        effort=effort,
        budget_tokens=budget,
        adaptive=kind == "adaptive",
        visible=None if display is None else _SHOWN.get(display),
        ext=thinking.leftovers(),
    )


def _parse_format(request: Members, config: Members) -> tuple[ResponseFormat | None, dict[str, JSON]]:
    wanted = config.take_object("format") or request.take_object("output_format")
    if wanted is None:
        return None, {}
    kind = wanted.take("type")
    if kind != "json_schema":
        raise not_one_of(wanted.at("type"), ("json_schema",), kind)
    return ResponseFormat(kind="json_schema", schema=wanted.need_object("schema")), wanted.left()
