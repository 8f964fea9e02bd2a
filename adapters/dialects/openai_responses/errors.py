"""Errors of an upstream: bodies with an error status, events inside a stream, and responses that failed.

Sources: platform.openai.com/docs/guides/error-codes and the ResponseError type of the openai package (2026-11).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.upstream_errors import kind_for_status, rejected, unreadable
from domain.errors import KINDS, ErrorKind, UpstreamError
from domain.json_types import JSON

_TOO_LONG: Final = re.compile(
    r"maximum context length|context window|too many tokens|prompt is too long"
    r"|input token count.{0,80}? exceeds the maximum",
    re.IGNORECASE,
)
_K = ErrorKind

_BY_WORD: Final = MappingProxyType(
    {
        "context_length_exceeded": _K.CONTEXT_LENGTH,
        "insufficient_quota": _K.BILLING,
        "billing_hard_limit_reached": _K.BILLING,
        "billing_not_active": _K.BILLING,
        "bio_policy": _K.CONTENT_POLICY,
        "content_filter": _K.CONTENT_POLICY,
        "content_policy_violation": _K.CONTENT_POLICY,
        "image_content_policy_violation": _K.CONTENT_POLICY,
        "invalid_prompt": _K.CONTENT_POLICY,
        "misalignment_policy_violation": _K.CONTENT_POLICY,
        "invalid_api_key": _K.AUTH,
        "model_not_found": _K.NOT_FOUND,
        "DeploymentNotFound": _K.NOT_FOUND,
        "overloaded": _K.OVERLOADED,
        "overloaded_error": _K.OVERLOADED,
        "server_is_overloaded": _K.OVERLOADED,
    }
)
"""Words in `code` or `type` that say more than the status."""

_WITHOUT_STATUS: Final = MappingProxyType(
    {
        "invalid_request_error": _K.INVALID_REQUEST,
        "authentication_error": _K.AUTH,
        "permission_error": _K.PERMISSION,
        "not_found_error": _K.NOT_FOUND,
        "rate_limit_error": _K.RATE_LIMIT,
        "rate_limit_exceeded": _K.RATE_LIMIT,
        "too_many_requests": _K.RATE_LIMIT,
        "tokens": _K.RATE_LIMIT,
        "requests": _K.RATE_LIMIT,
        "server_error": _K.SERVER,
        "internal_error": _K.SERVER,
        "api_error": _K.SERVER,
        "service_unavailable": _K.UNAVAILABLE,
        "timeout": _K.TIMEOUT,
        "vector_store_timeout": _K.TIMEOUT,
        "data_residency_mismatch": _K.PRECONDITION,
        "empty_image_file": _K.INVALID_REQUEST,
        "failed_to_download_image": _K.INVALID_REQUEST,
        "image_file_not_found": _K.INVALID_REQUEST,
        "image_file_too_large": _K.INVALID_REQUEST,
        "image_parse_error": _K.INVALID_REQUEST,
        "image_too_large": _K.INVALID_REQUEST,
        "image_too_small": _K.INVALID_REQUEST,
        "invalid_base64_image": _K.INVALID_REQUEST,
        "invalid_image": _K.INVALID_REQUEST,
        "invalid_image_format": _K.INVALID_REQUEST,
        "invalid_image_mode": _K.INVALID_REQUEST,
        "invalid_image_url": _K.INVALID_REQUEST,
        "unsupported_image_media_type": _K.INVALID_REQUEST,
    }
)
"""The same where there is no status: in an answer that began with 200."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What an error says."""

    message: str
    words: tuple[str, ...]
    code: str | None
    param: str | None
    status: int | None


def parse_error(status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
    """An answer with an error status as the error it means; `headers` have lower-case names.

    A response that failed, which comes with a good status, is read as well.
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
    kind = _kind(told, status) or kind_for_status(status)
    error = rejected(kind, status, message=told.message, headers=headers, code=told.code)
    error.param = told.param
    return error


def parse_stream_error(document: JSON) -> UpstreamError:
    """An error that arrives inside an answer whose status said 200.

    It stands in an `error` event, flat or nested, or in the `response` that failed.
    """
    if isinstance(document, dict) and isinstance(document.get("response"), dict):
        document = document["response"]
    told = _told(document) or _Told(
        message="the upstream broke off its answer", words=(), code=None, param=None, status=None
    )
    kind = _kind(told, told.status) or next(
        (_WITHOUT_STATUS[word] for word in told.words if word in _WITHOUT_STATUS), None
    )
    if kind is None:
        kind = ErrorKind.BAD_GATEWAY if told.status is None else kind_for_status(told.status)
    status = told.status if told.status is not None else KINDS[kind].status
    error = rejected(kind, status, message=told.message, headers={}, code=told.code)
    error.param = told.param
    return error


def _told(document: JSON) -> _Told | None:
    """What the document says: nested under `error`, or flat."""
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        error = document
    code, param = error.get("code"), error.get("param")
    message = error.get("message") or error.get("detail") or (code if isinstance(code, str) else None)
    if not message:
        return None
    return _Told(
        message=message if isinstance(message, str) else json_codec.encode(message).decode(),
        words=tuple(word for word in (code, error.get("type")) if isinstance(word, str)),
        code=code if isinstance(code, str) and not code.isdigit() else None,
        param=param if isinstance(param, str) else None,
        status=_status(code),
    )


def _status(code: JSON) -> int | None:
    """Azure and others give the HTTP status in place of a code."""
    if isinstance(code, bool) or not isinstance(code, (int, str)) or not str(code).isdecimal():
        return None
    number = int(str(code)[:4])
    return number if 400 <= number < 600 else None


def _kind(told: _Told, status: int | None) -> ErrorKind | None:
    """What the words say; the context's length is looked for first, then in the message.

    A 429 about too many tokens is a rate limit.
    """
    kinds = [_BY_WORD[word] for word in told.words if word in _BY_WORD]
    rate_limited = status == 429 or "rate_limit_exceeded" in told.words
    if _K.CONTEXT_LENGTH in kinds or (not kinds and not rate_limited and _TOO_LONG.search(told.message)):
        return _K.CONTEXT_LENGTH
    return kinds[0] if kinds else None
