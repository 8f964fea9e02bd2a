"""Tools that OpenAI runs itself, also where a request names another vendor's of the same kind.

Source: https://platform.openai.com/docs/guides/tools (2026-11).
"""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Final

from domain.chat.loss import Loss
from domain.chat.request import BuiltinTool
from domain.errors import UnsupportedFeature
from domain.json_types import JSON

WEB_SEARCH: Final = "web_search"
CODE_INTERPRETER: Final = "code_interpreter"
NATIVE_TYPES: Final = frozenset(
    {
        "apply_patch",
        CODE_INTERPRETER,
        "computer",
        "computer_use",
        "computer_use_preview",
        "file_search",
        "image_generation",
        "local_shell",
        "mcp",
        "namespace",
        "programmatic_tool_calling",
        "shell",
        "tool_search",
        WEB_SEARCH,
        "web_search_2025_08_26",
        "web_search_preview",
        "web_search_preview_2025_03_11",
    }
)
_NO_MEANING: Final = frozenset({"name", "type"})
"""Options of Anthropic's tools that say nothing beside the tool's type."""


def render_builtin(tool: BuiltinTool, where: str) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """The tool, and which of its options have no word here.

    Raises UnsupportedFeature for a tool that OpenAI does not have. `where` is its JSON pointer.
    """
    options = tool.options if isinstance(tool.options, dict) else {}
    if tool.native_type in NATIVE_TYPES:
        return {"type": tool.native_type, **options}, ()
    translate = _BY_KIND.get(tool.kind)
    if translate is None:
        raise UnsupportedFeature(
            "expected functions, or web search or code execution, from other vendors' clients; got "
            f"{tool.native_type}, which this upstream does not run. Leave it out.",
            param=where,
        )
    return translate(options), tuple(_lost(tool.kind, options, where))


def _web_search(options: dict[str, JSON]) -> dict[str, JSON]:
    tool: dict[str, JSON] = {"type": WEB_SEARCH}
    if options.get("allowed_domains"):
        tool["filters"] = {"allowed_domains": options["allowed_domains"]}
    if isinstance(options.get("user_location"), dict):
        tool["user_location"] = _location(options["user_location"])
    if options.get("search_context_size"):
        tool["search_context_size"] = options["search_context_size"]
    return tool


def _location(location: dict[str, JSON]) -> dict[str, JSON]:
    """Chat Completions nests what it is about under its type."""
    nested = location.get("approximate")
    return {"type": "approximate", **nested} if isinstance(nested, dict) else location


def _code_interpreter(_options: dict[str, JSON]) -> dict[str, JSON]:
    return {"type": CODE_INTERPRETER, "container": {"type": "auto"}}


def _lost(kind: str, options: dict[str, JSON], where: str) -> Iterator[Loss]:
    known = _NO_MEANING | _CARRIED.get(kind, frozenset())
    for name, value in options.items():
        if name not in known and value not in (None, [], {}):
            yield Loss("dropped_tool_option", f"{where}/{name}", "no such option here")


_BY_KIND: Final = MappingProxyType[str, Callable[[dict[str, JSON]], dict[str, JSON]]](
    {"web_search": _web_search, "code_execution": _code_interpreter}
)
_CARRIED: Final = MappingProxyType(
    {"web_search": frozenset({"allowed_domains", "user_location", "search_context_size"})}
)
