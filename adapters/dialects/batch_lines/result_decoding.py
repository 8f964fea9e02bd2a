"""A line of the results → those of its members that somebody wants to know."""

from typing import TypeVar

import msgspec

from adapters.dialects import json_codec

Seen = TypeVar("Seen")


def decode_result(raw: bytes, decoder: msgspec.json.Decoder[Seen]) -> Seen | None:
    """What `decoder` sees of the line `raw`; None where it is not JSON, or has not what is looked for."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # Of those that are JSON and have it, msgspec refuses only the ones with lone surrogates.
        return _decode_slowly(raw, decoder.type) if b"\\u" in raw else None


def _decode_slowly(raw: bytes, seen: type[Seen]) -> Seen | None:
    try:
        return msgspec.convert(json_codec.decode(raw), seen)
    except ValueError:  # and so a msgspec.ValidationError
        return None
