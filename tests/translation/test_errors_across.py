"""Errors of every upstream for clients of every dialect: bodies their types take, statuses that mean the same."""

import json
import math
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.shared import ErrorObject

from adapters.dialects import json_codec
from adapters.http.errors import error_headers
from domain.chat import events as ev
from domain.errors import KINDS, ErrorKind, UpstreamError
from tests.dialects.anthropic_messages.sdk import check_error
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.crossing import each_client, each_pair, each_upstream, encoded
from tests.translation.stream_grammars import check_stream

_K = ErrorKind
TOO_LONG = {
    OPENAI_CHAT: "This model's maximum context length is 100 tokens.",
    OPENAI_RESPONSES: "Your input exceeds the context window of this model.",
    ANTHROPIC_MESSAGES: "prompt is too long: 205 tokens > 100 maximum",
    GEMINI: "The input token count (205) exceeds the maximum number of tokens allowed (100).",
}


@dataclass(frozen=True)
class Refusal:
    """What an upstream answers with in place of an answer, and what that means."""

    kind: ErrorKind
    status: int
    openai: tuple[str, str | None]
    anthropic: str
    google: str
    message: str = "no"


REFUSALS = (
    Refusal(_K.INVALID_REQUEST, 400, ("invalid_request_error", None), "invalid_request_error", "INVALID_ARGUMENT"),
    Refusal(_K.AUTH, 401, ("invalid_request_error", "invalid_api_key"), "authentication_error", "UNAUTHENTICATED"),
    Refusal(_K.PERMISSION, 403, ("permission_error", None), "permission_error", "PERMISSION_DENIED"),
    Refusal(_K.NOT_FOUND, 404, ("invalid_request_error", "model_not_found"), "not_found_error", "NOT_FOUND"),
    Refusal(
        _K.RATE_LIMIT, 429, ("rate_limit_error", "rate_limit_exceeded"), "rate_limit_error", "RESOURCE_EXHAUSTED"
    ),
    Refusal(_K.SERVER, 500, ("server_error", None), "api_error", "INTERNAL"),
    Refusal(_K.TIMEOUT, 504, ("server_error", None), "timeout_error", "DEADLINE_EXCEEDED"),
    Refusal(
        _K.CONTEXT_LENGTH,
        400,
        ("invalid_request_error", "context_length_exceeded"),
        "invalid_request_error",
        "INVALID_ARGUMENT",
        "too long",
    ),
)
OVERLOADED = Refusal(_K.OVERLOADED, 503, ("server_error", "overloaded"), "overloaded_error", "UNAVAILABLE")
UNREADABLE = (b"", b"<html><h1>Bad Gateway</h1></html>", b"upstream connect error", b"[]", b'"no"', b"\xff\xfe")


def written(upstream: str, refusal: Refusal) -> tuple[int, bytes]:
    """The status and body in the upstream's own words."""
    message = TOO_LONG[upstream] if refusal.kind is _K.CONTEXT_LENGTH else refusal.message
    native, code = refusal.openai
    match upstream:
        case "anthropic_messages":
            error: Any = {"type": "error", "error": {"type": refusal.anthropic, "message": message}}
            return 529 if refusal is OVERLOADED else refusal.status, json.dumps(error).encode()
        case "gemini":
            told = f"The model is overloaded: {message}" if refusal is OVERLOADED else message
            error = {"error": {"code": refusal.status, "message": told, "status": refusal.google}}
            return refusal.status, json.dumps(error).encode()
        case _:
            error = {"error": {"message": message, "type": native, "param": None, "code": code}}
            return refusal.status, json.dumps(error).encode()


def told(client: str, error: UpstreamError) -> tuple[int, str]:
    """The status for a client, and the word that its software looks at, after its own types took the body."""
    status, document = DIALECTS[client].render_error(error)
    body = json.loads(json_codec.encode(document))
    if client == ANTHROPIC_MESSAGES:
        if error.kind is not ErrorKind.CONFLICT:  # which the API has and its package's type of errors has not
            check_error(body)
        return status, body["error"]["type"]
    if client == GEMINI:
        assert body["error"]["code"] == status
        assert isinstance(body["error"]["message"], str)
        return status, body["error"]["status"]
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    return status, ErrorObject.model_validate(body["error"]).type


def word(client: str, kind: ErrorKind) -> str:
    row = KINDS[kind]
    words = {ANTHROPIC_MESSAGES: row.anthropic_type, GEMINI: row.gemini_status}
    return words.get(client, row.openai_type)


@each_pair
@pytest.mark.parametrize("refusal", [*REFUSALS, OVERLOADED], ids=lambda refusal: refusal.kind)
def test_an_error_means_the_same_to_every_client(upstream: str, client: str, refusal: Refusal) -> None:
    status, body = written(upstream, refusal)
    error = DIALECTS[upstream].parse_error(status, {}, body)
    assert error.kind is refusal.kind
    expected = 529 if client == ANTHROPIC_MESSAGES and refusal is OVERLOADED else refusal.status
    assert told(client, error) == (expected, word(client, refusal.kind))


@each_client
def test_googles_list_of_one_error_is_that_error(client: str) -> None:
    for refusal in REFUSALS:
        status, body = written(GEMINI, refusal)
        error = DIALECTS[GEMINI].parse_error(status, {}, b"[" + body + b"]")
        assert told(client, error) == (refusal.status, word(client, refusal.kind))


@each_pair
@pytest.mark.parametrize("body", UNREADABLE)
def test_what_is_no_error_document_is_an_error_all_the_same(upstream: str, client: str, body: bytes) -> None:
    """From an edge or a proxy: the status keeps its meaning where it has one, else the upstream is to blame."""
    for given_status, kind in ((400, _K.BAD_GATEWAY), (401, _K.AUTH), (429, _K.RATE_LIMIT), (502, _K.BAD_GATEWAY)):
        error = DIALECTS[upstream].parse_error(given_status, {}, body)
        assert told(client, error) == (given_status, word(client, kind))
    unavailable = DIALECTS[upstream].parse_error(503, {}, body)
    assert told(client, unavailable)[0] == (529 if client == ANTHROPIC_MESSAGES else 503)


@each_pair
@settings(max_examples=20)
@given(status=st.integers(400, 599), body=st.binary(max_size=30))
def test_only_messages_clients_hear_of_529(upstream: str, client: str, status: int, body: bytes) -> None:
    shown, _ = told(client, DIALECTS[upstream].parse_error(status, {}, body))
    assert 400 <= shown < 600
    assert shown != 529 or client == ANTHROPIC_MESSAGES


@each_client
@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_can_end_a_stream(client: str, kind: ErrorKind) -> None:
    error = UpstreamError("it broke", kind=kind)
    check_stream(client, encoded(client, [ev.Started("u", "m"), ev.Failed(error)]), failed=True)
    last = DIALECTS[client].encode_error(error)
    assert b"it broke" in last
    assert json.loads(last.split(b"data: ", 1)[1].split(b"\n")[0])


# ---- waiting -------------------------------------------------------------------------------------------------------

waits = st.one_of(st.integers(0, 3_600).map(float), st.floats(0, 600, allow_subnormal=False))


@each_upstream
@settings(max_examples=40)
@given(wait_s=waits, in_milliseconds=st.booleans())
def test_a_wait_is_never_shortened(upstream: str, wait_s: float, in_milliseconds: bool) -> None:
    status, body = written(upstream, REFUSALS[4])
    asked = str(wait_s * 1_000) if in_milliseconds else str(wait_s)
    name = "retry-after-ms" if in_milliseconds else "retry-after"
    error = DIALECTS[upstream].parse_error(status, {name: asked}, body)
    waited = int(dict(error_headers(error))[b"retry-after"])
    assert waited >= wait_s - 1e-6
    assert waited <= math.ceil(wait_s + 1e-6)


@each_client
@given(seconds=st.integers(0, 3_600))
def test_googles_own_hint_reaches_every_client(client: str, seconds: int) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{seconds}s"}]
    body = {"error": {"code": 429, "message": "no", "status": "RESOURCE_EXHAUSTED", "details": details}}
    error = DIALECTS[GEMINI].parse_error(429, {}, json.dumps(body).encode())
    assert dict(error_headers(error))[b"retry-after"] == b"%d" % seconds
    status, document = DIALECTS[client].render_error(error)
    assert status == 429
    assert client != GEMINI or document["error"]["details"][0]["retryDelay"] == f"{seconds}s"
