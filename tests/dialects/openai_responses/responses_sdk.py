"""The openai package's own types and its stream accumulator as judges of what we take and send."""

import json
from collections.abc import Iterable
from functools import cache
from typing import Any

from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter


@cache
def _params(*, stream: bool) -> TypeAdapter[Any]:
    return TypeAdapter(ResponseCreateParamsStreaming if stream else ResponseCreateParamsNonStreaming)


@cache
def _events() -> TypeAdapter[Any]:
    return TypeAdapter(ResponseStreamEvent)


def check_request(body: dict[str, Any]) -> None:
    """Raise ValidationError where the API's own type does not know `body`, unknown members included."""
    _walk(_params(stream=bool(body.get("stream"))).validate_python(body, extra="forbid"))


def check_response(body: dict[str, Any]) -> Response:
    return Response.model_validate(body)


def parse_stream(raw: bytes) -> list[dict[str, Any]]:
    """The events of a stream; each frame's name is its event's type, and their numbers have no gaps."""
    events = []
    for number, frame in enumerate(raw.decode().split("\n\n")[:-1]):
        name, payload = frame.split("\n", 1)
        event = json.loads(payload.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        assert event["sequence_number"] == number
        events.append(event)
    return events


def check_stream(events: Iterable[dict[str, Any]]) -> list[Any]:
    """What the package's own accumulator makes of the events, each of which must be of a type it knows."""
    state = ResponseStreamState[Any](input_tools=omit, text_format=omit)
    told: list[Any] = []
    for event in events:
        typed = _events().validate_python(event)
        assert typed.type == event["type"]
        told.extend(state.handle_event(typed))
    return told


def _walk(value: Any) -> None:
    """Iterables in these types are checked only while they are walked."""
    if isinstance(value, dict):
        for inner in value.values():
            _walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for inner in value:
            _walk(inner)
