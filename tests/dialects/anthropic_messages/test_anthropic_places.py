"""Pointers in canonical names lead to what they are about in a Messages request."""

from typing import Any

import pytest
from hypothesis import given, settings

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.places import Places
from domain.chat.content import Document, Image, OpaquePart, Part, Reasoning, Text, ToolCall, ToolResult
from domain.json_types import JSON
from tests.strategies.anthropic_wire import request_bodies

DIALECT = AnthropicMessages()
BODY: dict[str, Any] = {
    "model": "m",
    "max_tokens": 5,
    "system": [{"type": "text", "text": "s"}],
    "messages": [
        {"role": "user", "content": "hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "t", "signature": "s"},
                {"type": "text", "text": "x"},
                {"type": "tool_use", "id": "a", "name": "f", "input": {}},
                {"type": "tool_use", "id": "b", "name": "f", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "2"}]},
                {"type": "text", "text": "well?"},
            ],
        },
    ],
    "tools": [{"name": "f", "input_schema": {}}, {"type": "web_search_20250305", "name": "web_search"}],
    "thinking": {"type": "adaptive"},
    "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {}}},
}


@pytest.mark.parametrize(
    ("where", "place"),
    [
        ("/stop", "/stop_sequences"),
        ("/max_completion_tokens", "/max_tokens"),
        ("/max_tokens", "/max_tokens"),
        ("/user", "/metadata/user_id"),
        ("/parallel_tool_calls", "/tool_choice/disable_parallel_tool_use"),
        ("/tool_choice", "/tool_choice"),
        ("/temperature", "/temperature"),
        ("/mcp_servers", "/mcp_servers"),
        ("/reasoning_effort", "/output_config/effort"),
        ("/reasoning_effort/display", "/thinking/display"),
        ("/reasoning_effort/effort", "/output_config/effort"),
        ("/thinking/effort", "/output_config/effort"),
        ("/thinking/type", "/thinking/type"),
        ("/response_format", "/output_config/format"),
        ("/response_format/json_schema/schema", "/output_config/format/schema"),
        ("/tools/0", "/tools/0"),
        ("/tools/0/function/strict", "/tools/0/strict"),
        ("/tools/0/function/parameters/properties", "/tools/0/input_schema/properties"),
        ("/tools/0/defer_loading", "/tools/0/defer_loading"),
        ("/web_search_options/max_uses", "/tools/1/max_uses"),
        ("/messages", "/messages"),
        ("/messages/0", "/system"),
        ("/messages/0/content/0", "/system/0"),
        ("/messages/1", "/messages/0"),
        ("/messages/1/content/0", "/messages/0/content"),
        ("/messages/2", "/messages/1"),
        ("/messages/2/content/0", "/messages/1/content/1"),
        ("/messages/2/tool_calls/1", "/messages/1/content/3"),
        ("/messages/2/content/7", "/messages/1"),
        ("/messages/3", "/messages/2"),
        ("/messages/3/content/1", "/messages/2/content/1"),
        ("/messages/3/content/1/content/0/x", "/messages/2/content/1/content/0/x"),
        ("/messages/4/content/0", "/messages/2/content/2"),
        ("/messages/4/content/0/#block", "/messages/2/content/2"),
        ("/messages/4/name", "/messages/2/name"),
        ("/messages/9", "/messages"),
    ],
)
def test_places(where: str, place: str) -> None:
    assert DIALECT.place(where, BODY) == place


@pytest.mark.parametrize(
    ("where", "members", "place"),
    [
        ("/reasoning_effort", {"output_config": {"effort": "low"}}, "/output_config/effort"),
        ("/response_format", {"output_format": {}}, "/output_format"),
        ("/messages/0", {"system": ""}, "/messages/0"),
        ("/messages/0/content/0", {"system": "s"}, "/system"),
        ("/web_search_options", {}, "/tools"),
    ],
)
def test_places_by_what_the_request_has(where: str, members: dict[str, Any], place: str) -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "hi"}], **members}
    assert DIALECT.place(where, body) == place


@settings(max_examples=60)
@given(request_bodies())
def test_every_part_is_found(body: dict[str, Any]) -> None:
    messages = DIALECT.parse_request(body).messages
    places = Places(messages)
    for message in messages:
        for part in message.parts:
            pointer = places.pointer(part)
            if isinstance(part, Reasoning) or pointer == "/messages":
                continue
            found = at(body, DIALECT.place(pointer, body))
            assert isinstance(found, str) or found["type"] in KINDS[type(part)]


KINDS: dict[type[Part], tuple[str, ...]] = {
    Text: ("text", "search_result"),
    Image: ("image",),
    Document: ("document",),
    ToolCall: ("tool_use",),
    ToolResult: ("tool_result",),
    OpaquePart: ("server_tool_use", "web_search_tool_result", "container_upload"),
}


def at(value: JSON, pointer: str) -> JSON:
    for step in pointer.removeprefix("/").split("/"):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
