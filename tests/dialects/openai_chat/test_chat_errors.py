"""Errors of upstreams that speak Chat Completions, and ours to clients that do."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.errors import KINDS, ContextTooLong, ErrorKind, MalformedRequest, UpstreamRejected

CHAT = OpenAIChat()


def error(**members: Any) -> dict[str, Any]:
    return {"error": {"message": "m", "type": None, "param": None, "code": None, **members}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, error(code="context_length_exceeded"), ErrorKind.CONTEXT_LENGTH),
        (400, error(message="This model's maximum context length is 8 tokens"), ErrorKind.CONTEXT_LENGTH),
        (400, error(message="prompt is too long: 9 tokens > 8 maximum"), ErrorKind.CONTEXT_LENGTH),
        (
            400,
            error(message="string too long. Expected a string with maximum length 64"),
            ErrorKind.INVALID_REQUEST,
        ),
        (400, error(code="content_policy_violation"), ErrorKind.CONTENT_POLICY),
        (400, error(code="content_filter"), ErrorKind.CONTENT_POLICY),
        (
            400,
            [error(message="API key not valid. Please pass a valid API key.", status="INVALID_ARGUMENT")],
            ErrorKind.AUTH,
        ),
        (401, error(code="invalid_api_key"), ErrorKind.AUTH),
        (401, error(code="401"), ErrorKind.AUTH),
        (402, error(), ErrorKind.BILLING),
        (403, error(), ErrorKind.PERMISSION),
        (404, error(code="DeploymentNotFound"), ErrorKind.NOT_FOUND),
        (404, {"detail": "Not Found"}, ErrorKind.NOT_FOUND),
        (422, {"detail": [{"loc": ["body"]}]}, ErrorKind.UNPROCESSABLE),
        (429, error(code="rate_limit_exceeded"), ErrorKind.RATE_LIMIT),
        (429, error(message="too many tokens per minute"), ErrorKind.RATE_LIMIT),
        (429, error(code="insufficient_quota"), ErrorKind.BILLING),
        (429, error(type="insufficient_quota"), ErrorKind.BILLING),
        (500, {"error": "boom"}, ErrorKind.SERVER),
        (503, {"object": "error", "message": "m", "code": 503}, ErrorKind.UNAVAILABLE),
    ],
)
def test_what_an_error_means(status: int, body: Any, kind: ErrorKind) -> None:
    parsed = CHAT.parse_error(status, {}, json.dumps(body).encode())
    assert (parsed.kind, parsed.status) == (kind, status)
    assert isinstance(parsed, ContextTooLong) is (kind is ErrorKind.CONTEXT_LENGTH)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, b"<html>Internal Server Error</html>", ErrorKind.BAD_GATEWAY),
        (502, b"", ErrorKind.BAD_GATEWAY),
        (503, b"upstream connect error or disconnect/reset before headers", ErrorKind.UNAVAILABLE),
        (429, b"", ErrorKind.RATE_LIMIT),
        (401, b"{}", ErrorKind.AUTH),
        (400, b"\xff\xfe", ErrorKind.BAD_GATEWAY),
        (404, b"null", ErrorKind.NOT_FOUND),
    ],
)
def test_bodies_that_are_no_errors(status: int, body: bytes, kind: ErrorKind) -> None:
    parsed = CHAT.parse_error(status, {}, body)
    assert (parsed.kind, parsed.status) == (kind, status)


def test_an_overloaded_upstream_is_a_503() -> None:
    parsed = CHAT.parse_error(529, {}, json.dumps(error()).encode())
    assert (parsed.kind, parsed.status) == (ErrorKind.OVERLOADED, 503)


def test_the_details_are_kept() -> None:
    body = json.dumps(error(message="bad key sk-proj-abcdef123456", code="odd", param="messages")).encode()
    parsed = CHAT.parse_error(400, {"retry-after": "3", "x-request-id": "req_1"}, body)
    assert parsed.message == "bad key [redacted]"
    assert (parsed.code, parsed.param, parsed.retry_after_s, parsed.request_id) == (
        "odd",
        "messages",
        3.0,
        "req_1",
    )


@given(
    st.integers(100, 999),
    st.one_of(st.binary(max_size=100), st.sampled_from([b"[]", b"{}", b'{"error":[1]}', b"[[]]"])),
)
def test_any_answer_is_some_error(status: int, body: bytes) -> None:
    parsed = CHAT.parse_error(status, {}, body)
    code, rendered = CHAT.render_error(parsed)
    assert 400 <= code < 600
    assert rendered["error"]["message"]


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_its_body(kind: ErrorKind) -> None:
    status, body = CHAT.render_error(UpstreamRejected("m", kind=kind))
    assert status == KINDS[kind].status
    assert body == {
        "error": {"message": "m", "type": KINDS[kind].openai_type, "param": None, "code": KINDS[kind].openai_code}
    }


def test_the_last_frame_of_a_broken_stream() -> None:
    frame = CHAT.encode_error(MalformedRequest("model: expected a string", param="model"))
    assert json.loads(frame.removeprefix(b"data: "))["error"]["param"] == "model"
    assert frame.endswith(b"\n\n")
