"""A glance at an answer that passes through: what was said is not looked at, only that something was."""

from typing import Any, Final, TypeVar

import msgspec

from adapters.dialects import json_codec
from domain.errors import MalformedResponse
from domain.json_types import JSON

_Seen = TypeVar("_Seen")


class Head(msgspec.Struct):
    """What an event is; everything else in it is only checked for being JSON."""

    type: Any = None
    error: Any = None


class Block(msgspec.Struct):
    """The kind of a content block."""

    type: Any = None


class Delta(msgspec.Struct):
    """How a message ends."""

    stop_reason: Any = None
    stop_sequence: Any = None
    stop_details: Any = None


class Message(Delta):
    """A message, whole or at its start."""

    id: Any = None
    type: Any = None
    model: Any = None
    content: list[Block] | None = None
    usage: Any = None
    error: Any = None


class MessageStart(msgspec.Struct):
    """The event with the message's start."""

    message: Message | None = None


class BlockStart(msgspec.Struct):
    """The event that opens a content block."""

    content_block: Block | None = None


class MessageDelta(msgspec.Struct):
    """The event with the message's ending and counts."""

    delta: Delta | None = None
    usage: Any = None


HEAD: Final = msgspec.json.Decoder(Head)
MESSAGE: Final = msgspec.json.Decoder(Message)
MESSAGE_START: Final = msgspec.json.Decoder(MessageStart)
BLOCK_START: Final = msgspec.json.Decoder(BlockStart)
MESSAGE_DELTA: Final = msgspec.json.Decoder(MessageDelta)


def glance(decoder: msgspec.json.Decoder[_Seen], data: bytes) -> _Seen:
    """The members that matter of one JSON object.

    Raises MalformedResponse where it is not JSON or what matters is of another type.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _glance_slowly(decoder, data)


def plain(data: bytes) -> JSON:
    """Everything in it. Raises MalformedResponse where it is not JSON."""
    try:
        return json_codec.decode(data)
    except ValueError as refused:
        raise _malformed(refused) from None


def _glance_slowly(decoder: msgspec.json.Decoder[_Seen], data: bytes) -> _Seen:
    """As `glance`, for documents that hold lone surrogates."""
    try:
        return decoder.decode(json_codec.encode(_without_surrogates(plain(data))))
    except (ValueError, RecursionError) as refused:
        raise _malformed(refused) from None


def _malformed(refused: Exception) -> MalformedResponse:
    return MalformedResponse(f"expected a message from the upstream; {str(refused)[:200]}.")


def _without_surrogates(value: JSON) -> JSON:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_without_surrogates(inner) for inner in value]
    if isinstance(value, dict):
        return {_without_surrogates(name): _without_surrogates(inner) for name, inner in value.items()}
    return value
