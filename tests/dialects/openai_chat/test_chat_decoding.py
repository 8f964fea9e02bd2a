"""What upstreams that speak Chat Completions really send, and what it must mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat import events as ev
from domain.chat.content import Inline, Opaque, Reasoning, Refusal, Text, ToolCall, Url
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from domain.chat.tool_names import ToolNames
from domain.errors import ErrorKind, FeatherGateError, MalformedResponse, UpstreamError
from tests.strategies import canonical

CHAT = OpenAIChat()
RENDERED = RenderedRequest(body={})


def chunk(delta: Any = None, *, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [choice],
        **more,
    }


def sse(*chunks: Any, done: bool = True) -> bytes:
    frames = [f"data: {json.dumps(one)}\n\n" for one in chunks]
    return "".join([*frames, "data: [DONE]\n\n" if done else ""]).encode()


def events_of(stream: bytes, rendered: RenderedRequest = RENDERED) -> list[ev.StreamEvent]:
    decoder = CHAT.decoder(rendered)
    return decoder.feed(stream) + decoder.finish()


def told(*chunks: Any, rendered: RenderedRequest = RENDERED, done: bool = True) -> ChatResponse:
    return fold(events_of(sse(*chunks, done=done), rendered))


def calls(*fragments: Any) -> dict[str, Any]:
    return {"tool_calls": list(fragments)}


def failure(stream: bytes) -> FeatherGateError:
    events = events_of(stream)
    assert isinstance(events[-1], ev.Failed)
    assert sum(isinstance(event, (ev.Failed, ev.Ended)) for event in events) == 1
    return events[-1].error


def parts_of(*chunks: Any, rendered: RenderedRequest = RENDERED) -> tuple[object, ...]:
    return told(*chunks, rendered=rendered).candidates[0].parts


STOP = chunk(finish="stop")


@pytest.mark.parametrize(
    "chunks",
    [
        (chunk({"role": "assistant", "content": ""}), chunk({"content": "a"}), chunk({"content": "b"}), STOP),
        (
            chunk({"content": "a", "role": "assistant"}),
            chunk({"content": "b", "role": "assistant"}, finish="stop"),
        ),
        (chunk({"content": "ab", "refusal": None, "tool_calls": None}, finish="stop"),),
        ({**chunk(), "choices": [{"delta": {"content": "ab"}, "finish_reason": "stop"}]},),
        ({**chunk(), "choices": [{"message": {"content": "ab"}, "finish_reason": "stop"}]},),
        (chunk({"content": "ab"}), {**chunk(), "choices": [{"index": 0, "delta": None, "finish_reason": "stop"}]}),
        (chunk({"content": "a"}, obfuscation="xyz"), chunk({"content": "b"}, finish="stop"), STOP),
        (chunk({"content": "a"}, finish="stop"), chunk({"content": "b"}, finish="stop")),
        ({"id": "", "model": "", "choices": [], "prompt_filter_results": []}, chunk({"content": "ab"}), STOP),
        (chunk({"content": "ab"}), {"moderation": {"flagged": False}}, STOP, {"id": "x", "choices": []}),
        (chunk({"content": [{"type": "text", "text": "ab"}, "odd"]}), chunk(finish=""), STOP),
    ],
)
def test_ways_of_saying_the_same(chunks: tuple[Any, ...]) -> None:
    response = told(*chunks)
    assert response.candidates[0].parts == (Text(text="ab"),)
    assert response.candidates[0].finish.reason is FinishReason.STOP
    assert response.id == "chatcmpl-1"


USAGE = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}


@pytest.mark.parametrize(
    "chunks",
    [
        (chunk({"content": "a"}, usage=None), chunk(finish="stop", usage=None), {"choices": [], "usage": USAGE}),
        (chunk({"content": "a"}), chunk(finish="stop", usage=USAGE)),
        (chunk({"content": "a"}), STOP, chunk({"content": ""}, usage=USAGE)),
        ({**chunk(), "choices": [{"delta": {"content": "a"}, "finish_reason": "stop", "usage": USAGE}]},),
    ],
)
def test_usage_anywhere(chunks: tuple[Any, ...]) -> None:
    usage = told(*chunks).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (5, 2)


def test_the_total_tells_about_reasoning_left_out() -> None:
    usage = told(chunk({"content": "a"}, finish="stop", usage={**USAGE, "total_tokens": 60})).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (5, 55, 60)


A, B = '{"a": 1}', '{"b": 2}'


def fragment(**members: Any) -> dict[str, Any]:
    function = {name: members.pop(name) for name in ("name", "arguments") if name in members}
    return {**members, "function": function}


@pytest.mark.parametrize(
    "deltas",
    [
        # as documented
        [
            calls(fragment(index=0, id="1", type="function", name="a", arguments="")),
            calls(fragment(index=0, arguments='{"a"')),
            calls(fragment(index=0, arguments=": 1}")),
            calls(fragment(index=1, id="2", type="function", name="b", arguments="")),
            calls(fragment(index=1, arguments=B)),
        ],
        # alternating fragments
        [
            calls(fragment(index=0, id="1", name="a"), fragment(index=1, id="2", name="b")),
            calls(fragment(index=1, arguments='{"b": ')),
            calls(fragment(index=0, arguments=A)),
            calls(fragment(index=1, arguments="2}")),
        ],
        # no index: by id, and by position
        [calls(fragment(id="1", name="a", arguments=A), fragment(id="2", name="b", arguments=B))],
        [
            calls(fragment(id="1", name="a", arguments='{"a"')),
            calls(fragment(arguments=": 1}")),
            calls(fragment(id="2", name="b", arguments="")),
            calls(fragment(id="2", arguments=B)),
        ],
        # every call numbered 0
        [
            calls(fragment(index=0, id="1", name="a", arguments=A)),
            calls(fragment(index=0, id="2", name="b", arguments=B)),
        ],
        # id and name repeated in every fragment
        [
            calls(fragment(index=0, id="1", name="a", arguments='{"a"')),
            calls(fragment(index=0, id="1", name="a", arguments=": 1}")),
            calls(fragment(index=1, id="2", name="b", arguments=B)),
        ],
        # arguments before the name, arguments as an object
        [
            calls(fragment(index=0, id="1", arguments='{"a"')),
            calls(fragment(index=0, name="a", arguments=": 1}")),
            calls(fragment(index=1, id="2", name="b", arguments=None)),
            calls(fragment(index=1, id=None, name=None, arguments=B)),
        ],
    ],
)
def test_ways_of_calling_two_tools(deltas: list[Any]) -> None:
    response = told(*(chunk(delta) for delta in deltas), STOP)
    parts = response.candidates[0].parts
    assert [(part.id, part.name, part.arguments) for part in parts if isinstance(part, ToolCall)] == [
        ("1", "a", {"a": 1}),
        ("2", "b", {"b": 2}),
    ]
    assert response.candidates[0].finish.reason is FinishReason.TOOL_CALLS


def test_arguments_as_an_object() -> None:
    (call,) = parts_of(chunk(calls(fragment(index=0, id="1", name="a", arguments={"a": 1}))), STOP)
    assert isinstance(call, ToolCall)
    assert json.loads(call.raw) == {"a": 1}


def test_the_deprecated_function_call() -> None:
    deltas = [{"function_call": {"name": "a", "arguments": ""}}, {"function_call": {"arguments": A}}]
    response = told(*(chunk(delta) for delta in deltas), chunk(finish="function_call"))
    (call,) = response.candidates[0].parts
    assert isinstance(call, ToolCall)
    assert (call.name, call.raw) == ("a", A)
    assert response.candidates[0].finish.reason is FinishReason.TOOL_CALLS


@pytest.mark.parametrize("missing", ["", None])
def test_a_missing_id_is_minted_the_same_in_both_modes(missing: Any) -> None:
    delta = calls(fragment(index=0, id=missing, name="a", arguments=A), fragment(index=1, name="a", arguments=A))
    streamed = told(chunk(delta), STOP)
    body = {**chunk(), "choices": [{"index": 0, "message": delta, "finish_reason": "stop"}]}
    assert CHAT.parse_response(body, RENDERED) == streamed
    ids = [part.id for part in streamed.candidates[0].parts if isinstance(part, ToolCall)]
    assert len(set(ids)) == 2
    assert all(call_id.startswith("call_") for call_id in ids)


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_a_cut_call_is_no_finished_one(finish: str) -> None:
    response = told(chunk(calls(fragment(index=0, id="1", name="a", arguments='{"a'))), chunk(finish=finish))
    assert response.candidates[0].finish.reason.value == finish


def test_the_callers_names_come_back() -> None:
    names = ToolNames.fitting(["get weather"])
    rendered = RenderedRequest(body={}, tool_names=names)
    (call,) = parts_of(
        chunk(calls(fragment(index=0, id="1", name=names.wire("get weather")))), STOP, rendered=rendered
    )
    assert isinstance(call, ToolCall)
    assert call.name == "get weather"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [('{"input": "free \\"text\\""}', 'free "text"'), ("garbage", "garbage"), ('{"x": 1}', '{"x": 1}')],
)
def test_free_text_that_travelled_as_a_function(arguments: str, text: str) -> None:
    rendered = RenderedRequest(body={}, custom_tools=frozenset({"t"}))
    pieces = [
        calls(fragment(index=0, id="1", name="t", arguments=piece)) for piece in (arguments[:5], arguments[5:])
    ]
    assert parts_of(*map(chunk, pieces), STOP, rendered=rendered) == (
        ToolCall(id="1", name="t", raw=text, kind="custom"),
    )


def test_native_free_text_calls() -> None:
    first = {"index": 0, "id": "1", "type": "custom", "custom": {"name": "t", "input": "fr"}}
    rest = {"index": 0, "custom": {"input": "ee"}}
    assert parts_of(chunk(calls(first)), chunk(calls(rest)), STOP) == (
        ToolCall(id="1", name="t", raw="free", kind="custom"),
    )


SIGNED = Opaque(family="google", value="SIG")


@pytest.mark.parametrize(
    "extra",
    [
        {"extra_content": {"google": {"thought_signature": "SIG"}}},
        {"provider_specific_fields": {"thought_signature": "SIG"}},
    ],
)
def test_googles_signatures(extra: Any) -> None:
    (call,) = parts_of(chunk(calls({**fragment(index=0, id="1", name="a", arguments="{}"), **extra})), STOP)
    assert isinstance(call, ToolCall)
    assert call.signature == SIGNED


ANTHROPIC = Opaque(family="anthropic", value="SIG")


@pytest.mark.parametrize(
    ("deltas", "thoughts"),
    [
        ([{"reasoning_content": "a"}, {"reasoning_content": "b", "content": None}], (Reasoning(text="ab"),)),
        ([{"reasoning": "a"}, {"reasoning": "b"}], (Reasoning(text="ab"),)),
        (
            [{"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "ab"}]}]}],
            (Reasoning(text="ab"),),
        ),
        # litellm: every delta twice, the signature with an empty thought
        (
            [
                {
                    "reasoning_content": "a",
                    "thinking_blocks": [{"type": "thinking", "thinking": "a", "signature": ""}],
                },
                {
                    "reasoning_content": "b",
                    "thinking_blocks": [{"type": "thinking", "thinking": "b", "signature": ""}],
                },
                {"thinking_blocks": [{"type": "thinking", "thinking": "", "signature": "SIG"}]},
            ],
            (Reasoning(text="ab", signature=ANTHROPIC),),
        ),
        # only blocks
        (
            [{"thinking_blocks": [{"type": "thinking", "thinking": "ab", "signature": "SIG"}]}],
            (Reasoning(text="ab", signature=ANTHROPIC),),
        ),
        # plain text and details that tell something else: the text counts once, the signature is kept
        (
            [
                {
                    "reasoning": "ab",
                    "reasoning_details": [{"type": "reasoning.text", "text": "other", "signature": "SIG"}],
                }
            ],
            (Reasoning(text="ab", signature=Opaque(family="unknown", value="SIG")),),
        ),
        # OpenRouter
        (
            [
                {"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a"}]},
                {"reasoning": "b", "reasoning_details": [{"type": "reasoning.text", "text": "b"}]},
                {"reasoning_details": [{"signature": "SIG", "format": "anthropic-claude-v1"}]},
                {
                    "reasoning_details": [
                        {"type": "reasoning.encrypted", "data": "X", "format": "openai-responses-v1"}
                    ]
                },
            ],
            (
                Reasoning(text="ab", signature=ANTHROPIC),
                Reasoning(text="", signature=Opaque(family="openai", value="X"), redacted=True),
            ),
        ),
    ],
)
def test_ways_of_thinking(deltas: list[Any], thoughts: tuple[Reasoning, ...]) -> None:
    parts = parts_of(*(chunk(delta) for delta in deltas), chunk({"content": "hi"}), STOP)
    assert parts == (*thoughts, Text(text="hi"))


def test_refusals_are_said_and_named() -> None:
    response = told(chunk({"refusal": "n"}), chunk({"refusal": "o"}), STOP)
    assert response.candidates[0].parts == (Refusal(text="no"),)
    assert response.candidates[0].finish.detail == "refusal"


def test_citations_pictures_and_sound() -> None:
    citation = {
        "type": "url_citation",
        "url_citation": {"url": "https://a.example", "title": "A", "start_index": 0, "end_index": 1},
    }
    parts = parts_of(
        chunk({"content": "a", "annotations": [citation, {"type": "odd"}, 1]}),
        chunk(
            {"images": [{"type": "image_url", "image_url": {"url": f"data:image/png;base64,{canonical.PNG}"}}, 1]}
        ),
        chunk({"images": [{"type": "image_url", "image_url": {"url": "https://a.example/x.png"}}]}),
        chunk({"audio": {"id": "audio_1", "transcript": "hel"}}),
        chunk({"audio": {"data": canonical.WAV, "transcript": "lo"}}),
        STOP,
    )
    text, inline, remote, sound = parts
    assert isinstance(text, Text)
    assert text.citations[0].url == "https://a.example"
    assert getattr(inline, "source", None) == Inline(media_type="image/png", base64=canonical.PNG)
    assert getattr(remote, "source", None) == Url(url="https://a.example/x.png")
    assert getattr(sound, "transcript", None) == "hello"


def test_a_transcript_without_sound_is_text() -> None:
    assert parts_of(chunk({"audio": {"transcript": "hello"}}), STOP) == (Text(text="hello"),)


@pytest.mark.parametrize(
    "delta", [{"images": [{"image_url": "data:image/png;base64,!!"}]}, {"audio": {"data": "!!"}}]
)
def test_media_that_is_not_encoded_well(delta: Any) -> None:
    assert failure(sse(chunk(delta), STOP)).kind is ErrorKind.BAD_GATEWAY


def test_azures_filtered_choice_has_no_message() -> None:
    body = {**chunk(), "choices": [{"index": 0, "finish_reason": "content_filter", "content_filter_results": {}}]}
    response = CHAT.parse_response(body, RENDERED)
    assert response.candidates[0].finish.reason is FinishReason.CONTENT_FILTER
    assert response.candidates[0].parts == ()


def test_several_choices() -> None:
    def of(index: int, delta: Any, finish: str | None = None) -> dict[str, Any]:
        return {**chunk(), "choices": [{"index": index, "delta": delta, "finish_reason": finish}]}

    response = told(
        of(1, {"content": "b"}), of(0, {"content": "a"}), of(1, calls(fragment(index=0, id="1", name="t"))),
        of(0, {}, "stop"), of(1, {}, "tool_calls"),
    )  # fmt: skip
    assert [candidate.finish.reason for candidate in response.candidates] == [
        FinishReason.STOP,
        FinishReason.TOOL_CALLS,
    ]
    assert response.candidates[0].parts == (Text(text="a"),)


def test_documented_endings_of_copies() -> None:
    for word, reason in (("eos", "stop"), ("model_length", "length"), ("eos_token", "stop")):
        finish = told(chunk({"content": "a"}, finish=word)).candidates[0].finish
        assert (finish.reason.value, finish.native) == (reason, word)


def test_pings_and_blank_data() -> None:
    events = events_of(b": ping\n\ndata:\n\n" + sse(chunk({"content": "a"}), STOP))
    assert isinstance(events[0], ev.Ping)
    assert isinstance(events[-1], ev.Ended)


def test_no_done_but_an_ending_is_complete() -> None:
    assert told(chunk({"content": "a"}), STOP, done=False).candidates[0].parts == (Text(text="a"),)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        sse(),
        sse(done=False),
        sse(chunk({"content": "a"})),
        sse(chunk({"content": "a"}), done=False),
        sse({"id": "x", "choices": []}),
        sse(chunk({"content": "a"}), STOP, done=False)[:-60],
    ],
)
def test_an_answer_cut_short(stream: bytes) -> None:
    assert failure(stream).kind in {ErrorKind.TRUNCATED, ErrorKind.BAD_GATEWAY}


@pytest.mark.parametrize(
    "stream",
    [
        b"data: {not json\n\n",
        b"data: [1]\n\n",
        b'data: "text"\n\n',
        b'data: {"choices": [1]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [1]}}]}\n\n',
        b'data: {"choices": [{"delta": {"tool_calls": [{"index": 0}]}, "finish_reason": "stop"}]}\n\n',
        sse(chunk({"content": "a"}, finish="invented")),
        b"data: " + b"[" * 100_000 + b"\n\n",
    ],
)
def test_garbage(stream: bytes) -> None:
    assert failure(stream).kind is ErrorKind.BAD_GATEWAY


def test_an_undocumented_ending_is_named() -> None:
    assert "invented" in failure(sse(chunk({"content": "a"}, finish="invented"))).message


@pytest.mark.parametrize(
    ("frame", "kind", "status"),
    [
        (b'data: {"error": {"message": "m", "type": "rate_limit_error"}}', ErrorKind.RATE_LIMIT, 429),
        (b'data: {"error": {"message": "m", "code": 503}}', ErrorKind.UNAVAILABLE, 503),
        (b'data: {"error": {"message": "m", "code": "429"}}', ErrorKind.RATE_LIMIT, 429),
        (b'data: {"error": {"message": "m", "code": "insufficient_quota"}}', ErrorKind.BILLING, 402),
        (b'data: {"error": {"message": "m", "type": "server_error"}}', ErrorKind.SERVER, 500),
        (b'data: {"error": "m"}', ErrorKind.BAD_GATEWAY, 502),
        (b'data: {"error": {"code": 529, "message": "busy"}}', ErrorKind.OVERLOADED, 503),
        (b'event: error\ndata: {"message": "m"}', ErrorKind.BAD_GATEWAY, 502),
        (b'event: error\ndata: {"odd": 1}', ErrorKind.BAD_GATEWAY, 502),
    ],
)
def test_an_error_after_the_200(frame: bytes, kind: ErrorKind, status: int) -> None:
    error = failure(sse(chunk({"content": "a"}), done=False) + frame + b"\n\n" + sse(STOP))
    assert (error.kind, error.status) == (kind, status)


@pytest.mark.parametrize(
    "body", [None, [], "x", {}, {"choices": []}, {"choices": None}, {"choices": "x"}, {"error": "x"}]
)
def test_bodies_that_are_no_answers(body: Any) -> None:
    with pytest.raises(UpstreamError):
        CHAT.parse_response(body, RENDERED)


@given(st.recursive(canonical.json_values(), lambda inner: st.dictionaries(
    st.sampled_from(["choices", "delta", "message", "tool_calls", "function", "content", "index", "usage", "audio",
                     "finish_reason", "logprobs", "reasoning_details", "thinking_blocks", "images", "annotations",
                     "prompt_tokens_details", "url_citation", "extra_content", "function_call", "created", "id"]),
    st.one_of(inner, st.lists(inner, max_size=2))), max_leaves=12))  # fmt: skip
def test_any_json_is_an_answer_or_malformed(document: Any) -> None:
    events = events_of(sse(document))
    assert isinstance(events[-1], (ev.Ended, ev.Failed))
    try:
        CHAT.parse_response(document, RENDERED)
    except UpstreamError:
        assert isinstance(events[-1], ev.Failed)


@given(st.binary(max_size=200), st.data())
def test_any_bytes_end_in_a_failure(data: bytes, draw: st.DataObject) -> None:
    decoder = CHAT.decoder(RENDERED)
    events = [
        event for piece in draw.draw(canonical.splits(data)) for event in decoder.feed(piece)
    ] + decoder.finish()
    assert isinstance(events[-1], ev.Failed)
    assert isinstance(events[-1].error, MalformedResponse)
    assert decoder.feed(sse(STOP)) == decoder.finish() == []


def test_the_same_thought_twice_is_two_thoughts() -> None:
    again = {"reasoning_details": [{"type": "reasoning.text", "text": "ha"}]}
    decoder = CHAT.decoder(RENDERED)
    answer = fold([*decoder.feed(sse(chunk(again), chunk(again), chunk(finish="stop"))), *decoder.finish()])
    (thought,) = answer.candidates[0].parts
    assert isinstance(thought, Reasoning)
    assert thought.text == "haha"
