"""The bytes of a streamed answer → events."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.answer_reader import AnswerReader
from adapters.dialects.openai_chat.errors import parse_stream_error
from adapters.dialects.sse import Frame, FrameDecoder
from adapters.dialects.upstream_errors import excerpt
from domain.chat.events import Ping, StreamEvent
from domain.errors import MalformedResponse

DONE: Final = b"[DONE]"


class ChatStreamDecoder:
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
        if self._answer.over:
            return []
        data = frame.data
        if data is None:
            return [Ping()]
        if data.strip() == DONE:
            return self._answer.end()
        if not data.strip():
            return []
        try:
            document = json_codec.decode(data)
        except ValueError:
            told = f"expected JSON in every event of the upstream's stream; got {excerpt(data)}"
            return self._answer.fail(MalformedResponse(told))
        if frame.event == "error":
            return self._answer.fail(parse_stream_error(document))
        return self._answer.read(document)
