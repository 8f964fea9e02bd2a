"""What every upstream's error answers share: statuses, retry hints, and texts that may hold a key."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.retry_hints import reset_s, retry_after_s, told_s
from domain.errors import KINDS, ContextTooLong, ErrorKind, UpstreamError, UpstreamRejected

_OVERLOADED_STATUS: Final = 529
_EXCERPT_CHARACTERS: Final = 300
_REDACTED: Final = "[redacted]"

_BY_STATUS: Final = MappingProxyType(
    {
        400: ErrorKind.INVALID_REQUEST,
        401: ErrorKind.AUTH,
        402: ErrorKind.BILLING,
        403: ErrorKind.PERMISSION,
        404: ErrorKind.NOT_FOUND,
        408: ErrorKind.TIMEOUT,
        409: ErrorKind.CONFLICT,
        413: ErrorKind.TOO_LARGE,
        422: ErrorKind.UNPROCESSABLE,
        429: ErrorKind.RATE_LIMIT,
        499: ErrorKind.CANCELLED,
        502: ErrorKind.BAD_GATEWAY,
        503: ErrorKind.UNAVAILABLE,
        504: ErrorKind.TIMEOUT,
        _OVERLOADED_STATUS: ErrorKind.OVERLOADED,
    }
)
_RETRY_AFTER: Final = frozenset({"retry-after", "retry-after-ms"})
_SHOULD_RETRY: Final = MappingProxyType({"true": True, "false": False})
"""What the official clients of OpenAI and Anthropic look for in `x-should-retry` (2026-11)."""
_SAYS_LITTLE: Final = frozenset({ErrorKind.INVALID_REQUEST, ErrorKind.UNPROCESSABLE, ErrorKind.SERVER})
"""Kinds whose status alone does not tell whether the upstream itself or something before it answered."""

_KEY: Final = re.compile(
    r"\b(?:sk|rk|gsk|xai|pplx|hf)[-_][A-Za-z0-9_*.\-]{6,}"
    r"|\bAIza[A-Za-z0-9_*\-]{6,}"
    r"|\bya29\.[A-Za-z0-9_.\-]{6,}"
    r"|(?<=\bkey=)[^&\s\"'<>]+"
    r"|(?<=\bBearer )[A-Za-z0-9_.~+/*\-]{6,}=*",
    re.IGNORECASE,
)


def kind_for_status(status: int) -> ErrorKind:
    """What an upstream's HTTP status means where its body says nothing more exact."""
    known = _BY_STATUS.get(status)
    if known is not None:
        return known
    if 400 <= status < 500:
        return ErrorKind.INVALID_REQUEST
    return ErrorKind.SERVER if 500 <= status < 600 else ErrorKind.BAD_GATEWAY


def redacted(text: str) -> str:
    """`text` without anything that looks like a credential."""
    return _KEY.sub(_REDACTED, text)


def excerpt(body: bytes) -> str:
    """The beginning of a body that could not be read, on one line and without credentials."""
    text = " ".join(body[: 4 * _EXCERPT_CHARACTERS].decode("utf-8", "replace").split())
    return redacted(text)[:_EXCERPT_CHARACTERS] or "an empty body"


def rejected(
    kind: ErrorKind,
    status: int,
    *,
    message: str,
    headers: Mapping[str, str],
    code: str | None = None,
) -> UpstreamError:
    """The error that an upstream answered with.

    It keeps the upstream's status, except 529 and statuses that are no error: those become their kind's own.
    `headers` have lower-case names; the retry hints (`x-should-retry` goes before what the kind says) and the
    upstream's request id are read from them. Where they name no wait, the message may.
    """
    made = ContextTooLong if kind is ErrorKind.CONTEXT_LENGTH else UpstreamRejected
    return made(
        redacted(message),
        kind=kind,
        status=status if 400 <= status < 600 and status != _OVERLOADED_STATUS else KINDS[kind].status,
        code=code,
        request_id=headers.get("x-request-id") or headers.get("request-id"),
        retry_after_s=_wait_s(kind, message, headers),
        retryable=_SHOULD_RETRY.get(headers.get("x-should-retry", "").strip().lower()),
    )


def unreadable(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The error of an answer whose body is not the vendor's: HTML from an edge, plain text, or nothing.

    A status that speaks for itself (401, 404, 429, 503 …) keeps its meaning; the others are a bad gateway.
    """
    kind = kind_for_status(status)
    return rejected(
        ErrorKind.BAD_GATEWAY if kind in _SAYS_LITTLE else kind,
        status,
        message=f"expected a JSON error from the upstream; got HTTP {status} with {excerpt(body)}",
        headers=headers,
    )


def _wait_s(kind: ErrorKind, message: str, headers: Mapping[str, str]) -> float | None:
    wait_s = retry_after_s(headers)
    if wait_s is None and KINDS[kind].retryable:
        wait_s = told_s(message)
    # A wait that was told and is too long to be meant is no reason to believe in another limit's.
    if wait_s is None and kind is ErrorKind.RATE_LIMIT and _RETRY_AFTER.isdisjoint(headers):
        wait_s = reset_s(headers)
    return wait_s
