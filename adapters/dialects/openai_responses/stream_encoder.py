"""Events → the bytes of a streamed answer.

Grammar: `response.created`, `response.in_progress`, the events of each item, and last `response.completed`,
`response.incomplete` or `response.failed` with the whole Response, which is what the buffered answer would be
(platform.openai.com/docs/api-reference/responses-streaming, 2026-11).
"""

from dataclasses import replace
from typing import Final, assert_never

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses import output_items as items
from adapters.dialects.openai_responses.answer_frame import render_ended, render_frame
from adapters.dialects.openai_responses.client_errors import failure_events
from adapters.dialects.openai_responses.finish import truncated
from adapters.dialects.openai_responses.output import words_of_refusal
from adapters.dialects.openai_responses.stream_blocks import (
    Block,
    CallBlock,
    ReasoningBlock,
    RefusalBlock,
    TextBlock,
)
from adapters.dialects.openai_responses.stream_frames import Frames
from adapters.dialects.openai_responses.stream_output import StreamOutput
from adapters.dialects.openai_responses.tools import namespaced
from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat import events as ev
from domain.chat.content import Inline
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.response import Finish
from domain.chat.usage import Usage
from domain.errors import FeatherGateError
from domain.json_types import JSON

_TOLD_CANDIDATE: Final = 0


class ResponsesStreamEncoder:
    """Writes one streamed answer: its first candidate, since the format has no word for others."""

    def __init__(self, reply: Reply) -> None:
        self._reply = replace(reply, echo=dict(reply.echo))
        self._frames = Frames()
        self._blocks: dict[int, Block] = {}
        self._texts: dict[int, TextBlock] = {}
        self._thoughts: dict[int, ReasoningBlock] = {}
        self._is_refused = self._over = False
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._prepare(ev.Started("", ""))

    def feed(self, event: StreamEvent) -> bytes:
        """The bytes to send for `event`, possibly none; none at all after Ended and Failed."""
        if self._over:
            return b""
        match event:
            case (
                ev.TextDelta(block, text, candidate)
                | ev.ToolArgumentsDelta(block, text, candidate)
                | ev.RefusalDelta(block, text, candidate)
            ):
                return self._blocks[block].tell(text) if candidate == _TOLD_CANDIDATE else b""
            case ev.Started():
                return self._start(event)
            case ev.UsageReported(usage):
                self._usage = usage
                return b""
            case ev.Ping() | ev.ContentSeen():
                return b""
            case ev.Failed(error):
                return self._fail(error)
            case ev.Ended():
                return self._end()
            case _:
                return self._of_candidate(event) if event.candidate == _TOLD_CANDIDATE else b""

    def _of_candidate(self, event: "_RarerEvent") -> bytes:
        match event:
            case ev.ReasoningDelta(block, text, form):
                return self._thoughts[block].think(text, form)
            case ev.ReasoningSigned(block, signature, redacted):
                self._thoughts[block].sign(signature, redacted=redacted)
                return b""
            case ev.TextSigned(block, signature):
                self._texts[block].signature = signature
                return b""
            case ev.Cited(block, citation):
                self._texts[block].citations.append(citation)
                return b""
            case ev.LogprobsDelta(entries):
                return self._add_logprobs(entries)
            case ev.BlockStarted():
                return self._open(event)
            case ev.BlockStopped(block):
                return self._blocks[block].stop() if block in self._blocks else b""
            case ev.MediaAdded() | ev.OpaqueAdded():
                return self._whole(event)
            case ev.Finished(finish):
                return self._finished(finish)
        assert_never(event)

    def _prepare(self, started: ev.Started) -> None:
        """Fix what the answer is called and what its events repeat."""
        self._frame = render_frame(
            started.id,
            self._reply,
            created_unix_s=started.created_unix_s,
            service_tier=started.service_tier,
        )
        naming = items.Naming(self._frame["id"], namespaced(self._frame["tools"]))
        self._output = StreamOutput(self._frames, naming)

    def _start(self, started: ev.Started) -> bytes:
        self._prepare(started)
        created = self._frames.event("response.created", response=self._frame)
        return created + self._frames.event("response.in_progress", response=self._frame)

    def _open(self, event: ev.BlockStarted) -> bytes:
        opened: RefusalBlock | ReasoningBlock | CallBlock
        match event.kind:
            case BlockKind.TEXT:
                self._blocks[event.block] = self._texts[event.block] = TextBlock(self._output)
                return b""
            case BlockKind.MEDIA | BlockKind.OPAQUE:
                return b""
            case BlockKind.REASONING:
                opened = self._thoughts[event.block] = ReasoningBlock(self._output)
            case BlockKind.REFUSAL:
                opened, self._is_refused = RefusalBlock(self._output), True
            case BlockKind.TOOL_CALL:
                opened = CallBlock(self._output, event)
            case _:
                assert_never(event.kind)
        self._blocks[event.block] = opened
        return opened.opening

    def _add_logprobs(self, entries: JSON) -> bytes:
        """They belong to the text that is being told or, where that is over, to the last one that had words."""
        told = (text for text in reversed(self._texts.values()) if text.takes_logprobs)
        text = next(told, None)
        return b"" if text is None else text.add_logprobs(entries)

    def _whole(self, event: ev.MediaAdded | ev.OpaqueAdded) -> bytes:
        if isinstance(event, ev.OpaqueAdded):
            raw = event.part.raw
            return self._output.whole("", lambda _: dict(raw)) if event.part.family == FAMILY else b""
        picture = event.media
        if event.medium != "image" or not isinstance(picture, Inline):
            return b""
        return self._output.whole(items.IMAGE_PREFIX, lambda item_id: items.image(item_id, picture))

    def _finished(self, finish: Finish) -> bytes:
        """The ends of all items; before them what the upstream says of a refusal that the model left unsaid."""
        self._finish = finish
        told = b""
        words = words_of_refusal(finish, refused=self._is_refused)
        if words is not None:
            block = RefusalBlock(self._output)
            told = block.opening + block.tell(words) + block.stop()
        return told + self._output.finish(finish)

    def _end(self) -> bytes:
        if self._finish is None:
            return self._fail(truncated())
        self._over = True
        response = render_ended(self._frame, list(self._output.items), self._finish, self._usage)
        return self._frames.event(f"response.{response['status']}", response=response)

    def _fail(self, error: FeatherGateError) -> bytes:
        self._over = True
        return failure_events(error, self._frames, self._frame, self._output.done, self._usage)


_RarerEvent = (
    ev.ReasoningDelta
    | ev.ReasoningSigned
    | ev.TextSigned
    | ev.Cited
    | ev.LogprobsDelta
    | ev.BlockStarted
    | ev.BlockStopped
    | ev.MediaAdded
    | ev.OpaqueAdded
    | ev.Finished
)
