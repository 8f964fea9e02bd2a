"""streamGenerateContent?alt=sse, decoded: bytes in, events out."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.answer import AnswerReader
from adapters.dialects.gemini.finish import truncated
from adapters.dialects.gemini.stray import StrayBody
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.errors import MalformedResponse, UpstreamError
from domain.json_types import JSON

DONE: Final = b"[DONE]"  # never sent by Gemini itself, but by some who stand before it


class StreamDecoder:
    """Decodes one streamed answer; see `contract.Decoder`.

    Gemini ends a stream by closing it: whether the answer is complete shows in the last `finishReason`. An
    error may come as an event, and, where the request was refused, as a bare JSON body without `data:`.
    """

    def __init__(self, rendered: RenderedRequest) -> None:
        self._frames = FrameDecoder()
        self._answer = AnswerReader(rendered)
        self._answering = False
        self._stray = StrayBody()
        self._over = False

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes."""
        if self._over:
            return []
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            return self._failed(MalformedResponse(f"expected server-sent events; {refused}"))
        return self._read(frames)

    def finish(self) -> list[StreamEvent]:
        """The events that the end of the body completes."""
        if self._over:
            return []
        events = self._read(self._frames.finish(), at_end=True)
        if events and isinstance(events[-1], ev.Failed):
            return events
        if self._stray and not self._answering:
            return [*events, *self._failed(self._stray.error())]
        try:
            events += self._answer.end()
        except UpstreamError as broken:
            return [*events, *self._failed(broken)]
        self._over = True
        return events

    def _read(self, frames: list[Frame], *, at_end: bool = False) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        for frame in frames:
            if frame.data is None:
                if not self._answering:
                    self._stray.keep(frame.raw)
                continue
            self._answering = True
            if frame.data == DONE or not frame.data.strip():
                continue
            try:
                events += self._answer.feed(_decoded(frame.data, may_be_cut=at_end))
            except UpstreamError as broken:
                return [*events, *self._failed(broken)]
        return events

    def _failed(self, error: UpstreamError) -> list[StreamEvent]:
        self._over = True
        return [ev.Failed(error)]


def _decoded(data: bytes, *, may_be_cut: bool) -> JSON:
    try:
        return json_codec.decode(data)
    except ValueError as refused:
        if may_be_cut:
            raise truncated() from None
        raise MalformedResponse(f"expected an event's data to be JSON; {refused}") from None
