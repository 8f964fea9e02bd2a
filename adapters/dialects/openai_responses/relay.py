"""Answers that reach a client of the same wire as they came, but for the model's name."""

from typing import Final

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.envelope import Envelope
from adapters.dialects.framed_relay import MODEL_MEMBER, FramedRelay
from adapters.dialects.openai_responses.answer_reader import ENDINGS, begun
from adapters.dialects.openai_responses.errors import parse_stream_error
from adapters.dialects.openai_responses.finish import FAILED, parse_finish, truncated
from adapters.dialects.openai_responses.output_reader import CALLS
from adapters.dialects.openai_responses.relay_tap import Item, Response, glance_at_event, glance_at_response
from adapters.dialects.openai_responses.stream_decoder import DONE
from adapters.dialects.openai_responses.usage import parse_usage
from adapters.dialects.sse import Frame
from domain.chat.events import ContentSeen, Ended, Failed, Finished, StreamEvent, UsageReported
from domain.chat.response import Finish, FinishReason
from domain.errors import MalformedRequest, MalformedResponse, UpstreamError
from domain.json_types import JSON

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


class ResponsesRelay(FramedRelay):
    """One answer on its way through. Give it to `feed` and `finish` as a stream, or to `answer` whole."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._model = reply.model
        self._model_member = b'"model":' + json_codec.encode(reply.model)
        self._started = self._said = False
        self._called = self._refused = False

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes: Failed where the upstream never told how its answer ended."""
        raw, events = self._rest()
        if self._over:
            return raw, events
        self._over = True
        return raw, (*events, Failed(truncated()))

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
        return frame.with_data(self._with_inner_model(data, inner, response))

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

    def _replaced(self, data: bytes, response: Response) -> bytes | None:
        """`data` with the response's model replaced, or None where its bytes alone do not tell which that is."""
        if not isinstance(response.model, str):
            return data
        found = MODEL_MEMBER.findall(data)
        return data.replace(found[0], self._model_member, 1) if len(found) == 1 else None


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
