"""What path, headers and the gateway's own members of the body make of a chat completion."""

import json

import pytest

from adapters.dialects.document import Document
from adapters.http.chat_completions import ChatCompletionsReader
from application.chat_call import ChatCall
from domain.errors import MalformedRequest
from tests.http.conftest import chat_body
from tests.http.gateway_under_test import LoopClock
from tests.http.inbound_requests import inbound

read = ChatCompletionsReader(LoopClock()).read


def call_of(headers: dict[str, str] | None = None, **members: object) -> ChatCall:
    return read(chat_body("m", **members), inbound(headers or {}))[0]


@pytest.mark.parametrize(
    ("headers", "members", "timeout_s"),
    [
        ({}, {}, None),
        ({}, {"timeout": 7}, 7.0),
        ({}, {"timeout": "7.5"}, 7.5),
        ({}, {"request_timeout": 3}, 3.0),
        ({"x-litellm-timeout": "2"}, {"timeout": 7}, 2.0),
        ({"x-litellm-stream-timeout": "1"}, {"timeout": 7}, 7.0),
        ({"x-litellm-stream-timeout": "1"}, {"timeout": 7, "stream": True}, 1.0),
        ({"x-litellm-timeout": "2"}, {"stream_timeout": 5, "stream": True}, 5.0),
        ({"x-litellm-timeout": "2"}, {"stream": True}, 2.0),
    ],
)
def test_the_nearest_timeout_counts(
    headers: dict[str, str], members: dict[str, object], timeout_s: float | None
) -> None:
    assert call_of(headers, **members).timeout_s == timeout_s


@pytest.mark.parametrize("value", ["soon", "nan", "inf", "0", "-1", ""])
def test_timeouts_are_positive_numbers(value: str) -> None:
    with pytest.raises(MalformedRequest, match="seconds") as refused:
        call_of({"x-litellm-timeout": value})
    assert refused.value.param == "x-litellm-timeout"


def test_huge_timeouts_are_refused() -> None:
    with pytest.raises(MalformedRequest, match="seconds"):
        call_of(timeout=10**400)


def test_the_gateway_s_members_do_not_travel() -> None:
    call = call_of(mock_response="hi", drop_params=True, timeout=3, fallbacks=["x"], seed=1)
    assert (call.mock_response, call.drop_params) == ("hi", True)
    assert isinstance(call.document, Document)
    assert sorted(call.document.envelope) == ["messages", "model", "seed"]


@pytest.mark.parametrize(
    ("value", "strict"), [("true", True), ("1", True), ("False", False), ("0", False), ("", False)]
)
def test_strictness_is_a_header(value: str, strict: bool) -> None:
    assert call_of({"x-feathergate-strict": value}).strict is strict
    assert call_of().strict is False


def test_an_unclear_strictness_is_refused() -> None:
    with pytest.raises(MalformedRequest, match="x-feathergate-strict"):
        call_of({"x-feathergate-strict": "perhaps"})


def test_only_vendor_switches_are_forwarded() -> None:
    headers = {"anthropic-beta": "a,b", "authorization": "Bearer k", "cookie": "c", "user-agent": "u"}
    assert call_of(headers).headers == {"anthropic-beta": "a,b"}


def test_the_path_s_model_beats_the_body_s() -> None:
    call, reply = read(chat_body("in-body"), inbound({}, "in/path"))
    assert (call.model, reply.model, call.document.canonical().model) == ("in/path", "in/path", "in/path")


@pytest.mark.parametrize(
    ("members", "usage", "legacy"),
    [
        ({}, False, False),
        ({"stream_options": {"include_usage": True}}, True, False),
        ({"stream_options": {"include_usage": 1}}, False, False),
        ({"stream_options": []}, False, False),
        ({"functions": [{"name": "f"}]}, False, True),
        ({"functions": [{"name": "f"}], "tools": []}, False, False),
    ],
)
def test_the_reply_knows_what_was_asked(members: dict[str, object], usage: bool, legacy: bool) -> None:
    reply = read(chat_body("m", **members), inbound({}))[1]
    assert (reply.include_usage, reply.legacy_functions) == (usage, legacy)


def test_the_reply_knows_when_the_call_came() -> None:
    assert read(chat_body("m"), inbound({}))[1].created_unix_s == 1_700_000_000


@pytest.mark.parametrize("messages", [[], {}, "hi", None, 5])
def test_there_must_be_messages(messages: object) -> None:
    body = json.dumps({"model": "m", "messages": messages}).encode()
    with pytest.raises(MalformedRequest, match="at least one message") as refused:
        read(body, inbound({}))
    assert refused.value.param == "messages"


def test_bytes_of_the_messages_are_kept() -> None:
    body = b'{"model": "m", "messages": [ {"role":"user", "content" :"hi"} ], "x": 1.50}'
    document = read(body, inbound({}))[0].document
    assert isinstance(document, Document)
    sent = document.envelope.encode()
    assert b'[ {"role":"user", "content" :"hi"} ]' in sent
    assert b"1.50" in sent
    assert json.loads(sent) == json.loads(body)
