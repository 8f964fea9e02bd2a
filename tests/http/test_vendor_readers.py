"""What the readers of Responses, Messages and generateContent make of bodies, paths and headers."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect
from adapters.dialects.document import Document
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.dialects.openai_responses.request import ECHOED
from adapters.http.generate_content import GenerateContentReader
from adapters.http.inbound import Inbound
from adapters.http.messages import MessagesReader
from adapters.http.responses import Echo, ResponsesReader
from application.chat_call import ChatCall
from domain.errors import MalformedRequest
from tests.http.gateway_under_test import LoopClock
from tests.http.inbound_requests import inbound

USER = {"role": "user", "content": "hi"}
CLOCK = LoopClock()


def responses(body: dict[str, Any], headers: dict[str, str] | None = None) -> ChatCall:
    given_body = json.dumps({"model": "m", **body}).encode()
    return ResponsesReader(CLOCK).read(given_body, inbound(headers or {}, dialect=OpenAIResponses()))[0]


def messages(body: dict[str, Any], headers: dict[str, str] | None = None, query: bytes = b"") -> ChatCall:
    given_body = json.dumps({"model": "m", "messages": [USER], **body}).encode()
    asked = inbound(headers or {}, dialect=AnthropicMessages(), query=query)
    return MessagesReader(CLOCK).read(given_body, asked)[0]


def generate(body: dict[str, Any], *, stream: bool, query: bytes = b"") -> tuple[ChatCall, Inbound]:
    given_body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], **body}).encode()
    asked = inbound({"x-goog-api-key": "k"}, "a/b", dialect=Gemini(), query=query)
    return GenerateContentReader(CLOCK, stream=stream).read(given_body, asked)[0], asked


def members(call: ChatCall) -> set[str]:
    assert isinstance(call.document, Document)
    return set(call.document.envelope)


@pytest.mark.parametrize(
    ("body", "stateful"),
    [
        ({"input": "hi"}, False),
        ({"input": [USER]}, False),
        ({"input": [{**USER, "id": "msg_1"}]}, False),
        ({"input": [{"type": "message", "id": "msg_1", "role": "assistant", "content": []}]}, False),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": '{"id": 1}'}]}, False),
        ({"input": [{"type": "reasoning", "id": "rs_1", "summary": []}]}, False),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, True),
        ({"input": [USER, {"id": "msg_1"}]}, True),
        ({"input": [{"id": "msg_1", "type": None}]}, True),
        ({"input": "hi", "previous_response_id": "resp_1"}, True),
        ({"previous_response_id": "resp_1"}, True),
        ({"input": "hi", "conversation": "conv_1"}, True),
        ({"input": "hi", "conversation": {"id": "conv_1"}}, True),
        ({"input": "hi", "previous_response_id": None, "conversation": None}, False),
        ({"prompt": {"id": "pmpt_1"}}, False),
    ],
)
def test_a_call_that_needs_what_the_vendor_keeps_is_stateful(body: dict[str, Any], stateful: bool) -> None:
    assert responses(body).stateful is stateful


@pytest.mark.parametrize(
    "body", [{}, {"input": ""}, {"input": []}, {"input": None}, {"input": 5}, {"prompt": None}]
)
def test_there_must_be_an_input(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="input: expected") as refused:
        responses(body)
    assert refused.value.param == "input"


def test_the_echo_is_what_the_client_wrote() -> None:
    written = {"tools": [], "temperature": 0.5, "metadata": {"a": "b"}, "instructions": "x", "text": {}}
    call = responses({"input": "hi", **written, "timeout": 3, "include": []})
    assert isinstance(call.document, Document)
    assert dict(call.document.reply.echo) == written


@given(st.dictionaries(st.sampled_from(sorted(ECHOED)) | st.text(max_size=3), st.none() | st.booleans()))
def test_the_echo_is_a_mapping_of_the_members_that_are_repeated(written: dict[str, Any]) -> None:
    call = responses({"input": "hi", "model": "m", **{k: v for k, v in written.items() if k not in STATE}})
    assert isinstance(call.document, Document)
    echo = call.document.reply.echo
    expected = {name: value for name, value in written.items() if name in ECHOED - STATE}
    assert (dict(echo), len(echo)) == (expected, len(expected))
    assert isinstance(echo, Echo)
    with pytest.raises(KeyError):
        echo["model"]


STATE = {"previous_response_id", "conversation", "input", "model", "stream", "timeout"}


def test_anthropic_s_headers_travel_and_its_beta_flag() -> None:
    headers = {"anthropic-version": "2026-10-21", "anthropic-beta": "a,b", "x-api-key": "k", "cookie": "c"}
    call = messages({}, headers, b"x=1&beta=true")
    assert call.headers == {"anthropic-version": "2026-10-21", "anthropic-beta": "a,b"}
    assert call.query == "beta=true"
    for query in (b"", b"beta=1", b"alphabeta=true", b"key=k"):
        assert messages({}, {}, query).query == ""


def test_members_that_anthropic_knows_too_stay() -> None:
    call = messages({"fallbacks": [{"model": "x"}], "max_retries": 2, "metadata": {"user_id": "u", "tags": ["t"]}})
    assert members(call) == {"model", "messages", "fallbacks", "metadata"}
    assert isinstance(call.document, Document)
    assert call.document.envelope.value("metadata") == {"user_id": "u"}


@pytest.mark.parametrize("body", [{"messages": []}, {"messages": None}, {"messages": "hi"}])
def test_there_must_be_messages(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedRequest, match="at least one message"):
        messages(body)


def test_a_missing_limit_is_not_the_reader_s_concern() -> None:
    assert members(messages({})) == {"model", "messages"}


@pytest.mark.parametrize("stream", [False, True])
def test_the_verb_tells_whether_to_stream(stream: bool) -> None:
    call, asked = generate({"stream": not stream, "model": "models/x", "tags": ["t"]}, stream=stream)
    assert (call.stream, asked.record.stream, call.model) == (stream, stream, "a/b")
    assert isinstance(call.document, Document)
    assert call.document.envelope.document() == {
        "contents": [{"parts": [{"text": "hi"}]}],
        "model": "a/b",
        "stream": stream,
    }
    assert (call.headers, call.query) == ({}, "")


@pytest.mark.parametrize(
    ("query", "content_type"),
    [
        (b"", "application/json"),
        (b"alt=json", "application/json"),
        (b"$alt=sse", "application/json"),
        (b"alt=sse", "text/event-stream"),
        (b"key=k&alt=sse", "text/event-stream"),
        (b"alt=json&alt=SSE", "text/event-stream"),
        (b"alt=s%73e", "text/event-stream"),
    ],
)
def test_the_query_tells_how_a_stream_is_framed(query: bytes, content_type: str) -> None:
    call, asked = generate({}, stream=True, query=query)
    assert asked.dialect.stream_content_type.startswith(content_type)
    assert isinstance(call.document, Document)
    assert call.document.client is asked.dialect


@pytest.mark.parametrize("contents", [[], None, "hi", {}])
def test_there_must_be_contents(contents: object) -> None:
    with pytest.raises(MalformedRequest, match="contents: expected"):
        generate({"contents": contents}, stream=False)


@pytest.mark.parametrize(
    ("dialect", "read", "body"),
    [
        (OpenAIResponses(), ResponsesReader(CLOCK).read, {"input": "hi"}),
        (AnthropicMessages(), MessagesReader(CLOCK).read, {"messages": [USER]}),
    ],
)
@pytest.mark.parametrize("model", ["", None, 5])
def test_there_must_be_a_model(
    dialect: ClientDialect, read: Callable[[bytes, Inbound], object], body: dict[str, Any], model: object
) -> None:
    with pytest.raises(MalformedRequest, match="model: expected") as refused:
        read(json.dumps({**body, "model": model}).encode(), inbound({}, dialect=dialect))
    assert refused.value.param == "model"
