"""Tools that the vendor runs, as this wire calls them.

Sources: https://platform.claude.com/docs/en/agents-and-tools/tool-use/web-search-tool, …/web-fetch-tool and
…/code-execution-tool (2026-11).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import Block
from domain.chat.loss import Loss, LossKind
from domain.chat.request import BuiltinTool
from domain.errors import UnsupportedFeature
from domain.json_types import JSON

_NATIVE_TYPE: Final = re.compile(r"[a-z_]+_20\d{6}")
_TYPES: Final = MappingProxyType(
    {
        "web_search": "web_search_20250305",
        "web_fetch": "web_fetch_20250910",
        "code_execution": "code_execution_20250825",
    }
)
NAMED_BY_KIND: Final = frozenset(_TYPES)
"""Kinds of tools that are called by their kind in every version; the others say their names, or have none."""

_SEARCH_OPTIONS: Final = frozenset({"max_uses", "allowed_domains", "blocked_domains"})
_PLACE: Final = ("city", "country", "region", "timezone")
_HINTS: Final = frozenset({"search_context_size", "container"})
"""Options whose loss changes how a tool works rather than what it does: how much it reads, and where it runs."""


def server_tool(tool: BuiltinTool, index: int, losses: list[Loss]) -> Block:
    """The declaration of the request's tool at `index`; what is lost of its options is added to `losses`.

    Raises UnsupportedFeature for a tool that only another vendor runs.
    """
    options: Mapping[str, JSON] = tool.options if isinstance(tool.options, dict) else {}
    if _NATIVE_TYPE.fullmatch(tool.native_type):
        return {"type": tool.native_type, "name": tool.kind, **options}
    native = _TYPES.get(tool.kind)
    if native is None:
        raise UnsupportedFeature(
            f"expected function tools, or web search, web fetch or code execution; got {tool.native_type}, "
            "which only its own vendor runs. Leave it out.",
            param=f"tools[{index}]",
        )
    known = _search_options(options) if tool.kind == "web_search" else {}
    at = f"/{tool.native_type}" if tool.native_type == "web_search_options" else f"/tools/{index}"
    for name, value in options.items():
        if value and name not in known and not (name == "filters" and _filters(options).keys() <= known.keys()):
            kind = LossKind.HINT if name in _HINTS else LossKind.PARAMETER
            losses.append(Loss("dropped_param", f"{at}/{name}", "the tool has no such option here", kind))
    return {"type": native, "name": tool.kind, **known}


def server_tool_name(tool: BuiltinTool) -> str:
    """What a tool that the vendor runs is called in a choice."""
    options: Mapping[str, JSON] = tool.options if isinstance(tool.options, dict) else {}
    return str(options.get("name") or tool.kind)


def _search_options(options: Mapping[str, JSON]) -> Block:
    merged = {**options, **_filters(options)}
    block: Block = {name: value for name, value in merged.items() if name in _SEARCH_OPTIONS and value is not None}
    place = options.get("user_location")
    if isinstance(place, dict):
        inner = place.get("approximate")
        known = inner if isinstance(inner, dict) else place
        named = {key: known[key] for key in _PLACE if known.get(key) is not None}
        block["user_location"] = {"type": "approximate", **named}
    return block


def _filters(options: Mapping[str, JSON]) -> Mapping[str, JSON]:
    filters = options.get("filters")
    return filters if isinstance(filters, dict) else {}
