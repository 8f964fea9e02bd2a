"""Streams of upstreams that speak Responses: what they really send, and what it must mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.answer_reader import parse_response
from adapters.dialects.openai_responses.stream_decoder import ResponsesDecoder
from adapters.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
from adapters.dialects.sse import FrameDecoder
from domain.chat import events as ev
from domain.chat.content import Citation, Opaque, Part, Reasoning, Refusal, Text, ToolCall
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import ErrorKind, FeatherGateError
from tests.dialects.openai_responses.answer_wire import (
    RENDERED,
    SEARCH,
    body,
    call,
    custom_call,
    decoded,
    event,
    events_of,
    message,
    refusal,
    sse,
    streamed,
    text,
    thought,
)
from tests.strategies import canonical

CITED = {"type": "url_citation", "start_index": 0, "end_index": 1, "title": "A", "url": "https://a"}
HI = body(message(text("hi there")))
CREATED = event("created", response=body(status="in_progress"))
COMPLETED = event("completed", response=HI)


def parts_of(*events: Any) -> tuple[Part, ...]:
    return streamed(*events).candidates[0].parts


def failure(stream: bytes) -> FeatherGateError:
    """The one error that the stream ends with, after which nothing claims success."""
    events = decoded(stream)
    assert isinstance(events[-1], ev.Failed)
    assert not any(isinstance(one, (ev.Finished, ev.Ended)) for one in events)
    return events[-1].error


def item_events(kind: str, item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return event(f"output_item.{kind}", output_index=index, item=item)


# ---- the same answer, however it is told ---------------------------------------------------------------------------

words = canonical.words()
MESSAGES = st.lists(
    st.one_of(words.map(lambda said: text(said, annotations=[CITED])), words.map(text), words.map(refusal)),
    min_size=1,
    max_size=3,
).map(lambda parts: message(*parts))
CALLS = st.builds(call, canonical.call_ids(), canonical.tool_names(), canonical.json_objects().map(json.dumps))
THOUGHTS = st.one_of(
    st.builds(
        lambda summary, secret: thought(*summary, encrypted=secret),
        st.lists(words, max_size=3),
        st.one_of(st.none(), st.just("gA")),
    ),
    st.lists(words, min_size=1, max_size=2).map(lambda raw: thought(raw=tuple(raw))),
)
ITEMS = st.one_of(MESSAGES, CALLS, words.map(custom_call), THOUGHTS, st.just(SEARCH))
ANSWERS = st.builds(
    lambda output, cut: body(*output, status="incomplete", incomplete_details={"reason": "max_output_tokens"}) if cut else body(*output),
    st.lists(ITEMS, max_size=4),
    st.booleans(),
)  # fmt: skip


@given(st.data(), ANSWERS)
def test_streamed_equals_buffered_in_any_split(data: st.DataObject, whole: dict[str, Any]) -> None:
    stream = sse(*events_of(whole), named=data.draw(st.booleans()))
    decoder = ResponsesDecoder(RENDERED)
    events = [
        one for chunk in data.draw(canonical.splits(stream)) for one in decoder.feed(chunk)
    ] + decoder.finish()
    assert events == decoded(stream)
    assert fold(events) == parse_response(whole, RENDERED)


@given(st.data(), ANSWERS)
def test_what_is_left_out_on_the_way_is_told_at_the_end(data: st.DataObject, whole: dict[str, Any]) -> None:
    """Deltas, the ends of items, or the output of the last event may be missing, as long as one of them is there.

    Items whose ends are missing are told whole only by the last event, after everything else.
    """
    dropped = data.draw(st.sampled_from(["delta", "output_item.done", "everything but the last", "last output"]))
    if dropped == "output_item.done":
        whole = {**whole, "output": whole["output"][:1]}
    events = list(events_of(whole))
    if dropped == "last output":
        events[-1] = {**events[-1], "response": {**whole, "output": []}}
    elif dropped == "everything but the last":
        events = events[-1:]
    else:
        events = [one for one in events if not one["type"].endswith(dropped)]
    assert streamed(*events) == parse_response(whole, RENDERED)


@given(ANSWERS)
def test_blocks_open_and_close_once_and_only_calls_overlap(whole: dict[str, Any]) -> None:
    opened: list[int] = []
    closed: list[int] = []
    for one in decoded(sse(*events_of(whole))):
        if isinstance(one, ev.BlockStarted):
            assert set(opened) == set(closed)
            opened.append(one.block)
        elif isinstance(one, ev.BlockStopped):
            closed.append(one.block)
    assert opened == list(range(len(opened)))
    assert sorted(closed) == opened


@given(canonical.answers(family="openai"))
def test_what_clients_are_told_can_be_read_back(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    answer, events = told
    encoder = ResponsesStreamEncoder(Reply(model="m"))
    back = fold(decoded(b"".join(encoder.feed(one) for one in events)))
    (wanted,), (got,) = answer.candidates, back.candidates
    assert got.finish.reason is wanted.finish.reason
    assert [(part.name, part.arguments) for part in got.parts if isinstance(part, ToolCall)] == [
        (part.name, part.arguments) for part in wanted.parts if isinstance(part, ToolCall)
    ]
    assert said(got.parts) == said(wanted.parts)


def said(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts if isinstance(part, Text))


@given(st.data(), st.binary(max_size=60))
def test_garbage_ends_in_one_failure(data: st.DataObject, garbage: bytes) -> None:
    stream = sse(*events_of(HI))
    at = data.draw(st.integers(0, len(stream)))
    events = decoded(stream[:at] + garbage)
    assert isinstance(events[-1], (ev.Failed, ev.Ended))
    assert sum(isinstance(one, (ev.Failed, ev.Ended)) for one in events) == 1


KINDS = sorted(
    {one["type"] for one in events_of(body(message(text("x")), call(), thought("y"), custom_call("z")))}
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), canonical.json_objects(), canonical.json_values()), max_size=5))
def test_odd_events_never_raise(odd: list[tuple[str, Any, Any]]) -> None:
    names = [
        "item",
        "part",
        "response",
        "delta",
        "annotation",
        "logprobs",
        "output_index",
        "content_index",
        "text",
        "arguments",
    ]
    frames: list[dict[str, Any]] = []
    for kind, members, value in odd:
        frames.append({**members, **dict.fromkeys(names[len(frames) :: 2], value), "type": kind})
        frames.append({"type": kind, "item": {"type": value, "name": value, "call_id": value, "content": [value]}})
        frames.append({"type": kind, "response": {"status": value, "output": [{"type": value}], "usage": value}})
    assert isinstance(decoded(sse(*frames))[-1], (ev.Failed, ev.Ended))


# ---- tolerances ----------------------------------------------------------------------------------------------------


def test_arguments_only_when_they_are_done() -> None:
    begun = item_events("added", {**call(), "arguments": ""})
    done = event("function_call_arguments.done", output_index=0, arguments='{"a": 1}')
    last = event("completed", response=body())
    assert parts_of(CREATED, begun, done, last) == (
        ToolCall(id="call_1", name="look", raw='{"a": 1}', arguments={"a": 1}),
    )
    assert parts_of(CREATED, begun, item_events("done", call()), last) == parts_of(CREATED, begun, done, last)


def test_arguments_that_contradict_what_was_told_change_nothing() -> None:
    begun = item_events("added", {**call(), "arguments": ""})
    delta = event("function_call_arguments.delta", output_index=0, delta='{"b": 2}')
    (got,) = parts_of(
        CREATED, begun, delta, item_events("done", call(arguments='{"longer": "than that"}')), COMPLETED
    )
    assert isinstance(got, ToolCall)
    assert got.raw == '{"b": 2}'


def test_items_without_numbers_come_one_by_one() -> None:
    def bare(one: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in one.items() if name not in ("output_index", "content_index")}

    whole = body(thought("hm"), message(text("a")), call(), message(text("b")))
    events = [bare(one) for one in events_of(whole)]
    assert streamed(*events) == streamed(*events_of(whole))


def test_types_may_stand_in_the_events_name_alone() -> None:
    frames = [
        f"event: {one['type']}\ndata: {json.dumps({k: v for k, v in one.items() if k != 'type'})}\n\n"
        for one in events_of(HI)
    ]
    assert fold(decoded("".join(frames).encode())) == streamed(*events_of(HI))


def test_unknown_events_comments_and_keep_alives_say_nothing() -> None:
    first, *rest = events_of(HI)
    noise = b': ping\n\ndata:\n\nevent: keepalive\ndata: {"type":"keepalive","sequence_number":2}\n\n'
    unknown = sse({"type": "response.novelty.delta", "delta": "?"}, {"odd": 1})
    events = decoded(sse(first) + noise + unknown + sse(*rest) + b"data: [DONE]\n\n" + sse(*rest))
    assert [one for one in events if not isinstance(one, ev.Ping)] == decoded(sse(*events_of(HI)))
    assert sum(isinstance(one, ev.Ping) for one in events) == 2


def test_a_last_event_without_a_status_means_what_it_is_called() -> None:
    bare = {name: value for name, value in HI.items() if name != "status"}
    reasons = {
        "completed": FinishReason.STOP,
        "cancelled": FinishReason.OTHER,
        "incomplete": FinishReason.CONTENT_FILTER,
    }
    for kind, reason in reasons.items():
        last = event(kind, response={**bare, "incomplete_details": {"reason": "content_filter"}})
        assert streamed(last).candidates[0].finish.reason is reason


def test_an_answer_that_begins_without_saying_whose_it_is() -> None:
    delta = event("output_text.delta", output_index=0, content_index=0, delta="hi there")
    answer = streamed(delta, COMPLETED)
    assert (answer.id, said(answer.candidates[0].parts)) == ("", "hi there")


def test_sources_come_where_they_are_told() -> None:
    at = {"output_index": 0, "content_index": 0}
    told = [
        event("output_text.delta", **at, delta="abc"),
        event("output_text.annotation.added", **at, annotation=CITED),
        event("output_text.annotation.added", **at, annotation=None),
        item_events("done", message(text("abc", annotations=[CITED, CITED]))),
    ]
    (cited,) = parts_of(CREATED, *told, event("completed", response=body()))
    assert cited == Text(
        text="abc", citations=(Citation(kind="url", url="https://a", title="A", start=0, end=1),) * 2
    )


def test_log_probabilities_are_told_once() -> None:
    at = {"output_index": 0, "content_index": 0}
    one = {"token": "a", "logprob": -0.123456789, "bytes": [97], "top_logprobs": []}
    rounded = {**one, "logprob": -0.123457}
    delta = event("output_text.delta", **at, delta="a", logprobs=[one])
    done = event("output_text.done", **at, text="a", logprobs=[one])
    whole = item_events("done", message(text("a", logprobs=[rounded])))
    last = event("completed", response=body())
    assert streamed(CREATED, delta, done, whole, last).candidates[0].logprobs == [one]
    assert streamed(CREATED, done, whole, last).candidates[0].logprobs == [one]


def test_a_thought_is_signed_when_it_is_complete() -> None:
    added = item_events("added", thought(encrypted="not yet whole"))
    done = item_events("done", thought("hm", encrypted="gAAA"))
    (got,) = parts_of(CREATED, added, done, event("completed", response=body()))
    assert got == Reasoning(text="hm", signature=Opaque(family="openai", value="gAAA"))


def test_thoughts_as_they_were_thought_end_like_parts_of_messages() -> None:
    at = {"output_index": 0, "content_index": 0}
    raw = {"type": "reasoning_text", "text": "hm"}
    told = [
        item_events("added", thought()),
        event("reasoning_text.delta", **at, delta="hm"),
        event("content_part.done", **at, part=raw),
        item_events("done", thought(raw=("hm",))),
    ]
    assert parts_of(CREATED, *told, event("completed", response=body())) == (Reasoning(text="hm", form="raw"),)


def test_deltas_for_calls_that_never_began_say_nothing() -> None:
    stray = event("function_call_arguments.delta", output_index=9, delta="{")
    late = event("function_call_arguments.done", output_index=9, arguments="{}")
    assert parts_of(CREATED, stray, late, COMPLETED) == (Text(text="hi there"),)


# ---- endings -------------------------------------------------------------------------------------------------------


@given(st.integers(0, 1), st.data())
def test_a_stream_without_its_last_event_is_truncated(done: int, data: st.DataObject) -> None:
    events = list(events_of(body(thought("hm"), message(text("abc")), call())))[:-1]
    kept = events[: data.draw(st.integers(0, len(events)))]
    assert failure(sse(*kept) + b"data: [DONE]\n\n" * done).kind is ErrorKind.TRUNCATED


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (
            event("failed", response=body(status="failed", error={"code": "server_error", "message": "m"})),
            ErrorKind.SERVER,
        ),
        (event("failed", response={"error": None}), ErrorKind.BAD_GATEWAY),
        ({"type": "error", "code": "rate_limit_exceeded", "message": "m"}, ErrorKind.RATE_LIMIT),
        ({"type": "error", "error": {"code": "server_error", "message": "m"}}, ErrorKind.SERVER),
        ({"error": {"type": "invalid_request_error", "message": "m"}}, ErrorKind.INVALID_REQUEST),
        (event("completed", response=body(status="queued")), ErrorKind.BAD_GATEWAY),
        (event("incomplete", response=body(status="incomplete")), ErrorKind.BAD_GATEWAY),
        (["not an object"], ErrorKind.BAD_GATEWAY),
        (item_events("added", call(name=None)), ErrorKind.BAD_GATEWAY),
        (event("output_text.delta", output_index=0, delta="x"), ErrorKind.BAD_GATEWAY),
        (event("reasoning_summary_text.delta", output_index=0, delta="x"), ErrorKind.BAD_GATEWAY),
    ],
)
def test_broken_answers(last: Any, kind: ErrorKind) -> None:
    begun = sse(CREATED, item_events("added", {**call(), "arguments": ""}))
    if isinstance(last, dict) and last.get("type") == "response.output_item.added":
        last = {**last, "output_index": 1}
    frame = f"data: {json.dumps(last)}\n\n".encode()
    assert failure(begun + frame + sse(COMPLETED)).kind is kind


def test_frames_that_are_no_json() -> None:
    assert "expected JSON in every event" in str(failure(sse(CREATED) + b"data: {oops\n\n"))
    assert "expected JSON in every event" in str(failure(sse(CREATED) + b"data: {oops"))


def test_frames_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    decoder = ResponsesDecoder(RENDERED)
    monkeypatch.setattr(decoder, "_frames", FrameDecoder(max_frame_bytes=10))
    (failed,) = decoder.feed(b"data: " + b"x" * 20)
    assert isinstance(failed, ev.Failed)
    assert decoder.feed(b"\n\n") == []
    assert decoder.finish() == []


def test_refusals() -> None:
    answer = streamed(*events_of(body(message(refusal("I cannot")))))
    assert answer.candidates[0].parts == (Refusal(text="I cannot"),)
    assert answer.candidates[0].finish.detail == "refusal"
