"""Where in a chat request a loss befell what it is said of.

The canonical request borrowed this format's names, but is more regular: every content is a list, results are parts
of a message, thoughts are counted, and what is deprecated has its newer name.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.dialects.openai_chat.reasoning import parse_detail
from adapters.dialects.openai_chat.tools import WEB_SEARCH
from domain.json_types import JSON

_THOUGHTS: Final = frozenset({"thinking", "redacted_thinking"})
_RESULT_ROLES: Final = frozenset({"tool", "function"})
_OTHER_NAMES: Final = MappingProxyType(
    {
        "max_completion_tokens": "max_tokens",
        "max_tokens": "max_completion_tokens",
        "reasoning_effort": "thinking",
        "tool_choice": "function_call",
        "user": "safety_identifier",
    }
)
"""Members that say the same as others, and are looked for where those are absent."""


def place(where: str, body: Mapping[str, JSON]) -> str:
    """The pointer `where` as `body` spells it; to the nearest that has a place of its own."""
    head, *rest = where.removeprefix("/").split("/")
    if head == "messages" and rest and rest[0].isdecimal():
        return _in_message(rest[0], rest[1:], _objects(body.get("messages")))
    if head == "tools" and rest and rest[0].isdecimal():
        return _in_tools(int(rest[0]), rest[1:], body)
    other = _OTHER_NAMES.get(head)
    if head not in body and other in body:
        head = str(other)
    return _joined(f"/{head}", rest)


def _in_tools(number: int, rest: Sequence[str], body: Mapping[str, JSON]) -> str:
    """Tools, then the deprecated functions, then the search, which are all tools in the canonical request."""
    for member in ("tools", "functions"):
        listed = _objects(body.get(member))
        if number < len(listed):
            inner = rest[1:] if member == "functions" and rest[:1] == ["function"] else rest
            return _joined(f"/{member}/{number}", inner)
        number -= len(listed)
    return _joined(f"/{WEB_SEARCH}", rest) if WEB_SEARCH in body else "/tools"


def _in_message(number: str, rest: Sequence[str], messages: Sequence[Mapping[str, JSON]]) -> str:
    at = f"/messages/{number}"
    message = messages[int(number)] if int(number) < len(messages) else {}
    if len(rest) < 2 or not rest[1].isdecimal():
        return _joined(at, rest)
    member, index, inner = rest[0], int(rest[1]), rest[2:]
    if member == "reasoning_content":
        return at + _thought(message, index)
    if member == "tool_calls":
        return _joined(f"{at}/tool_calls/{index}" if "tool_calls" in message else f"{at}/function_call", inner)
    if member != "content":
        return _joined(at, rest)
    if message.get("role") in _RESULT_ROLES:
        if inner[:1] != ["content"] or len(inner) < 2:
            return _joined(at, inner)
        index, inner = int(inner[1]), inner[2:]
    spoken = _spoken(message)
    if index >= len(spoken):
        return at
    return _joined(at + spoken[index], inner if spoken[index].startswith("/content/") else ())


def _spoken(message: Mapping[str, JSON]) -> list[str]:
    """Where each part of a message stands that is neither thought nor call, in their canonical order."""
    content, found = message.get("content"), []
    if isinstance(content, list):
        kinds = [part.get("type") for part in _objects(content)]
        found = [f"/content/{index}" for index, kind in enumerate(kinds) if kind not in _THOUGHTS]
    elif content:
        found = ["/content"]
    found += [f"/{member}" for member in ("refusal", "audio") if message.get(member)]
    return found + [f"/images/{index}" for index in range(len(_objects(message.get("images"))))]


def _thought(message: Mapping[str, JSON], index: int) -> str:
    """Where the thought `index` of a message stands; the members that hold thoughts exclude one another."""
    blocks = _objects(message.get("thinking_blocks"))
    details = [place for place, one in enumerate(_objects(message.get("reasoning_details"))) if parse_detail(one)]
    member, listed = ("thinking_blocks", list(range(len(blocks)))) if blocks else ("reasoning_details", details)
    if not listed:
        plain = next((name for name in ("reasoning", "reasoning_content") if message.get(name)), None)
        member, listed = plain or "", [-1] if plain else []
    if index < len(listed):
        return f"/{member}" if listed[index] < 0 else f"/{member}/{listed[index]}"
    parts = _objects(message.get("content"))
    thoughts = [place for place, part in enumerate(parts) if part.get("type") in _THOUGHTS]
    index -= len(listed)
    return f"/content/{thoughts[index]}" if index < len(thoughts) else ""


def _objects(value: JSON) -> list[Mapping[str, JSON]]:
    return [one if isinstance(one, dict) else {} for one in value] if isinstance(value, list) else []


def _joined(start: str, steps: Sequence[str]) -> str:
    return "/".join((start, *steps))
