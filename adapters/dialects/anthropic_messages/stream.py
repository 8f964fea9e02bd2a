"""Streamed answers: server-sent events in, canonical events out.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming (2026-11). Beyond it, what real streams do
is taken too: pings anywhere, a second message_start, missing content_block_stop and message_stop, unknown events.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.errors import reported_error
from adapters.dialects.anthropic_messages.response import (
    ToolUses,
    finish_of,
    service_tier_of,
    text_of,
    truncated,
    usage_of,
)
from adapters.dialects.anthropic_messages.stream_blocks import OpenBlock, open_block
from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.errors import FeatherGateError, MalformedResponse
from domain.json_types import JSON

_ENDING: Final = ("stop_reason", "stop_sequence", "stop_details")


class MessagesDecoder:
    """Decodes one streamed answer. Its ending is told at message_stop or the end of the body, never before."""

    def __init__(self, rendered: RenderedRequest) -> None:
        self._frames = FrameDecoder()
        self._uses = ToolUses.of(rendered)
        self._open: OpenBlock | None = None
        self._open_index: JSON = None
        self._blocks = 0
        self._called = False
        self._started = False
        self._done = False
        self._usage: Block = {}
        self._ending: Block = {}

    def feed(self, chunk: bytes) -> list[StreamEvent]:
        return self._guarded(self._read(chunk))

    def finish(self) -> list[StreamEvent]:
        return self._guarded(self._end_of_body())

    def _guarded(self, told: Iterator[StreamEvent]) -> list[StreamEvent]:
        """The events of `told`; what goes wrong on the way is the last of them."""
        events: list[StreamEvent] = []
        if self._done:
            return events
        try:
            events.extend(told)
        except FeatherGateError as error:
            self._done = True
            events.append(ev.Failed(error))
        return events

    def _read(self, chunk: bytes) -> Iterator[StreamEvent]:
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            raise MalformedResponse(str(refused)) from None
        yield from self._told(frames)

    def _end_of_body(self) -> Iterator[StreamEvent]:
        yield from self._told(self._frames.finish())
        if not self._done:
            yield from self._end()

    def _told(self, frames: Iterable[Frame]) -> Iterator[StreamEvent]:
        for frame in frames:
            if self._done:
                return
            data = frame.data.strip() if frame.data is not None else b""
            if data and data != b"[DONE]":
                yield from self._event(_payload(data), frame.event)

    def _event(self, payload: Mapping[str, JSON], name: str) -> Iterator[StreamEvent]:
        match payload.get("type") or name:
            case "content_block_delta":
                yield from self._delta(payload)
            case "content_block_start":
                yield from self._start_block(payload)
            case "content_block_stop":
                yield from self._close_block()
            case "message_start":
                yield from self._start(_object(payload, "message"))
            case "message_delta":
                yield from self._message_delta(payload)
            case "message_stop":
                yield from self._end()
            case "ping":
                yield ev.Ping()
            case "error":
                raise reported_error(payload)
            case _:
                if isinstance(payload.get("error"), dict):
                    raise reported_error(payload)

    def _start(self, message: Mapping[str, JSON]) -> Iterator[StreamEvent]:
        if self._started:
            return
        self._started = True
        usage = _object(message, "usage")
        yield ev.Started(text_of(message, "id"), text_of(message, "model"), service_tier=service_tier_of(usage))
        yield from self._report(usage)

    def _start_block(self, payload: Mapping[str, JSON]) -> Iterator[StreamEvent]:
        yield from self._start({})
        yield from self._close_block()
        block = payload.get("content_block")
        if not isinstance(block, dict):
            raise MalformedResponse("expected content_block_start to hold a content_block; got none")
        self._open = open_block(self._blocks, block, self._uses)
        self._open_index = payload.get("index")
        opened = self._open.opened()
        self._called = self._called or _opens_call(opened)
        yield from opened

    def _delta(self, payload: Mapping[str, JSON]) -> Iterable[StreamEvent]:
        if self._open is None or payload.get("index") != self._open_index:
            raise MalformedResponse(f"expected a delta of the open block; got one of block {payload.get('index')}")
        return self._open.changed(_object(payload, "delta"))

    def _close_block(self) -> Iterator[StreamEvent]:
        if self._open is None:
            return
        closed, self._open = self._open.closed(), None
        yield from closed
        yield ev.BlockStopped(self._blocks)
        self._blocks += 1

    def _message_delta(self, payload: Mapping[str, JSON]) -> Iterator[StreamEvent]:
        yield from self._start({})
        delta = _object(payload, "delta")
        self._ending.update({name: delta[name] for name in _ENDING if delta.get(name) is not None})
        yield from self._report(_object(payload, "usage"))

    def _report(self, usage: Mapping[str, JSON]) -> Iterator[StreamEvent]:
        """Usage so far; the wire repeats members as it learns more, and leaves out or nulls what it told."""
        if usage:
            self._usage.update({name: value for name, value in usage.items() if value is not None})
            yield ev.UsageReported(usage_of(self._usage))

    def _end(self) -> Iterator[StreamEvent]:
        if not self._ending.get("stop_reason"):
            raise truncated()
        yield from self._close_block()
        yield ev.Finished(finish_of(self._ending, called=self._called, json_tool=self._uses.json_tool))
        self._done = True
        yield ev.Ended()


def _payload(data: bytes) -> Mapping[str, JSON]:
    try:
        payload = json_codec.decode(data)
    except (ValueError, RecursionError):
        raise MalformedResponse("expected each event to be JSON; got something else") from None
    if not isinstance(payload, dict):
        raise MalformedResponse(f"expected each event to be a JSON object; got {type(payload).__name__}")
    return payload


def _opens_call(opened: Iterable[StreamEvent]) -> bool:
    return any(isinstance(event, ev.BlockStarted) and event.kind is BlockKind.TOOL_CALL for event in opened)


def _object(payload: Mapping[str, JSON], name: str) -> Mapping[str, JSON]:
    value = payload.get(name)
    return value if isinstance(value, dict) else {}
