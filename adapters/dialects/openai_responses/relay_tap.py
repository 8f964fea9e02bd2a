"""A glance at an answer that passes through: what was said is not looked at, only that something was."""

from typing import Any, Final, TypeVar

import msgspec

from adapters.dialects import json_codec
from domain.errors import MalformedResponse


class Item(msgspec.Struct):
    """An item of the output, by its type alone."""

    type: Any = None
    content: Any = None


class Response(msgspec.Struct):
    """The members of a response that the gateway reads."""

    id: Any = None
    model: Any = None
    created_at: Any = None
    service_tier: Any = None
    status: Any = None
    background: Any = None
    incomplete_details: Any = None
    error: Any = None
    output: list[Item] | None = None
    usage: Any = None


class Event(msgspec.Struct):
    """The members of a stream's event that the gateway reads; the response in it keeps its bytes."""

    type: Any = None
    response: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    item: Item | None = None
    error: Any = None


_Glanced = TypeVar("_Glanced", Event, Response)
_EVENTS: Final = msgspec.json.Decoder(Event)
_RESPONSES: Final = msgspec.json.Decoder(Response)


def glance_at_event(data: bytes) -> Event:
    """The members that matter of one event. Raises MalformedResponse where it is not a JSON object."""
    return _glance(_EVENTS, data)


def glance_at_response(data: bytes) -> Response:
    """The members that matter of one response. Raises MalformedResponse where it is none."""
    return _glance(_RESPONSES, data)


def _glance(decoder: "msgspec.json.Decoder[_Glanced]", data: bytes) -> _Glanced:
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _glance_slowly(decoder, data)


def _glance_slowly(decoder: "msgspec.json.Decoder[_Glanced]", data: bytes) -> _Glanced:
    """As `_glance`, for documents that hold lone surrogates."""
    try:
        return decoder.decode(json_codec.encode(_without_surrogates(json_codec.decode(data))))
    except (ValueError, RecursionError) as refused:
        raise MalformedResponse(f"expected a response from the upstream; {str(refused)[:200]}.") from None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return value
