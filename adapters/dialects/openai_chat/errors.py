"""Error bodies: wire ↔ ours (platform.openai.com/docs/guides/error-codes, 2026-11)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.upstream_errors import kind_for_status, redacted, rejected, unreadable
from domain.errors import KINDS, ErrorKind, FeatherGateError, UpstreamError
from domain.json_types import JSON

_TOO_LONG: Final = re.compile(
    r"maximum context length|context window|too many tokens|prompt is too long"
    r"|input length and .?max_tokens.? exceed context limit|input token count.{0,80}? exceeds the maximum",
    re.IGNORECASE,
)
_BAD_KEY: Final = re.compile(r"API key not valid|API_KEY_INVALID|incorrect API key", re.IGNORECASE)

_BY_WORD: Final = MappingProxyType(
    {
        "context_length_exceeded": ErrorKind.CONTEXT_LENGTH,
        "insufficient_quota": ErrorKind.BILLING,
        "billing_hard_limit_reached": ErrorKind.BILLING,
        "billing_not_active": ErrorKind.BILLING,
        "content_policy_violation": ErrorKind.CONTENT_POLICY,
        "content_filter": ErrorKind.CONTENT_POLICY,
        "invalid_api_key": ErrorKind.AUTH,
        "model_not_found": ErrorKind.NOT_FOUND,
        "DeploymentNotFound": ErrorKind.NOT_FOUND,
        "overloaded": ErrorKind.OVERLOADED,
        "overloaded_error": ErrorKind.OVERLOADED,
    }
)
"""Words in `code` or `type` that say more than the status."""

_WITHOUT_STATUS: Final = MappingProxyType(
    {
        "invalid_request_error": ErrorKind.INVALID_REQUEST,
        "authentication_error": ErrorKind.AUTH,
        "permission_error": ErrorKind.PERMISSION,
        "not_found_error": ErrorKind.NOT_FOUND,
        "rate_limit_error": ErrorKind.RATE_LIMIT,
        "rate_limit_exceeded": ErrorKind.RATE_LIMIT,
        "tokens": ErrorKind.RATE_LIMIT,
        "requests": ErrorKind.RATE_LIMIT,
        "server_error": ErrorKind.SERVER,
        "internal_error": ErrorKind.SERVER,
        "api_error": ErrorKind.SERVER,
        "service_unavailable": ErrorKind.UNAVAILABLE,
        "timeout": ErrorKind.TIMEOUT,
        "timeout_error": ErrorKind.TIMEOUT,
    }
)
"""The same where there is no status: in an error that a stream carries after its 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What an error body says."""

    message: str
    words: tuple[str, ...]
    code: str | None
    param: str | None
    status: int | None


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An answer with an error status as the error it means; `headers` have lower-case names.

    An error document that comes with a good status is read as well.
    """
    try:
        document = json_codec.decode(body)
    except ValueError:
        document = None
    if status < 400:
        return parse_stream_error(document)
    told = _told(document)
    if told is None:
        return unreadable(status, headers, body)
    error = rejected(
        _kind(told, status) or kind_for_status(status),
        status,
        message=told.message,
        headers=headers,
        code=told.code,
    )
    error.param = told.param
    return error


def parse_stream_error(document: JSON) -> UpstreamError:
    """An error that arrives inside an answer whose status said 200."""
    told = _told(document) or _Told(
        message="the upstream broke off its answer", words=(), code=None, param=None, status=None
    )
    kind = _kind(told, told.status) or next(
        (_WITHOUT_STATUS[word] for word in told.words if word in _WITHOUT_STATUS), None
    )
    if kind is None:
        kind = ErrorKind.BAD_GATEWAY if told.status is None else kind_for_status(told.status)
    status = told.status if told.status is not None else KINDS[kind].status
    return rejected(kind, status, message=told.message, headers={}, code=told.code)


def render_error(error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
    """An error as HTTP status and body."""
    body = {
        "message": redacted(error.message),
        "type": KINDS[error.kind].openai_type,
        "param": error.param,
        "code": error.code,
    }
    return error.status, {"error": body}


def encode_error(error: FeatherGateError) -> bytes:
    """An error as the last frame of a stream."""
    return b"data: " + json_codec.encode(render_error(error)[1]) + b"\n\n"


def _told(document: JSON) -> _Told | None:
    """What the body says, in OpenAI's shape or in those of its copies: bare, in a list, or FastAPI's."""
    if isinstance(document, list) and document:
        document = document[0]
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = document
    message = error.get("message") or error.get("detail") or error.get("msg")
    if not message:
        return None
    code, param = error.get("code"), error.get("param")
    return _Told(
        message=message if isinstance(message, str) else json_codec.encode(message).decode(),
        words=tuple(word for word in (code, error.get("type"), error.get("status")) if isinstance(word, str)),
        code=code if isinstance(code, str) and not code.isdigit() else None,
        param=param if isinstance(param, str) else None,
        status=_status(code),
    )


def _status(code: JSON) -> int | None:
    if isinstance(code, bool) or not isinstance(code, (int, str)) or not str(code).isdecimal():
        return None
    number = int(str(code)[:4])
    return number if 400 <= number < 600 else None


def _kind(told: _Told, status: int | None) -> ErrorKind | None:
    """What the words say; the context's length is looked for first, then in the message.

    A 429 about too many tokens is a rate limit.
    """
    kinds = [_BY_WORD[word] for word in told.words if word in _BY_WORD]
    if ErrorKind.CONTEXT_LENGTH in kinds or (not kinds and status != 429 and _TOO_LONG.search(told.message)):
        return ErrorKind.CONTEXT_LENGTH
    if kinds:
        return kinds[0]
    return ErrorKind.AUTH if _BAD_KEY.search(told.message) else None
