"""Where in a Messages request a loss befell what it is said of.

Losses are told in the names of the canonical request, which are those of an OpenAI chat request. There the system
prompt is a message, and a user's message that holds tool results is several.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.thoughts import THOUGHTS
from adapters.dialects.leftovers import AS_WRITTEN
from adapters.dialects.sealed import is_sealed, unseal
from domain.json_types import JSON

_NAMES: Final = MappingProxyType(
    {
        "max_completion_tokens": "/max_tokens",
        "parallel_tool_calls": "/tool_choice/disable_parallel_tool_use",
        "stop": "/stop_sequences",
        "user": "/metadata/user_id",
    }
)
_TOOL_MEMBERS: Final = MappingProxyType({"parameters": "input_schema"})
_COUNTED: Final = ("content", "tool_calls", "reasoning_content")
_OFF: Final = ("disabled", "between_tools")
_TOOL_SHAPES: Final = frozenset({"function", "custom"})


def place(where: str, body: Mapping[str, JSON]) -> str:
    """The pointer `where` in the names of the request `body`; to the nearest that has a place of its own."""
    first, *rest = where.removeprefix("/").split("/")
    match first:
        case "messages" if rest and rest[0].isdecimal():
            return _in_messages(int(rest[0]), rest[1:], body)
        case "tools" if len(rest) > 1:
            return _pointer("/tools", rest[0], *_tool_members(rest[1:]))
        case "web_search_options":
            return _pointer("/tools", *_search_tool(body), *rest)
        case "response_format":
            at = "/output_format" if "output_format" in body else "/output_config/format"
            return _pointer(at, *(step for step in rest if step != "json_schema"))
        case "reasoning_effort" | "thinking":
            return _in_thinking(rest, body)
        case _ if first in _NAMES and first not in body:
            return _pointer(_NAMES[first], *rest)
        case _:
            return where


def _pointer(start: str, *steps: str) -> str:
    return "/".join((start, *(step for step in steps if step != AS_WRITTEN)))


def _tool_members(steps: Sequence[str]) -> Sequence[str]:
    """A tool's members stand beside its name, not in an object of their own."""
    steps = steps[1:] if steps[0] in _TOOL_SHAPES else steps
    return [_TOOL_MEMBERS.get(step, step) for step in steps[:1]] + list(steps[1:])


def _search_tool(body: Mapping[str, JSON]) -> tuple[str, ...]:
    for index, tool in enumerate(_objects(body.get("tools"))):
        if str(tool.get("type")).startswith("web_search"):
            return (str(index),)
    return ()


def _in_thinking(rest: Sequence[str], body: Mapping[str, JSON]) -> str:
    config, thinking = body.get("output_config"), body.get("thinking")
    is_off = isinstance(thinking, dict) and thinking.get("type") in _OFF
    has_effort = isinstance(config, dict) and config.get("effort") is not None
    if rest == ["effort"] or (not rest and has_effort and not is_off):
        return "/output_config/effort"
    return _pointer("/thinking", *rest)


def _in_messages(number: int, rest: Sequence[str], body: Mapping[str, JSON]) -> str:
    """The place of the canonical message `number`, and of what `rest` names in it."""
    system = body.get("system")
    if system not in (None, "", []):
        if number == 0:
            inner = rest[1:] if isinstance(system, list) and rest[:1] == ["content"] else ()
            return _pointer("/system", *inner)
        number -= 1
    for index, message in enumerate(_objects(body.get("messages"))):
        blocks = _objects(message.get("content"))
        runs = _runs(message, blocks)
        if number < len(runs):
            return _in_message(f"/messages/{index}", blocks, runs[number], rest)
        number -= len(runs)
    return "/messages"


def _runs(message: Mapping[str, JSON], blocks: Sequence[Mapping[str, JSON]]) -> list[list[int]]:
    """The blocks of each canonical message that a message of the wire is, by their index."""
    indices = range(len(blocks))
    if message.get("role") != "user" or not blocks:
        return [list(indices)]
    return [list(run) for _, run in groupby(indices, key=lambda index: blocks[index].get("type") == "tool_result")]


def _in_message(at: str, blocks: Sequence[Mapping[str, JSON]], run: list[int], rest: Sequence[str]) -> str:
    if len(rest) < 2 or rest[0] not in _COUNTED or not rest[1].isdecimal():
        return _pointer(at, *rest) if len(rest) == 1 and rest[0] not in _COUNTED else at
    found = [index for index in run if _member_of(blocks[index]) == rest[0]]
    number = int(rest[1])
    if number >= len(found):
        return _pointer(at, "content") if number == 0 and rest[0] == "content" and not blocks else at
    return _pointer(at, "content", str(found[number]), *rest[2:])


def _member_of(block: Mapping[str, JSON]) -> str | None:
    """What a block is counted under in the canonical message; None where it only carries another's signature."""
    kind = block.get("type")
    if kind == "tool_use":
        return "tool_calls"
    if kind not in THOUGHTS:
        return "content"
    signature = block.get("signature")
    is_carrier = isinstance(signature, str) and is_sealed(signature) and unseal(signature).bearer != "reasoning"
    return None if is_carrier and not block.get("thinking") else "reasoning_content"


def _objects(value: JSON) -> list[Mapping[str, JSON]]:
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []
