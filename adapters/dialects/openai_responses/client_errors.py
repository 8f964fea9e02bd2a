"""Errors as a client sees them (platform.openai.com/docs/guides/error-codes, 2026-11)."""

from collections.abc import Sequence
from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.answer_frame import render_failed, render_frame
from adapters.dialects.openai_responses.stream_frames import Frames
from adapters.dialects.upstream_errors import redacted
from domain.chat.usage import Usage
from domain.errors import KINDS, FeatherGateError
from domain.json_types import JSON

_SERVER_ERROR: Final = "server_error"
_ERROR_CODES: Final = frozenset(
    {
        _SERVER_ERROR,
        "rate_limit_exceeded",
        "invalid_prompt",
        "data_residency_mismatch",
        "bio_policy",
        "misalignment_policy_violation",
        "vector_store_timeout",
        "invalid_image",
        "invalid_image_format",
        "invalid_base64_image",
        "invalid_image_url",
        "image_too_large",
        "image_too_small",
        "image_parse_error",
        "image_content_policy_violation",
        "invalid_image_mode",
        "image_file_too_large",
        "unsupported_image_media_type",
        "empty_image_file",
        "failed_to_download_image",
        "image_file_not_found",
    }
)
"""The codes that the type of a Response's error knows (openai package 3.54, 2026-11)."""


def render_error(error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
    """An error as HTTP status and body."""
    return error.status, {"error": _told(error)}


def encode_error(error: FeatherGateError) -> bytes:
    """An error as the last events of a stream of which nothing else is known."""
    return failure_events(error, Frames(), render_frame("", Reply(model=error.model or "")), ())


def failure_events(
    error: FeatherGateError,
    frames: Frames,
    frame: dict[str, JSON],
    output: Sequence[JSON],
    usage: Usage | None = None,
) -> bytes:
    """The last events of a stream that breaks after the items of `output`.

    The error comes twice, since clients look in different places: official clients raise what an `error` event
    nests and type what it says flatly; others wait for the Response that failed.
    """
    told = _told(error)
    flat = {"code": told["code"], "message": told["message"], "param": told["param"]}
    failure = {"code": _code(error), "message": told["message"]}
    response = render_failed(frame, output, usage, failure)
    return frames.event("error", **flat, error=told) + frames.event("response.failed", response=response)


def _told(error: FeatherGateError) -> dict[str, JSON]:
    return {
        "message": redacted(error.message),
        "type": KINDS[error.kind].openai_type,
        "param": error.param,
        "code": error.code,
    }


def _code(error: FeatherGateError) -> str:
    """The word for the error of a Response, whose type knows few."""
    words = (error.code, KINDS[error.kind].openai_code)
    return next((word for word in words if word in _ERROR_CODES), _SERVER_ERROR)
