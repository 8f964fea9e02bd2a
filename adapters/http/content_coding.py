"""Compressed request bodies, inflated under a cap."""

import zlib
from typing import Final

from domain.errors import MalformedRequest, RequestTooLarge

_GZIP: Final = 31
_ZLIB: Final = 15
_RAW: Final = -15
_UNSUPPORTED_MEDIA_TYPE: Final = 415


def inflate(body: bytes, coding: str, *, max_bytes: int) -> bytes:
    """`body` without its content coding (`gzip`, `deflate` or `identity`; RFC 9110, 8.4.1).

    Never holds more than `max_bytes` of the result. Raises RequestTooLarge beyond that, MalformedRequest for
    other or several codings (status 415), and for bytes that are not in the coding they claim.
    """
    match coding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _inflated(body, _GZIP, max_bytes)
        case "deflate":
            # half the clients send zlib's format, as the RFC says, half the bare stream
            return _inflated(body, _ZLIB if _has_zlib_head(body) else _RAW, max_bytes)
        case _:
            raise MalformedRequest(
                "expected content-encoding gzip, deflate or identity; send the body in one of these",
                status=_UNSUPPORTED_MEDIA_TYPE,
                code="unsupported_content_encoding",
            )


def too_large(max_bytes: int) -> RequestTooLarge:
    """The refusal of a body beyond `max_bytes`."""
    return RequestTooLarge(f"the request body exceeds {max_bytes} bytes; send less, or have the limit raised")


def _inflated(body: bytes, window_bits: int, max_bytes: int) -> bytes:
    """One stream; what follows it is refused: many tiny gzip members would cost quadratic time."""
    stream = zlib.decompressobj(window_bits)
    try:
        plain = stream.decompress(body, max_bytes + 1)
    except zlib.error:
        raise _broken() from None
    if len(plain) > max_bytes:
        raise too_large(max_bytes)
    if not stream.eof or stream.unused_data:
        raise _broken()
    return plain


def _has_zlib_head(body: bytes) -> bool:
    """Whether `body` begins as RFC 1950 says: method 8, and a head that 31 divides."""
    return len(body) > 1 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


def _broken() -> MalformedRequest:
    return MalformedRequest(
        "the request body is not in the content-encoding that its header names, or is cut short"
    )
