"""What of a conversation is never rendered, because this wire has no word for it: named, each where it stood."""

from collections.abc import Iterator
from typing import Final

from adapters.dialects.contract import Target
from adapters.dialects.openai_chat.members import left_over
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.places import Places
from domain.chat.content import (
    Audio,
    Document,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Message
from domain.json_types import NO_EXT

ANSWER_ONLY: Final = frozenset({"annotations", "provider_specific_fields"})
"""Members of answers that clients send back with the history and that requests do not know."""


def takes_signature(signature: Opaque, target: Target) -> bool:
    """Whether a call or text may be sent with its signature: Google's compatible endpoint has a member for it."""
    return signature.family == target.family == "google"


def unsaid(messages: tuple[Message, ...], target: Target, quirks: ChatQuirks) -> Iterator[Loss]:
    """A loss for each member of a message, and of a part that is sent, that goes out without it."""
    places = Places(messages)
    for message in messages:
        if message.plain_text is not None:
            continue
        if message.ext is not NO_EXT:
            for name in sorted(left_over(message.ext).keys() & ANSWER_ONLY):
                where = f"{places.pointer(message)}/{name}"
                yield Loss("dropped_ext", where, "only answers have it", LossKind.HINT)
        for part in message.parts:
            yield from _lost_with(part, places, target, quirks)
            for shown in part.parts if isinstance(part, ToolResult) else ():
                yield from _lost_with(shown, places, target, quirks)


def _lost_with(part: Part, places: Places, target: Target, quirks: ChatQuirks) -> Iterator[Loss]:
    if isinstance(part, (Reasoning, Refusal, OpaquePart)):
        return

    def lost(code: str, detail: str) -> Loss:
        return Loss(code, places.pointer(part), detail, LossKind.HINT)

    if part.cache is not None and (quirks.cache_hints is None or isinstance(part, ToolCall)):
        yield lost("dropped_cache_hint", "the upstream knows none here")
    if isinstance(part, (Text, ToolCall)):
        if part.signature is not None and not takes_signature(part.signature, target):
            yield lost("dropped_signature", f"signed by {part.signature.family}")
        if isinstance(part, Text) and part.citations:
            yield lost("dropped_citation", "only answers hold sources")
    elif isinstance(part, Document):
        yield from (lost(code, detail) for code, detail in _unnamed(part))
    elif isinstance(part, Audio) and part.transcript is not None:
        yield lost("dropped_transcript", "the model listens itself")


def _unnamed(document: Document) -> Iterator[tuple[str, str]]:
    """Which names of a document are not told: a file has one, and a plain text none."""
    if document.filename is not None and isinstance(document.source, PlainText):
        yield "dropped_filename", "a text has no name here"
    if document.title is not None and not (isinstance(document.source, Inline) and document.filename is None):
        yield "dropped_title", "files have names here, but no titles"
