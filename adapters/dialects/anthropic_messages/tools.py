"""Tools and how the model may choose among them.

Source: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview (2026-11).
"""

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects.anthropic_messages.cache_hints import CacheMarks
from adapters.dialects.anthropic_messages.reasoning import ThinkingPlan
from adapters.dialects.anthropic_messages.schema import input_schema, output_schema
from adapters.dialects.anthropic_messages.server_tools import server_tool, server_tool_name
from adapters.dialects.anthropic_messages.vocabulary import CUSTOM_INPUT, Block, left_over
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool, ChatRequest, Tool, ToolChoice, ToolMode
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.models.profile import ModelProfile
from domain.values import dataclass

_FORCING: Final = frozenset({ToolMode.REQUIRED, ToolMode.NAMED})
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


def plan_tools(
    request: ChatRequest, names: ToolNames, profile: ModelProfile, thinking: ThinkingPlan, marks: CacheMarks
) -> ToolPlan:
    """What to send for the request's tools and tool choice; `marks` grows by the tools' cache hints.

    Raises UnsupportedFeature for a tool that only another vendor runs, and for a choice among tools not offered.
    """
    losses: list[Loss] = []
    tools: list[Block] = []
    functions = 0
    allowed = _allowed(request)
    for index, tool in enumerate(request.tools):
        if isinstance(tool, BuiltinTool):
            tools.append(server_tool(tool, index, losses))
        elif allowed is None or tool.name in allowed:
            tools.append(_function(tool, f"/tools/{index}", names, profile, losses))
            marks.put(tools[-1], tool.cache, f"/tools/{index}")
            functions += 1
        else:
            losses.append(Loss("dropped_tool", f"/tools/{index}", "not among the allowed tools", LossKind.HINT))
    if allowed is not None and not functions:
        raise UnsupportedFeature(
            "expected tool_choice to allow tools that the request offers; got other names. Offer or allow them.",
            param="tool_choice",
        )
    choice: Block | None = None
    if request.tool_choice is not None or request.parallel_tool_calls is not None:
        choice = _server_choice(request) or (_choice(request, names) if functions else None)
        losses.extend(_unchosen(request, choice))
    if choice is not None and choice["type"] in {"any", "tool"} and not can_force(profile, thinking):
        losses.append(Loss("tool_choice_relaxed", "/tool_choice", "this model, or its thinking, cannot be forced"))
        choice = {**{key: choice[key] for key in choice if key != "name"}, "type": "auto"}
    custom = [tool.name for tool in request.tools if isinstance(tool, Tool) and tool.kind == "custom"]
    return ToolPlan(tools=tools, choice=choice, custom=frozenset(map(names.wire, custom)), losses=tuple(losses))


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


def _unchosen(request: ChatRequest, sent: Block | None) -> Iterator[Loss]:
    """A loss for what the request says of choosing tools and `sent` does not."""
    choice = request.tool_choice
    allowed = _allowed(request)
    if allowed is not None and allowed.issuperset(tool.name for tool in request.tools if isinstance(tool, Tool)):
        yield Loss("dropped_param", "/tool_choice/allowed_tools", "all tools are allowed anyway", LossKind.HINT)
    if choice is not None and sent is None:
        kind = LossKind.PARAMETER if choice.mode in _FORCING else LossKind.HINT
        yield Loss("dropped_param", "/tool_choice", "there is no function to call", kind)
    elif choice is not None and sent is not None and choice.builtin is not None and sent["type"] != "tool":
        yield Loss("tool_choice_relaxed", "/tool_choice", "the chosen tool is not offered")
    if request.parallel_tool_calls:
        yield Loss("dropped_param", "/parallel_tool_calls", "calls are parallel anyway", LossKind.HINT)
    elif request.parallel_tool_calls is not None and (sent is None or sent["type"] == "none"):
        yield Loss("dropped_param", "/parallel_tool_calls", "there is no function to call", LossKind.HINT)


def _serial(request: ChatRequest) -> Block:
    return {"disable_parallel_tool_use": True} if request.parallel_tool_calls is False else {}


def _server_choice(request: ChatRequest) -> Block | None:
    """The choice of a tool that the vendor runs; None where none is chosen, or none of the tools is it."""
    wanted = request.tool_choice.builtin if request.tool_choice is not None else None
    if wanted is None:
        return None
    offered = (tool for tool in request.tools if isinstance(tool, BuiltinTool))
    chosen = next((tool for tool in offered if wanted == tool.native_type or wanted.startswith(tool.kind)), None)
    return None if chosen is None else {"type": "tool", "name": server_tool_name(chosen), **_serial(request)}


def _choice(request: ChatRequest, names: ToolNames) -> Block | None:
    serial = _serial(request)
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
        elif tool.strict is False and profile.json_schema:
            block["strict"] = False
        elif tool.strict is False:
            losses.append(Loss("dropped_param", f"{at}/function/strict", "no schema is binding", LossKind.HINT))
    block |= left_over(tool.ext)
    return block
