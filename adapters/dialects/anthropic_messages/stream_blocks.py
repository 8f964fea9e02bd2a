"""The content blocks of a streamed answer while they are open: what each delta and the end of a block tell."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Protocol

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.response import (
    ToolUses,
    citation_of,
    citations_of,
    custom_text,
    need_text,
    signed,
    text_of,
)
from adapters.dialects.anthropic_messages.vocabulary import FAMILY, Block, compact
from domain.chat import events as ev
from domain.chat.content import OpaquePart
from domain.chat.events import BlockKind, StreamEvent
from domain.errors import MalformedResponse
from domain.json_types import JSON

_DELTAS: Final = frozenset(
    {"text_delta", "input_json_delta", "thinking_delta", "signature_delta", "citations_delta"}
)


class OpenBlock(Protocol):
    """One block between its start and its stop; the numbers in its events are canonical."""

    def opened(self) -> list[StreamEvent]:
        """What the start tells, BlockStarted first."""
        ...

    def changed(self, delta: Mapping[str, JSON]) -> list[StreamEvent]:
        """What a delta tells. Raises MalformedResponse for a delta of another kind of block."""
        ...

    def closed(self) -> list[StreamEvent]:
        """What only the end tells, before BlockStopped."""
        ...


def open_block(number: int, block: Block, uses: ToolUses) -> OpenBlock:
    """The block that `content_block_start` opens, as the answer's block `number`."""
    match block.get("type"):
        case "text":
            return _TextBlock(number, block)
        case "thinking" | "redacted_thinking":
            return _ThinkingBlock(number, block)
        case "tool_use":
            if uses.is_answer(text_of(block, "name")):
                return _AnswerBlock(number, block)
            return _CallBlock(number, block, uses)
        case _:
            return _OpaqueBlock(number, block)


class _TextBlock:
    def __init__(self, number: int, block: Block) -> None:
        self._number = number
        self._block = block

    def opened(self) -> list[StreamEvent]:
        events: list[StreamEvent] = [ev.BlockStarted(self._number, BlockKind.TEXT)]
        text = text_of(self._block, "text")
        if text:
            events.append(ev.TextDelta(self._number, text))
        events.extend(ev.Cited(self._number, citation) for citation in citations_of(self._block))
        return events

    def changed(self, delta: Mapping[str, JSON]) -> list[StreamEvent]:
        match delta.get("type"):
            case "text_delta":
                text = text_of(delta, "text")
                return [ev.TextDelta(self._number, text)] if text else []
            case "citations_delta":
                citation = citation_of(delta.get("citation"))
                return [] if citation is None else [ev.Cited(self._number, citation)]
            case other:
                return _ignored(other, "text")

    def closed(self) -> list[StreamEvent]:
        return []


class _ThinkingBlock:
    """A thought, redacted or not; the last signature counts and is told once, at the end."""

    def __init__(self, number: int, block: Block) -> None:
        self._number = number
        self._redacted = block["type"] == "redacted_thinking"
        self._text = text_of(block, "thinking")
        self._signature = text_of(block, "data" if self._redacted else "signature")

    def opened(self) -> list[StreamEvent]:
        events: list[StreamEvent] = [ev.BlockStarted(self._number, BlockKind.REASONING)]
        if self._text:
            events.append(ev.ReasoningDelta(self._number, self._text))
        return events

    def changed(self, delta: Mapping[str, JSON]) -> list[StreamEvent]:
        match delta.get("type"):
            case "thinking_delta":
                text = text_of(delta, "thinking")
                return [ev.ReasoningDelta(self._number, text)] if text else []
            case "signature_delta":
                self._signature = text_of(delta, "signature")
                return []
            case other:
                return _ignored(other, "thinking")

    def closed(self) -> list[StreamEvent]:
        signature = signed(self._signature)
        return [] if signature is None else [ev.ReasoningSigned(self._number, signature, self._redacted)]


class _InputBlock(ABC):
    """A tool use whose input comes in pieces of JSON text, or whole at the start, or not at all."""

    def __init__(self, number: int, block: Block) -> None:
        self._number = number
        self._block = block
        self._told = False

    def changed(self, delta: Mapping[str, JSON]) -> list[StreamEvent]:
        if delta.get("type") != "input_json_delta":
            return _ignored(delta.get("type"), "tool_use")
        fragment = text_of(delta, "partial_json")
        if not fragment:
            return []
        self._told = True
        return self._more(fragment)

    def closed(self) -> list[StreamEvent]:
        return [] if self._told else self._more(compact(self._block.get("input") or {}))

    @abstractmethod
    def _more(self, fragment: str) -> list[StreamEvent]:
        """What a piece of the input tells."""


class _AnswerBlock(_InputBlock):
    """The use of our own tool, whose input is the answer's text."""

    def opened(self) -> list[StreamEvent]:
        return [ev.BlockStarted(self._number, BlockKind.TEXT)]

    def _more(self, fragment: str) -> list[StreamEvent]:
        return [ev.TextDelta(self._number, fragment)]


class _CallBlock(_InputBlock):
    """A call of one of the caller's tools; a custom tool's text is told once its JSON is complete."""

    def __init__(self, number: int, block: Block, uses: ToolUses) -> None:
        super().__init__(number, block)
        self._id, self._name = need_text(block, "id"), need_text(block, "name")
        self._kind = uses.kind(self._name)
        self._original = uses.names.original(self._name)
        self._held = ""

    def opened(self) -> list[StreamEvent]:
        return [ev.BlockStarted(self._number, BlockKind.TOOL_CALL, self._id, self._original, self._kind)]

    def closed(self) -> list[StreamEvent]:
        events = super().closed()
        if self._kind == "custom":
            text = custom_text(self._held)
            return [ev.ToolArgumentsDelta(self._number, text)] if text else []
        return events

    def _more(self, fragment: str) -> list[StreamEvent]:
        if self._kind == "custom":
            self._held += fragment
            return []
        return [ev.ToolArgumentsDelta(self._number, fragment)]


class _OpaqueBlock:
    """A server tool's use or result, or a kind we do not know: told whole, at its end."""

    def __init__(self, number: int, block: Block) -> None:
        self._number = number
        self._block = block
        self._input: list[str] = []

    def opened(self) -> list[StreamEvent]:
        return [ev.BlockStarted(self._number, BlockKind.OPAQUE)]

    def changed(self, delta: Mapping[str, JSON]) -> list[StreamEvent]:
        if delta.get("type") == "input_json_delta":
            self._input.append(text_of(delta, "partial_json"))
        return []

    def closed(self) -> list[StreamEvent]:
        raw = dict(self._block)
        text = "".join(self._input)
        if text:
            with suppress(ValueError):  # cut short by max_tokens: the input the block began with stays
                raw["input"] = json_codec.decode(text.encode())
        part = OpaquePart(family=FAMILY, kind=str(raw.get("type")), raw=raw)
        return [ev.OpaqueAdded(self._number, part)]


def _ignored(delta: JSON, kind: str) -> list[StreamEvent]:
    """Nothing, for a delta of a type that came after this was written."""
    if isinstance(delta, str) and delta in _DELTAS:
        raise MalformedResponse(f"expected deltas of a {kind} block; got {delta}")
    return []
