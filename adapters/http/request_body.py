"""What holds for request bodies at every door: their declared size, their coding, the client's silence."""

from collections.abc import Mapping
from typing import Final

from adapters.http.content_coding import inflate, too_large
from domain.errors import MalformedRequest

BODY_IDLE_S: Final = 60.0
"""How long a client may be silent in the middle of its request's body."""

_REQUEST_TIMEOUT: Final = 408
_MAX_LENGTH_DIGITS: Final = 15


def check_declared_length(headers: Mapping[str, str], max_bytes: int) -> int:
    """What `content-length` promises, 0 where it is not there.

    Raises RequestTooLarge where that is more than `max_bytes`.
    """
    declared = headers.get("content-length", "0")
    if not declared.isdecimal():
        return 0
    if len(declared) > _MAX_LENGTH_DIGITS or int(declared) > max_bytes:
        raise too_large(max_bytes)
    return int(declared)


def without_coding(body: bytes, headers: Mapping[str, str], max_bytes: int) -> bytes:
    """`body` inflated as `content-encoding` says. Raises as `content_coding.inflate`."""
    coding = headers.get("content-encoding")
    return body if coding is None else inflate(body, coding, max_bytes=max_bytes)


def silent(idle_s: float) -> MalformedRequest:
    """The refusal of a body whose sender said nothing for `idle_s`."""
    return MalformedRequest(
        f"expected the rest of the request body; the client was silent for {idle_s:g} s",
        status=_REQUEST_TIMEOUT,
        code="request_timeout",
    )
