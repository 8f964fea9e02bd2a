"""Errors for clients, as google.rpc.Status in JSON (cloud.google.com/apis/design/errors, 2026-11)."""

import math
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.gemini.framing import FramingName, framing
from adapters.dialects.upstream_errors import redacted
from domain.errors import KINDS, ErrorKind, FeatherGateError
from domain.json_types import JSON

_TYPES: Final = "type.googleapis.com/google.rpc."
_OVERLOADED: Final = 529
_PLAN_EXHAUSTED: Final = 429


def render_error(error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
    """An error as HTTP status and body.

    The API has no word for what only others have: an overloaded Anthropic is unavailable, an unpaid bill a
    resource that is exhausted.
    """
    status = error.status
    if status == _OVERLOADED:
        status = KINDS[ErrorKind.OVERLOADED].status
    if error.kind is ErrorKind.BILLING:
        status = _PLAN_EXHAUSTED
    message = redacted(error.message)
    body: dict[str, JSON] = {"code": status, "message": message, "status": KINDS[error.kind].gemini_status}
    details = [*_wait(error), *_reason(error), *_field(error, message)]
    if details:
        body["details"] = details
    return status, {"error": body}


def encode_error(error: FeatherGateError, name: FramingName, *, has_begun: bool = False) -> bytes:
    """An error as the last frame of a stream, of which other frames were sent before where it `has_begun`."""
    frames = framing(name, has_begun=has_begun)
    return frames.frame(json_codec.encode(render_error(error)[1])) + frames.close()


def _wait(error: FeatherGateError) -> list[JSON]:
    if error.retry_after_s is None:
        return []
    return [{"@type": f"{_TYPES}RetryInfo", "retryDelay": f"{math.ceil(error.retry_after_s)}s"}]


def _reason(error: FeatherGateError) -> list[JSON]:
    if error.kind is not ErrorKind.AUTH:
        return []
    return [{"@type": f"{_TYPES}ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]


def _field(error: FeatherGateError, message: str) -> list[JSON]:
    if error.param is None:
        return []
    violation = {"field": error.param, "description": message}
    return [{"@type": f"{_TYPES}BadRequest", "fieldViolations": [violation]}]
