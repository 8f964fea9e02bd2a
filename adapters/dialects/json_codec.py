"""JSON bytes ↔ plain values, on msgspec; text with lone surrogates goes the standard library's way."""

import json
from typing import Final

import msgspec

from domain.json_types import JSON, MAX_NESTING, nests_too_deeply

_DECODER: Final = msgspec.json.Decoder()
_ENCODER: Final = msgspec.json.Encoder()


def decode(data: bytes) -> JSON:
    r"""`data` as plain values. Integers keep their exact value.

    Lone surrogates (`"\\ud83d"`), which msgspec refuses, are decoded by the standard library, so that a client
    that cuts an emoji in half is still served. Raises ValueError where `data` is not JSON or nests deeper than
    MAX_NESTING: whatever is decoded can be walked by recursion and encoded again.
    """
    try:
        value = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as refused:
        if b"\\u" not in data:
            raise ValueError(str(refused)) from None
        value = _decode_slowly(data)
    except RecursionError:
        raise _too_deep() from None
    # Where there are few brackets there is no need to look how they stand.
    if data.count(b"[") + data.count(b"{") > MAX_NESTING and nests_too_deeply(value):
        raise _too_deep()
    return value


def encode(value: JSON) -> bytes:
    r"""`value` as compact JSON; lone surrogates leave as `\\uXXXX` escapes.

    Raises ValueError where it nests too deeply, which nothing that was decoded here does.
    """
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        return _encode_slowly(value)
    except RecursionError:
        raise _too_deep() from None


def _decode_slowly(data: bytes) -> JSON:
    try:
        return json.loads(data, parse_constant=_refuse_constant)
    except RecursionError:
        raise _too_deep() from None


def _encode_slowly(value: JSON) -> bytes:
    try:
        return json.dumps(value, separators=(",", ":")).encode("ascii")
    except RecursionError:
        raise _too_deep() from None


def _too_deep() -> ValueError:
    return ValueError(f"JSON nests too deeply; at most {MAX_NESTING} levels are read")


def _refuse_constant(name: str) -> JSON:
    raise ValueError(f"{name} is not JSON")
