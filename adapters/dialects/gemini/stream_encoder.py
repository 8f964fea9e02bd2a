"""Events → the bytes of a streamed answer."""

from dataclasses import dataclass, field
from typing import Final, assert_never

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.gemini.answer_parts import inline_part, opaque_part, render_part, signed
from adapters.dialects.gemini.answer_rendering import SILENCE, about_answer, about_ending
from adapters.dialects.gemini.client_errors import render_error
from adapters.dialects.gemini.finish import render_prompt_block
from adapters.dialects.gemini.framing import Framing
from adapters.dialects.gemini.grounding import Cited, render_grounding
from adapters.dialects.gemini.logprobs import render_logprobs
from adapters.dialects.gemini.usage import render_usage
from domain.chat import events as ev
from domain.chat.content import Citation, ToolCall
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.json_arguments import parse_arguments
from domain.chat.response import Finish
from domain.chat.usage import Usage
from domain.json_types import JSON

_TEXTS: Final = frozenset({BlockKind.TEXT, BlockKind.REFUSAL})


@dataclass(slots=True)
class _Block:
    """A block while it is told; `pieces` are kept of what is needed whole: calls, and texts that are cited."""

    opened: ev.BlockStarted
    pieces: list[str] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)


@dataclass(slots=True)
class _Candidate:
    """calls: blocks of calls that are still open, by number. behind: what was said after them and has to wait."""

    blocks: dict[int, _Block] = field(default_factory=dict)
    calls: set[int] = field(default_factory=set)
    behind: list[tuple[int, JSON]] = field(default_factory=list)
    finish: Finish | None = None


class GeminiStreamEncoder:
    """Writes one streamed answer: a chunk for each piece, calls whole, the ending and the usage in the last."""

    def __init__(self, reply: Reply, frames: Framing) -> None:
        self._reply = reply
        self._frames = frames
        self._candidates: dict[int, _Candidate] = {}
        self._usage: Usage | None = None
        self._over = False
        self._tail = b""
        self._start(ev.Started("", ""))

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none; none at all after Ended and Failed."""
        if self._over:
            return b""
        match event:
            case ev.TextDelta(block, text, candidate):
                return self._text(block, text, candidate)
            case ev.Failed(error):
                self._over = True
                return self._frames.frame(json_codec.encode(render_error(error)[1])) + self._frames.close()
            case ev.Ended():
                self._over = True
                return self._last() + self._frames.close()
            case ev.Started() | ev.UsageReported() | ev.Ping() | ev.ContentSeen():
                self._note(event)
                return b""
            case _:
                return self._rarer(event)

    def _note(self, event: ev.Started | ev.UsageReported | ev.Ping | ev.ContentSeen) -> None:
        """Take what is told of the answer as a whole."""
        if isinstance(event, ev.Started):
            self._start(event)
        elif isinstance(event, ev.UsageReported):
            self._usage = event.usage

    def _rarer(self, event: "_RarerEvent") -> bytes:
        candidate = event.candidate
        match event:
            case ev.BlockStarted():
                self._open(event)
                return b""
            case ev.ToolArgumentsDelta(block, fragment):
                self._candidates[candidate].blocks[block].pieces.append(fragment)
                return b""
            case ev.BlockStopped(block):
                return self._closed(block, candidate)
            case ev.Finished(finish):
                self._candidates.setdefault(candidate, _Candidate()).finish = finish
                return b""
            case ev.RefusalDelta(block, text):
                return self._text(block, text, candidate)
            case ev.Cited(block, citation):
                self._candidates[candidate].blocks[block].citations.append(citation)
                return b""
            case ev.LogprobsDelta(entries):
                told = {"content": _content(SILENCE), "logprobsResult": render_logprobs(entries)}
                self._candidates.setdefault(candidate, _Candidate())
                return self._chunk({"candidates": [{**told, "index": candidate}]})
            case _:
                return self._say(candidate, event.block, _part(event))

    def _start(self, started: ev.Started) -> None:
        """Fix what every chunk of the answer repeats."""
        self._tail = b"," + json_codec.encode(about_answer(started.id, started.created_unix_s, self._reply))[1:]

    def _chunk(self, members: dict[str, JSON]) -> bytes:
        return self._frames.frame(json_codec.encode(members)[:-1] + self._tail)

    def _open(self, event: ev.BlockStarted) -> None:
        candidate = self._candidates.setdefault(event.candidate, _Candidate())
        candidate.blocks[event.block] = _Block(event)
        if event.kind is BlockKind.TOOL_CALL:
            candidate.calls.add(event.block)

    def _text(self, block: int, text: str, candidate: int) -> bytes:
        state = self._candidates[candidate]
        if not text:
            return b""
        state.blocks[block].pieces.append(text)
        if state.calls:
            return self._say(candidate, block, {"text": text})
        said = b'{"candidates":[{"content":{"parts":[{"text":%b}],"role":"model"},"index":%d}]' % (
            json_codec.encode(text),
            candidate,
        )
        return self._frames.frame(said + self._tail)

    def _say(self, candidate: int, block: int, part: JSON) -> bytes:
        """A part in its turn: what the model said after a call that is still being told waits for it."""
        if part is None:
            return b""
        state = self._candidates[candidate]
        if any(call < block for call in state.calls):
            state.behind.append((block, part))
            return b""
        return self._chunk({"candidates": [{"content": _content(part), "index": candidate}]})

    def _closed(self, block: int, candidate: int) -> bytes:
        state = self._candidates[candidate]
        if block not in state.calls:
            return b""
        state.calls.remove(block)
        said = self._say(candidate, block, render_part(_call(state.blocks[block])))
        waiting, state.behind = sorted(state.behind, key=lambda each: each[0]), []
        return said + b"".join(self._say(candidate, behind, part) for behind, part in waiting)

    def _last(self) -> bytes:
        """The chunk that tells how every candidate ended, what they cite, and what it all consumed."""
        usage = {} if self._usage is None else {"usageMetadata": render_usage(self._usage)}
        endings: list[JSON] = []
        for index, candidate in sorted(self._candidates.items()):
            if candidate.finish is None:
                continue
            blocked = None if candidate.blocks else render_prompt_block(candidate.finish)
            if blocked is not None:
                return self._chunk({"promptFeedback": blocked, **usage})
            endings.append(_ending(index, candidate, candidate.finish))
        return self._chunk({"candidates": endings, **usage})


def _part(event: "_SaidWhole") -> JSON:
    """The part that says what the event does; None where there is nothing to say or no word for it."""
    match event:
        case ev.ReasoningDelta(text=text):
            return {"text": text, "thought": True} if text else None
        case ev.TextSigned(signature=signature):
            return {"text": "", **signed(signature, "text")}
        case ev.ReasoningSigned(signature=signature, redacted=redacted):
            return {"text": "", "thought": True, **signed(signature, "reasoning", redacted=redacted)}
        case ev.MediaAdded(media=source):
            return inline_part(source)
        case ev.OpaqueAdded(part=part):
            return opaque_part(part)
    assert_never(event)


def _content(part: JSON) -> dict[str, JSON]:
    return {"parts": [part], "role": "model"}


def _call(block: _Block) -> ToolCall:
    opened, raw = block.opened, "".join(block.pieces)
    return ToolCall(
        id=opened.call_id or "",
        name=opened.name or "",
        raw=raw,
        arguments=parse_arguments(raw) if opened.tool_kind == "function" else None,
        kind=opened.tool_kind,
        signature=opened.signature,
    )


def _ending(index: int, candidate: _Candidate, finish: Finish) -> dict[str, JSON]:
    blocks = [candidate.blocks[number] for number in sorted(candidate.blocks)]
    texts = (
        Cited("".join(block.pieces), tuple(block.citations)) for block in blocks if block.opened.kind in _TEXTS
    )
    refused = any(block.opened.kind is BlockKind.REFUSAL for block in blocks)
    grounding = render_grounding(texts)
    ending = {"content": _content(SILENCE), **about_ending(finish, refused=refused), "index": index}
    return ending if grounding is None else {**ending, "groundingMetadata": grounding}


_SaidWhole = ev.ReasoningDelta | ev.TextSigned | ev.ReasoningSigned | ev.MediaAdded | ev.OpaqueAdded
_RarerEvent = (
    ev.BlockStarted
    | ev.ToolArgumentsDelta
    | ev.BlockStopped
    | ev.Finished
    | ev.RefusalDelta
    | ev.Cited
    | ev.LogprobsDelta
    | _SaidWhole
)
