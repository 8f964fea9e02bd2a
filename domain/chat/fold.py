"""fold(events) → the answer they tell; unfold(answer) → events that tell it."""

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.folding import BlockEvent, Folding
from domain.chat.response import ChatResponse
from domain.errors import MalformedResponse


def fold(events: Iterable[StreamEvent]) -> ChatResponse:
    """The complete answer that `events` tell.

    Raises the error of a Failed event; MalformedResponse where the sequence ends without Ended or leaves a
    candidate without Finished: an answer cut short is never a good one.
    """
    folding = Folding()
    for event in events:
        folding.feed(event)
    return folding.response()


def unfold(response: ChatResponse) -> list[StreamEvent]:
    """Events that tell `response`: fold(unfold(r)) == r for every answer that a dialect can parse."""
    events: list[StreamEvent] = [
        ev.Started(
            response.id,
            response.model,
            response.created_unix_s,
            response.service_tier,
            response.system_fingerprint,
        )
    ]
    for candidate in response.candidates:
        for block, part in enumerate(candidate.parts):
            unfold_part(block, part, events, candidate=candidate.index)
        if candidate.logprobs:
            events.append(ev.LogprobsDelta(candidate.logprobs, candidate.index))
        events.append(ev.Finished(candidate.finish, candidate.index))
    if response.usage is not None:
        events.append(ev.UsageReported(response.usage))
    events.append(ev.Ended())
    return events


def unfold_part(block: int, part: Part, events: list[StreamEvent], *, candidate: int = 0) -> None:
    """Append the events of the `block` that tells `part`."""
    opened, deltas = _block_of(block, part)
    if not candidate:  # nearly always, and copies cost
        events.append(opened)
        events.extend(deltas)
    else:
        events.append(replace(opened, candidate=candidate))
        events.extend([replace(delta, candidate=candidate) for delta in deltas])
    events.append(ev.BlockStopped(block, candidate))


def _block_of(block: int, part: Part) -> tuple[ev.BlockStarted, list[BlockEvent]]:
    deltas: list[BlockEvent]
    match part:
        case Text(text=text):
            deltas = [ev.TextDelta(block, text)] if text else []
            deltas += [ev.Cited(block, citation) for citation in part.citations]
            deltas += [ev.TextSigned(block, part.signature)] if part.signature is not None else []
            return ev.BlockStarted(block, BlockKind.TEXT), deltas
        case Reasoning(text=text):
            deltas = [ev.ReasoningDelta(block, text, part.form)] if text or part.form == "raw" else []
            if part.signature is not None:
                deltas.append(ev.ReasoningSigned(block, part.signature, part.redacted))
            return ev.BlockStarted(block, BlockKind.REASONING), deltas
        case Refusal(text=text):
            return ev.BlockStarted(block, BlockKind.REFUSAL), [ev.RefusalDelta(block, text)]
        case ToolCall(raw=raw):
            deltas = [ev.ToolArgumentsDelta(block, raw)] if raw else []
            return _call_opened(block, part), deltas
        case Image(source=source):
            return ev.BlockStarted(block, BlockKind.MEDIA), [ev.MediaAdded(block, source, "image")]
        case Audio(source=source, transcript=transcript):
            added = ev.MediaAdded(block, source, "audio", transcript=transcript)
            return ev.BlockStarted(block, BlockKind.MEDIA), [added]
        case OpaquePart():
            return ev.BlockStarted(block, BlockKind.OPAQUE), [ev.OpaqueAdded(block, part)]
        case Document() | ToolResult():
            raise MalformedResponse(f"expected an answer's part; {type(part).__name__} belongs to requests")
    assert_never(part)


def _call_opened(block: int, call: ToolCall) -> ev.BlockStarted:
    return ev.BlockStarted(block, BlockKind.TOOL_CALL, call.id, call.name, call.kind, call.signature)
