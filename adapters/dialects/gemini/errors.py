"""Gemini's error answers (google.rpc.Status; cloud.google.com/apis/design/errors, 2026-11)."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.retry_hints import duration_s, told_s
from adapters.dialects.upstream_errors import kind_for_status, rejected, unreadable
from domain.errors import KINDS, ErrorKind, UpstreamError
from domain.json_types import JSON

_BY_WORD: Final = MappingProxyType(
    {
        "INVALID_ARGUMENT": ErrorKind.INVALID_REQUEST,
        "OUT_OF_RANGE": ErrorKind.INVALID_REQUEST,
        "FAILED_PRECONDITION": ErrorKind.PRECONDITION,
        "UNAUTHENTICATED": ErrorKind.AUTH,
        "PERMISSION_DENIED": ErrorKind.PERMISSION,
        "NOT_FOUND": ErrorKind.NOT_FOUND,
        "ABORTED": ErrorKind.CONFLICT,
        "ALREADY_EXISTS": ErrorKind.CONFLICT,
        "RESOURCE_EXHAUSTED": ErrorKind.RATE_LIMIT,
        "CANCELLED": ErrorKind.CANCELLED,
        "UNKNOWN": ErrorKind.SERVER,
        "INTERNAL": ErrorKind.SERVER,
        "DATA_LOSS": ErrorKind.SERVER,
        "UNAVAILABLE": ErrorKind.UNAVAILABLE,
        "DEADLINE_EXCEEDED": ErrorKind.TIMEOUT,
    }
)
_BAD_KEY: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED"})
_TOO_LONG: Final = re.compile(
    r"input token count.{0,40}exceeds the maximum|exceeds the maximum number of (?:input )?tokens", re.IGNORECASE
)
_PLAN: Final = re.compile(
    r"billing details|prepay|credits are depleted|spend(?:ing)? (?:cap|limit)", re.IGNORECASE
)


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """What an answer with an error status means; `headers` have lower-case names."""
    try:
        document = json_codec.decode(body)
    except ValueError:
        return unreadable(status, headers, body)
    error = error_member(document)
    return unreadable(status, headers, body) if error is None else _error(error, status, headers)


def error_member(document: JSON) -> JSON:
    """The `error` of an error document, bare or in a list of one; None where there is none."""
    if isinstance(document, list) and len(document) == 1:
        document = document[0]
    return document.get("error") if isinstance(document, dict) else None


def reported_error(error: JSON) -> UpstreamError:
    """The error that an answer with a good status reports in its body or in the middle of its stream."""
    code = error.get("code") if isinstance(error, dict) else None
    return _error(error, code if isinstance(code, int) else 0, {})


def _error(error: JSON, status: int, headers: Mapping[str, str]) -> UpstreamError:
    if not isinstance(error, dict):
        error = {"message": str(error)}
    message = str(error.get("message") or error.get("status") or "the upstream gave no reason")
    listed = error.get("details")
    details = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    named = [told_s(message), *(duration_s(str(detail.get("retryDelay"))) for detail in details)]
    waits = [wait_s for wait_s in named if wait_s is not None]
    has_wait = bool(waits) or any(detail.get("retryDelay") is not None for detail in details)
    kind = _kind(error, status, message=message, details=details, has_wait=has_wait)
    # A bad key arrives as a 400.
    shown = KINDS[kind].status if kind is ErrorKind.AUTH or status == 0 else status
    made = rejected(kind, shown, message=message, headers=headers)
    made.retry_after_s = max([*waits, *([] if made.retry_after_s is None else [made.retry_after_s])], default=None)
    return made


def _kind(
    error: Mapping[str, JSON], status: int, *, message: str, details: list[dict[str, JSON]], has_wait: bool
) -> ErrorKind:
    kind = _BY_WORD.get(str(error.get("status"))) or kind_for_status(status)
    if any(str(detail.get("reason")) in _BAD_KEY for detail in details) or "API key not valid" in message:
        return ErrorKind.AUTH
    if kind is ErrorKind.INVALID_REQUEST and _TOO_LONG.search(message):
        return ErrorKind.CONTEXT_LENGTH
    if kind is ErrorKind.RATE_LIMIT and not has_wait and _PLAN.search(message):
        return ErrorKind.BILLING
    if kind is ErrorKind.UNAVAILABLE and "overloaded" in message.lower():
        return ErrorKind.OVERLOADED
    return kind
