"""Tools and the choice among them: wire ↔ canonical."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from adapters.dialects.openai_chat.content_parts import parse_cache_hint, render_cache_hint
from adapters.dialects.openai_chat.members import Members, left_over, malformed, not_one_of
from adapters.dialects.openai_chat.quirks import ChatQuirks
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool, Tool, ToolChoice, ToolMode
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.json_types import JSON

WEB_SEARCH: Final = "web_search_options"
_TOOL_MEMBERS: Final = frozenset({"tools", "functions", WEB_SEARCH})
CUSTOM_INPUT: Final = "input"
"""The one argument of a function that stands for a tool with free text input."""

_BuiltinKind: TypeAlias = Literal[
    "web_search", "web_fetch", "code_execution", "file_search", "mcp", "computer", "other"
]
_BUILTIN_KINDS: Final[Mapping[str, _BuiltinKind]] = MappingProxyType(
    {
        "web_search": "web_search",
        "googleSearch": "web_search",
        "google_search": "web_search",
        "web_fetch": "web_fetch",
        "urlContext": "web_fetch",
        "url_context": "web_fetch",
        "code_execution": "code_execution",
        "codeExecution": "code_execution",
        "code_interpreter": "code_execution",
        "file_search": "file_search",
        "mcp": "mcp",
        "computer": "computer",
    }
)
"""Vendors' own tools that litellm's clients send in `tools`, by the beginning of their type or by their key."""

_SEARCH_OPTIONS: Final = ("search_context_size", "user_location")
_NO_OPTIONS: Final = frozenset({"name", "type"})
"""What other vendors' tools are called by: it says nothing beside their kind."""

_MODES: Final = (ToolMode.AUTO.value, ToolMode.NONE.value, ToolMode.REQUIRED.value)
_CHOICE_MEMBERS: Final = frozenset({"tool_choice", "function_call"})
_CHOICES: Final = ("function", "custom", "allowed_tools")


def parse_tools(request: Members) -> tuple[Tool | BuiltinTool, ...]:
    """Everything the model may call: `tools`, the deprecated `functions`, and `web_search_options`."""
    if not request.has_any(_TOOL_MEMBERS):
        return ()
    tools: list[Tool | BuiltinTool] = [_parse_tool(tool) for tool in request.take_objects("tools")]
    tools.extend(_parse_function(function, None) for function in request.take_objects("functions"))
    search = request.take_object(WEB_SEARCH)
    if search is not None:
        tools.append(BuiltinTool(kind="web_search", native_type=WEB_SEARCH, options=search.left()))
    return tuple(tools)


def _parse_tool(tool: Members) -> Tool | BuiltinTool:
    kind = tool.take("type")
    if kind == "function":
        return _parse_function(tool.need_object("function"), tool)
    if kind == "custom":
        return _parse_custom(tool.need_object("custom"), tool)
    members = tool.left()
    if kind is None and len(members) == 1 and next(iter(members)) in _BUILTIN_KINDS:
        native_type, options = next(iter(members.items()))
        return BuiltinTool(kind=_BUILTIN_KINDS[native_type], native_type=native_type, options=options)
    known = next((ours for start, ours in _BUILTIN_KINDS.items() if str(kind).startswith(start)), None)
    if known is None:
        raise not_one_of(tool.at("type"), ("function", "custom"), kind)
    return BuiltinTool(kind=known, native_type=str(kind), options=members)


def _parse_function(function: Members, tool: Members | None) -> Tool:
    parameters = function.take("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        raise malformed(function.at("parameters"), "a JSON Schema object", parameters)
    owner = tool or Members({}, function.path)
    return Tool(
        name=function.need_text("name"),
        description=function.take_text("description"),
        parameters=parameters,
        strict=function.take_flag("strict"),
        cache=parse_cache_hint(owner) or parse_cache_hint(function),
        ext=owner.leftovers(function=function.left()),
    )


def _parse_custom(custom: Members, tool: Members) -> Tool:
    return Tool(
        name=custom.need_text("name"),
        description=custom.take_text("description"),
        kind="custom",
        grammar=custom.take("format"),
        cache=parse_cache_hint(tool),
        ext=tool.leftovers(custom=custom.left()),
    )


def parse_tool_choice(request: Members) -> ToolChoice | None:
    """`tool_choice`, or the deprecated `function_call`, in all their forms."""
    if not request.has_any(_CHOICE_MEMBERS):
        return None
    path, value = request.at("tool_choice"), request.take("tool_choice")
    legacy_path, legacy = request.at("function_call"), request.take("function_call")
    if value is None and legacy is not None:
        if isinstance(legacy, dict):
            return ToolChoice(mode=ToolMode.NAMED, names=(Members(legacy, legacy_path).need_text("name"),))
        path, value = legacy_path, legacy
    if value is None:
        return None
    if not isinstance(value, dict):
        if value not in _MODES:
            raise not_one_of(path, _MODES, value)
        return ToolChoice(mode=ToolMode(value))
    return _parse_choice(Members(value, path))


def _parse_choice(choice: Members) -> ToolChoice:
    kind = choice.take("type")
    if kind in ("function", "custom"):
        return ToolChoice(mode=ToolMode.NAMED, names=(choice.need_object(kind).need_text("name"),))
    if kind != "allowed_tools":
        raise not_one_of(choice.at("type"), _CHOICES, kind)
    allowed = choice.need_object("allowed_tools")
    mode = allowed.take("mode")
    if mode not in ("auto", "required"):
        raise not_one_of(allowed.at("mode"), ("auto", "required"), mode)
    return ToolChoice(
        mode=ToolMode(mode), names=tuple(_allowed_name(tool) for tool in allowed.take_objects("tools"))
    )


def _allowed_name(tool: Members) -> str:
    kind = tool.take("type")
    if kind not in ("function", "custom"):
        raise not_one_of(tool.at("type"), ("function", "custom"), kind)
    return tool.need_object(kind).need_text("name")


def render_tools(
    tools: Iterable[Tool | BuiltinTool], names: ToolNames, quirks: ChatQuirks
) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """The members `tools` and `web_search_options`, those that are not empty, and what was lost.

    Raises UnsupportedFeature where a tool that the vendor runs has no word on this wire.
    """
    rendered: list[JSON] = []
    members: dict[str, JSON] = {}
    losses: list[Loss] = []
    for index, tool in enumerate(tools):
        where = f"/tools/{index}"
        if isinstance(tool, BuiltinTool):
            if WEB_SEARCH in members:
                losses.append(Loss("dropped_tool", where, "web search is asked for once", LossKind.HINT))
                continue
            members[WEB_SEARCH], lost = _web_search(tool, where)
            losses.extend(lost)
            continue
        losses.extend(_tool_losses(tool, quirks, where))
        if tool.kind == "custom":
            rendered.append(_render_custom(tool, names, quirks))
        else:
            rendered.append(_render_function(tool, names, quirks))
    return ({"tools": rendered, **members} if rendered else members), tuple(losses)


def _web_search(tool: BuiltinTool, where: str) -> tuple[JSON, list[Loss]]:
    """The options of a search, and those that other vendors' tools have and it has not."""
    if tool.kind != "web_search":
        raise UnsupportedFeature(
            f"{where}: the upstream does not run {tool.native_type}; it knows functions and web search.",
            param=where,
        )
    options = tool.options if isinstance(tool.options, dict) else {}
    if tool.native_type == WEB_SEARCH:
        return options, []
    known = {name: options[name] for name in _SEARCH_OPTIONS if options.get(name) is not None}
    place = known.get("user_location")
    if isinstance(place, dict) and "approximate" not in place:
        inner = {name: value for name, value in place.items() if name != "type"}
        known["user_location"] = {"type": "approximate", "approximate": inner}
    lost = [
        Loss("dropped_tool_option", f"{where}/{name}", "web search has no such option here", LossKind.PARAMETER)
        for name, value in options.items()
        if name not in known and name not in _NO_OPTIONS and value not in (None, [], {}, False)
    ]
    return known, lost


def _tool_losses(tool: Tool, quirks: ChatQuirks, where: str) -> Iterable[Loss]:
    if tool.strict is not None and not quirks.strict_tools:
        kind = LossKind.CHANGE if tool.strict else LossKind.HINT
        yield Loss("strict_relaxed", f"{where}/function/strict", "the upstream does not know strict", kind)
    if tool.kind == "custom" and tool.grammar is not None and not quirks.custom_tools:
        yield Loss("dropped_grammar", f"{where}/custom/format", "the upstream knows only functions")
    if tool.cache is not None and quirks.cache_hints != "cache_control":
        yield Loss("dropped_cache_hint", where, "no hints on tools", LossKind.HINT)


def _render_function(tool: Tool, names: ToolNames, quirks: ChatQuirks) -> JSON:
    extra = left_over(tool.ext)
    function: dict[str, JSON] = {"name": names.wire(tool.name)}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = _object_schema(tool.parameters)
    if tool.strict is not None and quirks.strict_tools:
        function["strict"] = tool.strict
    return {
        "type": "function",
        **extra,
        "function": {**function, **extra.get("function", {})},
        **_hint(tool, quirks),
    }


def _render_custom(tool: Tool, names: ToolNames, quirks: ChatQuirks) -> JSON:
    extra = left_over(tool.ext)
    described = {"description": tool.description} if tool.description is not None else {}
    named = {"name": names.wire(tool.name), **described}
    if quirks.custom_tools:
        formatted = {"format": tool.grammar} if tool.grammar is not None else {}
        custom = {**named, **formatted, **extra.get("custom", {})}
        return {"type": "custom", **extra, "custom": custom, **_hint(tool, quirks)}
    parameters = {
        "type": "object",
        "properties": {CUSTOM_INPUT: {"type": "string"}},
        "required": [CUSTOM_INPUT],
        "additionalProperties": False,
    }
    return {"type": "function", "function": {**named, "parameters": parameters}, **_hint(tool, quirks)}


def _hint(tool: Tool, quirks: ChatQuirks) -> dict[str, JSON]:
    return render_cache_hint(tool.cache, quirks.cache_hints) if quirks.cache_hints == "cache_control" else {}


def _object_schema(parameters: JSON) -> JSON:
    """A schema that says it is an object's, as the API demands; the caller's own is not touched."""
    if isinstance(parameters, dict) and "type" not in parameters and not parameters.keys() & {"anyOf", "$ref"}:
        return {"type": "object", **({} if parameters else {"properties": {}}), **parameters}
    return parameters


def render_tool_choice(choice: ToolChoice, tools: Iterable[Tool | BuiltinTool], names: ToolNames) -> JSON:
    """`tool_choice` in the newest form; tools with free text input are chosen as what `tools` makes of them."""
    custom = {tool.name for tool in tools if isinstance(tool, Tool) and tool.kind == "custom"}

    def chosen(name: str) -> dict[str, JSON]:
        kind = "custom" if name in custom else "function"
        return {"type": kind, kind: {"name": names.wire(name)}}

    if choice.mode is ToolMode.NAMED:
        return chosen(choice.names[0])
    if choice.names:
        allowed = {"mode": choice.mode.value, "tools": [chosen(name) for name in choice.names]}
        return {"type": "allowed_tools", "allowed_tools": allowed}
    return choice.mode.value
