"""Answers on the Chat Completions wire: what one side writes the other reads, streamed and buffered alike."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.lib.streaming.chat import ChatCompletionStreamState

from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Citation,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
)
from domain.chat.fold import fold, unfold
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, UpstreamRejected
from tests.dialects.openai_chat import sdk
from tests.strategies import canonical

CHAT = OpenAIChat()
RENDERED = RenderedRequest(body={})
REPLY = Reply(model="asked", include_usage=True, created_unix_s=1_800_000_000)


def encode(events: Iterable[ev.StreamEvent], reply: Reply = REPLY) -> bytes:
    encoder = CHAT.encoder(reply)
    return b"".join(encoder.feed(event) for event in events)


def decode(chunks: Iterable[bytes]) -> list[ev.StreamEvent]:
    decoder = CHAT.decoder(RENDERED)
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()


def chunks_of(stream: bytes) -> list[dict[str, Any]]:
    frames = stream.decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    return [json.loads(frame.removeprefix("data: ")) for frame in frames[:-2]]


def on_this_wire(response: ChatResponse) -> ChatResponse:
    """What of `response` Chat Completions can carry: calls always have arguments, unsigned thoughts are one."""
    return replace(
        response, model="asked", candidates=tuple(carried(candidate) for candidate in response.candidates)
    )


def carried(candidate: Candidate) -> Candidate:
    return replace(candidate, parts=tuple(argued(part) for part in candidate.parts))


def argued(part: Part) -> Part:
    return replace(part, raw="{}", arguments={}) if isinstance(part, ToolCall) and not part.raw else part


@pytest.mark.parametrize("family", ["anthropic", "google", "openai"])
@given(data=st.data())
def test_streamed_answers_survive(family: str, data: st.DataObject) -> None:
    response, events = data.draw(canonical.answers(family=family, max_candidates=2))
    assert fold(decode([encode(events)])) == on_this_wire(response)


@pytest.mark.parametrize("family", ["anthropic", "google", "openai"])
@given(data=st.data())
def test_buffered_answers_survive(family: str, data: st.DataObject) -> None:
    response = data.draw(canonical.responses(family=family, max_candidates=2))
    body = json.loads(json.dumps(CHAT.render_response(response, REPLY)))
    sdk.check_response(body)
    assert CHAT.parse_response(body, RENDERED) == on_this_wire(response)


@given(canonical.answers(family="anthropic", max_candidates=2), st.data())
def test_any_split_tells_the_same_events(
    told: tuple[ChatResponse, list[ev.StreamEvent]], data: st.DataObject
) -> None:
    stream = encode(told[1])
    assert decode(data.draw(canonical.splits(stream))) == decode([stream])


@given(canonical.answers(family="anthropic"))
def test_streamed_equals_buffered_for_the_official_client(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    response, events = told
    state = ChatCompletionStreamState()
    for chunk in chunks_of(encode(events)):
        state.handle_chunk(sdk.check_chunk(chunk))
    streamed = state.current_completion_snapshot.to_dict()
    buffered = sdk.check_response(CHAT.render_response(response, REPLY)).to_dict()
    assert without_framing(streamed) == without_framing(buffered)


def without_framing(completion: Any) -> Any:
    message = completion["choices"][0]["message"]
    calls = [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls") or ()
    ]
    return (
        completion["id"],
        completion["created"],
        completion["model"],
        completion["usage"],
        completion["choices"][0]["finish_reason"],
        message.get("content") or "",
        message.get("refusal") or "",
        message.get("reasoning_content"),
        [{**block, "index": 0} for block in message.get("thinking_blocks", ())],
        calls,
    )


@given(canonical.answers(max_candidates=3))
def test_the_grammar_of_streams(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    response, events = told
    chunks = chunks_of(encode(events))
    for chunk in chunks:
        sdk.check_chunk(chunk)
        assert (chunk["id"], chunk["created"], chunk["model"]) == (response.id, response.created_unix_s, "asked")
    *said, usage = chunks
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] == (response.usage or Usage()).total_tokens
    assert all(chunk["usage"] is None for chunk in said)
    for candidate in response.candidates:
        choices = [choice for chunk in said for choice in chunk["choices"] if choice["index"] == candidate.index]
        assert choices[0]["delta"]["role"] == "assistant"
        assert [choice["finish_reason"] is None for choice in choices] == [True] * (len(choices) - 1) + [False]
        assert choices[-1]["delta"] == {}
        fragments = [call for choice in choices for call in choice["delta"].get("tool_calls") or ()]
        count = sum(isinstance(part, ToolCall) for part in candidate.parts)
        assert sorted({call["index"] for call in fragments}) == list(range(count))
        assert (
            sum("id" in call for call in fragments)
            == sum("name" in call["function"] for call in fragments)
            == count
        )
        for index in range(count):
            texts = [call["function"]["arguments"] for call in fragments if call["index"] == index]
            assert isinstance(json.loads("".join(texts)), dict)


@given(canonical.answers())
def test_usage_is_sent_only_to_who_asked(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    assert all("usage" not in chunk for chunk in chunks_of(encode(told[1], Reply(model="asked"))))


@given(canonical.answers(), st.integers(0, 30))
def test_a_failure_is_the_last_frame(told: tuple[ChatResponse, list[ev.StreamEvent]], cut: int) -> None:
    error = UpstreamRejected("slow down, sk-abcdefghijkl", kind=ErrorKind.RATE_LIMIT)
    events = told[1][: min(cut, len(told[1]) - 1)]
    stream = encode([*events, ev.Failed(error), ev.Ended()])
    last = stream.decode().split("\n\n")[-2]
    assert json.loads(last.removeprefix("data: ")) == {
        "error": {
            "message": "slow down, [redacted]",
            "type": "rate_limit_error",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }
    assert not stream.endswith(b"data: [DONE]\n\n")


def answer(*parts: Part, finish: Finish | None = None) -> ChatResponse:
    ending = finish or canonical.finish_for(parts, FinishReason.STOP)
    return ChatResponse(id="up", model="m", candidates=(Candidate(index=0, parts=parts, finish=ending),))


def accumulated(stream: bytes) -> dict[str, Any]:
    """The deltas of a stream with one candidate, each member joined or taken."""
    whole: dict[str, Any] = {}
    for chunk in chunks_of(stream):
        for choice in chunk["choices"]:
            for name, value in choice["delta"].items():
                whole[name] = whole[name] + value if isinstance(value, str) and whole.get(name) else value
    return whole


def test_a_tool_only_answer_has_no_content() -> None:
    call = ToolCall(id="c", name="t", raw="")
    chunks = chunks_of(encode(unfold(answer(call))))
    assert chunks[0]["choices"][0]["delta"] == {"role": "assistant", "content": None}
    message = CHAT.render_response(answer(call), REPLY)["choices"][0]["message"]
    assert message["content"] is None
    assert message["tool_calls"] == [{"id": "c", "type": "function", "function": {"name": "t", "arguments": "{}"}}]


def test_googles_signatures_travel_on_calls_and_messages() -> None:
    signed = Opaque(family="google", value="SIG")
    response = answer(
        Text(text="hi", signature=signed), ToolCall(id="c", name="t", raw="{}", arguments={}, signature=signed)
    )
    body = CHAT.render_response(response, REPLY)
    assert body["choices"][0]["message"]["extra_content"] == {"google": {"thought_signature": "SIG"}}
    assert CHAT.parse_response(body, RENDERED).candidates[0].parts == response.candidates[0].parts
    assert fold(decode([encode(unfold(response))])).candidates[0].parts == response.candidates[0].parts


def test_redacted_thoughts_travel_whole() -> None:
    redacted = Reasoning(text="", signature=Opaque(family="anthropic", value="XX"), redacted=True)
    thought = Reasoning(text="hm", signature=Opaque(family="anthropic", value="YY"))
    later = Reasoning(text="well", signature=Opaque(family="anthropic", value="ZZ"))
    response = answer(redacted, thought, later, Text(text="hi"))
    body = CHAT.render_response(response, REPLY)
    message = body["choices"][0]["message"]
    assert message["reasoning_content"] == "hm\n\nwell"
    assert message["thinking_blocks"] == [
        {"type": "redacted_thinking", "data": "XX"},
        {"type": "thinking", "thinking": "hm", "signature": "YY"},
        {"type": "thinking", "thinking": "well", "signature": "ZZ"},
    ]
    assert CHAT.parse_response(body, RENDERED).candidates == response.candidates
    stream = encode(unfold(response))
    assert fold(decode([stream])).candidates == response.candidates
    assert accumulated(stream)["reasoning_content"] == "hm\n\nwell"
    state = ChatCompletionStreamState()
    for chunk in chunks_of(stream):
        state.handle_chunk(sdk.check_chunk(chunk))
    joined = state.current_completion_snapshot.choices[0].message.to_dict()
    assert [{**block, "index": 0} for block in cast("list[dict[str, object]]", joined["thinking_blocks"])] == [
        {**block, "index": 0} for block in message["thinking_blocks"]
    ]


def test_citations_count_in_the_whole_content() -> None:
    cited = Citation(kind="url", url="https://a.example", title="A", start=0, end=2)
    whole = Citation(kind="url", url="https://b.example")
    other = Citation(kind="doc_page", title="no word for it")
    response = answer(Text(text="héé", citations=(cited,)), Text(text="there", citations=(whole, other)))
    message = CHAT.render_response(response, REPLY)["choices"][0]["message"]
    places = [
        (one["url_citation"]["start_index"], one["url_citation"]["end_index"]) for one in message["annotations"]
    ]
    assert places == [(0, 2), (3, 8)]
    told = [
        one
        for chunk in chunks_of(encode(unfold(response)))
        for choice in chunk["choices"]
        for one in choice["delta"].get("annotations", ())
    ]
    assert [one["index"] for one in told] == [0, 1]
    assert [one["url_citation"] for one in told] == [one["url_citation"] for one in message["annotations"]]
    alone = answer(Text(text="héé", citations=(cited,)))
    assert fold(decode([encode(unfold(alone))])).candidates == alone.candidates
    assert CHAT.parse_response(CHAT.render_response(alone, REPLY), RENDERED).candidates == alone.candidates


def test_pictures_sound_and_logprobs() -> None:
    picture = Image(source=Inline(media_type="image/png", base64=canonical.PNG))
    sound = Audio(source=Inline(media_type="audio/wav", base64=canonical.WAV), transcript="hi")
    response = answer(Text(text="look"), picture, sound, OpaquePart(family="google", kind="code", raw={}))
    response = replace(
        response, candidates=(replace(response.candidates[0], logprobs=[{"token": "look", "logprob": -1.0}]),)
    )
    body = CHAT.render_response(response, REPLY)
    sdk.check_response({**body, "choices": [{**body["choices"][0], "logprobs": None}]})
    streamed, buffered = fold(decode([encode(unfold(response))])), CHAT.parse_response(body, RENDERED)
    assert streamed.candidates == buffered.candidates
    assert buffered.candidates[0].parts == (Text(text="look"), picture, sound)
    assert buffered.candidates[0].logprobs == response.candidates[0].logprobs


def test_a_refusal_keeps_its_stop() -> None:
    response = answer(Refusal(text="no"), finish=Finish(reason=FinishReason.STOP, native="stop", detail="refusal"))
    body = CHAT.render_response(response, REPLY)
    assert body["choices"][0]["message"] == {"role": "assistant", "content": None, "refusal": "no"}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert CHAT.parse_response(body, RENDERED).candidates == response.candidates
    assert fold(decode([encode(unfold(response))])).candidates == response.candidates


def test_a_model_that_declines_without_content_says_why() -> None:
    finish = Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="unsafe")
    message = CHAT.render_response(answer(finish=finish), REPLY)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": None, "refusal": "unsafe"}
    told = accumulated(encode(unfold(answer(finish=finish))))
    assert told["refusal"] == "unsafe"
    assert "provider_specific_fields" not in told


@pytest.mark.parametrize(
    ("finish", "parts"),
    [
        (Finish(reason=FinishReason.CONTENT_FILTER, detail="model_armor", explanation="why"), ()),
        (Finish(reason=FinishReason.CONTENT_FILTER, detail="prompt_blocked", explanation="why"), ()),
        (Finish(reason=FinishReason.CONTENT_FILTER, explanation="why"), (Text(text="so far"),)),
        (Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="why"), (Text(text="so far"),)),
        (Finish(reason=FinishReason.LENGTH, explanation="why"), (Text(text="so far"),)),
    ],
)
def test_what_the_upstream_says_of_the_ending_does_not_look_like_the_model_s_words(
    finish: Finish, parts: tuple[Part, ...]
) -> None:
    response = answer(*parts, finish=finish)
    message = CHAT.render_response(response, REPLY)["choices"][0]["message"]
    said = "so far" if parts else ""
    told: dict[str, Any] = {"provider_specific_fields": {"finish_message": "why"}}
    assert message == {"role": "assistant", "content": said, "refusal": None, **told}
    stream = encode(unfold(response))
    assert chunks_of(stream)[-1]["choices"][0]["delta"] == told
    assert "refusal" not in accumulated(stream)
    assert accumulated(stream)["content"] == said


def test_the_stop_sequence_that_was_met_is_told() -> None:
    response = answer(Text(text="a"), finish=Finish(reason=FinishReason.STOP, stop_sequence="END"))
    told = {"stop_sequence": "END"}
    message = CHAT.render_response(response, REPLY)["choices"][0]["message"]
    assert message["provider_specific_fields"] == told
    assert accumulated(encode(unfold(response)))["provider_specific_fields"] == told


def test_a_custom_call_keeps_its_signature() -> None:
    signature = Opaque(family="google", value="s")
    response = answer(ToolCall(id="c", name="t", raw="go", kind="custom", signature=signature))
    extra = {"google": {"thought_signature": "s"}}
    (call,) = CHAT.render_response(response, REPLY)["choices"][0]["message"]["tool_calls"]
    custom = {"name": "t", "input": "go"}
    assert call == {"id": "c", "type": "custom", "custom": custom, "extra_content": extra}
    (told,) = fold(decode([encode(unfold(response))])).candidates[0].parts
    assert isinstance(told, ToolCall)
    assert told.signature == signature


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        (FinishReason.PAUSE, "stop"),
        (FinishReason.OTHER, "stop"),
        (FinishReason.LENGTH, "length"),
        (FinishReason.CONTENT_FILTER, "content_filter"),
    ],
)
def test_endings_without_a_word_of_their_own(reason: FinishReason, word: str) -> None:
    response = answer(Text(text="a"), finish=Finish(reason=reason))
    assert CHAT.render_response(response, REPLY)["choices"][0]["finish_reason"] == word
    assert chunks_of(encode(unfold(response)))[-1]["choices"][0]["finish_reason"] == word


def test_a_client_of_the_deprecated_functions_gets_its_shape() -> None:
    response = answer(ToolCall(id="c", name="t", raw='{"a": 1}'), ToolCall(id="d", name="u", raw="{}"))
    reply = Reply(model="asked", legacy_functions=True)
    choice = CHAT.render_response(response, reply)["choices"][0]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "t", "arguments": '{"a": 1}'}
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["d"]
    chunks = chunks_of(encode(unfold(response), reply))
    assert chunks[-1]["choices"][0]["finish_reason"] == "function_call"
    assert [name for chunk in chunks for name in chunk["choices"][0]["delta"]].count("function_call") == 2
    text = CHAT.render_response(answer(Text(text="a")), reply)["choices"][0]
    assert text["finish_reason"] == "stop"


def test_free_text_calls() -> None:
    response = answer(ToolCall(id="c", name="t", raw="free text", kind="custom"))
    body = CHAT.render_response(response, REPLY)
    sdk.check_response(body)
    assert CHAT.parse_response(body, RENDERED).candidates == response.candidates
    stream = chunks_of(encode(unfold(response)))
    fragments = [call for chunk in stream for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert "".join(call["function"]["arguments"] for call in fragments) == "free text"


def test_ids_and_times_of_other_wires() -> None:
    body = CHAT.render_response(answer(Text(text="a")), REPLY)
    assert body["id"].startswith("chatcmpl-")
    assert body["created"] == REPLY.created_unix_s
    assert {chunk["id"] for chunk in chunks_of(encode(unfold(answer(Text(text="a")))))} == {body["id"]}


def test_tiers_and_fingerprints() -> None:
    response = replace(answer(Text(text="a")), service_tier="standard", system_fingerprint="fp")
    body = CHAT.render_response(response, REPLY)
    assert (body["service_tier"], body["system_fingerprint"]) == ("default", "fp")
    assert CHAT.parse_response(body, RENDERED).service_tier == "standard"
    chunk = chunks_of(encode(unfold(response)))[0]
    assert (chunk["service_tier"], chunk["system_fingerprint"]) == ("default", "fp")


FULL_USAGE = Usage(
    prompt_tokens=100,
    completion_tokens=50,
    cache_read_tokens=10,
    cache_write_tokens=20,
    cache_write_tokens_by_ttl={"5m": 15, "1h": 5},
    reasoning_tokens=30,
    audio_prompt_tokens=1,
    audio_completion_tokens=2,
    image_prompt_tokens=3,
    accepted_prediction_tokens=4,
    rejected_prediction_tokens=5,
    server_tool_calls={"web_search_requests": 2},
)


def test_every_count_survives() -> None:
    response = replace(answer(Text(text="a")), usage=FULL_USAGE)
    body = CHAT.render_response(response, REPLY)
    sdk.check_response(body)
    assert CHAT.parse_response(body, RENDERED).usage == FULL_USAGE
    assert body["usage"]["cache_creation_input_tokens"] == 20
    assert body["usage"]["cache_read_input_tokens"] == 10


def test_lone_surrogates_in_text_are_streamed() -> None:
    response = answer(Text(text="half \ud83d"))
    assert fold(decode([encode(unfold(response))])).candidates == response.candidates


def test_nothing_follows_the_end() -> None:
    encoder = CHAT.encoder(REPLY)
    events = [*unfold(answer(Text(text="a")))]
    assert b"".join(encoder.feed(event) for event in events).endswith(b"data: [DONE]\n\n")
    assert encoder.feed(ev.Ping()) == encoder.feed(ev.Failed(UpstreamRejected("late"))) == b""
