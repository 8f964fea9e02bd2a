"""Tools and the choice among them: canonical → wire (function calling guide, 2026-11)."""

from collections.abc import Iterable, Iterator
from typing import Final

from adapters.dialects.openai_responses.builtin_tools import NATIVE_TYPES, render_builtin
from adapters.dialects.openai_responses.call_items import flattened
from adapters.dialects.openai_responses.strict_schema import is_strict
from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool, ChatRequest, Tool, ToolChoice, ToolMode
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON

_GRAMMAR: Final = "grammar"
NAMESPACE: Final = "namespace"


def render_own_tools(tools: Iterable[Tool | BuiltinTool]) -> list[JSON]:
    """The tools of a client of this format, as they were; those of a namespace stand in it again."""
    rendered: list[JSON] = []
    namespace: JSON = None
    for tool in tools:
        if isinstance(tool, BuiltinTool):
            namespace = None
            rendered.append({"type": tool.native_type, **(tool.options or {})})
            continue
        function = _own_tool(tool)
        about = function.pop(NAMESPACE, None)
        if about is None:
            rendered.append(function)
        else:
            function["name"] = function["name"].removeprefix(flattened(about["name"], ""))
            if about != namespace:
                rendered.append({"type": NAMESPACE, **about, "tools": []})
            rendered[-1]["tools"].append(function)
        namespace = about
    return rendered


def _own_tool(tool: Tool) -> dict[str, JSON]:
    members: dict[str, JSON] = {"type": tool.kind, "name": tool.name, "description": tool.description}
    if tool.kind == "custom":
        members["format"] = _format(tool.grammar)
    else:
        members |= {"parameters": tool.parameters, "strict": tool.strict}
    rendered = {name: value for name, value in members.items() if value is not None}
    return {**rendered, **tool.ext.get(FAMILY, {})}


def render_tools(tools: Iterable[Tool | BuiltinTool], names: ToolNames) -> tuple[list[JSON], tuple[Loss, ...]]:
    """The tools of a client of another format, and what they lose.

    Raises UnsupportedFeature for a tool that only another vendor runs.
    """
    rendered: list[JSON] = []
    losses: list[Loss] = []
    for index, tool in enumerate(tools):
        where = f"/tools/{index}"
        if isinstance(tool, BuiltinTool):
            builtin, lost = render_builtin(tool, where)
            rendered.append(builtin)
            losses.extend(lost)
            continue
        rendered.append(_custom(tool, names) if tool.kind == "custom" else _function(tool, names))
        losses.extend(_tool_losses(tool, where))
    return rendered, tuple(losses)


def _function(tool: Tool, names: ToolNames) -> dict[str, JSON]:
    """A function; `strict` is always said, since the server else makes optional arguments required."""
    function: dict[str, JSON] = {
        "type": "function",
        "name": names.wire(tool.name),
        "parameters": _object_schema(tool.parameters),
        "strict": bool(tool.strict) and is_strict(tool.parameters),
    }
    if tool.description is not None:
        function["description"] = tool.description
    return {**function, **tool.ext.get(FAMILY, {})}


def _custom(tool: Tool, names: ToolNames) -> dict[str, JSON]:
    members: dict[str, JSON] = {
        "type": "custom",
        "name": names.wire(tool.name),
        "description": tool.description,
        "format": _format(tool.grammar),
    }
    rendered = {name: value for name, value in members.items() if value is not None}
    return {**rendered, **tool.ext.get(FAMILY, {})}


def _format(grammar: JSON) -> JSON:
    """What a tool's free text may look like; Chat Completions nests a grammar once more."""
    nested = grammar.get(_GRAMMAR) if isinstance(grammar, dict) else None
    return {"type": _GRAMMAR, **nested} if isinstance(nested, dict) else grammar


def _tool_losses(tool: Tool, where: str) -> Iterator[Loss]:
    if tool.kind == "function" and tool.strict and not is_strict(tool.parameters):
        yield Loss("strict_relaxed", f"{where}/function/strict", "the schema leaves open what strict mode closes")
    if tool.cache is not None:
        yield Loss("dropped_cache_hint", where, "tools take no marks", LossKind.HINT)


def _object_schema(parameters: JSON) -> JSON:
    """A schema that says it is an object's, as the API demands; the caller's own is not touched."""
    if parameters is None:
        return {"type": "object", "properties": {}}
    if isinstance(parameters, dict) and "type" not in parameters and not parameters.keys() & {"anyOf", "$ref"}:
        return {"type": "object", **({} if parameters else {"properties": {}}), **parameters}
    return parameters


def render_choice(choice: ToolChoice, tools: Iterable[Tool | BuiltinTool], names: ToolNames) -> JSON:
    """`tool_choice`."""
    custom = {tool.name for tool in tools if isinstance(tool, Tool) and tool.kind == "custom"}

    def chosen(name: str) -> dict[str, JSON]:
        return {"type": "custom" if name in custom else "function", "name": names.wire(name)}

    if choice.builtin is not None:
        return {"type": choice.builtin}
    if choice.mode is ToolMode.NAMED:
        return chosen(choice.names[0])
    if choice.names:
        return {
            "type": "allowed_tools",
            "mode": choice.mode.value,
            "tools": [chosen(name) for name in choice.names],
        }
    return choice.mode.value


def choice_members(
    request: ChatRequest, tools: list[JSON], names: ToolNames
) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """`tool_choice` and `parallel_tool_calls` of a client of another format, both only where there are tools."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if not tools:
        asked = (("tool_choice", choice), ("parallel_tool_calls", parallel))
        return {}, tuple(
            Loss("dropped_param", f"/{name}", "there are no tools", LossKind.HINT)
            for name, value in asked
            if value is not None
        )
    members: dict[str, JSON] = {}
    losses: tuple[Loss, ...] = ()
    if choice is not None and choice.builtin is not None:
        members["tool_choice"], losses = _builtin_choice(tools)
    elif choice is not None:
        members["tool_choice"] = render_choice(choice, request.tools, names)
    if parallel is not None:
        members["parallel_tool_calls"] = parallel
    return members, losses


def _builtin_choice(tools: list[JSON]) -> tuple[JSON, tuple[Loss, ...]]:
    """The choice of the tool that the vendor runs; where there is more than one such, of any tool.

    Web search has no word of its own among the choices, but may be the only tool that is allowed.
    """
    builtin = [tool["type"] for tool in tools if tool["type"] in NATIVE_TYPES]
    if len(builtin) != 1:
        relaxed = Loss("tool_choice_relaxed", "/tool_choice", "the tool that must run cannot be told here")
        return ToolMode.REQUIRED.value, (relaxed,)
    allowed: list[JSON] = [{"type": builtin[0]}]
    return {"type": "allowed_tools", "mode": ToolMode.REQUIRED.value, "tools": allowed}, ()
