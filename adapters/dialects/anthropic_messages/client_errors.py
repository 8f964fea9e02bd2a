"""Errors for a client: as a body, and as the last event of a stream.

Source: https://platform.claude.com/docs/en/api/errors (2026-11).
"""

import re
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.upstream_errors import redacted
from domain.errors import ANTHROPIC_OVERLOADED, KINDS, ErrorKind, FeatherGateError

_OVERLOADED: Final = "overloaded_error"
_TOO_LONG: Final = "prompt is too long"
_SAYS_TOO_LONG: Final = re.compile(rf"{_TOO_LONG}|exceeds? (?:the )?context limit", re.IGNORECASE)


def render_error(error: FeatherGateError) -> tuple[int, Block]:
    """An error as HTTP status and body."""
    native = KINDS[error.kind].anthropic_type
    body: Block = {"type": "error", "error": {"type": native, "message": _message(error)}}
    if error.request_id is not None:
        body["request_id"] = error.request_id
    return ANTHROPIC_OVERLOADED if native == _OVERLOADED else error.status, body


def encode_error(error: FeatherGateError) -> bytes:
    """An error as the last event of a stream that has begun."""
    return b"event: error\ndata: " + json_codec.encode(render_error(error)[1]) + b"\n\n"


def _message(error: FeatherGateError) -> str:
    """What is wrong; a prompt that is too long is told by these words alone, which clients look for."""
    message = redacted(error.message)
    if error.kind is ErrorKind.CONTEXT_LENGTH and not _SAYS_TOO_LONG.search(message):
        return f"{_TOO_LONG}: {message}"
    return message
