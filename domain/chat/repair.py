"""Repairs that make a conversation acceptable across dialects; each returns what it changed as losses."""

import hashlib
import re
from dataclasses import replace
from operator import is_
from typing import Final

from domain.chat.content import Opaque, Part, Reasoning, Text, ToolCall, ToolResult
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Message, Role

_PAIRED: Final = (ToolCall, ToolResult)
NO_RESULT: Final = "no result: the call was not answered"


def wire_id(call_id: str, pattern: re.Pattern[str], prefix: str = "call_") -> str:
    """`call_id` where `pattern` matches it in full, else a deterministic stand-in that keeps ids distinct."""
    if pattern.fullmatch(call_id):
        return call_id
    digest = hashlib.sha256(call_id.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    stem = re.sub(r"[^A-Za-z0-9]", "", call_id)[:12]
    return f"{prefix}{stem}_{digest}"


def with_call_ids(messages: tuple[Message, ...], pattern: re.Pattern[str]) -> tuple[Message, ...]:
    """The conversation with every call id fitted to `pattern`, calls and results alike."""

    def fitted(part: Part) -> Part:
        if isinstance(part, ToolCall):
            return part if pattern.fullmatch(part.id) else replace(part, id=wire_id(part.id, pattern))
        if isinstance(part, ToolResult) and not pattern.fullmatch(part.call_id):
            return replace(part, call_id=wire_id(part.call_id, pattern))
        return part

    if not _hold(messages, _PAIRED):
        return messages
    return tuple(_with_parts(message, tuple(map(fitted, message.parts))) for message in messages)


def with_result_names(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The conversation with every tool result knowing its tool's name, resolved from the calls before it."""
    if not _hold(messages, ToolResult):
        return messages
    names: dict[str, str] = {}
    out: list[Message] = []
    for message in messages:
        parts: list[Part] = []
        for part in message.parts:
            if isinstance(part, ToolCall):
                names[part.id] = part.name
            if isinstance(part, ToolResult) and part.name is None:
                parts.append(replace(part, name=names.get(part.call_id)))
            else:
                parts.append(part)
        out.append(_with_parts(message, tuple(parts)))
    return tuple(out)


def without_orphans(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """The conversation with every call answered once, right after its turn, and every result called for.

    A result answers the last unanswered call with its id that stands before it, and moves up to it. A call
    without a result gets an error result; a result without a call, a second one for the same call included,
    becomes user text. Each of these two is a loss; a moved result alone is not.
    """
    if not _hold(messages, _PAIRED):
        return tuple([message for message in messages if message.role is not Role.TOOL]), ()
    answers, strays = _paired(messages)
    out: list[Message] = []
    losses: list[Loss] = []
    for index, message in enumerate(messages):
        if message.role is Role.TOOL:
            stray = strays.get(index)
            if stray:
                out.append(Message(Role.USER, tuple(part for _, each in stray for part in _as_said(each))))
                losses.extend(
                    Loss(
                        "orphan_tool_result",
                        f"/messages/{index}/content/{place}",
                        "no unanswered call precedes it",
                    )
                    for place, _ in stray
                )
            continue
        out.append(message)
        calls = [(place, part) for place, part in enumerate(message.parts) if isinstance(part, ToolCall)]
        if not calls:
            continue
        turn: list[Part] = []
        for nth, (place, call) in enumerate(calls):
            found = answers.get((index, place))
            if found is None:
                where = f"/messages/{index}/tool_calls/{nth}"
                losses.append(Loss("orphan_tool_call", where, "the call has no result"))
                found = ToolResult(call_id=call.id, name=call.name, parts=(Text(NO_RESULT),), is_error=True)
            turn.append(found)
        out.append(Message(Role.TOOL, tuple(turn)))
    return tuple(out), tuple(losses)


def without_foreign_reasoning(
    messages: tuple[Message, ...], family: str
) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """The conversation without reasoning and signatures that another family made, and without unsigned reasoning.

    Foreign reasoning is never shown as visible text: it would pollute the conversation. To lose what a family
    signed is a change; what nobody signed would not have been taken back by its own model either.
    """
    out: list[Message] = []
    losses: list[Loss] = []
    for index, message in enumerate(messages):
        if message.plain_text is not None:
            out.append(message)
            continue
        parts: list[Part] = []
        thoughts = 0
        for part in message.parts:
            if isinstance(part, Reasoning) and not _native(part.signature, family):
                kind = LossKind.HINT if part.signature is None else LossKind.CHANGE
                where = f"/messages/{index}/reasoning_content/{thoughts}"
                losses.append(Loss("dropped_reasoning", where, f"not signed by {family}", kind))
            else:
                parts.append(_without_foreign_signature(part, family))
            thoughts += isinstance(part, Reasoning)
        out.append(_with_parts(message, tuple(parts)))
    return tuple(out), tuple(losses)


def _hold(messages: tuple[Message, ...], kinds: type | tuple[type, ...]) -> bool:
    """Whether a part of one of `kinds` is in the conversation; where none is, there is nothing to repair."""
    for message in messages:
        for part in message.parts:
            if isinstance(part, kinds):
                return True
    return False


def _with_parts(message: Message, parts: tuple[Part, ...]) -> Message:
    """`message` with `parts`; itself where they are its own, since most are and copies cost."""
    if len(parts) == len(message.parts) and all(map(is_, parts, message.parts)):
        return message
    return replace(message, parts=parts)


def _native(signature: Opaque | None, family: str) -> bool:
    return signature is not None and signature.family == family


def _without_foreign_signature(part: Part, family: str) -> Part:
    if isinstance(part, (Text, ToolCall)) and part.signature is not None and part.signature.family != family:
        return replace(part, signature=None)
    return part


def _paired(
    messages: tuple[Message, ...],
) -> tuple[dict[tuple[int, int], ToolResult], dict[int, list[tuple[int, ToolResult]]]]:
    """The result of each call by the call's message and place; the results of no call, with theirs, by message."""
    waiting: dict[str, list[tuple[int, int]]] = {}
    answers: dict[tuple[int, int], ToolResult] = {}
    strays: dict[int, list[tuple[int, ToolResult]]] = {}
    for index, message in enumerate(messages):
        for place, part in enumerate(message.parts):
            if isinstance(part, ToolCall):
                waiting.setdefault(part.id, []).append((index, place))
            elif isinstance(part, ToolResult):
                calls = waiting.get(part.call_id)
                if calls:
                    answers[_latest_turn_first(calls)] = part
                else:
                    strays.setdefault(index, []).append((place, part))
    return answers, strays


def _latest_turn_first(calls: list[tuple[int, int]]) -> tuple[int, int]:
    """Take the call a result is meant for: of the last turn with that id the first one still waiting."""
    last_turn = calls[-1][0]
    first = next(position for position, (turn, _) in enumerate(calls) if turn == last_turn)
    return calls.pop(first)


def _as_said(result: ToolResult) -> list[Part]:
    texts = [part for part in result.parts if isinstance(part, Text)]
    media = [part for part in result.parts if not isinstance(part, Text)]
    kind = "error" if result.is_error else "result"
    said = f"[tool {kind} {result.name or result.call_id}] " + "\n".join(text.text for text in texts)
    return [Text(said), *media]
