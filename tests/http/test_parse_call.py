"""What path, headers and the gateway's own members of the body make of a call."""

import json

import pytest

from adapters.dialects.document import Document
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.http.asgi_exchange import AsgiExchange
from adapters.http.chat_completions import parse_call
from adapters.http.inbound import Inbound
from adapters.http.task_runner import TaskRunner
from application.call_record import CallRecord
from application.chat_call import ChatCall
from domain.errors import MalformedRequest
from tests.http.conftest import CHAT, chat_body
from tests.http.gateway_under_test import LoopClock


async def _nothing(*_: object) -> None:
    raise AssertionError("parsing a call neither reads nor sends")


def inbound(headers: dict[str, str], path_model: str | None = None) -> Inbound:
    scope = {
        "type": "http",
        "method": "POST",
        "path": CHAT,
        "query_string": b"",
        "client": None,
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }
    exchange = AsgiExchange(scope, _nothing, _nothing, tasks=TaskRunner())  # type: ignore[arg-type] # the parts that matter here
    record = CallRecord(request_id="r", route=CHAT, received_s=0)
    return Inbound(exchange, record, OpenAIChat(), path_model)


def call_of(headers: dict[str, str] | None = None, **members: object) -> ChatCall:
    return parse_call(chat_body("m", **members), inbound(headers or {}), clock=LoopClock())[0]


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
    call, reply = parse_call(chat_body("in-body"), inbound({}, "in/path"), clock=LoopClock())
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
    reply = parse_call(chat_body("m", **members), inbound({}), clock=LoopClock())[1]
    assert (reply.include_usage, reply.legacy_functions) == (usage, legacy)


def test_the_reply_knows_when_the_call_came() -> None:
    assert parse_call(chat_body("m"), inbound({}), clock=LoopClock())[1].created_unix_s == 1_700_000_000


@pytest.mark.parametrize("messages", [[], {}, "hi", None, 5])
def test_there_must_be_messages(messages: object) -> None:
    body = json.dumps({"model": "m", "messages": messages}).encode()
    with pytest.raises(MalformedRequest, match="at least one message") as refused:
        parse_call(body, inbound({}), clock=LoopClock())
    assert refused.value.param == "messages"


def test_bytes_of_the_messages_are_kept() -> None:
    body = b'{"model": "m", "messages": [ {"role":"user", "content" :"hi"} ], "x": 1.50}'
    document = parse_call(body, inbound({}), clock=LoopClock())[0].document
    assert isinstance(document, Document)
    sent = document.envelope.encode()
    assert b'[ {"role":"user", "content" :"hi"} ]' in sent
    assert b"1.50" in sent
    assert json.loads(sent) == json.loads(body)
