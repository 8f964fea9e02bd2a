"""Buffered answers: parts, endings and counts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest
from domain.chat.content import Citation, Opaque, Reasoning, Text, ToolCall
from domain.chat.events import Failed
from domain.chat.response import ChatResponse, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedResponse, UpstreamError

DIALECT = AnthropicMessages()


def answer(*content: dict[str, Any], **members: Any) -> ChatResponse:
    body = {
        "id": "msg_1",
        "type": "message",
        "model": "claude-x",
        "content": list(content),
        "stop_reason": "end_turn",
    }
    return DIALECT.parse_response({**body, **members}, RenderedRequest(body={}))


@pytest.mark.parametrize(
    ("native", "reason", "detail"),
    [
        ("end_turn", FinishReason.STOP, None),
        ("stop_sequence", FinishReason.STOP, None),
        ("max_tokens", FinishReason.LENGTH, None),
        ("model_context_window_exceeded", FinishReason.LENGTH, "context_window"),
        ("tool_use", FinishReason.TOOL_CALLS, None),
        ("pause_turn", FinishReason.PAUSE, None),
        ("refusal", FinishReason.CONTENT_FILTER, "refusal"),
        ("compaction", FinishReason.OTHER, "compaction"),
    ],
)
def test_every_documented_ending_is_known(native: str, reason: FinishReason, detail: str | None) -> None:
    finish = answer(stop_reason=native).candidates[0].finish
    assert (finish.reason, finish.native, finish.detail) == (reason, native, detail)


def test_an_unknown_ending_is_an_error_that_names_it() -> None:
    with pytest.raises(MalformedResponse, match="tomorrow"):
        answer(stop_reason="tomorrow")


def test_no_ending_is_a_cut_answer() -> None:
    with pytest.raises(MalformedResponse) as refused:
        answer(stop_reason=None)
    assert refused.value.kind is ErrorKind.TRUNCATED


def test_a_call_ends_with_tool_calls_whatever_the_upstream_says() -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    assert answer(use, stop_reason="end_turn").candidates[0].finish.reason is FinishReason.TOOL_CALLS
    assert answer(use, stop_reason="max_tokens").candidates[0].finish.reason is FinishReason.LENGTH


def test_usage_counts_the_cache_into_the_prompt() -> None:
    usage = answer(
        usage={
            "input_tokens": 10,
            "output_tokens": 348,
            "cache_read_input_tokens": 100,
            "cache_creation_input_tokens": 1_000,
            "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 400},
            "output_tokens_details": {"thinking_tokens": 312},
            "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0},
            "service_tier": "priority",
        }
    )
    assert usage.usage == Usage(
        prompt_tokens=1_110,
        completion_tokens=348,
        cache_read_tokens=100,
        cache_write_tokens=1_000,
        cache_write_tokens_by_ttl={"5m": 600, "1h": 400},
        reasoning_tokens=312,
        server_tool_calls={"web_search": 2, "web_fetch": 0},
    )
    assert usage.service_tier == "priority"


def test_what_usage_does_not_say_is_unknown() -> None:
    assert answer(usage={"output_tokens": 1}).usage == Usage(completion_tokens=1)
    assert answer().usage is None


def test_thoughts_keep_their_signatures_even_without_text() -> None:
    parts = (
        answer(
            {"type": "thinking", "thinking": "", "signature": "c2ln"},
            {"type": "redacted_thinking", "data": "ZGF0YQ=="},
            {"type": "thinking", "thinking": "unsigned", "signature": ""},
        )
        .candidates[0]
        .parts
    )
    assert parts == (
        Reasoning(text="", signature=Opaque(family="anthropic", value="c2ln")),
        Reasoning(text="", signature=Opaque(family="anthropic", value="ZGF0YQ=="), redacted=True),
        Reasoning(text="unsigned"),
    )


def test_citations_of_every_kind_are_read() -> None:
    locations: list[dict[str, Any]] = [
        {
            "type": "web_search_result_location",
            "cited_text": "c",
            "url": "https://a",
            "title": "A",
            "encrypted_index": "e",
        },
        {"type": "char_location", "cited_text": "c", "document_index": 0, "document_title": "D"},
        {"type": "search_result_location", "cited_text": "c", "source": "https://s", "title": "S"},
        {"type": "from_tomorrow"},
    ]
    (text,) = answer({"type": "text", "text": "x", "citations": locations}).candidates[0].parts
    assert isinstance(text, Text)
    assert text.citations == (
        Citation(kind="url", url="https://a", title="A", cited_text="c", ext={"anthropic": locations[0]}),
        Citation(kind="doc_char", title="D", cited_text="c", ext={"anthropic": locations[1]}),
        Citation(
            kind="search_result", url="https://s", title="S", cited_text="c", ext={"anthropic": locations[2]}
        ),
    )


def test_an_error_with_a_good_status_is_raised() -> None:
    with pytest.raises(UpstreamError) as refused:
        DIALECT.parse_response(
            {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}, RenderedRequest(body={})
        )
    assert refused.value.kind is ErrorKind.OVERLOADED


def test_half_a_character_is_kept() -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"q": "\ud83d", "n": 2**70, "f": 1.0}}
    text, call = answer({"type": "text", "text": "\ud83d\u2028"}, use).candidates[0].parts
    assert text == Text(text="\ud83d\u2028")
    assert isinstance(call, ToolCall)
    assert call.arguments == use["input"]
    assert '"f":1.0' in call.raw


_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "input", "name", "citations", "content"]), inner, max_size=4
        )
    ),
    max_leaves=6,
)


@given(
    st.one_of(
        _values,
        st.dictionaries(
            st.sampled_from(["content", "stop_reason", "usage", "id", "model", "stop_details", "error"]), _values
        ),
    )
)
def test_nonsense_is_malformed_and_nothing_else(body: Any) -> None:
    try:
        DIALECT.parse_response(body, RenderedRequest(body={}))
    except UpstreamError:
        return
    assert isinstance(body, dict)


@pytest.mark.parametrize("missing", ["id", "name"])
def test_a_call_without_id_or_name_is_malformed_streamed_and_whole(missing: str) -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, missing: ""}
    with pytest.raises(MalformedResponse, match=f"expected tool_use to have {missing}"):
        answer(use, stop_reason="tool_use")
    decoder = DIALECT.decoder(RenderedRequest(body={}))
    started = {"type": "content_block_start", "index": 0, "content_block": use}
    (*_, last) = decoder.feed(b"data: " + json_codec.encode(started) + b"\n\n")
    assert isinstance(last, Failed)
