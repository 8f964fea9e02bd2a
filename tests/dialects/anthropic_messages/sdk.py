"""The anthropic package's own types, and its own way of putting a stream together, as judges of what we send."""

import json
import re
from functools import cache
from typing import Any

from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.shared.error_response import ErrorResponse
from pydantic import TypeAdapter

_FRAME = re.compile(rb"event: ([a-z_]+)\ndata: (.+)\n\n")


def frames(stream: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each of which must be named as its type is."""
    events = []
    end = 0
    for found in _FRAME.finditer(stream):
        assert found.start() == end
        end = found.end()
        event = json.loads(found[2])
        assert event["type"] == found[1].decode()
        events.append(event)
    assert end == len(stream)
    return events


def check_message(body: dict[str, Any]) -> Message:
    return Message.model_validate(body)


def check_error(body: dict[str, Any]) -> ErrorResponse:
    return ErrorResponse.model_validate(body)


def accumulated(stream: bytes) -> dict[str, Any]:
    """The message that the official client puts together, every event checked on the way."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for event in frames(stream):
        checked = _events().validate_python(event)
        snapshot = accumulate_event(event=checked, current_snapshot=snapshot, json_bufs=buffers)
    body: dict[str, Any] = snapshot.to_dict(mode="json")
    return body


@cache
def _events() -> TypeAdapter[Any]:
    return TypeAdapter(RawMessageStreamEvent)
