"""One candidate of an answer while it arrives: parts in, events out."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from adapters.dialects import json_codec, media
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini import partial_arguments
from adapters.dialects.gemini.citations import parse_citations, parse_grounding
from adapters.dialects.gemini.finish import parse_finish, truncated
from adapters.dialects.gemini.logprobs import parse_logprobs
from adapters.dialects.gemini.vocabulary import DECORATIONS, FAMILY
from adapters.dialects.gemini.wire import member, objects
from domain.chat import events as ev
from domain.chat.content import Citation, Opaque, OpaquePart
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.response import Finish
from domain.errors import MalformedResponse
from domain.json_types import JSON

_COMMON: Final = frozenset({"content", "finishReason", "index", "safetyRatings", "tokenCount", "avgLogprobs"})
"""Members of a candidate that most have or that say nothing here."""


@dataclass(slots=True)
class _Spoken:
    """The open block of text or reasoning; `sealed` once it has its signature: nothing may be added to it."""

    block: int
    kind: BlockKind
    text: list[str] = field(default_factory=list)
    sealed: bool = False


@dataclass(slots=True)
class _Pending:
    """A call whose arguments still arrive in pieces."""

    block: int
    kind_is_custom: bool
    arguments: JSON


class CandidateReader:
    """Reads one candidate, in one piece or in many; the events are the same.

    Consecutive plain text parts are one block. A part with a signature and text is a block of its own; a
    signature without text belongs to the text before it. Calls with an id keep it; the others get one that
    depends on the answer's id and the call's place alone.
    """

    def __init__(self, index: int, response_id: str, rendered: RenderedRequest) -> None:
        self._index = index
        self._response_id = response_id
        self._rendered = rendered
        self._blocks = 0
        self._calls = 0
        self._open: _Spoken | None = None
        self._pending: _Pending | None = None
        self._preceding: list[str] = []
        self._grounding: dict[str, JSON] | None = None
        self._recited: dict[str, JSON] | None = None
        self._ending: JSON = None
        self._explanation: str | None = None

    def feed(self, candidate: Mapping[str, JSON]) -> list[StreamEvent]:
        """The events of one more piece of the candidate. Raises MalformedResponse."""
        events: list[StreamEvent] = []
        content = member(candidate, "content", dict)
        if content is not None:
            for part in objects(content, "parts"):
                said = self._part(part)
                events += said
                if said and part.get("text") != "":
                    # Server-side tools give several turns in one stream, each with its own STOP: an ending
                    # that more content follows was not the last.
                    self._ending = None
        self._ending = candidate.get("finishReason") or self._ending
        if not candidate.keys() <= _COMMON:
            events += self._rarer(candidate)
        return events

    def _rarer(self, candidate: Mapping[str, JSON]) -> list[StreamEvent]:
        """What is said beside the content, which most pieces have alone."""
        self._grounding = member(candidate, "groundingMetadata", dict) or self._grounding
        self._recited = member(candidate, "citationMetadata", dict) or self._recited
        self._explanation = member(candidate, "finishMessage", str) or self._explanation
        logprobs = member(candidate, "logprobsResult", dict)
        return [] if logprobs is None else [ev.LogprobsDelta(parse_logprobs(logprobs), self._index)]

    def end(self, blocked: Finish | None) -> list[StreamEvent]:
        """The last events; `blocked` is the ending of a blocked prompt. Raises MalformedResponse."""
        events = [*self._stop_pending(), *self._citations(), *self._stop_spoken()]
        if self._ending is not None:
            finish = parse_finish(self._ending, called=self._calls > 0, explanation=self._explanation)
        elif blocked is not None:
            finish = blocked
        else:
            raise truncated()
        return [*events, ev.Finished(finish, self._index)]

    def _part(self, part: dict[str, JSON]) -> list[StreamEvent]:
        text = member(part, "text", str)
        if text is not None and len(part) == 1:
            return self._say(BlockKind.TEXT, text, None)
        if text is not None:
            kind = BlockKind.REASONING if part.get("thought") else BlockKind.TEXT
            return self._say(kind, text, member(part, "thoughtSignature", str))
        call = member(part, "functionCall", dict)
        if call is not None:
            return self._call(call, member(part, "thoughtSignature", str))
        inline = member(part, "inlineData", dict)
        if inline is not None and not part.get("thought"):
            shown = self._show(inline)
            if shown:
                return shown
        kind_name = next((name for name in part if name not in DECORATIONS), None)
        if kind_name is None:
            return []
        block, events = self._next_block()
        return [
            *events,
            ev.BlockStarted(block, BlockKind.OPAQUE, candidate=self._index),
            ev.OpaqueAdded(block, OpaquePart(family=FAMILY, kind=kind_name, raw=part), self._index),
            ev.BlockStopped(block, self._index),
        ]

    def _say(self, kind: BlockKind, text: str, signature: str | None) -> list[StreamEvent]:
        if not text and signature is None:
            return []
        events: list[StreamEvent] = []
        spoken = self._open
        apart = spoken is None or spoken.kind is not kind or spoken.sealed or bool(text and signature)
        if spoken is None or apart:
            block, events = self._next_block()
            spoken = self._open = _Spoken(block, kind)
            events.append(ev.BlockStarted(block, kind, candidate=self._index))
        is_text = kind is BlockKind.TEXT
        if text:
            spoken.text.append(text)
            delta = ev.TextDelta if is_text else ev.ReasoningDelta
            events.append(delta(spoken.block, text, candidate=self._index))
        if signature is not None:
            spoken.sealed = True
            signed = ev.TextSigned if is_text else ev.ReasoningSigned
            opaque = Opaque(family=FAMILY, value=signature)
            events.append(signed(spoken.block, opaque, candidate=self._index))
        return events

    def _call(self, call: dict[str, JSON], signature: str | None) -> list[StreamEvent]:
        name = member(call, "name", str)
        events = self._stop_pending() + self._start_call(name, call, signature) if name else []
        pending = self._pending
        if pending is None:
            if call:
                raise MalformedResponse("expected a functionCall of the upstream's answer to have a name")
            return []  # the mark that ends a call in pieces
        for piece in objects(call, "partialArgs"):
            pending.arguments = partial_arguments.place(pending.arguments, piece)
        return events if call.get("willContinue") else events + self._stop_pending()

    def _start_call(self, name: str, call: dict[str, JSON], signature: str | None) -> list[StreamEvent]:
        block, events = self._next_block()
        arguments = member(call, "args", dict) or {}
        custom = name in self._rendered.custom_tools
        call_id = member(call, "id", str) or self._minted_id(name, arguments)
        self._calls += 1
        self._pending = _Pending(block, custom, arguments)
        started = ev.BlockStarted(
            block,
            BlockKind.TOOL_CALL,
            call_id,
            self._rendered.tool_names.original(name),
            "custom" if custom else "function",
            None if signature is None else Opaque(family=FAMILY, value=signature),
            self._index,
        )
        return [*events, started]

    def _stop_pending(self) -> list[StreamEvent]:
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        raw = _custom_input(pending.arguments) if pending.kind_is_custom else None
        if raw is None:
            raw = json_codec.encode(pending.arguments).decode()
        return [
            ev.ToolArgumentsDelta(pending.block, raw, self._index),
            ev.BlockStopped(pending.block, self._index),
        ]

    def _minted_id(self, name: str, arguments: JSON) -> str:
        place = f"{self._response_id}/{self._index}/{self._calls}"
        if not self._response_id:
            # Without the answer's id the place alone would repeat in the next turn.
            place += f"/{name}/{json_codec.encode(arguments).decode()}"
        return f"call_{hashlib.sha256(place.encode('utf-8', 'surrogatepass')).hexdigest()[:24]}"

    def _show(self, inline: Mapping[str, JSON]) -> list[StreamEvent]:
        """The events of a picture or sound; none where it is something else."""
        medium = str(inline.get("mimeType")).partition("/")[0]
        if medium not in {"image", "audio"}:
            return []
        try:
            source = media.inline(str(inline.get("mimeType")), member(inline, "data", str) or "")
        except ValueError as refused:
            raise MalformedResponse(f"expected inlineData of the upstream's answer in base64; {refused}") from None
        block, events = self._next_block()
        return [
            *events,
            ev.BlockStarted(block, BlockKind.MEDIA, candidate=self._index),
            ev.MediaAdded(block, source, "image" if medium == "image" else "audio", self._index),
            ev.BlockStopped(block, self._index),
        ]

    def _next_block(self) -> tuple[int, list[StreamEvent]]:
        """The number of a new block, and the events that close the one before."""
        events = self._stop_spoken()
        block = self._blocks
        self._blocks += 1
        return block, events

    def _stop_spoken(self) -> list[StreamEvent]:
        spoken, self._open = self._open, None
        if spoken is None:
            return []
        if spoken.kind is BlockKind.TEXT:
            self._preceding += spoken.text
        return [ev.BlockStopped(spoken.block, self._index)]

    def _citations(self) -> list[StreamEvent]:
        """The sources of the answer. They are known only at its end, and belong to its last block of text.

        Where something else came last they stand in a block of their own, without text.
        """
        if self._grounding is None and self._recited is None:
            return []
        spoken = self._open if self._open is not None and self._open.kind is BlockKind.TEXT else None
        text = "".join(spoken.text) if spoken is not None else ""
        preceding_bytes = len("".join(self._preceding).encode("utf-8", "replace"))
        found: list[Citation] = []
        if self._grounding is not None:
            found += parse_grounding(self._grounding, text, preceding_bytes=preceding_bytes)
        if self._recited is not None:
            found += parse_citations(self._recited, text, preceding_bytes=preceding_bytes)
        if not found:
            return []
        events: list[StreamEvent] = []
        if spoken is None:
            block, events = self._next_block()
            spoken = self._open = _Spoken(block, BlockKind.TEXT)
            events.append(ev.BlockStarted(block, BlockKind.TEXT, candidate=self._index))
        return [*events, *(ev.Cited(spoken.block, each, self._index) for each in found)]


def _custom_input(arguments: JSON) -> str | None:
    """The free text of a custom tool's call, None where the model gave something else."""
    given = arguments.get("input") if isinstance(arguments, dict) and len(arguments) == 1 else None
    return given if isinstance(given, str) else None
