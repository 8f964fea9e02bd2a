"""Bytes of one streamed answer → canonical events.

Source: https://platform.openai.com/docs/api-reference/responses-streaming (2026-11).
"""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_responses.answer_reader import AnswerReader
from adapters.dialects.sse import Frame, FrameDecoder
from adapters.dialects.upstream_errors import excerpt
from domain.chat.events import Ping, StreamEvent
from domain.errors import MalformedResponse

DONE: Final = b"[DONE]"
"""What copies of the wire end with, beside the response's own last event."""


class ResponsesDecoder:
    """Reads one streamed answer. Never raises; after Failed or Ended it says nothing more."""

    def __init__(self, rendered: RenderedRequest) -> None:
        self._frames = FrameDecoder()
        self._answer = AnswerReader(rendered)

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        """The events that `chunk` completes."""
        if self._answer.over:
            return []
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            return self._answer.fail(MalformedResponse(f"{refused}."))
        return [event for frame in frames for event in self._read(frame)]

    def finish(self) -> list[StreamEvent]:
        """The events that the end of the body completes; the last one ever is Ended or Failed."""
        events = [event for frame in self._frames.finish() for event in self._read(frame)]
        return [*events, *self._answer.end()]

    def _read(self, frame: Frame) -> list[StreamEvent]:
        data = frame.data
        if self._answer.over:
            return []
        if data is None:
            return [Ping()]
        if not data.strip():
            return []
        if data.strip() == DONE:
            return self._answer.end()
        try:
            document = json_codec.decode(data)
        except ValueError:
            told = f"expected JSON in every event of the upstream's stream; got {excerpt(data)}"
            return self._answer.fail(MalformedResponse(told))
        return self._answer.read(document, frame.event)
