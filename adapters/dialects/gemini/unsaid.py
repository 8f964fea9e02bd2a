"""What of a foreign request is never rendered, because Gemini has no place for it: named, each where it stood."""

from collections.abc import Sequence
from typing import Final

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.leftovers import foreign_losses
from adapters.dialects.places import Places
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.request import ChatRequest, Message, Role

_CACHES: Final = "Gemini caches by itself"


def note_unsaid(request: ChatRequest, losses: Losses, *, rare: bool, plain: bool) -> None:
    """Parameters, members of messages and of their parts; what tools lose is noted where they are rendered.

    rare: the request is not a simple one. plain: its messages are plain talk.
    """
    if rare:
        _note_rare(request, losses)
    if request.store:
        losses.parameter("store")
    elif request.store is False:
        losses.hint("dropped_param", "/store", "Gemini is not asked to keep anything")
    if not plain:
        _note_messages(request.messages, losses)


def _note_rare(request: ChatRequest, losses: Losses) -> None:
    dropped = {
        "verbosity": request.verbosity,
        "prediction": request.prediction,
        "metadata": request.metadata or None,
        "user": request.end_user if "safety_identifier" not in request.ext.get("openai", {}) else None,
    }
    for name, value in dropped.items():
        if value is not None:
            losses.parameter(name)
    if request.cache_key is not None:
        losses.hint("dropped_cache_hint", "/prompt_cache_key", _CACHES)
    if request.reasoning is not None:
        losses.add(*foreign_losses(request.reasoning.ext, at="/thinking"))


def _note_messages(messages: Sequence[Message], losses: Losses) -> None:
    named, places = spoken_names(messages), Places(messages)
    for index, message in enumerate(messages):
        where = f"/messages/{index}"
        if message.name and (message.role is not Role.USER or len(named) < 2):
            losses.hint("dropped_name", f"{where}/name", "Gemini has no names of speakers")
        if message.ext:
            losses.add(*foreign_losses(message.ext, at=where))
        for part in message.parts:
            _note_part(part, places, losses)
            for shown in part.parts if isinstance(part, ToolResult) else ():
                _note_part(shown, places, losses)


def spoken_names(messages: Sequence[Message]) -> frozenset[str]:
    """Who the users are; where there are several, each turn begins with its speaker's name."""
    return frozenset(message.name for message in messages if message.role is Role.USER and message.name)


def _note_part(part: Part, places: Places, losses: Losses) -> None:
    if isinstance(part, OpaquePart):
        return
    if part.ext:
        losses.add(*foreign_losses(part.ext, at=places.pointer(part)))
    if isinstance(part, Reasoning | Refusal):
        return
    if part.cache is not None:
        losses.hint("dropped_cache_hint", places.pointer(part), _CACHES)
    if isinstance(part, Text) and part.citations:
        losses.hint("dropped_citation", places.pointer(part), "Gemini takes no sources back")
    if isinstance(part, Text | ToolCall) and part.signature is not None and part.signature.family != FAMILY:
        losses.hint("dropped_signature", places.pointer(part), f"not signed by {FAMILY}")
    if isinstance(part, Document) and part.filename is not None:
        losses.hint("dropped_filename", places.pointer(part), "Gemini has no names of files")
    if isinstance(part, Document) and part.title is not None:
        losses.change("dropped_title", places.pointer(part), "Gemini has no titles of documents")
    if isinstance(part, Audio) and part.transcript is not None and not isinstance(part.source, FileRef):
        losses.hint("dropped_transcript", places.pointer(part), "Gemini listens itself")
