"""Streams of every shape, in every split, tell what the buffered answer tells."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest
from domain.chat import events as ev
from domain.chat.content import Opaque, OpaquePart, Reasoning, Text, ToolCall
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from domain.chat.tool_names import ToolNames
from domain.errors import ErrorKind, FeatherGateError
from tests.strategies.anthropic_wire import WireAnswer, answers
from tests.strategies.canonical import splits

DIALECT = AnthropicMessages()
PLAIN = RenderedRequest(body={})
START = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "claude-x", "usage": {"input_tokens": 5, "output_tokens": 1}},
}
STOP = {"type": "message_stop"}


def decode(chunks: Iterable[bytes], rendered: RenderedRequest = PLAIN) -> list[StreamEvent]:
    decoder = DIALECT.decoder(rendered)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (one["type"].encode(), json.dumps(one).encode()) for one in events
    )


def begun(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **members: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **members}}


def ending(reason: str | None, **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def told(*events: dict[str, Any], rendered: RenderedRequest = PLAIN) -> ChatResponse:
    return fold(decode([sse(*events)], rendered))


def failure(events: list[StreamEvent]) -> FeatherGateError:
    last = events[-1]
    assert isinstance(last, ev.Failed)
    assert not any(isinstance(event, (ev.Finished, ev.Ended)) for event in events)
    return last.error


@given(st.data(), answers())
def test_any_split_of_a_stream_tells_the_buffered_answer(data: st.DataObject, answer: WireAnswer) -> None:
    whole = decode([answer.stream])
    assert decode(data.draw(splits(answer.stream))) == whole
    assert fold(whole) == DIALECT.parse_response(answer.body, PLAIN)


@given(answers())
def test_blocks_count_from_zero_and_open_and_close_once_in_turn(answer: WireAnswer) -> None:
    events = decode([answer.stream])
    open_block: int | None = None
    count = 0
    for event in events:
        match event:
            case ev.BlockStarted(block):
                assert open_block is None
                assert block == count
                open_block = block
            case ev.BlockStopped(block):
                assert block == open_block
                open_block, count = None, count + 1
            case (
                ev.TextDelta(block)
                | ev.ReasoningDelta(block)
                | ev.ToolArgumentsDelta(block)
                | ev.OpaqueAdded(block)
            ):
                assert block == open_block
            case ev.ReasoningSigned(block):
                assert block == open_block
    signed = [event.block for event in events if isinstance(event, ev.ReasoningSigned)]
    assert len(set(signed)) == len(signed)
    assert isinstance(next(event for event in events if not isinstance(event, ev.Ping)), ev.Started)
    assert isinstance(events[-1], ev.Ended)


@given(st.data(), answers())
def test_a_stream_cut_anywhere_is_whole_or_failed(data: st.DataObject, answer: WireAnswer) -> None:
    cut = data.draw(st.integers(0, len(answer.stream)))
    events = decode([answer.stream[:cut]])
    assert isinstance(events[-1], (ev.Ended, ev.Failed))
    assert sum(isinstance(event, (ev.Ended, ev.Failed)) for event in events) == 1
    if isinstance(events[-1], ev.Ended):
        assert fold(events).candidates == DIALECT.parse_response(answer.body, PLAIN).candidates
    else:
        failure(events)


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_garbage_gives_one_failure(chunks: list[bytes]) -> None:
    events = decode(chunks)
    assert isinstance(events[-1], ev.Failed)
    assert sum(isinstance(event, ev.Failed) for event in events) == 1


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.lists(
        st.builds(
            lambda kind, members: {**members, "type": kind},
            st.sampled_from(
                [
                    "message_start",
                    "content_block_start",
                    "content_block_delta",
                    "content_block_stop",
                    "message_delta",
                    "message_stop",
                    "error",
                ]
            ),
            st.dictionaries(
                st.sampled_from(["message", "index", "content_block", "delta", "usage", "error"]),
                st.one_of(
                    _JSON,
                    st.dictionaries(
                        st.sampled_from(
                            ["type", "id", "text", "input", "stop_reason", "usage", "citations", "name"]
                        ),
                        st.one_of(_JSON, st.sampled_from(["text", "tool_use", "text_delta", "input_json_delta"])),
                        max_size=4,
                    ),
                ),
                max_size=4,
            ),
        ),
        max_size=6,
    )
)
def test_well_spelled_nonsense_never_raises(events: list[dict[str, Any]]) -> None:
    got = decode([sse(*events)])
    assert isinstance(got[-1], (ev.Failed, ev.Ended))


def test_a_real_stream_tells_thought_text_and_calls() -> None:
    answer = told(
        START,
        begun(0, type="thinking", thinking="", signature=""),
        {"type": "ping"},
        delta(0, "thinking_delta", thinking="Let me "),
        delta(0, "thinking_delta", thinking="see"),
        delta(0, "signature_delta", signature="c2ln"),
        {"type": "content_block_stop", "index": 0},
        begun(1, type="text", text=""),
        delta(1, "text_delta", text="Hi"),
        {"type": "content_block_stop", "index": 1},
        begun(2, type="tool_use", id="toolu_1", name="look", input={}, caller={"type": "direct"}),
        delta(2, "input_json_delta", partial_json=""),
        delta(2, "input_json_delta", partial_json='{"a"'),
        delta(2, "input_json_delta", partial_json=": 1.0}"),
        {"type": "content_block_stop", "index": 2},
        begun(3, type="tool_use", id="toolu_2", name="now", input={}),
        {"type": "content_block_stop", "index": 3},
        ending("tool_use", output_tokens=50, cache_read_input_tokens=7),
        STOP,
    )
    assert answer.candidates[0].parts == (
        Reasoning(text="Let me see", signature=Opaque(family="anthropic", value="c2ln")),
        Text(text="Hi"),
        ToolCall(id="toolu_1", name="look", raw='{"a": 1.0}', arguments={"a": 1.0}),
        ToolCall(id="toolu_2", name="now", raw="{}", arguments={}),
    )
    assert answer.candidates[0].finish.reason is FinishReason.TOOL_CALLS
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (12, 50, 62)


def test_the_last_signature_counts_and_is_told_once_at_the_end() -> None:
    events = decode(
        [
            sse(
                START,
                begun(0, type="thinking", thinking="", signature=""),
                delta(0, "signature_delta", signature="first"),
                delta(0, "signature_delta", signature="last"),
                {"type": "content_block_stop", "index": 0},
                ending("end_turn"),
                STOP,
            )
        ]
    )
    position = events.index(ev.ReasoningSigned(0, Opaque(family="anthropic", value="last")))
    assert events[position + 1] == ev.BlockStopped(0)
    assert sum(isinstance(event, ev.ReasoningSigned) for event in events) == 1


@pytest.mark.parametrize("script", ["ls -l", '{"a":1}', ""])
def test_a_custom_tools_text_is_unwrapped_and_its_name_restored(script: str) -> None:
    raw = json.dumps({"input": script})
    names = ToolNames.fitting(["run it"])
    rendered = RenderedRequest(body={}, tool_names=names, custom_tools=frozenset({names.wire("run it")}))
    wire = names.wire("run it")
    answer = told(
        START,
        begun(0, type="tool_use", id="toolu_1", name=wire, input={}),
        delta(0, "input_json_delta", partial_json=raw[:11]),
        delta(0, "input_json_delta", partial_json=raw[11:]),
        ending("tool_use"),
        STOP,
        rendered=rendered,
    )
    (call,) = answer.candidates[0].parts
    assert call == ToolCall(id="toolu_1", name="run it", raw=script, arguments=None, kind="custom")
    block = {"type": "tool_use", "id": "toolu_1", "name": wire, "input": {"input": script}}
    body = {"id": "msg_1", "model": "claude-x", "content": [block], "stop_reason": "tool_use"}
    assert DIALECT.parse_response(body, rendered).candidates == answer.candidates


def test_what_a_block_holds_at_its_start_is_told() -> None:
    answer = told(
        START,
        begun(0, type="thinking", thinking="Hm", signature="c2ln"),
        begun(1, type="text", text="Hi"),
        begun(2, type="tool_use", id="toolu_1", name="look", input={"a": 1}),
        ending("tool_use"),
    )
    assert answer.candidates[0].parts == (
        Reasoning(text="Hm", signature=Opaque(family="anthropic", value="c2ln")),
        Text(text="Hi"),
        ToolCall(id="toolu_1", name="look", raw='{"a":1}', arguments={"a": 1}),
    )


@pytest.mark.parametrize("called_too", [False, True])
def test_only_our_own_tool_becomes_the_answers_text(called_too: bool) -> None:
    rendered = RenderedRequest(body={"tools": [{"name": "look"}, {"name": "fg_json_output"}]})
    use = begun(1, type="tool_use", id="toolu_2", name="look", input={"q": 1})
    answer = told(
        START,
        begun(0, type="tool_use", id="toolu_1", name="fg_json_output", input={}),
        delta(0, "input_json_delta", partial_json='{"a":1}'),
        *([use] if called_too else []),
        ending("tool_use"),
        STOP,
        rendered=rendered,
    )
    text, *calls = answer.candidates[0].parts
    assert text == Text(text='{"a":1}')
    content = [{"type": "tool_use", "id": "toolu_1", "name": "fg_json_output", "input": {"a": 1}}]
    content += [{"type": "tool_use", "id": "toolu_2", "name": "look", "input": {"q": 1}}] if called_too else []
    body = {"id": "msg_1", "model": "claude-x", "content": content, "stop_reason": "tool_use"}
    assert DIALECT.parse_response(body, rendered).candidates == answer.candidates
    assert calls == (
        [ToolCall(id="toolu_2", name="look", raw='{"q":1}', arguments={"q": 1})] if called_too else []
    )
    reason = answer.candidates[0].finish.reason
    assert reason is (FinishReason.TOOL_CALLS if called_too else FinishReason.STOP)


def test_a_callers_tool_of_that_name_stays_a_call_where_we_sent_none() -> None:
    answer = told(
        START, begun(0, type="tool_use", id="t", name="fg_json_output", input={}), ending("tool_use"), STOP
    )
    assert isinstance(answer.candidates[0].parts[0], ToolCall)


def test_citations_of_an_empty_text_are_kept_both_ways() -> None:
    location = {"type": "char_location", "cited_text": "c", "document_index": 0}
    events = (begun(0, type="text", text=""), delta(0, "citations_delta", citation=location), ending("end_turn"))
    block = {"type": "text", "text": "", "citations": [location]}
    body = {"id": "msg_1", "model": "claude-x", "content": [block], "stop_reason": "end_turn"}
    (text,) = told(START, *events).candidates[0].parts
    assert isinstance(text, Text)
    assert len(text.citations) == 1
    assert DIALECT.parse_response(body, PLAIN).candidates[0].parts == (text,)


def test_server_tools_are_told_whole_with_their_input() -> None:
    answer = told(
        START,
        begun(0, type="server_tool_use", id="srv_1", name="web_search", input={}),
        delta(0, "input_json_delta", partial_json='{"query": '),
        delta(0, "input_json_delta", partial_json='"x"}'),
        begun(1, type="web_search_tool_result", tool_use_id="srv_1", content=[]),
        ending("pause_turn"),
        STOP,
    )
    used, found = answer.candidates[0].parts
    assert used == OpaquePart(
        family="anthropic",
        kind="server_tool_use",
        raw={"type": "server_tool_use", "id": "srv_1", "name": "web_search", "input": {"query": "x"}},
    )
    assert isinstance(found, OpaquePart)
    assert answer.candidates[0].finish.reason is FinishReason.PAUSE


def test_a_refusal_without_content_keeps_its_explanation() -> None:
    details = {"type": "refusal", "category": "cyber", "explanation": "I cannot."}
    last = {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}, "usage": {}}
    (candidate,) = told(START, last, STOP).candidates
    assert candidate.parts == ()
    assert candidate.finish.reason is FinishReason.CONTENT_FILTER
    assert (candidate.finish.category, candidate.finish.explanation) == ("cyber", "I cannot.")


def test_what_came_before_a_failure_is_kept() -> None:
    error = {
        "type": "error",
        "error": {"type": "overloaded_error", "message": "Overloaded"},
        "request_id": "req_1",
    }
    events = decode([sse(START, begun(0, type="text", text=""), delta(0, "text_delta", text="Hal"), error, STOP)])
    assert ev.TextDelta(0, "Hal") in events
    refused = failure(events)
    assert (refused.kind, refused.message, refused.request_id) == (ErrorKind.OVERLOADED, "Overloaded", "req_1")


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ([START], ErrorKind.TRUNCATED),
        ([], ErrorKind.TRUNCATED),
        ([START, STOP], ErrorKind.TRUNCATED),
        ([START, begun(0, type="text", text="x"), ending(None)], ErrorKind.TRUNCATED),
        ([START, ending("tomorrow"), STOP], ErrorKind.BAD_GATEWAY),
        ([START, delta(0, "text_delta", text="x")], ErrorKind.BAD_GATEWAY),
        ([START, begun(0, type="text"), delta(1, "text_delta", text="x")], ErrorKind.BAD_GATEWAY),
        ([START, begun(0, type="text"), delta(0, "thinking_delta", thinking="x")], ErrorKind.BAD_GATEWAY),
        ([START, begun(0, type="tool_use"), delta(0, "text_delta", text="x")], ErrorKind.BAD_GATEWAY),
        ([START, {"type": "content_block_start", "index": 0}], ErrorKind.BAD_GATEWAY),
        ([START, {"type": "", "error": {"type": "api_error", "message": "m"}}], ErrorKind.SERVER),
        ([{"type": "error", "error": {"type": "rate_limit_error", "message": "slow"}}], ErrorKind.RATE_LIMIT),
    ],
)
def test_a_broken_stream_is_an_error(events: list[dict[str, Any]], kind: ErrorKind) -> None:
    assert failure(decode([sse(*events)])).kind is kind


def test_an_undocumented_ending_is_named() -> None:
    assert "tomorrow" in failure(decode([sse(START, ending("tomorrow"), STOP)])).message


@pytest.mark.parametrize("data", [b"not json", b"[1]", b"[" * 100_000, b'"x"'])
def test_data_that_is_no_object_is_an_error(data: bytes) -> None:
    assert failure(decode([b"data: " + data + b"\n\n"])).kind is ErrorKind.BAD_GATEWAY


def test_nothing_follows_the_end() -> None:
    decoder = DIALECT.decoder(PLAIN)
    assert isinstance(decoder.feed(sse(START, ending("end_turn"), STOP, START))[-1], ev.Ended)
    assert decoder.feed(sse(START)) == decoder.finish() == []


def test_openais_terminal_marker_is_no_event() -> None:
    assert isinstance(decode([sse(START, ending("end_turn")) + b"data: [DONE]\n\n"])[-1], ev.Ended)
