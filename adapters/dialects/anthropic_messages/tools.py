"""Tools and how the model may choose among them.

Sources: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview and …/web-search-tool (2026-11).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects.anthropic_messages.cache_hints import set_cache
from adapters.dialects.anthropic_messages.reasoning import ThinkingPlan
from adapters.dialects.anthropic_messages.schema import input_schema, output_schema
from adapters.dialects.anthropic_messages.vocabulary import CUSTOM_INPUT, FAMILY, TOOL_NAME, Block
from domain.chat.content import ToolCall
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool, ChatRequest, Tool, ToolChoice, ToolMode
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_NATIVE_TYPE: Final = re.compile(r"[a-z_]+_20\d{6}")
_SERVER_TOOLS: Final = MappingProxyType(
    {
        "web_search": "web_search_20250305",
        "web_fetch": "web_fetch_20250910",
        "code_execution": "code_execution_20250825",
    }
)
_FORCING: Final = frozenset({ToolMode.REQUIRED, ToolMode.NAMED})
_SEARCH_OPTIONS: Final = ("max_uses", "allowed_domains", "blocked_domains")
_PLACE: Final = ("city", "country", "region", "timezone")
_CUSTOM_SCHEMA: Final = MappingProxyType(
    {
        "type": "object",
        "properties": {CUSTOM_INPUT: {"type": "string"}},
        "required": [CUSTOM_INPUT],
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPlan:
    """The tools to send, the choice among them (None = left out), and what was lost."""

    tools: list[Block]
    choice: Block | None
    custom: frozenset[str]
    losses: tuple[Loss, ...]


def names_of(request: ChatRequest) -> ToolNames:
    """The mapping of all tool names of the request, its history included."""
    declared = [tool.name for tool in request.tools if isinstance(tool, Tool)]
    called = [part.name for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    chosen = request.tool_choice.names if request.tool_choice is not None else ()
    return ToolNames.fitting(dict.fromkeys((*declared, *called, *chosen)), TOOL_NAME)


def plan_tools(request: ChatRequest, names: ToolNames, profile: ModelProfile, thinking: ThinkingPlan) -> ToolPlan:
    """What to send for the request's tools and tool choice.

    Raises UnsupportedFeature for a tool that only another vendor runs, and for a choice among tools not offered.
    """
    losses: list[Loss] = []
    tools: list[Block] = []
    functions = 0
    allowed = _allowed(request)
    for index, tool in enumerate(request.tools):
        if isinstance(tool, BuiltinTool):
            tools.append(_server_tool(tool, index, losses))
        elif allowed is None or tool.name in allowed:
            tools.append(_function(tool, f"/tools/{index}", names, profile, losses))
            functions += 1
    if allowed is not None and not functions:
        raise UnsupportedFeature(
            "expected tool_choice to allow tools that the request offers; got other names. Offer or allow them.",
            param="tool_choice",
        )
    choice = _choice(request, names) if functions else None
    if not functions and request.tool_choice is not None and request.tool_choice.mode in _FORCING:
        losses.append(Loss("dropped_param", "/tool_choice", "there is no function to call", LossKind.PARAMETER))
    if choice is not None and choice["type"] in {"any", "tool"} and not can_force(profile, thinking):
        losses.append(Loss("tool_choice_relaxed", "/tool_choice", "this model, or its thinking, cannot be forced"))
        choice = {**{key: choice[key] for key in choice if key != "name"}, "type": "auto"}
    custom = frozenset(
        names.wire(tool.name) for tool in request.tools if isinstance(tool, Tool) and tool.kind == "custom"
    )
    return ToolPlan(tools=tools, choice=choice, custom=custom, losses=tuple(losses))


def can_force(profile: ModelProfile, thinking: ThinkingPlan) -> bool:
    """Whether the model may be told that it must call a tool."""
    if not profile.forced_tools:
        return False
    return not thinking.on or (not thinking.manual and profile.forced_tools_with_thinking)


def declarations(names: Iterable[str]) -> list[Block]:
    """Bare declarations of tools that the history calls, which the API demands even where none is offered."""
    return [{"name": name, "input_schema": input_schema(None)} for name in names]


def _allowed(request: ChatRequest) -> frozenset[str] | None:
    """The names that the choice restricts the tools to, or None for no restriction."""
    choice = request.tool_choice
    if choice is None or choice.mode not in {ToolMode.AUTO, ToolMode.REQUIRED} or not choice.names:
        return None
    return frozenset(choice.names)


def _choice(request: ChatRequest, names: ToolNames) -> Block | None:
    serial: Block = {"disable_parallel_tool_use": True} if request.parallel_tool_calls is False else {}
    choice = request.tool_choice or ToolChoice(mode=ToolMode.AUTO)
    match choice.mode:
        case ToolMode.NONE:
            return {"type": "none"}
        case ToolMode.REQUIRED:
            return {"type": "any", **serial}
        case ToolMode.NAMED:
            return {"type": "tool", "name": names.wire(choice.names[0]), **serial}
        case ToolMode.AUTO:
            return {"type": "auto", **serial} if serial or request.tool_choice is not None else None
    assert_never(choice.mode)


def _function(tool: Tool, at: str, names: ToolNames, profile: ModelProfile, losses: list[Loss]) -> Block:
    block: Block = {"name": names.wire(tool.name)}
    if tool.description:
        block["description"] = tool.description
    if tool.kind == "custom":
        block["input_schema"] = dict(_CUSTOM_SCHEMA)
        if tool.grammar is not None:
            losses.append(Loss("dropped_grammar", f"{at}/custom/format", "the input is free text"))
    else:
        block["input_schema"] = input_schema(tool.parameters)
        if tool.strict:
            strict = output_schema(block["input_schema"]) if profile.json_schema else None
            if strict is None or strict.relaxed:
                losses.append(
                    Loss("strict_relaxed", f"{at}/function/strict", "the schema cannot be enforced here")
                )
            else:
                block |= {"input_schema": strict.schema, "strict": True}
    block |= tool.ext.get(FAMILY, {})
    set_cache(block, tool.cache)
    return block


def _server_tool(tool: BuiltinTool, index: int, losses: list[Loss]) -> Block:
    options: Mapping[str, JSON] = tool.options if isinstance(tool.options, dict) else {}
    native = _SERVER_TOOLS.get(tool.kind)
    if _NATIVE_TYPE.fullmatch(tool.native_type):
        return {"type": tool.native_type, "name": tool.kind, **options}
    if native is None:
        raise UnsupportedFeature(
            f"expected function tools, or web search, web fetch or code execution; got {tool.native_type}, "
            "which only its own vendor runs. Leave it out.",
            param=f"tools[{index}]",
        )
    block: Block = {"type": native, "name": tool.kind}
    if tool.kind == "web_search":
        block |= _search_options(options)
        if "search_context_size" in options:
            losses.append(Loss("dropped_param", "/web_search_options/search_context_size", kind=LossKind.HINT))
    return block


def _search_options(options: Mapping[str, JSON]) -> Block:
    filters = options.get("filters")
    merged = {**options, **filters} if isinstance(filters, dict) else options
    block: Block = {name: merged[name] for name in _SEARCH_OPTIONS if merged.get(name) is not None}
    place = options.get("user_location")
    if isinstance(place, dict):
        inner = place.get("approximate")
        known = inner if isinstance(inner, dict) else place
        named = {key: known[key] for key in _PLACE if known.get(key) is not None}
        block["user_location"] = {"type": "approximate", **named}
    return block
