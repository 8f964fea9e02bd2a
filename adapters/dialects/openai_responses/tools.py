"""Tools and the choice among them: wire → canonical, and what the client calls each of them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from adapters.dialects.openai_responses.call_items import flattened
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from domain.chat.request import BuiltinTool, Tool, ToolChoice, ToolMode
from domain.json_types import JSON

NAMESPACE: Final = "namespace"
_CALLABLE: Final = ("function", "custom")
_MODES: Final = (ToolMode.AUTO.value, ToolMode.NONE.value, ToolMode.REQUIRED.value)

_BuiltinKind: TypeAlias = Literal["web_search", "code_execution", "file_search", "mcp", "computer", "other"]
_BUILTIN_KINDS: Final[Mapping[str, _BuiltinKind]] = MappingProxyType(
    {
        "web_search": "web_search",
        "code_interpreter": "code_execution",
        "file_search": "file_search",
        "mcp": "mcp",
        "computer": "computer",
    }
)
"""What the vendor's own tools do, by the beginning of their type."""


def parse_tools(request: Members) -> tuple[Tool | BuiltinTool, ...]:
    """Everything the model may call. The tools of a namespace become tools of their own, named after both."""
    tools: list[Tool | BuiltinTool] = []
    for tool in request.take_objects("tools"):
        kind = tool.take("type")
        if kind == NAMESPACE:
            tools.extend(_parse_namespace(tool))
        elif kind in _CALLABLE:
            tools.append(_parse_tool(tool, kind))
        elif isinstance(kind, str):
            tools.append(BuiltinTool(kind=_builtin_kind(kind), native_type=kind, options=tool.left()))
        else:
            raise malformed(tool.at("type"), "a string", kind)
    return tuple(tools)


def _builtin_kind(native_type: str) -> _BuiltinKind:
    return next((kind for start, kind in _BUILTIN_KINDS.items() if native_type.startswith(start)), "other")


def _parse_namespace(namespace: Members) -> Iterator[Tool]:
    name, members = namespace.need_text("name"), tuple(namespace.take_objects("tools"))
    about = {"name": name, **namespace.left()}
    for tool in members:
        kind = tool.take("type")
        if kind not in _CALLABLE:
            raise not_one_of(tool.at("type"), _CALLABLE, kind)
        tool.keep(NAMESPACE, about)
        yield _parse_tool(tool, kind, namespace=name)


def _parse_tool(tool: Members, kind: str, namespace: str | None = None) -> Tool:
    name, description = tool.need_text("name"), tool.take_text("description")
    whole = name if namespace is None else flattened(namespace, name)
    if kind == "custom":
        grammar = _parse_grammar(tool)
        return Tool(name=whole, description=description, kind="custom", grammar=grammar, ext=tool.leftovers())
    parameters, strict = tool.take("parameters"), tool.take_flag("strict")
    if parameters is not None and not isinstance(parameters, dict):
        raise malformed(tool.at("parameters"), "a JSON Schema object", parameters)
    return Tool(name=whole, description=description, parameters=parameters, strict=strict, ext=tool.leftovers())


def _parse_grammar(tool: Members) -> JSON:
    """What free text input must look like, in the nested shape of Chat Completions."""
    grammar = tool.take_object("format")
    if grammar is None:
        return None
    kind, rules = grammar.take("type"), grammar.left()
    return {"type": kind, kind: rules} if isinstance(kind, str) and rules else {"type": kind, **rules}


def parse_tool_choice(request: Members) -> ToolChoice | None:
    """`tool_choice` in all its forms; one that says more than the canonical form is left over as it was."""
    path, value = request.at("tool_choice"), request.take("tool_choice")
    if value is None:
        return None
    if isinstance(value, str):
        if value not in _MODES:
            raise not_one_of(path, _MODES, value)
        return ToolChoice(mode=ToolMode(value))
    choice = Members(value, path)
    kind = choice.take("type")
    if not isinstance(kind, str):
        raise malformed(choice.at("type"), "a string", kind)
    parsed, exact = _parse_choice(choice, kind)
    if not exact or choice.left():
        request.keep("tool_choice", value)
    return parsed


def _parse_choice(choice: Members, kind: str) -> tuple[ToolChoice, bool]:
    """The choice, and whether it tells everything of the members that it took."""
    if kind in _CALLABLE:
        return ToolChoice(mode=ToolMode.NAMED, names=(choice.need_text("name"),)), True
    if kind != "allowed_tools":
        return ToolChoice(mode=ToolMode.REQUIRED, builtin=kind), True
    mode = choice.take("mode")
    if mode not in ("auto", "required"):
        raise not_one_of(choice.at("mode"), ("auto", "required"), mode)
    tools = tuple(choice.take_objects("tools"))
    names = tuple(tool.need_text("name") for tool in tools if tool.take("type") in _CALLABLE)
    return ToolChoice(mode=ToolMode(mode), names=names), len(names) == len(tools) and not any(
        tool.left() for tool in tools
    )


def namespaced(tools: JSON) -> dict[str, tuple[str, str]]:
    """Namespace and name, as the client wrote them in `tools`, of each tool that parsing renamed."""
    if not tools:
        return {}
    groups = [tool for tool in tools if isinstance(tool, dict)] if isinstance(tools, list) else []
    return {
        flattened(group["name"], tool["name"]): (group["name"], tool["name"])
        for group in groups
        if group.get("type") == NAMESPACE
        for tool in group["tools"]
    }
