"""JSON bytes ↔ plain values, on msgspec; text with lone surrogates goes the standard library's way."""

import json
from typing import Final

import msgspec

from domain.json_types import JSON

_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


def decode(data: bytes) -> JSON:
    r"""`data` as plain values. Integers keep their exact value.

    Lone surrogates (`"\\ud83d"`), which msgspec refuses, are decoded by the standard library, so that a client
    that cuts an emoji in half is still served. Raises ValueError where `data` is not JSON or nests too deeply.
    """
    try:
        return _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as refused:
        if b"\\u" not in data:
            raise ValueError(str(refused)) from None
        return _decode_slowly(data)
    except RecursionError:
        raise ValueError("JSON nests too deeply") from None


def encode(value: JSON) -> bytes:
    r"""`value` as compact JSON; lone surrogates leave as `\\uXXXX` escapes."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def _decode_slowly(data: bytes) -> JSON:
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("JSON nests too deeply") from None


def _refuse_constant(name: str) -> JSON:
    raise ValueError(f"{name} is not JSON")
