"""Tools of requests, and the choice among them → canonical.

Sources: https://platform.claude.com/docs/en/agents-and-tools/tool-use/overview and …/implement-tool-use (2026-11).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from adapters.dialects.anthropic_messages.block_parsing import take_cache
from adapters.dialects.anthropic_messages.members import Members, malformed, not_one_of
from adapters.dialects.anthropic_messages.server_tools import NAMED_BY_KIND, server_tool_name
from domain.chat.request import BuiltinTool, Tool, ToolChoice, ToolMode
from domain.json_types import JSON

_CUSTOM: Final = "custom"
_Kind: TypeAlias = Literal["web_search", "web_fetch", "code_execution", "file_search", "mcp", "computer", "other"]
_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        "web_search_": "web_search",
        "web_fetch_": "web_fetch",
        "code_execution_": "code_execution",
        "mcp_": "mcp",
        "computer_": "computer",
    }
)
"""What a tool of the vendor's does, by the beginning of its type. The others have no like at other vendors: the
tool is known to the model by its type alone (bash_…, text_editor_…, memory_…), or searches among tools."""

_MODES: Final = MappingProxyType({"auto": ToolMode.AUTO, "any": ToolMode.REQUIRED, "none": ToolMode.NONE})
_CHOICES: Final = (*_MODES, "tool")


def parse_tools(request: Members) -> tuple[Tool | BuiltinTool, ...]:
    """Everything the model may call."""
    return tuple(_tool(tool) for tool in request.take_objects("tools"))


def parse_tool_choice(
    request: Members, tools: tuple[Tool | BuiltinTool, ...]
) -> tuple[ToolChoice | None, bool | None, dict[str, JSON]]:
    """The choice, whether calls may be parallel (None = not said), and what is left over of it."""
    choice = request.take_object("tool_choice")
    if choice is None:
        return None, None, {}
    kind, serial = choice.take("type"), choice.take_flag("disable_parallel_tool_use")
    parallel = None if serial is None else not serial
    mode = _MODES.get(kind) if isinstance(kind, str) else None
    if mode is not None:
        return ToolChoice(mode=mode), parallel, choice.left()
    if kind != "tool":
        raise not_one_of(choice.at("type"), _CHOICES, kind)
    return _named(choice.need_text("name"), tools), parallel, choice.left()


def _named(name: str, tools: tuple[Tool | BuiltinTool, ...]) -> ToolChoice:
    for tool in tools:
        if isinstance(tool, BuiltinTool) and server_tool_name(tool) == name:
            return ToolChoice(mode=ToolMode.REQUIRED, builtin=tool.native_type)
    return ToolChoice(mode=ToolMode.NAMED, names=(name,))


def _tool(tool: Members) -> Tool | BuiltinTool:
    kind = tool.take_text("type")
    if kind is not None and kind != _CUSTOM:
        known: _Kind = next((ours for start, ours in _KINDS.items() if kind.startswith(start)), "other")
        name = tool.take_text("name")
        if name is not None and not (name == known and name in NAMED_BY_KIND):
            tool.put_back("name", name)
        return BuiltinTool(kind=known, native_type=kind, options=tool.left())
    parameters = tool.take("input_schema")
    if parameters is not None and not isinstance(parameters, dict):
        raise malformed(tool.at("input_schema"), "a JSON Schema object", parameters)
    name, description, strict = tool.need_text("name"), tool.take_text("description"), tool.take_flag("strict")
    cache = take_cache(tool)
    return Tool(
        name=name,
        description=description,
        parameters=parameters,
        strict=strict,
        cache=cache,
        ext=tool.leftovers(),
    )
