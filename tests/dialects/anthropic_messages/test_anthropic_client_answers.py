"""Answers for clients: bodies in the vendor's types, and streams that its own client puts together to the same."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.sealed import unseal
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
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.fold import fold, unfold
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedResponse, UpstreamRejected
from tests.dialects.anthropic_messages.sdk import accumulated, check_message, frames
from tests.strategies.anthropic_wire import SEARCH_RESULT, WireAnswer
from tests.strategies.anthropic_wire import answers as wire_answers
from tests.strategies.canonical import PNG, answers, signatures, tellings, tool_calls, words

DIALECT = AnthropicMessages()
REPLY = Reply(model="asked")
STOP = Finish(reason=FinishReason.STOP)
GOOGLE = Opaque(family="google", value="c2ln", model="gemini")
OWN = Opaque(family="anthropic", value="c2ln")
LOCATION = {
    "type": "web_search_result_location",
    "cited_text": "c",
    "url": "https://a",
    "title": "A",
    "encrypted_index": "e",
}
USE = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}}


def answer(*parts: Part, finish: Finish = STOP, **members: Any) -> ChatResponse:
    return ChatResponse(
        id="chatcmpl-1", model="up", candidates=(Candidate(index=0, parts=parts, finish=finish),), **members
    )


def encode(events: list[StreamEvent]) -> bytes:
    encoder = DIALECT.encoder(REPLY)
    return b"".join(encoder.feed(event) for event in events)


def content(*parts: Part) -> list[dict[str, Any]]:
    """The blocks of an answer of such parts, the same streamed and buffered."""
    response = answer(*parts)
    body = DIALECT.render_response(response, REPLY)
    check_message(body)
    streamed = accumulated(encode(list(unfold(response))))["content"]
    assert without_nulls(streamed) == without_nulls(body["content"])
    blocks: list[dict[str, Any]] = body["content"]
    return blocks


def without_nulls(value: Any) -> Any:
    """The client's types fill in what an answer leaves out."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


# ---- streamed is buffered ------------------------------------------------------------------------------------------


@st.composite
def parts_of_any_vendor(draw: st.DrawFn) -> tuple[Part, ...]:
    """What any upstream may answer, in any order."""
    family = st.sampled_from(["google", "openai", "anthropic"])
    part: st.SearchStrategy[Part] = st.one_of(
        st.builds(Text, text=words(), citations=st.lists(st.sampled_from(CITED), max_size=2).map(tuple)),
        st.builds(Text, text=st.one_of(st.just(""), words()), signature=signatures("google")),
        st.builds(Refusal, text=words()),
        family.flatmap(lambda name: st.builds(Reasoning, text=words(), signature=signatures(name))),
        st.just(Reasoning(text="", signature=OWN, redacted=True)),
        st.just(Reasoning(text="", signature=GOOGLE, redacted=True)),
        st.just(Reasoning(text="")),
        tool_calls(family="google"),
        st.builds(ToolCall, id=st.just("c"), name=st.just("f"), raw=words(), kind=st.just("custom")),
        st.builds(
            ToolCall, id=st.just("c"), name=st.just("f"), raw=st.sampled_from(["  ", "[1]", "plain", "null"])
        ),
        st.just(OpaquePart(family="anthropic", kind="server_tool_use", raw=USE)),
        st.just(OpaquePart(family="anthropic", kind="web_search_tool_result", raw=SEARCH_RESULT)),
        st.just(OpaquePart(family="google", kind="executableCode", raw={})),
        st.just(Image(source=Inline(media_type="image/png", base64=PNG))),
    )
    return tuple(draw(st.lists(part, max_size=5)))


CITED = (
    Citation(kind="url", url="https://a", title="A", cited_text="c", start=0, end=1),
    Citation(kind="url", ext={"anthropic": LOCATION}),
    Citation(kind="file", title="F"),
)
finishes = st.builds(
    Finish,
    reason=st.sampled_from(list(FinishReason)),
    stop_sequence=st.sampled_from([None, "END"]),
    detail=st.sampled_from([None, "context_window", "refusal"]),
    category=st.sampled_from([None, "cyber", "SAFETY"]),
    explanation=st.one_of(st.none(), words()),
)


@st.composite
def told_answers(draw: st.DrawFn) -> tuple[ChatResponse, list[StreamEvent]]:
    """An answer of any vendor's, and events that tell it, calls interleaved."""
    if draw(st.booleans()):
        return draw(answers(family=draw(st.sampled_from(["anthropic", "google"]))))
    counts = st.one_of(st.none(), st.integers(0, 1_000))
    usage = st.builds(
        Usage,
        prompt_tokens=counts,
        completion_tokens=counts,
        cache_read_tokens=counts,
        cache_write_tokens=counts,
        reasoning_tokens=counts,
        server_tool_calls=st.sampled_from([{}, {"web_search": 2}]),
    )
    response = answer(
        *draw(parts_of_any_vendor()),
        finish=draw(finishes),
        usage=draw(st.one_of(st.none(), usage)),
        service_tier=draw(st.sampled_from([None, "standard", "priority", "flex"])),
    )
    return response, draw(tellings(response))


@settings(max_examples=150)
@given(told_answers())
def test_a_stream_is_put_together_to_the_buffered_answer(told: tuple[ChatResponse, list[StreamEvent]]) -> None:
    events = told[1]
    body = DIALECT.render_response(fold(events), REPLY)
    check_message(body)
    stream = encode(events)
    assert without_nulls(accumulated(stream)) == without_nulls(body)
    assert body["id"].startswith("msg_")
    assert body["model"] == "asked"
    assert_grammar(frames(stream))


DELTAS = {
    "text": {"text_delta", "citations_delta"},
    "thinking": {"thinking_delta", "signature_delta"},
    "tool_use": {"input_json_delta"},
    "server_tool_use": {"input_json_delta"},
}


def assert_grammar(told: list[dict[str, Any]]) -> None:
    """Blocks one after the other, numbered without gaps, nothing empty, one signature at the end of each thought."""
    assert [event["type"] for event in told[:1] + told[-2:]] == ["message_start", "message_delta", "message_stop"]
    opened: dict[str, Any] | None = None
    deltas: list[dict[str, Any]] = []
    count = 0
    for event in told[1:-2]:
        assert event["index"] == count
        if event["type"] == "content_block_start":
            assert opened is None
            opened, deltas = event["content_block"], []
            assert opened is not None
            assert opened.get("input", {}) == {}
        elif event["type"] == "content_block_delta":
            assert opened is not None
            assert event["delta"]["type"] in DELTAS[opened["type"]]
            assert event["delta"] not in (
                {"type": "text_delta", "text": ""},
                {"type": "input_json_delta", "partial_json": ""},
                {"type": "thinking_delta", "thinking": ""},
            )
            deltas.append(event["delta"])
        else:
            assert event["type"] == "content_block_stop"
            assert opened is not None
            if opened["type"] == "text":
                assert deltas[0]["type"] == "text_delta"
            if opened["type"] == "thinking":
                signed = [delta["type"] == "signature_delta" for delta in deltas]
                assert signed == [False] * (len(signed) - 1) + [True]
            opened = None
            count += 1
    assert opened is None


@settings(max_examples=60)
@given(wire_answers())
def test_an_answer_of_our_own_kind_is_rendered_as_it_came(answer_: WireAnswer) -> None:
    body = answer_.body
    response = DIALECT.parse_response(body, RenderedRequest(body={}))
    rendered = DIALECT.render_response(response, Reply(model=body["model"]))
    usage = {**body["usage"]}
    usage.pop("service_tier", None)
    rendered["usage"].pop("service_tier", None)
    assert without_nulls(rendered) == without_nulls({**body, "usage": usage})


# ---- blocks --------------------------------------------------------------------------------------------------------


def test_thoughts_of_others_are_sealed() -> None:
    blocks = content(
        Reasoning(text="t", signature=GOOGLE), Reasoning(text="u"), Reasoning(text="o", signature=OWN)
    )
    assert [block["thinking"] for block in blocks] == ["t", "u", "o"]
    assert unseal(blocks[0]["signature"]).signature == GOOGLE
    assert unseal(blocks[1]["signature"]).signature is None
    assert blocks[2]["signature"] == "c2ln"


def test_signatures_of_calls_and_texts_travel_in_thoughts() -> None:
    call = ToolCall(id="toolu_1", name="f", raw='{"a":1}', signature=GOOGLE)
    blocks = content(Text(text="x", signature=GOOGLE), call)
    assert [block["type"] for block in blocks] == ["text", "thinking", "thinking", "tool_use"]
    assert [unseal(block["signature"]).bearer for block in blocks[1:3]] == ["text", "call"]
    assert blocks[3] == {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}


@pytest.mark.parametrize(
    ("raw", "kind", "arguments"),
    [
        ("", "function", {}),
        ("{}", "function", {}),
        ('{"a": {"b": [1.0, 9007199254740993]}}', "function", {"a": {"b": [1.0, 9007199254740993]}}),
        ("[1]", "function", {"__raw__": "[1]"}),
        ("ls -l", "custom", {"input": "ls -l"}),
        ("", "custom", {"input": ""}),
    ],
)
def test_the_input_of_a_call_is_an_object(raw: str, kind: Any, arguments: dict[str, Any]) -> None:
    (block,) = content(ToolCall(id="toolu_1", name="f", raw=raw, kind=kind))
    assert block["input"] == arguments


def test_arguments_cut_short_are_told_as_far_as_they_came() -> None:
    response = answer(
        ToolCall(id="toolu_1", name="f", raw='{"a": "cut of'), finish=Finish(reason=FinishReason.LENGTH)
    )
    (block,) = DIALECT.render_response(response, REPLY)["content"]
    assert block["input"] == {"__raw__": '{"a": "cut of'}
    deltas = [event["delta"] for event in frames(encode(list(unfold(response)))) if "delta" in event]
    assert deltas[0] == {"type": "input_json_delta", "partial_json": '{"a": "cut of'}


@pytest.mark.parametrize(("call_id", "kept"), [("call_1", True), ("functions.f:0", False), ("", False)])
def test_ids_of_calls_are_such_as_the_vendor_takes_back(call_id: str, kept: bool) -> None:
    (block,) = content(ToolCall(id=call_id, name="f", raw=""))
    assert (block["id"] == call_id) is kept
    assert kept or block["id"].startswith("toolu_")


def test_citations() -> None:
    (block,) = content(Text(text="x", citations=CITED))
    first, second = block["citations"]
    assert {**first, "encrypted_index": ""} == {
        "type": "web_search_result_location",
        "cited_text": "c",
        "url": "https://a",
        "title": "A",
        "encrypted_index": "",
    }
    assert second == LOCATION


def test_what_the_vendors_tools_did_stays_for_its_own_clients() -> None:
    own = OpaquePart(family="anthropic", kind="server_tool_use", raw=USE)
    assert content(own, OpaquePart(family="google", kind="executableCode", raw={"code": "x"})) == [USE]


@pytest.mark.parametrize(
    "part", [Text(text=""), Refusal(text=""), Reasoning(text=""), Text(text="", citations=CITED)]
)
def test_what_is_empty_is_no_block(part: Part) -> None:
    assert content(part) == []


# ---- endings and counts --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        (STOP, ("end_turn", None, None)),
        (Finish(reason=FinishReason.STOP, stop_sequence="END"), ("stop_sequence", "END", None)),
        (Finish(reason=FinishReason.LENGTH), ("max_tokens", None, None)),
        (
            Finish(reason=FinishReason.LENGTH, detail="context_window"),
            ("model_context_window_exceeded", None, None),
        ),
        (Finish(reason=FinishReason.TOOL_CALLS), ("tool_use", None, None)),
        (Finish(reason=FinishReason.PAUSE), ("pause_turn", None, None)),
        (Finish(reason=FinishReason.OTHER), ("end_turn", None, None)),
        (
            Finish(reason=FinishReason.CONTENT_FILTER, category="bio", explanation="No."),
            ("refusal", None, {"type": "refusal", "category": "bio", "explanation": "No."}),
        ),
        (
            Finish(reason=FinishReason.CONTENT_FILTER, category="SAFETY"),
            ("refusal", None, {"type": "refusal", "category": None, "explanation": None}),
        ),
    ],
)
def test_endings(finish: Finish, expected: tuple[Any, ...]) -> None:
    body = DIALECT.render_response(answer(finish=finish), REPLY)
    check_message(body)
    assert (body["stop_reason"], body["stop_sequence"], body["stop_details"]) == expected
    assert body["content"] == []


def test_a_refusal_is_text_and_an_ending() -> None:
    response = answer(Refusal(text="I will not."))
    body = DIALECT.render_response(response, REPLY)
    assert body["content"] == [{"type": "text", "text": "I will not."}]
    assert body["stop_reason"] == "refusal"
    assert accumulated(encode(list(unfold(response))))["stop_reason"] == "refusal"
    cut = DIALECT.render_response(answer(Refusal(text="I wi"), finish=Finish(reason=FinishReason.LENGTH)), REPLY)
    assert cut["stop_reason"] == "max_tokens"


def test_counts_are_told_beside_each_other() -> None:
    usage = Usage(
        prompt_tokens=1_110,
        completion_tokens=348,
        cache_read_tokens=100,
        cache_write_tokens=1_000,
        cache_write_tokens_by_ttl={"5m": 600, "1h": 400},
        reasoning_tokens=312,
        server_tool_calls={"web_search": 2, "code_execution": 1},
    )
    assert DIALECT.render_response(answer(usage=usage, service_tier="default"), REPLY)["usage"] == {
        "input_tokens": 10,
        "output_tokens": 348,
        "cache_read_input_tokens": 100,
        "cache_creation_input_tokens": 1_000,
        "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 400},
        "output_tokens_details": {"thinking_tokens": 312},
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 0, "code_execution_requests": 1},
        "service_tier": "standard",
    }
    assert DIALECT.render_response(answer(), REPLY)["usage"] == {"input_tokens": 0, "output_tokens": 0}


def test_counts_that_come_last_are_in_the_ending() -> None:
    usage = Usage(prompt_tokens=7, completion_tokens=3)
    told = frames(encode(list(unfold(answer(Text(text="x"), usage=usage)))))
    assert told[0]["message"]["usage"] == {"input_tokens": 0, "output_tokens": 0}
    assert [event["usage"] for event in told if event["type"] == "message_delta"] == [
        {"input_tokens": 7, "output_tokens": 3}
    ]


def test_counts_that_come_first_are_at_the_start() -> None:
    early = ev.UsageReported(Usage(prompt_tokens=7, completion_tokens=0))
    events = list(unfold(answer(Text(text="x"))))
    told = frames(encode([events[0], early, *events[1:]]))
    assert told[0]["message"]["usage"]["input_tokens"] == 7


# ---- streams that fail, and what others say ------------------------------------------------------------------------


@settings(max_examples=40)
@given(told_answers(), st.data())
def test_a_failure_is_the_last_event(told: tuple[ChatResponse, list[StreamEvent]], data: st.DataObject) -> None:
    events = told[1][: data.draw(st.integers(0, len(told[1]) - 1))]
    failed = ev.Failed(UpstreamRejected("It broke.", kind=ErrorKind.OVERLOADED))
    encoder = DIALECT.encoder(REPLY)
    stream = b"".join(encoder.feed(event) for event in (*events, failed))
    assert [event["type"] for event in frames(stream)].count("message_stop") == 0
    assert frames(stream)[-1] == {"type": "error", "error": {"type": "overloaded_error", "message": "It broke."}}
    assert encoder.feed(ev.Ended()) == encoder.feed(ev.TextDelta(0, "x")) == b""


def test_an_answer_without_an_ending_is_no_good_one() -> None:
    stream = encode([ev.Started("x", "m"), ev.Ended()])
    assert [event["type"] for event in frames(stream)] == ["error"]
    with pytest.raises(MalformedResponse):
        fold([ev.Started("x", "m"), ev.Ended()])


def test_only_the_first_candidate_is_told() -> None:
    both = replace(
        answer(Text(text="first")),
        candidates=(
            Candidate(index=0, parts=(Text(text="first"),), finish=STOP),
            Candidate(index=1, parts=(Text(text="second"),), finish=Finish(reason=FinishReason.LENGTH)),
        ),
    )
    body = DIALECT.render_response(both, REPLY)
    assert [block["text"] for block in body["content"]] == ["first"]
    assert without_nulls(accumulated(encode(list(unfold(both))))) == without_nulls(body)
    losses = {DIALECT.lost(event) for event in unfold(both)} - {None}
    assert [(loss.code, loss.where) for loss in losses if loss is not None] == [
        ("dropped_candidate", "/choices/1")
    ]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (ev.OpaqueAdded(0, OpaquePart(family="google", kind="x", raw={})), "dropped_opaque_part"),
        (ev.OpaqueAdded(0, OpaquePart(family="anthropic", kind="x", raw={})), None),
        (ev.MediaAdded(0, Inline(media_type="image/png", base64=PNG)), "dropped_media"),
        (ev.Cited(0, CITED[0]), "shortened_citation"),
        (ev.Cited(0, CITED[1]), None),
        (ev.Cited(0, CITED[2]), "dropped_citation"),
        (ev.Cited(0, Citation(kind="url", url="u")), None),
        (ev.LogprobsDelta([{}]), "dropped_logprobs"),
        (ev.Finished(Finish(reason=FinishReason.OTHER)), "finish_reworded"),
        (ev.Finished(Finish(reason=FinishReason.CONTENT_FILTER, category="SAFETY")), "finish_reworded"),
        (ev.Finished(Finish(reason=FinishReason.CONTENT_FILTER, category="bio")), None),
        (ev.Finished(Finish(reason=FinishReason.PAUSE)), None),
        (ev.BlockStarted(0, BlockKind.TEXT), None),
        (ev.BlockStarted(0, BlockKind.TEXT, candidate=2), "dropped_candidate"),
        (ev.TextDelta(0, "x"), None),
        (ev.Ended(), None),
    ],
)
def test_what_has_no_word_is_named(event: StreamEvent, code: str | None) -> None:
    loss = DIALECT.lost(event)
    assert (None if loss is None else loss.code) == code


def test_sound_is_lost_in_both_ways() -> None:
    sound = Audio(source=Inline(media_type="audio/wav", base64="AAAA"), transcript="hi")
    assert content(sound) == []


def test_keep_alives_are_overlooked() -> None:
    events = frames(DIALECT.keep_alive)
    assert events == [{"type": "ping"}]
    assert DIALECT.stream_content_type.startswith("text/event-stream")


@example("\ud83d")
@given(words())
def test_text_of_any_kind_arrives(said: str) -> None:
    stream = encode(list(unfold(answer(Text(text=said)))))
    (told,) = [event["delta"]["text"] for event in frames(stream) if event["type"] == "content_block_delta"]
    assert told == said


def test_a_chunk_takes_no_time() -> None:
    encoder = DIALECT.encoder(REPLY)
    for event in (ev.Started("x", "m"), ev.BlockStarted(0, BlockKind.TEXT), ev.TextDelta(0, "a")):
        encoder.feed(event)
    delta = ev.TextDelta(0, " word")
    began = time.perf_counter()
    for _ in range(5_000):
        encoder.feed(delta)
    assert (time.perf_counter() - began) / 5_000 < 100e-6  # it takes 1 µs
    assert json.loads(encoder.feed(delta).split(b"data: ")[1])["delta"]["text"] == " word"
