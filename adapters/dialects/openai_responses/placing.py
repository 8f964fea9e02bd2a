"""Places in the canonical request's names → places in the client's body."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.dialects.openai_responses.request import placed_conversation
from adapters.dialects.openai_responses.tools import NAMESPACE
from adapters.dialects.openai_responses.vocabulary import ITEM
from adapters.dialects.places import member_of
from domain.chat.content import Part, ToolResult
from domain.json_types import JSON

_NESTING: Final = frozenset({"function", "custom", "json_schema", "allowed_tools"})
"""Members that Chat Completions nests what this format says flatly in."""
_OF_ITEM: Final = frozenset({"id", "status", "phase"})
_THINKING: Final = MappingProxyType(
    {"budget_tokens": "/reasoning", "display": "/reasoning/summary", "type": "/reasoning"}
)
_RENAMED: Final = MappingProxyType(
    {
        "max_tokens": "/max_output_tokens",
        "max_completion_tokens": "/max_output_tokens",
        "thinking": "/reasoning",
        "response_format": "/text/format",
        "verbosity": "/text/verbosity",
        "logprobs": "/include",
    }
)


def place(where: str, body: Mapping[str, JSON]) -> str:
    """The pointer `where` of a loss, in the names of a chat request, in those of `body`.

    What has no place of its own is said of the nearest that has.
    """
    head, *rest = where.removeprefix("/").split("/")
    if head == "messages":
        return _in_input(rest, body) if rest and rest[0].isdigit() else "/input"
    if head == "tools":
        return _in_tools(rest, body)
    if head == "reasoning_effort" and rest:
        head = "thinking"
    if head == "thinking" and rest and rest[0] in _THINKING:
        return _THINKING[rest[0]]
    return _joined(_top_level(head, body), [step for step in rest if step not in _NESTING])


def _top_level(name: str, body: Mapping[str, JSON]) -> str:
    match name:
        case "reasoning_effort":
            reasoning = body.get("reasoning")
            return "/reasoning/effort" if isinstance(reasoning, dict) and reasoning.get("effort") else "/reasoning"
        case "user" if body.get("safety_identifier") is not None and body.get("user") is None:
            return "/safety_identifier"
        case "top_logprobs" if body.get(name) is None:
            return "/include"
        case "web_search_options":
            return _searching(body.get("tools"))
        case _:
            return _RENAMED.get(name, f"/{name}")


def _searching(tools: JSON) -> str:
    for index, tool in enumerate(tools if isinstance(tools, list) else ()):
        if isinstance(tool, dict) and str(tool.get("type")).startswith("web_search"):
            return f"/tools/{index}"
    return "/tools"


def _in_input(steps: Sequence[str], body: Mapping[str, JSON]) -> str:
    """`steps` lead from `messages` to a message, a part of it, or a member of either."""
    said = placed_conversation(body)
    index = int(steps[0])
    if index >= len(said):
        return "/input"
    (message, place, places), rest = said[index], steps[1:]
    if message.standing:
        return place
    if len(rest) < 2 or not rest[1].isdigit():
        return _joined(place, rest)
    members = [(part, at) for part, at in zip(message.parts, places, strict=True) if member_of(part) == rest[0]]
    number = int(rest[1])
    return _in_part(*members[number], rest[2:], body) if number < len(members) else place


def _in_part(part: Part, at: str, steps: Sequence[str], body: Mapping[str, JSON]) -> str:
    """`steps` lead from the part at `at` to a member of it, or of the item that it stands in."""
    if isinstance(part, ToolResult) and len(steps) > 1 and steps[0] == "content":
        output = body["input"][int(at.rpartition("/")[2])]["output"]
        return _joined(at, ["output", *(steps[1:] if isinstance(output, list) else ())])
    of_item = steps[:1] == [ITEM] or (bool(steps) and steps[0] in _OF_ITEM)
    return _joined(at.partition("/content")[0] if of_item else at, [step for step in steps if step != ITEM])


def _in_tools(steps: Sequence[str], body: Mapping[str, JSON]) -> str:
    """`steps` lead from `tools`, where the tools of namespaces stand one by one, to a tool or a member of it."""
    tools = body.get("tools")
    if not steps or not steps[0].isdigit() or not isinstance(tools, list):
        return "/tools"
    places: list[str] = []
    for index, tool in enumerate(tools):
        if tool["type"] == NAMESPACE:
            places += [f"/tools/{index}/tools/{inner}" for inner in range(len(tool["tools"]))]
        else:
            places.append(f"/tools/{index}")
    number, members = int(steps[0]), [step for step in steps[1:] if step not in _NESTING]
    if number >= len(places):
        return "/tools"
    if members[:1] == [NAMESPACE]:
        return _joined(places[number].rpartition("/tools/")[0], members[1:])
    return _joined(places[number], members)


def _joined(start: str, steps: Sequence[str]) -> str:
    return "/".join((start, *steps))
