"""What makes a conversation of another dialect one that the API takes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from adapters.dialects.openai_responses.vocabulary import FAMILY
from adapters.dialects.places import Places, parts_within
from domain.chat import repair
from domain.chat.content import Family, Part, Reasoning, Text, ToolCall
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Message, Role
from domain.json_types import JSON

_CALL_ID: Final = re.compile(r"\S{1,64}")
"""The API refuses longer call ids (seen 2026-11)."""
_MOST_BREAKPOINTS: Final = 4
_BREAKPOINT: Final = "prompt_cache_breakpoint"


def aligned(messages: tuple[Message, ...], family: Family) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """The repairs that leave every message in its place.

    Call ids fit, speakers are told apart, and no thoughts are left but those that `family` signed.
    """
    kept, losses = repair.without_foreign_reasoning(messages, family)
    fitted = repair.with_call_ids(kept, _CALL_ID)
    losses = (*losses, *_unsaid(messages))
    if not any(message.name for message in fitted):
        return fitted, losses
    told, unnamed = _with_speakers(fitted)
    return told, (*losses, *unnamed)


def without_sealed(messages: tuple[Message, ...], family: Family) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """The conversation of a client of this format without the thoughts that are not the vendor's.

    Those are neither signed by it nor known to it by an id.
    A text that is nothing but the bearer of another vendor's signature goes with it, and is no loss.
    """

    def foreign(part: Part) -> bool:
        if not isinstance(part, Reasoning) and not (isinstance(part, Text) and not part.text):
            return False
        if part.signature is None:
            return isinstance(part, Reasoning) and "id" not in part.ext.get(FAMILY, {})
        return part.signature.family != family

    out: list[Message] = []
    losses: list[Loss] = []
    for index, message in enumerate(messages):
        parts = tuple(part for part in message.parts if not foreign(part))
        thoughts = [part for part in message.parts if isinstance(part, Reasoning)]
        losses.extend(
            Loss("dropped_reasoning", f"/messages/{index}/reasoning_content/{nth}", f"not signed by {family}")
            for nth, thought in enumerate(thoughts)
            if foreign(thought)
        )
        out.append(message if len(parts) == len(message.parts) else replace(message, parts=parts))
    return tuple(out), tuple(losses)


def idle_thoughts(items: list[dict[str, JSON]]) -> Iterator[int]:
    """The places in `items` of reasoning that nothing of its own turn follows: the API refuses it alone."""
    following: dict[str, JSON] = {}
    for place in range(len(items) - 1, -1, -1):
        item = items[place]
        if item.get("type") != "reasoning":
            following = item
        elif not _is_spoken_by_model(following):
            yield place


def limit_breakpoints(items: Iterable[dict[str, JSON]]) -> Iterator[dict[str, JSON]]:
    """Leave at most four marks of reusable prefixes, the last ones; the API writes no more per request.

    The content parts that lost theirs are given back.
    """
    marked = [part for item in items for part in _content(item) if _BREAKPOINT in part]
    for part in marked[:-_MOST_BREAKPOINTS]:
        del part[_BREAKPOINT]
        yield part


def _unsaid(messages: tuple[Message, ...]) -> Iterator[Loss]:
    """A loss for each signature on a text or a call, which this wire has on thoughts alone, and for sources."""
    places = Places(messages)
    for message in messages:
        for part in parts_within(message):
            if not isinstance(part, (Text, ToolCall)):
                continue
            if part.signature is not None:
                why = f"signed by {part.signature.family}"
                yield Loss("dropped_signature", places.pointer(part), why, LossKind.HINT)
            if isinstance(part, Text) and part.citations:
                why = "only answers hold sources"
                yield Loss("dropped_citations", places.pointer(part), why, LossKind.HINT)


def _content(item: dict[str, JSON]) -> list[dict[str, JSON]]:
    content = item.get("content", item.get("output"))
    return content if isinstance(content, list) else []


def _is_spoken_by_model(item: dict[str, JSON]) -> bool:
    if item.get("role") is not None:
        return bool(item["role"] == Role.ASSISTANT.value)
    kind = str(item.get("type", ""))
    return kind.endswith("_call")


def _with_speakers(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], tuple[Loss, ...]]:
    """The conversation in which several named users tell who speaks; the wire has no member for names."""
    several = len({message.name for message in messages if message.role is Role.USER and message.name}) > 1
    out: list[Message] = []
    losses: list[Loss] = []
    for index, message in enumerate(messages):
        told = several and message.role is Role.USER
        if message.name and not told:
            losses.append(Loss("dropped_name", f"/messages/{index}/name", "no such member here", LossKind.HINT))
        out.append(_introduced(message) if told else message)
    return tuple(out), tuple(losses)


def _introduced(message: Message) -> Message:
    if not message.name or not message.parts:
        return message
    first, *rest = message.parts
    if isinstance(first, Text):
        return replace(message, parts=(replace(first, text=f"{message.name}: {first.text}"), *rest))
    return replace(message, parts=(Text(f"{message.name}:"), first, *rest))
