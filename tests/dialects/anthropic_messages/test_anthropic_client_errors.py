"""Errors in the words of Messages."""

import pytest

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from domain.errors import (
    KINDS,
    ContextTooLong,
    ErrorKind,
    FeatherGateError,
    InvalidKey,
    MalformedRequest,
    RateLimited,
    UpstreamRejected,
    UpstreamUnavailable,
)
from tests.dialects.anthropic_messages.sdk import check_error, frames

DIALECT = AnthropicMessages()
UNTYPED = frozenset({ErrorKind.CONFLICT})
"""The vendor sends conflict_error, which its own types leave out of what an error may be."""


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_a_body(kind: ErrorKind) -> None:
    error = FeatherGateError("It broke.", kind=kind)
    status, body = DIALECT.render_error(error)
    if kind not in UNTYPED:
        check_error(body)
    assert body["error"]["type"] == KINDS[kind].anthropic_type
    assert status == (529 if body["error"]["type"] == "overloaded_error" else KINDS[kind].status)
    assert frames(DIALECT.encode_error(error)) == [body]


@pytest.mark.parametrize(
    ("error", "status", "native"),
    [
        (MalformedRequest("x"), 400, "invalid_request_error"),
        (InvalidKey("x"), 401, "authentication_error"),
        (RateLimited("x"), 429, "rate_limit_error"),
        (UpstreamUnavailable("x"), 529, "overloaded_error"),
        (UpstreamRejected("x", kind=ErrorKind.UNPROCESSABLE), 422, "invalid_request_error"),
        (UpstreamRejected("x", kind=ErrorKind.SERVER, status=520), 520, "api_error"),
    ],
)
def test_statuses_and_types(error: FeatherGateError, status: int, native: str) -> None:
    told, body = DIALECT.render_error(error)
    assert (told, body["type"], body["error"]["type"]) == (status, "error", native)
    assert "request_id" not in body


def test_the_requests_id_is_told_where_it_is_known() -> None:
    _, body = DIALECT.render_error(UpstreamRejected("x", request_id="req_1"))
    assert body["request_id"] == "req_1"
    assert check_error(body).request_id == "req_1"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("This model's maximum context length is 9 tokens.", "prompt is too long: This model's maximum"),
        ("prompt is too long: 9 tokens > 8 maximum", "prompt is too long: 9 tokens > 8"),
        ("input length and `max_tokens` exceed context limit: 1 + 2 > 2", "input length and"),
    ],
)
def test_a_prompt_that_is_too_long_is_told_in_the_words_clients_look_for(said: str, told: str) -> None:
    status, body = DIALECT.render_error(ContextTooLong(said))
    assert status == 400
    assert body["error"]["message"].startswith(told)


def test_keys_are_not_repeated() -> None:
    _, body = DIALECT.render_error(UpstreamRejected("Incorrect API key: sk-abcdefgh1234"))
    assert "abcdefgh" not in body["error"]["message"]
