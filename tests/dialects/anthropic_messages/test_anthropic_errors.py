"""Error answers and what they mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from domain.errors import ContextTooLong, ErrorKind, UpstreamError


def parsed(
    status: int, kind: str, message: str = "m", headers: dict[str, str] | None = None, **error: Any
) -> UpstreamError:
    body = {"type": "error", "error": {"type": kind, "message": message, **error}, "request_id": "req_body"}
    return AnthropicMessages().parse_error(status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "native", "kind"),
    [
        (400, "invalid_request_error", ErrorKind.INVALID_REQUEST),
        (401, "authentication_error", ErrorKind.AUTH),
        (402, "billing_error", ErrorKind.BILLING),
        (403, "permission_error", ErrorKind.PERMISSION),
        (404, "not_found_error", ErrorKind.NOT_FOUND),
        (409, "conflict_error", ErrorKind.CONFLICT),
        (413, "request_too_large", ErrorKind.TOO_LARGE),
        (413, "invalid_request_error", ErrorKind.TOO_LARGE),
        (429, "rate_limit_error", ErrorKind.RATE_LIMIT),
        (500, "api_error", ErrorKind.SERVER),
        (503, "api_error", ErrorKind.UNAVAILABLE),
        (504, "timeout_error", ErrorKind.TIMEOUT),
        (529, "overloaded_error", ErrorKind.OVERLOADED),
        (418, "teapot_error", ErrorKind.INVALID_REQUEST),
    ],
)
def test_types_and_statuses_have_their_kinds(status: int, native: str, kind: ErrorKind) -> None:
    error = parsed(status, native)
    assert error.kind is kind
    assert error.status == (503 if status == 529 else status)
    assert error.message == "m"


@pytest.mark.parametrize(
    "message",
    [
        "prompt is too long: 210000 tokens > 200000 maximum",
        "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000",
    ],
)
def test_a_prompt_that_is_too_long_is_told_apart(message: str) -> None:
    error = parsed(400, "invalid_request_error", message)
    assert isinstance(error, ContextTooLong)
    assert (error.kind, error.status, error.code) == (ErrorKind.CONTEXT_LENGTH, 400, "context_length_exceeded")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Your credit balance is too low to access the Anthropic API.", ErrorKind.BILLING),
        ("You have reached your specified API usage limits.", ErrorKind.BILLING),
        ("Output blocked by content filtering policy", ErrorKind.CONTENT_POLICY),
        ("tools.0.name: string too long, maximum length 64", ErrorKind.INVALID_REQUEST),
    ],
)
def test_what_a_400_means_is_in_its_words(message: str, kind: ErrorKind) -> None:
    error = parsed(400, "invalid_request_error", message)
    assert (error.kind, error.status) == (kind, 400)


def test_an_error_code_is_kept_and_may_tell_the_kind() -> None:
    spent = parsed(400, "invalid_request_error", details={"error_code": "workspace_spend_limit_reached"})
    assert (spent.kind, spent.code) == (ErrorKind.BILLING, "workspace_spend_limit_reached")


def test_hints_and_ids_come_from_the_headers() -> None:
    error = parsed(429, "rate_limit_error", headers={"retry-after": "12", "request-id": "req_header"})
    assert (error.retry_after_s, error.request_id) == (12.0, "req_header")
    assert parsed(429, "rate_limit_error").request_id == "req_body"


@pytest.mark.parametrize("body", [b"", b"<html>502</html>", b"[]", b'"x"', b'{"error":"x"}', b"\xff"])
def test_a_body_that_is_not_the_vendors_is_a_bad_gateway(body: bytes) -> None:
    error = AnthropicMessages().parse_error(500, {}, body)
    assert (error.kind, error.status) == (ErrorKind.BAD_GATEWAY, 500)


@given(st.integers(400, 599), st.binary(max_size=60))
def test_any_body_is_an_error(status: int, body: bytes) -> None:
    assert AnthropicMessages().parse_error(status, {}, body).status >= 400
