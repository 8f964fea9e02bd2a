"""Error answers of the Gemini API."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ContextTooLong, ErrorKind, UpstreamError, UpstreamRejected
from tests.dialects.gemini.gemini_sdk import GEMINI
from tests.strategies.canonical import json_values


def error(
    status: int, word: str | None, message: str = "no", *details: Any, headers: dict[str, str] | None = None
) -> UpstreamError:
    body = {"error": {"code": status, "message": message, "status": word, "details": list(details)}}
    return GEMINI.parse_error(status, headers or {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("status", "word", "kind"),
    [
        (400, "INVALID_ARGUMENT", ErrorKind.INVALID_REQUEST),
        (400, "FAILED_PRECONDITION", ErrorKind.PRECONDITION),
        (401, "UNAUTHENTICATED", ErrorKind.AUTH),
        (403, "PERMISSION_DENIED", ErrorKind.PERMISSION),
        (404, "NOT_FOUND", ErrorKind.NOT_FOUND),
        (409, "ABORTED", ErrorKind.CONFLICT),
        (429, "RESOURCE_EXHAUSTED", ErrorKind.RATE_LIMIT),
        (499, "CANCELLED", ErrorKind.CANCELLED),
        (500, "INTERNAL", ErrorKind.SERVER),
        (503, "UNAVAILABLE", ErrorKind.UNAVAILABLE),
        (504, "DEADLINE_EXCEEDED", ErrorKind.TIMEOUT),
        (413, None, ErrorKind.TOO_LARGE),
        (418, "TEAPOT", ErrorKind.INVALID_REQUEST),
    ],
)
def test_statuses(status: int, word: str | None, kind: ErrorKind) -> None:
    found = error(status, word)
    assert (found.kind, found.status, found.message) == (kind, status, "no")
    assert isinstance(found, UpstreamRejected)


def test_a_bad_key_arrives_as_a_400() -> None:
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
    for found in (
        error(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        error(400, "INVALID_ARGUMENT", "no", reason),
    ):
        assert (found.kind, found.status) == (ErrorKind.AUTH, 401)


@pytest.mark.parametrize(
    "message",
    [
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        "The input token count exceeds the maximum number of tokens allowed 1048576.",
    ],
)
def test_prompts_that_are_too_long(message: str) -> None:
    found = error(400, "INVALID_ARGUMENT", message)
    assert isinstance(found, ContextTooLong)
    assert found.code == "context_length_exceeded"


def test_string_limits_are_not_context_lengths() -> None:
    assert error(400, "INVALID_ARGUMENT", "string too long, maximum length 64").kind is ErrorKind.INVALID_REQUEST


def test_an_overloaded_model() -> None:
    found = error(503, "UNAVAILABLE", "The model is overloaded. Please try again later.")
    assert (found.kind, found.status, found.retryable) == (ErrorKind.OVERLOADED, 503, True)


QUOTA = "You exceeded your current quota, please check your plan and billing details."


def test_quotas_with_a_wait_are_rate_limits_and_without_are_billing() -> None:
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
    waiting = error(429, "RESOURCE_EXHAUSTED", QUOTA, retry)
    assert (waiting.kind, waiting.status, waiting.retry_after_s) == (ErrorKind.RATE_LIMIT, 429, 37)
    assert error(429, "RESOURCE_EXHAUSTED", QUOTA).kind is ErrorKind.BILLING
    distant = error(429, "RESOURCE_EXHAUSTED", QUOTA, {**retry, "retryDelay": "90000s"})
    assert (distant.kind, distant.retry_after_s) == (ErrorKind.RATE_LIMIT, None)


@given(st.integers(0, 10_000), st.integers(0, 999))
def test_the_longest_wait_that_is_named_counts(seconds: int, milliseconds: int) -> None:
    exact = seconds + milliseconds / 1000
    retry = {"retryDelay": f"{seconds}s"}
    found = error(429, "RESOURCE_EXHAUSTED", f"Please retry in {exact}s.", retry, headers={"retry-after": "2"})
    assert found.retry_after_s == max(2, exact)
    assert error(429, None, f"retry in {milliseconds}ms").retry_after_s == milliseconds / 1000


def test_keys_are_never_repeated() -> None:
    found = error(403, "PERMISSION_DENIED", "https://x/models?key=AIzaSyD-secret_1234567890 is blocked")
    assert "secret" not in found.message


def test_bodies_wrapped_in_a_list_and_errors_that_are_text() -> None:
    wrapped = json.dumps([{"error": {"code": 404, "status": "NOT_FOUND"}}]).encode()
    found = GEMINI.parse_error(404, {"x-request-id": "r"}, wrapped)
    assert (found.kind, found.message, found.request_id) == (ErrorKind.NOT_FOUND, "NOT_FOUND", "r")
    assert GEMINI.parse_error(400, {}, b'{"error": "odd"}').message == "odd"


@pytest.mark.parametrize("body", [b"<html>Bad Gateway</html>", b"", b"[]", b'{"message": "x"}'])
def test_bodies_that_are_not_geminis(body: bytes) -> None:
    assert GEMINI.parse_error(502, {}, body).kind is ErrorKind.BAD_GATEWAY


@given(st.integers(400, 599), json_values())
def test_any_body_is_an_error(status: int, value: Any) -> None:
    shapes = [
        {"error": value},
        [{"error": value}],
        {"error": {"details": [value], "status": value, "code": value}},
    ]
    for shape in shapes:
        assert 400 <= GEMINI.parse_error(status, {}, json.dumps(shape).encode()).status < 600
