"""An answer while its events come in."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias, assert_never

from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Citation,
    Image,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.json_arguments import parse_arguments
from domain.chat.response import Candidate, ChatResponse, Finish
from domain.chat.usage import Usage
from domain.errors import MalformedResponse
from domain.json_types import JSON
from domain.values import dataclass

BlockEvent: TypeAlias = (
    ev.TextDelta
    | ev.TextSigned
    | ev.ReasoningDelta
    | ev.ReasoningSigned
    | ev.ToolArgumentsDelta
    | ev.RefusalDelta
    | ev.Cited
    | ev.MediaAdded
    | ev.OpaqueAdded
)
"""What is told of a block between its beginning and its end."""


@dataclass(slots=True)
class _Block:
    kind: BlockKind
    opened: ev.BlockStarted
    text: list[str]
    citations: tuple[Citation, ...] = ()
    signature: Opaque | None = None
    redacted: bool = False
    reasoning_form: Literal["summary", "raw"] = "summary"
    media: ev.MediaAdded | None = None
    opaque: OpaquePart | None = None

    def part(self) -> Part | None:
        text = "".join(self.text)
        match self.kind:
            case BlockKind.TEXT:
                if not text and self.signature is None and not self.citations:
                    return None
                return Text(text, citations=self.citations, signature=self.signature)
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
    blocks: dict[int, _Block]
    logprobs: list[JSON]
    finish: Finish | None = None


class Folding:
    """An answer while it is being told: `feed` each event, then ask for the `response`."""

    __slots__ = ("_candidates", "_ended", "_started", "_usage")

    def __init__(self) -> None:
        self._candidates: dict[int, _CandidateFold] = {}
        self._started: ev.Started | None = None
        self._usage: Usage | None = None
        self._ended = False

    def feed(self, event: StreamEvent) -> None:
        """Take one more event. Raises the error of a Failed event."""
        _TAKEN[type(event)](self, event)

    def response(self) -> ChatResponse:
        """The answer. Raises MalformedResponse where it is not complete."""
        started = self._started
        if started is None or not self._ended or not self._candidates:
            raise MalformedResponse("expected a complete answer; the upstream's ended early")
        return ChatResponse(
            started.id,
            started.model,
            tuple([_candidate(index, self._candidates[index]) for index in sorted(self._candidates)]),
            created_unix_s=started.created_unix_s,
            service_tier=started.service_tier,
            system_fingerprint=started.system_fingerprint,
            usage=self._usage,
        )

    def _start(self, event: ev.Started) -> None:
        self._started = event

    def _consume(self, event: ev.UsageReported) -> None:
        self._usage = event.usage

    def _end(self, _event: ev.Ended) -> None:
        self._ended = True

    def _fail(self, event: ev.Failed) -> None:
        raise event.error

    def _pass(self, _event: ev.BlockStopped | ev.Ping | ev.ContentSeen) -> None:
        """It says nothing that the answer as a whole does not."""

    def _open(self, event: ev.BlockStarted) -> None:
        self._candidate(event.candidate).blocks[event.block] = _Block(event.kind, event, [])

    def _finish(self, event: ev.Finished) -> None:
        self._candidate(event.candidate).finish = event.finish

    def _weigh(self, event: ev.LogprobsDelta) -> None:
        self._candidate(event.candidate).logprobs.extend(event.entries)

    def _say(self, event: ev.TextDelta | ev.RefusalDelta) -> None:
        self._block(event).text.append(event.text)

    def _argue(self, event: ev.ToolArgumentsDelta) -> None:
        self._block(event).text.append(event.fragment)

    def _think(self, event: ev.ReasoningDelta) -> None:
        block = self._block(event)
        block.text.append(event.text)
        block.reasoning_form = event.form

    def _sign_text(self, event: ev.TextSigned) -> None:
        self._block(event).signature = event.signature

    def _sign_thought(self, event: ev.ReasoningSigned) -> None:
        block = self._block(event)
        block.signature, block.redacted = event.signature, event.redacted

    def _cite(self, event: ev.Cited) -> None:
        self._block(event).citations += (event.citation,)

    def _show(self, event: ev.MediaAdded) -> None:
        self._block(event).media = event

    def _keep(self, event: ev.OpaqueAdded) -> None:
        self._block(event).opaque = event.part

    def _block(self, event: BlockEvent) -> _Block:
        return self._candidates[event.candidate].blocks[event.block]

    def _candidate(self, index: int) -> _CandidateFold:
        candidate = self._candidates.get(index)
        if candidate is None:
            candidate = self._candidates[index] = _CandidateFold({}, [])
        return candidate


_TAKEN: Final[Mapping[type, Callable[[Folding, Any], None]]] = MappingProxyType(
    {
        ev.Started: Folding._start,
        ev.BlockStarted: Folding._open,
        ev.TextDelta: Folding._say,
        ev.TextSigned: Folding._sign_text,
        ev.ReasoningDelta: Folding._think,
        ev.ReasoningSigned: Folding._sign_thought,
        ev.ToolArgumentsDelta: Folding._argue,
        ev.RefusalDelta: Folding._say,
        ev.Cited: Folding._cite,
        ev.LogprobsDelta: Folding._weigh,
        ev.MediaAdded: Folding._show,
        ev.OpaqueAdded: Folding._keep,
        ev.BlockStopped: Folding._pass,
        ev.ContentSeen: Folding._pass,
        ev.Finished: Folding._finish,
        ev.UsageReported: Folding._consume,
        ev.Ping: Folding._pass,
        ev.Failed: Folding._fail,
        ev.Ended: Folding._end,
    }
)
"""How each event is taken: looked up, since a `match` over so many classes costs more than all the rest."""


def _candidate(index: int, told: _CandidateFold) -> Candidate:
    if told.finish is None:
        raise MalformedResponse(f"expected an ending of candidate {index}; the upstream gave none")
    parts = [told.blocks[block].part() for block in sorted(told.blocks)]
    said = tuple([part for part in parts if part is not None])
    return Candidate(index, said, told.finish, logprobs=told.logprobs or None)


def _media_part(added: ev.MediaAdded | None) -> Part | None:
    if added is None:
        return None
    if added.medium == "image":
        return Image(source=added.media)
    return Audio(source=added.media, transcript=added.transcript)
