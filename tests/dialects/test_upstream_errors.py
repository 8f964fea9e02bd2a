import pytest

from adapters.dialects.upstream_errors import (
    excerpt,
    kind_for_status,
    redacted,
    rejected,
    unreadable,
)
from domain.errors import KINDS, ContextTooLong, ErrorKind, UpstreamRejected


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.INVALID_REQUEST), (401, ErrorKind.AUTH), (402, ErrorKind.BILLING), (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND), (408, ErrorKind.TIMEOUT), (409, ErrorKind.CONFLICT), (413, ErrorKind.TOO_LARGE),
        (422, ErrorKind.UNPROCESSABLE), (429, ErrorKind.RATE_LIMIT), (500, ErrorKind.SERVER), (502, ErrorKind.BAD_GATEWAY),
        (503, ErrorKind.UNAVAILABLE), (504, ErrorKind.TIMEOUT), (529, ErrorKind.OVERLOADED), (418, ErrorKind.INVALID_REQUEST),
        (520, ErrorKind.SERVER), (302, ErrorKind.BAD_GATEWAY),
    ],
)  # fmt: skip
def test_statuses(status: int, kind: ErrorKind) -> None:
    assert kind_for_status(status) is kind


@pytest.mark.parametrize(
    "secret",
    [
        "sk-proj-abcDEF123456",
        "sk-ant-api03-abc_def",
        "AIzaSyA1234567890abcdef",
        "gsk_abcdefghij",
        "xai-abcdefghijk",
        "sk-1234****cdef",
    ],
)
def test_keys_are_hidden(secret: str) -> None:
    for text in (
        f"Incorrect API key provided: {secret}.",
        f"https://a.example/x?key={secret}&alt=sse",
        f"Bearer {secret}",
    ):
        assert secret not in redacted(text)
        assert secret.encode() not in excerpt(text.encode()).encode()


def test_other_words_stay() -> None:
    for text in (
        "the task-list is risk-free",
        "keys: none",
        "model gpt-5 is busy",
        "a key=value",
        "monkey=banana",
    ):
        assert redacted(text) == text.replace("key=value", "key=[redacted]")


def test_excerpts_are_short_and_on_one_line() -> None:
    assert excerpt(b"") == excerpt(b" \n") == "an empty body"
    assert excerpt(b"<html>\n  <b>no</b>") == "<html> <b>no</b>"
    assert len(excerpt(b"x" * 10_000)) == 300
    assert excerpt(b"\xff") == "\ufffd"


def test_statuses_are_kept_where_they_are_errors() -> None:
    assert rejected(ErrorKind.RATE_LIMIT, 429, message="m", headers={}).status == 429
    assert rejected(ErrorKind.OVERLOADED, 529, message="m", headers={}).status == 503
    assert rejected(ErrorKind.BAD_GATEWAY, 302, message="m", headers={}).status == 502


def test_the_error_knows_what_the_headers_say() -> None:
    error = rejected(
        ErrorKind.CONTEXT_LENGTH, 400, message="m", code="c", headers={"request-id": "r", "retry-after": "2"}
    )
    assert isinstance(error, ContextTooLong)
    assert (error.code, error.request_id, error.retry_after_s) == ("c", "r", 2.0)


@pytest.mark.parametrize(
    ("kind", "message", "headers", "wait_s"),
    [
        (ErrorKind.RATE_LIMIT, "Please try again in 1.2s.", {"retry-after": "3"}, 3.0),
        (ErrorKind.RATE_LIMIT, "Please try again in 1.2s.", {"x-ratelimit-reset-requests": "9s"}, 1.2),
        (ErrorKind.RATE_LIMIT, "too many", {"x-ratelimit-reset-requests": "9s"}, 9.0),
        (ErrorKind.OVERLOADED, "Please retry after 10 seconds.", {"x-ratelimit-reset-requests": "9s"}, 10.0),
        (ErrorKind.OVERLOADED, "too busy", {"x-ratelimit-reset-requests": "9s"}, None),
        (ErrorKind.BILLING, "Pay and try again in 5 minutes", {"x-ratelimit-reset-requests": "9s"}, None),
        (ErrorKind.BILLING, "Pay", {"retry-after": "3"}, 3.0),
        (ErrorKind.RATE_LIMIT, "no", {"retry-after": "90000", "x-ratelimit-reset-tokens": "1s"}, None),
        (ErrorKind.RATE_LIMIT, "no", {"retry-after-ms": "90000000", "x-ratelimit-reset-tokens": "1s"}, None),
    ],
)
def test_the_wait_is_told_by_headers_then_words_then_the_limit_itself(
    kind: ErrorKind, message: str, headers: dict[str, str], wait_s: float | None
) -> None:
    assert rejected(kind, 429, message=message, headers=headers).retry_after_s == wait_s


@pytest.mark.parametrize(
    ("said", "kind", "retryable"),
    [
        ("true", ErrorKind.INVALID_REQUEST, True),
        (" False ", ErrorKind.RATE_LIMIT, False),
        ("perhaps", ErrorKind.RATE_LIMIT, True),
        ("", ErrorKind.AUTH, False),
    ],
)
def test_the_upstream_says_whether_to_retry(said: str, kind: ErrorKind, retryable: bool) -> None:
    assert rejected(kind, 400, message="m", headers={"x-should-retry": said}).retryable is retryable
    assert rejected(kind, 400, message="m", headers={}).retryable is KINDS[kind].retryable


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ErrorKind.BAD_GATEWAY),
        (500, ErrorKind.BAD_GATEWAY),
        (401, ErrorKind.AUTH),
        (429, ErrorKind.RATE_LIMIT),
    ],
)
def test_unreadable_bodies(status: int, kind: ErrorKind) -> None:
    error = unreadable(status, {}, b"<html>")
    assert isinstance(error, UpstreamRejected)
    assert (error.kind, error.status) == (kind, status)
    assert "<html>" in error.message
