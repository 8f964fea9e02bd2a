"""Answers that reach a client of the same wire as they came, but for the model's name and unasked usage."""

import re
from typing import Final

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.envelope import Envelope
from adapters.dialects.framed_relay import MODEL_MEMBER, FramedRelay
from adapters.dialects.openai_chat.errors import parse_stream_error
from adapters.dialects.openai_chat.finish_reasons import parse_finish, truncated
from adapters.dialects.openai_chat.stream_decoder import DONE
from adapters.dialects.openai_chat.usage_tap import glance_at_usage
from adapters.dialects.openai_chat.wire_tap import Tap, glance
from adapters.dialects.sse import Frame
from domain.chat.events import ContentSeen, Ended, Failed, Finished, Started, StreamEvent, UsageReported
from domain.errors import MalformedRequest, MalformedResponse, UpstreamError
from domain.json_types import JSON

_MODEL_KEY: Final = b'"model"'
_USAGE_KEY: Final = re.compile(rb',\s*"usage"\s*:\s*')
_NULL: Final = msgspec.Raw(b"null")
_DONE_FRAME: Final = b"data: " + DONE + b"\n\n"


class ChatRelay(FramedRelay):
    """One answer on its way through. Give it to `feed` and `finish` as a stream, or to `answer` whole."""

    def __init__(self, reply: Reply) -> None:
        super().__init__()
        self._reply = reply
        self._model_member = b'"model":' + json_codec.encode(reply.model)
        self._started = self._said = False
        self._finished: dict[int, bool] = {}

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes: `[DONE]` where the upstream forgot it, Ended or Failed."""
        raw, events = self._rest()
        if self._over:
            return raw, events
        self._over = True
        if not self._is_complete:
            return raw, (*events, Failed(truncated()))
        return raw + _DONE_FRAME, (*events, Ended())

    def answer(self, body: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """A buffered answer. Raises MalformedResponse or UpstreamRejected where it is not a good one."""
        events: list[StreamEvent] = []
        tap = glance(body)
        self._read(tap, body, events)
        if not self._is_complete:
            raise truncated()
        return self._with_model(body, tap), (*events, Ended())

    @property
    def _is_complete(self) -> bool:
        return bool(self._finished) and all(self._finished.values())

    def _frame(self, frame: Frame, events: list[StreamEvent]) -> bytes:
        data = frame.data
        if data is None or not data.strip():
            return frame.raw
        if data.strip() == DONE:
            if not self._is_complete:
                raise truncated()
            self._over = True
            events.append(Ended())
            return frame.raw
        if frame.event == "error":
            raise _error_in(data)
        tap = glance(data)
        told = len(events)
        self._read(tap, data, events)
        counts = tap.usage is not msgspec.UNSET and tap.usage != _NULL
        if not self._reply.include_usage and tap.usage is not msgspec.UNSET:
            if counts and not tap.choices:
                return b""
            data = _without_usage(data, tap.usage)
        forwarded = frame.with_data(self._with_model(data, tap))
        if self._said and len(events) == told and not counts:
            self._repeats.learn(frame, forwarded)
        return forwarded

    def _read(self, tap: Tap, data: bytes, events: list[StreamEvent]) -> None:
        if tap.error:
            raise _error_in(data)
        if not self._started and (tap.choices or tap.id):
            self._started = True
            events.append(_started(tap))
        for choice in tap.choices or ():
            self._finished.setdefault(choice.index, False)
            if not self._said and choice.has_content:
                self._said = True
                events.append(ContentSeen())
            if choice.finish_reason and not self._finished[choice.index]:
                events.append(Finished(parse_finish(choice.finish_reason), choice.index))
                self._finished[choice.index] = True
        if tap.usage is not msgspec.UNSET and tap.usage != _NULL:
            usage = glance_at_usage(tap.usage)
            if usage is not None:
                events.append(UsageReported(usage))

    def _with_model(self, data: bytes, tap: Tap) -> bytes:
        """`data` under the name the client asked for."""
        if not isinstance(tap.model, str):
            return data
        found = MODEL_MEMBER.search(data)
        if found is not None and (
            data.find(_MODEL_KEY, found.end()) < 0 or MODEL_MEMBER.search(data, found.end()) is None
        ):
            return data[: found.start()] + self._model_member + data[found.end() :]
        return _rebuilt(data).with_members({"model": self._reply.model}).encode()


def _without_usage(data: bytes, usage: msgspec.Raw) -> bytes:
    value = bytes(usage)
    keys = [match for match in _USAGE_KEY.finditer(data) if data.startswith(value, match.end())]
    if len(keys) == 1:
        return data[: keys[0].start()] + data[keys[0].end() + len(value) :]
    return _rebuilt(data).without({"usage"}).encode()


def _rebuilt(data: bytes) -> Envelope:
    """The document opened at its top level, where its bytes alone do not tell which member is meant."""
    try:
        return Envelope.decode(data)
    except MalformedRequest as refused:
        raise MalformedResponse(f"expected a chat completion from the upstream; {refused.message[:200]}") from None


def _error_in(data: bytes) -> UpstreamError:
    try:
        document: JSON = json_codec.decode(data)
    except ValueError:
        document = None
    return parse_stream_error(document)


def _started(tap: Tap) -> Started:
    created = tap.created
    return Started(
        id=tap.id if isinstance(tap.id, str) else "",
        model=tap.model if isinstance(tap.model, str) else "",
        created_unix_s=int(created) if isinstance(created, (int, float)) and 0 < created < 2**53 else None,
    )
