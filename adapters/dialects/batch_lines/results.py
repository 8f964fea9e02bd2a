"""What became of a request → a line of the results, in the shape of the request's own line."""

from typing import Final

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.identity import minted
from domain.batch.line import BatchLine, LineOutcome, LineShape
from domain.json_types import JSON

_RAW: Final = msgspec.json.Decoder(msgspec.Raw)
_ID_PREFIX: Final = "batch_req_"


def render_result(line: BatchLine, outcome: LineOutcome) -> bytes:
    """The result as one line, its line feed included.

    OpenAI's lines, and bare ones, keep the answer's status and body where the request failed too, as OpenAI's
    batches do; Anthropic's are `succeeded` or `errored`.
    """
    body = _on_one_line(outcome.body)
    if line.shape is LineShape.ANTHROPIC:
        if outcome.error is None:
            return _anthropic(line, b'{"type":"succeeded","message":' + body + b"}")
        return _anthropic(line, b'{"type":"errored","error":' + _error_response(body, outcome) + b"}")
    response = b'{"status_code":%d,"request_id":%b,"body":%b}' % (
        outcome.status,
        json_codec.encode(outcome.request_id),
        body,
    )
    return _openai(line, outcome.request_id or _name(line), response, None)


def render_cancelled(line: BatchLine) -> bytes:
    """The result of a request that was never asked because its batch was cancelled."""
    if line.shape is LineShape.ANTHROPIC:
        return _anthropic(line, b'{"type":"canceled"}')
    return _unasked(line, "batch_cancelled", "This request was not executed because the batch was cancelled.")


def render_expired(line: BatchLine) -> bytes:
    """The result of a request that was never asked because its batch ran out of time."""
    if line.shape is LineShape.ANTHROPIC:
        return _anthropic(line, b'{"type":"expired"}')
    return _unasked(
        line, "batch_expired", "This request could not be executed before the completion window expired."
    )


def _unasked(line: BatchLine, code: str, message: str) -> bytes:
    return _openai(line, _name(line), b"null", {"code": code, "message": message})


def _name(line: BatchLine) -> str:
    return f"{line.number} {line.custom_id}"


def _openai(line: BatchLine, name: str, response: bytes, error: JSON) -> bytes:
    return b'{"id":%b,"custom_id":%b,"response":%b,"error":%b}\n' % (
        json_codec.encode(minted(_ID_PREFIX, name)),
        json_codec.encode(line.custom_id),
        response,
        json_codec.encode(error),
    )


def _anthropic(line: BatchLine, result: bytes) -> bytes:
    return b'{"custom_id":%b,"result":%b}\n' % (json_codec.encode(line.custom_id), result)


def _error_response(body: bytes, outcome: LineOutcome) -> bytes:
    """The answer's own error where it is one of Anthropic's, else one that says what it said."""
    if body.startswith(b"{"):
        return body
    message = str(outcome.error)
    return json_codec.encode({"type": "error", "error": {"type": "api_error", "message": message}})


def _on_one_line(body: bytes) -> bytes:
    """The answer as JSON without line feeds: as it is where it can be, else compact; a string if it is no JSON."""
    try:
        if not body.isascii():
            body.decode()
        _RAW.decode(body)
        return msgspec.json.format(body, indent=-1) if b"\n" in body or b"\r" in body else body
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _recoded(body)


def _recoded(body: bytes) -> bytes:
    try:
        return json_codec.encode(json_codec.decode(body))
    except ValueError:
        return json_codec.encode(body.decode(errors="replace") or None)
