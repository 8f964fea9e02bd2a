"""Answers that reach a client of the same wire as they came, but for the model's name."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages import wire_tap
from adapters.dialects.anthropic_messages.errors import reported_error
from adapters.dialects.anthropic_messages.response import finish_of, service_tier_of, truncated, usage_of
from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.anthropic_messages.wire_tap import glance, plain
from adapters.dialects.contract import Reply
from adapters.dialects.envelope import Envelope
from adapters.dialects.framed_relay import MODEL_MEMBER, FramedRelay
from adapters.dialects.sse import Frame
from adapters.dialects.upstream_errors import excerpt
from domain.chat.events import ContentSeen, Ended, Failed, Finished, Started, StreamEvent, UsageReported
from domain.errors import MalformedRequest, MalformedResponse
from domain.json_types import JSON

_SILENT: Final = frozenset({"text", "thinking"})
"""Blocks that say nothing yet when they open."""

_CALL: Final = "tool_use"
_DONE: Final = b"[DONE]"
_STOP_FRAME: Final = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


class MessagesRelay(FramedRelay):
    """One answer on its way through. Give it to `feed` and `finish` as a stream, or to `answer` whole."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._model = reply.model
        self._started = self._said = self._called = self._finished = False
        self._usage: Block = {}

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes: message_stop where the upstream forgot it, Ended or Failed."""
        raw, events = self._rest()
        if self._over:
            return raw, events
        self._over = True
        if not self._finished:
            return raw, (*events, Failed(truncated()))
        return raw + _STOP_FRAME, (*events, Ended())

    def answer(self, body: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """A buffered answer. Raises MalformedResponse or UpstreamRejected where it is not a good one."""
        message = glance(wire_tap.MESSAGE, body)
        if message.type == "error" or (message.error and message.content is None):
            raise reported_error(plain(body))
        if message.content is None:
            raise MalformedResponse(
                f"expected a message with content blocks from the upstream; got {excerpt(body)}"
            )
        events: list[StreamEvent] = []
        self._begin(message, events)
        self._called = any(block.type == _CALL for block in message.content)
        if message.content:
            events.append(ContentSeen())
        self._end(message, events)
        if not self._finished:
            raise truncated()
        return self._renamed(body, message), (*events, Ended())

    def _frame(self, frame: Frame, events: list[StreamEvent]) -> bytes:
        data = frame.data
        if data is None or not data.strip():
            return frame.raw
        return b"" if data.strip() == _DONE else self._event(frame, data, events)

    def _event(self, frame: Frame, data: bytes, events: list[StreamEvent]) -> bytes:
        head = glance(wire_tap.HEAD, data)
        match head.type or frame.event:
            case "content_block_delta":
                self._say(events)
                self._repeats.learn(frame, frame.raw)
            case "content_block_start":
                self._open(data, events)
            case "message_start":
                return self._start(frame, data, events)
            case "message_delta":
                told = glance(wire_tap.MESSAGE_DELTA, data)
                self._report(told.usage, events)
                self._end(told.delta, events)
            case "message_stop":
                if not self._finished:
                    raise truncated()
                self._over = True
                events.append(Ended())
            case "error":
                raise reported_error(_object(plain(data)))
            case _ if head.error:
                raise reported_error(_object(plain(data)))
        return frame.raw

    def _start(self, frame: Frame, data: bytes, events: list[StreamEvent]) -> bytes:
        message = glance(wire_tap.MESSAGE_START, data).message or wire_tap.Message()
        if not self._started:
            self._begin(message, events)
        if not isinstance(message.model, str):
            return frame.raw
        renamed = self._with_only_model(data)
        if renamed is None:
            document = plain(data)
            document["message"]["model"] = self._model
            renamed = json_codec.encode(document)
        return frame.with_data(renamed)

    def _begin(self, message: wire_tap.Message, events: list[StreamEvent]) -> None:
        self._started = True
        events.append(
            Started(_text(message.id), _text(message.model), service_tier=service_tier_of(_object(message.usage)))
        )
        self._report(message.usage, events)

    def _open(self, data: bytes, events: list[StreamEvent]) -> None:
        block = glance(wire_tap.BLOCK_START, data).content_block
        kind = None if block is None else block.type
        self._called = self._called or kind == _CALL
        if kind not in _SILENT:
            self._say(events)

    def _say(self, events: list[StreamEvent]) -> None:
        if not self._said:
            self._said = True
            events.append(ContentSeen())

    def _report(self, usage: JSON, events: list[StreamEvent]) -> None:
        told = {name: value for name, value in _object(usage).items() if value is not None}
        if told:
            self._usage.update(told)
            events.append(UsageReported(usage_of(self._usage)))

    def _end(self, delta: wire_tap.Delta | None, events: list[StreamEvent]) -> None:
        """Tell the ending, once. Raises MalformedResponse for one that is not documented."""
        if delta is None or delta.stop_reason is None or self._finished:
            return
        told = {
            "stop_reason": delta.stop_reason,
            "stop_sequence": delta.stop_sequence,
            "stop_details": delta.stop_details,
        }
        events.append(Finished(finish_of(told, called=self._called, json_tool=False)))
        self._finished = True

    def _renamed(self, body: bytes, message: wire_tap.Message) -> bytes:
        """`body` under the name the client asked for."""
        if not isinstance(message.model, str):
            return body
        renamed = self._with_only_model(body)
        if renamed is not None:
            return renamed
        try:
            return Envelope.decode(body).with_members({"model": self._model}).encode()
        except MalformedRequest as refused:
            raise MalformedResponse(f"expected a message from the upstream; {refused.message[:200]}") from None

    def _with_only_model(self, data: bytes) -> bytes | None:
        """`data` with another model; None where its bytes alone do not tell which member is meant."""
        found = MODEL_MEMBER.findall(data)
        if len(found) != 1:
            return None
        return data.replace(found[0], b'"model":' + json_codec.encode(self._model), 1)


def _object(value: JSON) -> Block:
    return value if isinstance(value, dict) else {}


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
