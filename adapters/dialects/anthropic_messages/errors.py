"""Error answers, and errors told inside a stream.

Source: https://platform.claude.com/docs/en/api/errors (2026-11).
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.upstream_errors import kind_for_status, rejected, unreadable
from domain.errors import ErrorKind, UpstreamError
from domain.json_types import JSON

_KINDS: Final = MappingProxyType(
    {
        "authentication_error": ErrorKind.AUTH,
        "billing_error": ErrorKind.BILLING,
        "permission_error": ErrorKind.PERMISSION,
        "not_found_error": ErrorKind.NOT_FOUND,
        "conflict_error": ErrorKind.CONFLICT,
        "request_too_large": ErrorKind.TOO_LARGE,
        "rate_limit_error": ErrorKind.RATE_LIMIT,
        "timeout_error": ErrorKind.TIMEOUT,
        "overloaded_error": ErrorKind.OVERLOADED,
    }
)
_VAGUE: Final = MappingProxyType(
    {"invalid_request_error": ErrorKind.INVALID_REQUEST, "api_error": ErrorKind.SERVER}
)
"""Types that say less than the status does, where there is one."""

_BY_MESSAGE: Final = (
    (
        re.compile(r"prompt is too long|exceeds? (?:the )?context (?:limit|window)", re.IGNORECASE),
        ErrorKind.CONTEXT_LENGTH,
    ),
    (re.compile(r"credit balance|spend(?:ing)? limit|API usage limits", re.IGNORECASE), ErrorKind.BILLING),
    (re.compile(r"content filtering policy", re.IGNORECASE), ErrorKind.CONTENT_POLICY),
)
"""What a 400 means is only in its wording."""

_STREAMED_STATUS: Final = 200


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """The error that an answer with an error status means; `headers` have lower-case names."""
    try:
        payload = json_codec.decode(body)
    except ValueError:
        return unreadable(status, headers, body)
    if not isinstance(payload, dict) or not isinstance(payload.get("error"), dict):
        return unreadable(status, headers, body)
    return _error(payload, status, headers)


def reported_error(payload: Mapping[str, JSON]) -> UpstreamError:
    """The error that an `error` event, or an error body with a good status, tells."""
    return _error(payload, _STREAMED_STATUS, {})


def _error(payload: Mapping[str, JSON], status: int, headers: Mapping[str, str]) -> UpstreamError:
    error = payload.get("error")
    error = error if isinstance(error, dict) else {}
    message = error.get("message")
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    request_id = payload.get("request_id")
    if isinstance(request_id, str):
        headers = {"request-id": request_id, **headers}
    kind = _kind(error.get("type"), status, message if isinstance(message, str) else "", code)
    return rejected(
        kind,
        status,
        message=message
        if isinstance(message, str) and message
        else f"the upstream reports {kind} and says no more",
        headers=headers,
        code=code if isinstance(code, str) else None,
    )


def _kind(native: JSON, status: int, message: str, code: JSON) -> ErrorKind:
    word = native if isinstance(native, str) else ""
    if word in _KINDS:
        return _KINDS[word]
    streamed = status == _STREAMED_STATUS
    kind = _VAGUE.get(word, ErrorKind.SERVER) if streamed else kind_for_status(status)
    if kind is not ErrorKind.INVALID_REQUEST:
        return kind
    if isinstance(code, str) and code.endswith("_spend_limit_reached"):
        return ErrorKind.BILLING
    return next((meant for wording, meant in _BY_MESSAGE if wording.search(message)), kind)
