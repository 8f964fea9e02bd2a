"""Any JSON value may stand at any place of a request or an answer: what is refused is refused by name."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any, TypeAlias

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest, Target, UpstreamDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat.events import Ended, Failed
from domain.errors import RequestError
from domain.models.catalogue import profile_for

Step: TypeAlias = str | int

SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"$ref": "#/$defs/x"},
        "b": {"type": "string", "format": "email", "enum": ["x", None]},
        "c": {"allOf": [{"type": "object"}, {"const": 1}]},
        "d": {"oneOf": [{"type": "array", "items": {"type": "string"}, "minItems": 1}, {"type": "null"}]},
    },
    "$defs": {"x": {"type": "integer", "minimum": 1}},
    "required": ["a"],
    "additionalProperties": False,
}
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "high"}}
REQUEST: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "developer", "content": [{"type": "text", "text": "d"}]},
        {
            "role": "user",
            "name": "bob",
            "content": [
                {"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}},
                PICTURE,
                {
                    "type": "file",
                    "file": {"file_data": "data:application/pdf;base64,JVBERi0=", "filename": "a.pdf"},
                },
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "r",
            "thinking_blocks": [{"type": "thinking", "thinking": "t", "signature": "s"}],
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "c2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "r2"},
        {"role": "tool", "tool_call_id": "c1", "content": [{"type": "text", "text": "r1"}, PICTURE]},
        {"role": "system", "content": "mid"},
        {"role": "user", "content": "go"},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "strict": True, "parameters": SCHEMA}},
        {"type": "custom", "custom": {"name": "g", "format": {"type": "text"}}},
    ],
    "tool_choice": {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "f"}}]},
    },
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "strict": True, "schema": SCHEMA}},
    "reasoning_effort": "high",
    "thinking": {"type": "enabled", "budget_tokens": 2_000},
    "stop": ["a", " "],
    "max_tokens": 100,
    "logit_bias": {"1": 2},
    "metadata": {"a": "b"},
    "user": "u",
    "stream_options": {"include_usage": True},
    "web_search_options": {"user_location": {"approximate": {"city": "x"}}},
    "safety_settings": [{"category": "x"}],
}
VALUES: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, "", " ", "x", "function", "text", "none", "\ud83d", "data:,",
    [], {}, [[]], [{}], [None], {"type": []}, {"type": {}}, {"a": None},
]  # fmt: skip
TARGETS: list[tuple[UpstreamDialect, Target]] = [
    (dialect, Target(provider=provider, family=family, model=model, profile=profile_for(provider, model)))
    for dialect, provider, family, model in (
        (AnthropicMessages(), "anthropic", "anthropic", "claude-3-haiku"),
        (AnthropicMessages(), "anthropic", "anthropic", "claude-sonnet-4-5"),
        (AnthropicMessages(), "anthropic", "anthropic", "claude-opus-5-5"),
        (Gemini(), "gemini", "google", "gemini-2.5-pro"),
        (Gemini(), "gemini", "google", "gemini-3-pro-preview"),
        (OpenAIChat(), "openai", "openai", "gpt-5"),
    )
]
CHAT_STREAM: list[Any] = [
    {
        "id": "x",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"role": "assistant", "content": "a"}}],
    },
    {
        "id": "x",
        "choices": [
            {
                "index": 0,
                "delta": {
                    "reasoning_details": [{"type": "reasoning.text", "text": "r", "format": "f", "data": "d"}],
                    "annotations": [
                        {"url_citation": {"start_index": 0, "end_index": 1, "title": "t", "url": "u"}}
                    ],
                    "images": [PICTURE],
                    "audio": {"data": "AAAA", "transcript": "t"},
                    "tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}],
                    "function_call": {"name": "z", "arguments": {"a": 1}},
                },
                "logprobs": {"content": [{}]},
            }
        ],
    },
    {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
]
MESSAGES_STREAM: list[Any] = [
    {"type": "message_start", "message": {"id": "m", "model": "x", "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "signature_delta", "signature": "s"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "", "citations": [{}]}},
    {
        "type": "content_block_delta",
        "index": 1,
        "delta": {"type": "citations_delta", "citation": {"type": "char_location", "cited_text": "c"}},
    },
    {"type": "content_block_start", "index": 2, "content_block": {"type": "tool_use", "id": "i", "name": "f"}},
    {"type": "content_block_delta", "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
    {"type": "content_block_start", "index": 3, "content_block": {"type": "server_tool_use", "input": {}}},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "refusal", "stop_details": {"category": "c", "explanation": "e"}},
        "usage": {"output_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 1}},
    },
    {"type": "message_stop"},
]
GEMINI_STREAM: list[Any] = [
    {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {"text": "t", "thought": True, "thoughtSignature": "s"},
                        {
                            "functionCall": {
                                "name": "g",
                                "partialArgs": [{"jsonPath": "$.a[0]", "stringValue": "x"}],
                            }
                        },
                        {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                        {"executableCode": {"code": "x"}},
                        {"text": "a"},
                    ]
                },
                "logprobsResult": {"chosenCandidates": [{"token": "a"}], "topCandidates": [{"candidates": [{}]}]},
            }
        ],
        "usageMetadata": {"promptTokenCount": 1, "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}]},
        "createTime": "2026-01-01T00:00:00Z",
    },
    {
        "candidates": [
            {
                "finishReason": "STOP",
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": "u", "title": "t"}}],
                    "groundingSupports": [{"segment": {"endIndex": 1, "text": "a"}, "groundingChunkIndices": [0]}],
                },
                "citationMetadata": {"citationSources": [{"uri": "u", "endIndex": 1}]},
            }
        ],
        "promptFeedback": {"blockReason": "SAFETY"},
    },
]


def places(value: Any, *at: Step) -> Iterator[tuple[Step, ...]]:
    """The way to everything inside `value`."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield (*at, step)
        yield from places(inner, *at, step)


@st.composite
def mutated(draw: st.DrawFn, sound: Any) -> Any:
    """`sound` with another value at one or two places."""
    value = deepcopy(sound)
    for _ in range(draw(st.integers(1, 2))):
        *way, last = draw(st.sampled_from(list(places(value))))
        holder = value
        for step in way:
            holder = holder[step]
        holder[last] = deepcopy(draw(st.sampled_from(VALUES)))
        if not list(places(value)):
            break
    return value


@settings(max_examples=300)
@given(mutated(REQUEST))
@example({**REQUEST, "tool_choice": {"type": []}})
@example({**REQUEST, "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": {}}}})
@example({**REQUEST, "messages": [{"role": "assistant", "thinking_blocks": [{"type": []}]}]})
@example({**REQUEST, "response_format": {"type": "json_schema", "json_schema": {"schema": {"format": {}}}}})
def test_strange_requests_are_rendered_or_refused(body: dict[str, Any]) -> None:
    try:
        request = OpenAIChat().parse_request(body)
    except RequestError:
        return
    for dialect, target in TARGETS:
        try:
            assert json_codec.encode(dialect.render_request(request, target).body)
        except RequestError:
            continue


@pytest.mark.parametrize(
    ("dialect", "sound"),
    [(OpenAIChat(), CHAT_STREAM), (AnthropicMessages(), MESSAGES_STREAM), (Gemini(), GEMINI_STREAM)],
    ids=["openai", "anthropic", "gemini"],
)
@settings(max_examples=200)
@given(st.data())
def test_strange_answers_end_or_fail(dialect: UpstreamDialect, sound: list[Any], data: st.DataObject) -> None:
    stream = b"".join(b"data: " + json_codec.encode(one) + b"\n\n" for one in data.draw(mutated(sound)))
    decoder = dialect.decoder(RenderedRequest(body={}, custom_tools=frozenset({"g"})))
    events = [*decoder.feed(stream), *decoder.finish()]
    assert [isinstance(event, (Ended, Failed)) for event in events].index(True) == len(events) - 1


@pytest.mark.parametrize(
    ("dialect", "sound"),
    [(OpenAIChat(), CHAT_STREAM), (AnthropicMessages(), MESSAGES_STREAM), (Gemini(), GEMINI_STREAM)],
    ids=["openai", "anthropic", "gemini"],
)
def test_sound_answers_end(dialect: UpstreamDialect, sound: list[Any]) -> None:
    stream = b"".join(b"data: " + json_codec.encode(one) + b"\n\n" for one in sound)
    decoder = dialect.decoder(RenderedRequest(body={}, custom_tools=frozenset({"g"})))
    assert isinstance([*decoder.feed(stream), *decoder.finish()][-1], Ended)
