"""Tools and the choice among them, as a client declares them (ai.google.dev/api/caching#Tool, 2026-11)."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from adapters.dialects.gemini.members import Members, malformed, not_one_of
from adapters.dialects.gemini.schema_parsing import parse_schema
from domain.chat.request import BuiltinTool, Tool, ToolChoice, ToolMode
from domain.json_types import JSON

_BuiltinKind: TypeAlias = Literal[
    "web_search", "web_fetch", "code_execution", "file_search", "mcp", "computer", "other"
]
_KINDS: Final[MappingProxyType[str, _BuiltinKind]] = MappingProxyType(
    {
        "googleSearch": "web_search",
        "googleSearchRetrieval": "web_search",
        "urlContext": "web_fetch",
        "codeExecution": "code_execution",
        "fileSearch": "file_search",
        "mcpServers": "mcp",
        "computerUse": "computer",
    }
)
_FUNCTIONS: Final = "functionDeclarations"
_MODES: Final = ("AUTO", "ANY", "NONE", "VALIDATED", "MODE_UNSPECIFIED")


def parse_tools(request: Members) -> tuple[Tool | BuiltinTool, ...]:
    """Everything the model may call. Raises MalformedRequest."""
    return tuple([tool for tool, _ in placed_tools(request)])


def placed_tools(request: Members) -> Iterator[tuple[Tool | BuiltinTool, str]]:
    """The same, each with its pointer in `tools` (`0/functionDeclarations/1`): one object may declare many."""
    for index, tool in enumerate(request.take_objects("tools")):
        for name in list(tool):
            if name == _FUNCTIONS:
                for position, function in enumerate(tool.take_objects(name)):
                    yield _function(function), f"{index}/{name}/{position}"
                continue
            options = tool.take(name)
            if options is not None:
                kind = _KINDS.get(name, "other")
                yield BuiltinTool(kind=kind, native_type=name, options=options), f"{index}/{name}"


def _function(function: Members) -> Tool:
    schema = function.take("parametersJsonSchema")
    if schema is not None and not isinstance(schema, dict):
        raise malformed(function.at("parametersJsonSchema"), "a JSON Schema object", schema)
    if schema is None:
        openapi = function.take("parameters")
        schema = None if openapi is None else parse_schema(openapi, function.at("parameters"))
    return Tool(
        name=function.need_text("name"),
        description=function.take_text("description"),
        parameters=schema,
        ext=function.leftovers(),
    )


def parse_tool_choice(request: Members) -> tuple[ToolChoice | None, JSON]:
    """The choice among the functions, and what else the toolConfig says."""
    config = request.take_object("toolConfig")
    if config is None:
        return None, None
    calling = config.take_object("functionCallingConfig")
    if calling is None:
        return None, config.left()
    choice = _choice(calling)
    left = calling.left()
    return choice, {**config.left(), **({"functionCallingConfig": left} if left else {})}


def _choice(calling: Members) -> ToolChoice | None:
    """The choice; a mode or names that it does not say are left over."""
    given = calling.take_text("mode")
    names = calling.take_texts("allowedFunctionNames")
    mode = (given or _MODES[-1]).upper()
    if mode not in _MODES:
        raise not_one_of(calling.at("mode"), _MODES, given)
    if mode == "ANY":
        return ToolChoice(mode=ToolMode.NAMED if len(names) == 1 else ToolMode.REQUIRED, names=names)
    if mode == "VALIDATED" and names:
        return ToolChoice(mode=ToolMode.AUTO, names=names)
    if names:
        calling.put_back("allowedFunctionNames", list(names))
    if mode == "VALIDATED":
        # Functions are called as in AUTO, but their arguments are held to the schema.
        calling.put_back("mode", mode)
    if mode == "MODE_UNSPECIFIED":
        return None
    return ToolChoice(mode=ToolMode.NONE if mode == "NONE" else ToolMode.AUTO)
