"""Losses are said of what the client wrote, where it wrote it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.dialects.places import Places
from domain.chat.content import Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import Role
from tests.strategies.responses_wire import requests

DIALECT = OpenAIResponses()
BODY: dict[str, Any] = {
    "model": "m",
    "instructions": "Be brief.",
    "safety_identifier": "s",
    "reasoning": {"effort": "low"},
    "tools": [
        {"type": "function", "name": "a"},
        {"type": "namespace", "name": "n", "description": "d", "tools": [{"type": "custom", "name": "b"}]},
        {"type": "web_search_preview"},
    ],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "x"}, {"type": "input_text", "text": "y"}]},
        {"type": "reasoning", "id": "rs", "summary": []},
        {
            "type": "message",
            "id": "msg",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "z"}, {"type": "output_text", "text": "w"}],
        },
        {"type": "function_call", "call_id": "1", "name": "a", "arguments": "{}"},
        {"type": "function_call", "call_id": "2", "name": "a", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "r"},
        {"type": "function_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "r"}]},
        {"role": "user", "content": "bye"},
    ],
}


@pytest.mark.parametrize(
    ("canonical", "place"),
    [
        ("/messages/0", "/instructions"),
        ("/messages/0/content/0/cache_control", "/instructions"),
        ("/messages/1", "/input/0"),
        ("/messages/1/content/1", "/input/0/content/1"),
        ("/messages/1/content/9", "/input/0"),
        ("/messages/1/name", "/input/0/name"),
        ("/messages/2", "/input/1"),
        ("/messages/2/id", "/input/1/id"),
        ("/messages/2/content/0", "/input/2/content/0"),
        ("/messages/2/content/1/annotations", "/input/2/content/1/annotations"),
        ("/messages/2/content/0/item", "/input/2"),
        ("/messages/2/content/0/item/id", "/input/2/id"),
        ("/messages/2/content/2", "/input/1"),
        ("/messages/2/tool_calls/0", "/input/3"),
        ("/messages/2/tool_calls/1", "/input/4"),
        ("/messages/2/tool_calls/7", "/input/1"),
        ("/messages/2/reasoning_content/0/id", "/input/1/id"),
        ("/messages/3/content/1", "/input/6"),
        ("/messages/3/content/0/id", "/input/5/id"),
        ("/messages/3/content/0/content/0", "/input/5/output"),
        ("/messages/3/content/1/content/0/detail", "/input/6/output/0/detail"),
        ("/messages/4/content/0", "/input/7/content"),
        ("/messages/9", "/input"),
        ("/messages", "/input"),
        ("/max_tokens", "/max_output_tokens"),
        ("/max_completion_tokens", "/max_output_tokens"),
        ("/reasoning_effort", "/reasoning/effort"),
        ("/thinking", "/reasoning"),
        ("/response_format", "/text/format"),
        ("/response_format/json_schema/schema", "/text/format/schema"),
        ("/verbosity", "/text/verbosity"),
        ("/logprobs", "/include"),
        ("/top_logprobs", "/include"),
        ("/user", "/safety_identifier"),
        ("/web_search_options", "/tools/2"),
        ("/tools/0/function/strict", "/tools/0/strict"),
        ("/tools/1", "/tools/1/tools/0"),
        ("/tools/1/custom/format", "/tools/1/tools/0/format"),
        ("/tools/1/namespace", "/tools/1"),
        ("/tools/1/namespace/description", "/tools/1/description"),
        ("/thinking/context", "/reasoning/context"),
        ("/reasoning_effort/context", "/reasoning/context"),
        ("/tools/2", "/tools/2"),
        ("/tools/9", "/tools"),
        ("/tools", "/tools"),
        ("/tool_choice/function/name", "/tool_choice/name"),
        ("/stop", "/stop"),
        ("/truncation", "/truncation"),
    ],
)
def test_places_are_the_client_s(canonical: str, place: str) -> None:
    assert DIALECT.place(canonical, BODY) == place


@pytest.mark.parametrize(
    ("canonical", "place"),
    [
        ("/messages/0/content/0", "/input"),
        ("/reasoning_effort", "/reasoning"),
        ("/user", "/user"),
        ("/top_logprobs", "/top_logprobs"),
        ("/web_search_options", "/tools"),
        ("/tools/0", "/tools"),
    ],
)
def test_what_is_not_there_is_said_of_the_nearest(canonical: str, place: str) -> None:
    assert DIALECT.place(canonical, {"model": "m", "input": "hi", "top_logprobs": 1}) == place


@given(requests(), st.data())
def test_every_part_s_place_is_in_the_body(body: dict[str, Any], data: st.DataObject) -> None:
    request = DIALECT.parse_request(body)
    if not request.messages:
        return
    index = data.draw(st.integers(0, len(request.messages) - 1))
    message = request.messages[index]
    places = Places(request.messages)
    for part in message.parts:
        there = _at(body, DIALECT.place(places.pointer(part), body))
        if isinstance(part, Text):
            assert there == part.text or there["text"] == part.text
        elif isinstance(part, ToolCall | ToolResult):
            assert there["call_id"] == (part.id if isinstance(part, ToolCall) else part.call_id)
        elif isinstance(part, Reasoning):
            assert there["type"] == "reasoning"
        for shown in part.parts if isinstance(part, ToolResult) else ():
            assert _at(body, DIALECT.place(places.pointer(shown), body))
    if message.role is not Role.ASSISTANT and not message.standing and isinstance(body["input"], list):
        assert isinstance(_at(body, DIALECT.place(f"/messages/{index}", body)), dict)


def _at(body: Any, pointer: str) -> Any:
    for step in pointer.removeprefix("/").split("/"):
        body = body[int(step)] if isinstance(body, list) else body[step]
    return body
