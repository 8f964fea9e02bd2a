"""Errors for Gemini clients: Google's client understands them, and the waits they ask for are never too short."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from domain.errors import (
    KINDS,
    ErrorKind,
    FeatherGateError,
    InvalidKey,
    MalformedRequest,
    UpstreamRejected,
)
from tests.dialects.gemini.gemini_sdk import GEMINI, official_client

STATUSES = {
    *("INVALID_ARGUMENT", "FAILED_PRECONDITION", "UNAUTHENTICATED", "PERMISSION_DENIED", "NOT_FOUND", "ABORTED"),
    *("RESOURCE_EXHAUSTED", "CANCELLED", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED"),
}


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_has_googles_words(kind: ErrorKind) -> None:
    status, document = GEMINI.render_error(FeatherGateError("no", kind=kind))
    error = document["error"]
    assert list(document) == ["error"]
    assert error["code"] == status
    assert status == (429 if kind is ErrorKind.BILLING else KINDS[kind].status)
    assert error["status"] in STATUSES
    assert error["message"] == "no"


def test_overload_elsewhere_is_unavailability_here() -> None:
    error = UpstreamRejected("busy", kind=ErrorKind.OVERLOADED, status=529)
    status, document = GEMINI.render_error(error)
    assert (status, document["error"]["status"]) == (503, "UNAVAILABLE")


@given(st.floats(0, 10_000))
def test_waits_are_whole_seconds_and_never_shorter(wait_s: float) -> None:
    error = UpstreamRejected("slow down", kind=ErrorKind.RATE_LIMIT, retry_after_s=wait_s)
    (details,) = GEMINI.render_error(error)[1]["error"]["details"]
    assert details == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{math.ceil(wait_s)}s"}
    status, body = GEMINI.render_error(error)
    read = GEMINI.parse_error(status, {}, json_codec.encode(body))
    assert (read.kind, read.retry_after_s) == (ErrorKind.RATE_LIMIT, math.ceil(wait_s))


def test_details_tell_the_field_and_the_bad_key() -> None:
    wrong = GEMINI.render_error(MalformedRequest("contents: expected", param="contents"))[1]["error"]
    assert wrong["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "contents", "description": "contents: expected"}],
        }
    ]
    bad_key = GEMINI.render_error(InvalidKey("unknown key AIzaSyA1234567"))[1]["error"]
    assert bad_key["details"][0]["reason"] == "API_KEY_INVALID"
    assert "AIza" not in bad_key["message"]


def test_googles_client_raises_what_was_meant() -> None:
    from google.genai import errors

    status, body = GEMINI.render_error(FeatherGateError("no such model", kind=ErrorKind.NOT_FOUND))
    client = official_client(json_codec.encode(body), status=status)
    with pytest.raises(errors.ClientError) as raised:
        client.models.generate_content(model="m", contents="hi")
    assert (raised.value.code, raised.value.status, raised.value.message) == (404, "NOT_FOUND", "no such model")
