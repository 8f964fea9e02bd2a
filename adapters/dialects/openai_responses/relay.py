"""Answers that reach a client of the same wire as they came, but for the model's name."""

import re
from dataclasses import replace
from typing import Final

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_responses.answer_reader import ENDINGS, begun
from adapters.dialects.openai_responses.errors import parse_stream_error
from adapters.dialects.openai_responses.finish import FAILED, parse_finish, truncated
from adapters.dialects.openai_responses.output_reader import CALLS
from adapters.dialects.openai_responses.relay_tap import Item, Response, glance_at_event, glance_at_response
from adapters.dialects.openai_responses.stream_decoder import DONE
from adapters.dialects.openai_responses.usage import parse_usage
from adapters.dialects.repeats import Repeats
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat.events import ContentSeen, Ended, Failed, Finished, StreamEvent, UsageReported
from domain.chat.response import Finish, FinishReason
from domain.errors import MalformedRequest, MalformedResponse, UpstreamError
from domain.json_types import JSON

_MODEL: Final = re.compile(rb'"model"\s*:\s*"(?:[^"\\]|\\.)*"')
_RUNNING: Final = frozenset({"queued", "in_progress"})
"""What a response says that is made in the background: its client asks for the rest by its id."""
_SILENT: Final = frozenset(
    {
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.reasoning_summary_part.added",
        "keepalive",
    }
)
"""Events that announce something and do not say it yet."""
_FRAGMENT: Final = ".delta"


class ResponsesRelay:
    """One answer on its way through. Give it to `feed` and `finish` as a stream, or to `answer` whole."""

    def __init__(self, reply: Reply) -> None:
        self._model = reply.model
        self._model_member = b'"model":' + json_codec.encode(reply.model)
        self._frames = FrameDecoder()
        self._repeats = Repeats()
        self._started = self._said = self._over = False
        self._called = self._refused = False

    def feed(self, chunk: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """The bytes to forward for `chunk`, and what they tell. Nothing of a failure or after it is forwarded."""
        if self._over:
            return b"", ()
        passed = b""
        if not self._frames.is_within_frame:
            passed, chunk = self._repeats.split(chunk)
            if not chunk:
                return passed, ()
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            return passed, (self._failed(MalformedResponse(f"{refused}.")),)
        raw, events = self._relay(frames)
        return passed + raw, events

    def repeated(self, chunk: bytes) -> bytes:
        """What to forward for a chunk whose frames tell nothing, if that is seen at a glance; else nothing."""
        return b"" if self._over or self._frames.is_within_frame else self._repeats.whole(chunk)

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes: Failed where the upstream never told how its answer ended."""
        raw, events = self._relay([_closed(frame) for frame in self._frames.finish() if frame.data])
        if not self._over:
            events = (*events, self._failed(truncated()))
        return raw, events

    def answer(self, body: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """A buffered answer. Raises MalformedResponse or UpstreamRejected where it is not a good one."""
        response = glance_at_response(body)
        events: list[StreamEvent] = []
        self._begin(response, events)
        runs_on = str(response.status) in _RUNNING and response.background is True
        if runs_on and not response.error:
            running = Finish(FinishReason.OTHER, native=str(response.status))
            events += [ContentSeen(), Finished(running), Ended()]
        else:
            self._conclude(response, response.status, body, events)
        return self._with_model(body, response), tuple(events)

    def _relay(self, frames: list[Frame]) -> tuple[bytes, tuple[StreamEvent, ...]]:
        forwarded: list[bytes] = []
        events: list[StreamEvent] = []
        for frame in frames:
            if self._over:
                break
            try:
                forwarded.append(self._frame(frame, events))
            except UpstreamError as error:
                events.append(self._failed(error))
        return b"".join(forwarded), tuple(events)

    def _frame(self, frame: Frame, events: list[StreamEvent]) -> bytes:
        data = frame.data
        if data is None or not data.strip():
            return frame.raw
        if data.strip() == DONE:
            raise truncated()
        event = glance_at_event(data)
        kind = event.type if isinstance(event.type, str) else frame.event
        if kind == "error" or event.error:
            raise _error_in(data)
        if event.item is not None:
            self._note(event.item)
        if kind not in _SILENT and kind not in ENDINGS:
            self._say(events)
        inner = b"" if event.response is msgspec.UNSET else bytes(event.response)
        if not inner and kind not in ENDINGS:
            if event.item is None and kind.endswith(_FRAGMENT):
                self._repeats.learn(frame, frame.raw)
            return frame.raw
        response = glance_at_response(inner or b"{}")
        self._begin(response, events)
        if kind in ENDINGS:
            self._conclude(response, response.status or ENDINGS[kind], data, events)
        return self._rewritten(frame, self._with_inner_model(data, inner, response))

    def _begin(self, response: Response, events: list[StreamEvent]) -> None:
        if not self._started:
            self._started = True
            told = {name: getattr(response, name) for name in ("id", "model", "created_at", "service_tier")}
            events.insert(0, begun(told))

    def _conclude(self, response: Response, status: JSON, data: bytes, events: list[StreamEvent]) -> None:
        usage = parse_usage(response.usage)
        reported: list[StreamEvent] = [] if usage is None else [UsageReported(usage)]
        if status == FAILED or response.error:
            events += reported
            raise _error_in(data)
        if response.output:
            self._say(events)
        for item in response.output or ():
            self._note(item)
        finish = parse_finish(status, response.incomplete_details, called=self._called, refused=self._refused)
        events += [Finished(finish), *reported, Ended()]
        self._over = True

    def _say(self, events: list[StreamEvent]) -> None:
        if not self._said:
            self._said = True
            events.append(ContentSeen())

    def _note(self, item: Item) -> None:
        self._called = self._called or str(item.type) in CALLS
        if item.type == "message" and isinstance(item.content, list):
            self._refused = self._refused or any(
                isinstance(part, dict) and part.get("type") == "refusal" for part in item.content
            )

    def _failed(self, error: UpstreamError) -> Failed:
        self._over = True
        return Failed(error)

    def _with_model(self, body: bytes, response: Response) -> bytes:
        """A buffered response under the name the client asked for."""
        return self._replaced(body, response) or _opened(body).with_members({"model": self._model}).encode()

    def _with_inner_model(self, data: bytes, inner: bytes, response: Response) -> bytes:
        """An event whose response, of the bytes `inner`, has the name the client asked for."""
        replaced = self._replaced(data, response)
        if replaced is not None:
            return replaced
        if data.count(inner) == 1:
            return data.replace(inner, _opened(inner).with_members({"model": self._model}).encode())
        event = _opened(data)
        return event.with_members({"response": {**event.value("response"), "model": self._model}}).encode()

    @staticmethod
    def _rewritten(frame: Frame, data: bytes) -> bytes:
        """The frame with other data; its own bytes where nothing was changed."""
        if data == frame.data:
            return frame.raw
        if frame.data is not None and frame.raw.count(frame.data) == 1:
            return frame.raw.replace(frame.data, data)
        named = f"event: {frame.event}\n".encode() if frame.event else b""
        return named + b"data: " + data.replace(b"\n", b"\ndata: ") + b"\n\n"

    def _replaced(self, data: bytes, response: Response) -> bytes | None:
        """`data` with the response's model replaced, or None where its bytes alone do not tell which that is."""
        if not isinstance(response.model, str):
            return data
        found = _MODEL.findall(data)
        return data.replace(found[0], self._model_member, 1) if len(found) == 1 else None


def _closed(frame: Frame) -> Frame:
    """A frame whose blank line never came, with one, so that nothing that follows melts into it."""
    return replace(frame, raw=frame.raw.rstrip(b"\r\n") + b"\n\n")


def _opened(data: bytes) -> Envelope:
    try:
        return Envelope.decode(data)
    except MalformedRequest as refused:
        raise MalformedResponse(f"expected a response from the upstream; {refused.message[:200]}") from None


def _error_in(data: bytes) -> UpstreamError:
    try:
        document: JSON = json_codec.decode(data)
    except ValueError:
        document = None
    return parse_stream_error(document)
