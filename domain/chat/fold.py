"""fold(events) → the answer they tell; unfold(answer) → events that tell it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, assert_never

from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Citation,
    Document,
    Image,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.json_arguments import parse_arguments
from domain.chat.response import Candidate, ChatResponse, Finish
from domain.chat.usage import Usage
from domain.errors import MalformedResponse
from domain.json_types import JSON


def fold(events: Iterable[StreamEvent]) -> ChatResponse:
    """The complete answer that `events` tell.

    Raises the error of a Failed event; MalformedResponse where the sequence ends without Ended or leaves a
    candidate without Finished: an answer cut short is never a good one.
    """
    folding = Folding()
    for event in events:
        folding.feed(event)
    return folding.response()


@dataclass(slots=True)
class _Block:
    kind: BlockKind
    opened: ev.BlockStarted
    text: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    signature: Opaque | None = None
    redacted: bool = False
    reasoning_form: Literal["summary", "raw"] = "summary"
    media: ev.MediaAdded | None = None
    opaque: OpaquePart | None = None

    def part(self) -> Part | None:
        text = "".join(self.text)
        match self.kind:
            case BlockKind.TEXT:
                empty = not text and self.signature is None and not self.citations
                return (
                    None if empty else Text(text=text, citations=tuple(self.citations), signature=self.signature)
                )
            case BlockKind.REASONING:
                return Reasoning(
                    text=text, form=self.reasoning_form, signature=self.signature, redacted=self.redacted
                )
            case BlockKind.REFUSAL:
                return Refusal(text=text)
            case BlockKind.TOOL_CALL:
                return ToolCall(
                    id=self.opened.call_id or "",
                    name=self.opened.name or "",
                    raw=text,
                    arguments=parse_arguments(text) if self.opened.tool_kind == "function" else None,
                    kind=self.opened.tool_kind,
                    signature=self.opened.signature,
                )
            case BlockKind.MEDIA:
                return _media_part(self.media)
            case BlockKind.OPAQUE:
                return self.opaque
        assert_never(self.kind)


@dataclass(slots=True)
class _CandidateFold:
    blocks: dict[int, _Block] = field(default_factory=dict)
    finish: Finish | None = None
    logprobs: list[JSON] = field(default_factory=list)


class Folding:
    """An answer while it is being told: `feed` each event, then ask for the `response`."""

    __slots__ = ("_candidates", "_ended", "_started", "_usage")

    def __init__(self) -> None:
        self._started: ev.Started | None = None
        self._usage: Usage | None = None
        self._candidates: dict[int, _CandidateFold] = {}
        self._ended = False

    def feed(self, event: StreamEvent) -> None:
        """Take one more event. Raises the error of a Failed event."""
        match event:  # what every answer has comes first
            case ev.BlockStarted():
                self._candidate(event.candidate).blocks[event.block] = _Block(event.kind, event)
            case ev.TextDelta() | ev.RefusalDelta():
                self._candidates[event.candidate].blocks[event.block].text.append(event.text)
            case ev.BlockStopped() | ev.Ping() | ev.ContentSeen():
                pass
            case ev.Finished():
                self._candidate(event.candidate).finish = event.finish
            case ev.Started():
                self._started = event
            case ev.UsageReported():
                self._usage = event.usage
            case ev.Ended():
                self._ended = True
            case ev.LogprobsDelta():
                self._candidate(event.candidate).logprobs.extend(event.entries)
            case ev.Failed():
                raise event.error
            case _:
                _feed_block(self._candidates[event.candidate].blocks[event.block], event)

    def _candidate(self, index: int) -> _CandidateFold:
        candidate = self._candidates.get(index)
        if candidate is None:
            candidate = self._candidates[index] = _CandidateFold()
        return candidate

    def response(self) -> ChatResponse:
        """The answer. Raises MalformedResponse where it is not complete."""
        started = self._started
        if started is None or not self._ended or not self._candidates:
            raise MalformedResponse("expected a complete answer; the upstream's ended early")
        return ChatResponse(
            id=started.id,
            model=started.model,
            created_unix_s=started.created_unix_s,
            service_tier=started.service_tier,
            system_fingerprint=started.system_fingerprint,
            candidates=tuple(_candidate(index, self._candidates[index]) for index in sorted(self._candidates)),
            usage=self._usage,
        )


_RarerEvent = (
    ev.TextSigned
    | ev.ReasoningDelta
    | ev.ReasoningSigned
    | ev.ToolArgumentsDelta
    | ev.Cited
    | ev.MediaAdded
    | ev.OpaqueAdded
)
_BlockEvent = _RarerEvent | ev.TextDelta | ev.RefusalDelta


def _feed_block(block: _Block, event: _RarerEvent) -> None:
    match event:
        case ev.ToolArgumentsDelta():
            block.text.append(event.fragment)
        case ev.ReasoningDelta():
            block.text.append(event.text)
            block.reasoning_form = event.form
        case ev.TextSigned():
            block.signature = event.signature
        case ev.ReasoningSigned():
            block.signature, block.redacted = event.signature, event.redacted
        case ev.Cited():
            block.citations.append(event.citation)
        case ev.MediaAdded():
            block.media = event
        case ev.OpaqueAdded():
            block.opaque = event.part
        case _:
            assert_never(event)


def _candidate(index: int, told: _CandidateFold) -> Candidate:
    if told.finish is None:
        raise MalformedResponse(f"expected an ending of candidate {index}; the upstream gave none")
    parts = (told.blocks[block].part() for block in sorted(told.blocks))
    return Candidate(
        index=index,
        parts=tuple(part for part in parts if part is not None),
        finish=told.finish,
        logprobs=list(told.logprobs) or None,
    )


def _media_part(added: ev.MediaAdded | None) -> Part | None:
    if added is None:
        return None
    if added.medium == "image":
        return Image(source=added.media)
    return Audio(source=added.media, transcript=added.transcript)


def unfold(response: ChatResponse) -> Iterator[StreamEvent]:
    """Events that tell `response`: fold(unfold(r)) == r for every answer that a dialect can parse."""
    yield ev.Started(
        response.id,
        response.model,
        response.created_unix_s,
        response.service_tier,
        response.system_fingerprint,
    )
    for candidate in response.candidates:
        for block, part in enumerate(candidate.parts):
            yield from _unfold_part(block, part, candidate.index)
        if candidate.logprobs:
            yield ev.LogprobsDelta(candidate.logprobs, candidate.index)
        yield ev.Finished(candidate.finish, candidate.index)
    if response.usage is not None:
        yield ev.UsageReported(response.usage)
    yield ev.Ended()


def _unfold_part(block: int, part: Part, candidate: int) -> Iterator[StreamEvent]:
    opened, deltas = _block_of(block, part)
    if not candidate:  # nearly always, and copies cost
        yield opened
        yield from deltas
    else:
        yield replace(opened, candidate=candidate)
        for delta in deltas:
            yield replace(delta, candidate=candidate)
    yield ev.BlockStopped(block, candidate)


def _block_of(block: int, part: Part) -> tuple[ev.BlockStarted, list[_BlockEvent]]:
    deltas: list[_BlockEvent]
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
