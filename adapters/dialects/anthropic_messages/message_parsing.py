"""The `system` and the `messages` of a request → canonical messages.

A user's message that holds tool results becomes several, and each but the first is marked as a part of the one
before. Thoughts whose signature is a seal are opened: what they carried goes back to where its vendor wants it.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby
from types import MappingProxyType
from typing import Final

from adapters.dialects.anthropic_messages.block_parsing import (
    bare_text,
    opaque,
    parse_blocks,
    parse_spoken,
    parse_text,
    parse_tool_use,
    plain_text,
)
from adapters.dialects.anthropic_messages.members import Members, not_one_of
from adapters.dialects.anthropic_messages.thoughts import THOUGHTS, Thought, parse_thought
from adapters.dialects.anthropic_messages.vocabulary import MARKED
from domain.chat.content import Opaque, Part, Text, ToolResult
from domain.chat.request import Message, Role
from domain.errors import MalformedRequest
from domain.json_types import JSON, Ext

_SPEAKERS: Final = MappingProxyType({role.value: role for role in (Role.USER, Role.ASSISTANT, Role.SYSTEM)})
_ROLES: Final = tuple(_SPEAKERS)
_ROLE_AND_CONTENT: Final = 2
"""How many members a message has."""
_SAID_BY_ASSISTANTS: Final = frozenset({"text", "image", "document", "search_result"})


def parse_system(request: Members) -> tuple[Message, ...]:
    """The standing instructions as one message, or none."""
    system = request.take("system")
    if system in (None, "", []):
        if system is not None:
            request.put_back("system", system)
        return ()
    return (Message(Role.SYSTEM, _instructions(system, request.at("system")), standing=True),)


def parse_messages(request: Members) -> tuple[Message, ...]:
    """The conversation. Raises MalformedRequest where it is empty or malformed."""
    messages: list[Message] = []
    path = request.at("messages")
    for index, message in enumerate(request.take_list("messages")):
        plain = _plain(message)
        if plain is not None:
            messages.append(plain)
        else:
            messages.extend(_parse(Members(message, f"{path}[{index}]")))
    if not messages:
        raise MalformedRequest(f"{path}: expected at least one message, got none.", param=path)
    return tuple(messages)


def _plain(message: JSON) -> Message | None:
    """A message of a role and one text alone, which most are; None for any other."""
    if not isinstance(message, dict) or len(message) != _ROLE_AND_CONTENT:
        return None
    role, content = message.get("role"), message.get("content")
    speaker = _SPEAKERS.get(role) if isinstance(role, str) else None
    if speaker is None or content is None:
        return None
    if isinstance(content, str):
        return Message(speaker, (bare_text(content),))
    text = plain_text(content[0]) if isinstance(content, list) and len(content) == 1 else None
    return None if text is None else Message(speaker, (text,))


def _parse(message: Members) -> Iterator[Message]:
    role, content, path = message.take("role"), message.take("content"), message.at("content")
    ext = message.leftovers()
    match role:
        case Role.USER:
            yield from _user_messages(content, path, ext)
        case Role.ASSISTANT:
            yield Message(Role.ASSISTANT, _assistant_parts(content, path), ext=ext)
        case Role.SYSTEM:
            yield Message(Role.SYSTEM, _instructions(content, path), ext=ext)
        case _:
            raise not_one_of(message.at("role"), _ROLES, role)


def _user_messages(content: JSON, path: str, ext: Ext) -> Iterator[Message]:
    if isinstance(content, str):
        yield Message(Role.USER, (bare_text(content),), ext=ext)
        return
    parts = [parse_spoken(*block) for block in parse_blocks(content, path)]
    if not parts:
        yield Message(Role.USER, (), ext=ext)
    for holds_results, run in groupby(parts, key=lambda part: isinstance(part, ToolResult)):
        yield Message(Role.TOOL if holds_results else Role.USER, tuple(run), ext=ext)
        ext = MARKED


def _instructions(content: JSON, path: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (bare_text(content),)
    return tuple(
        parse_text(block, at) if kind == "text" else opaque(kind, block)
        for kind, block, at in parse_blocks(content, path)
    )


def _assistant_parts(content: JSON, path: str) -> tuple[Part, ...]:
    if isinstance(content, str):
        return (bare_text(content),)
    parts: list[Part] = []
    signature: Opaque | None = None
    for kind, block, at in parse_blocks(content, path):
        if kind == "tool_use":
            call = parse_tool_use(block, at)
            parts.append(call if signature is None else replace(call, signature=signature))
            signature = None
        elif kind in _SAID_BY_ASSISTANTS:
            parts.append(parse_spoken(kind, block, at))
        elif kind in THOUGHTS:
            signature = _think(parse_thought(kind, block, at), parts) or signature
        else:
            parts.append(opaque(kind, block))
    return tuple(parts)


def _think(thought: Thought, parts: list[Part]) -> Opaque | None:
    """Add a thought to the `parts` before it; what is given back is the signature of the call after it."""
    if thought.bearer == "reasoning":
        parts.append(thought.reasoning)
        return None
    if thought.reasoning.text:
        parts.append(replace(thought.reasoning, signature=None))
    if thought.bearer == "call":
        return thought.reasoning.signature
    _sign_last_text(parts, thought.reasoning.signature)
    return None


def _sign_last_text(parts: list[Part], signature: Opaque | None) -> None:
    """The text a signature belongs to was left out of the answer where it was empty."""
    if parts and isinstance(parts[-1], Text):
        parts[-1] = replace(parts[-1], signature=signature)
    elif signature is not None:
        parts.append(Text("", signature=signature))
