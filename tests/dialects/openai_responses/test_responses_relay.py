"""Answers that pass through: their bytes stay, but for the model's name, and what they tell is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.relay import ResponsesRelay
from adapters.dialects.sse import FrameDecoder
from domain.chat import events as ev
from domain.chat.response import Finish, FinishReason
from domain.errors import ErrorKind, MalformedResponse, UpstreamError
from tests.dialects.openai_responses.answer_wire import (
    SEARCH,
    body,
    call,
    decoded,
    event,
    events_of,
    message,
    refusal,
    sse,
    text,
    thought,
)
from tests.strategies import canonical

REPLY = Reply(model='the "asked" one')
WHOLE = body(thought("hm"), message(text("hi"), refusal("no")), SEARCH, call())


def relayed(*chunks: bytes) -> tuple[bytes, list[ev.StreamEvent]]:
    relay = ResponsesRelay(REPLY)
    steps = [relay.feed(chunk) for chunk in chunks] + [relay.finish()]
    return b"".join(raw for raw, _ in steps), [one for _, events in steps for one in events]


def renamed(response: Any) -> Any:
    """The response under the name the client asked for."""
    return {**response, "model": REPLY.model}


def renamed_event(document: Any) -> Any:
    """The event, the response in it under the name the client asked for."""
    return {**document, "response": renamed(document["response"])} if "response" in document else document


def documents(raw: bytes) -> list[Any]:
    return [
        json.loads(line[6:])
        for line in raw.decode("utf-8", "surrogatepass").split("\n")
        if line.startswith("data: {")
    ]


# ---- streams -------------------------------------------------------------------------------------------------------


@given(st.data())
def test_streams_pass_in_any_split(data: st.DataObject) -> None:
    stream = sse(*events_of(WHOLE))
    raw, events = relayed(*data.draw(canonical.splits(stream)))
    assert documents(raw) == [renamed_event(one) for one in documents(stream)]
    assert raw == stream.replace(b'"model": "gpt-5"', b'"model":' + json.dumps(REPLY.model).encode())
    told = decoded(stream)
    assert events[0] == told[0]
    assert events[1] == ev.ContentSeen()
    assert events[2:] == told[-3:]
    assert isinstance(events[-1], ev.Ended)


def test_content_is_seen_once_something_is_said() -> None:
    relay = ResponsesRelay(REPLY)
    seen = []
    for one in events_of(body(message(text("hi")))):
        _, events = relay.feed(sse(one))
        if ev.ContentSeen() in events:
            seen.append(one["type"])
    assert seen == ["response.output_text.delta"]


def test_comments_and_blank_frames_pass() -> None:
    stream = b": ping\n\ndata:\n\n" + sse(*events_of(WHOLE))
    assert relayed(stream)[0].startswith(b": ping\n\ndata:\n\n")


def test_frames_keep_their_line_ends() -> None:
    stream = sse(*events_of(WHOLE)).replace(b"\n", b"\r\n")
    raw, _ = relayed(stream)
    assert raw.count(b"\r\n") == stream.count(b"\r\n") == raw.count(b"\n")


def test_the_model_is_found_among_others_of_its_name() -> None:
    tools = [{"type": "image_generation", "model": "gpt-image-1"}]
    raw, _ = relayed(sse(*events_of({**WHOLE, "tools": tools, "metadata": {"model": "gpt-5"}})))
    responses = [one["response"] for one in documents(raw) if "response" in one]
    assert {one["model"] for one in responses} == {REPLY.model}
    assert all(one["tools"] == tools and one["metadata"] == {"model": "gpt-5"} for one in responses)


def test_a_response_without_a_model_stays_without() -> None:
    stream = sse(*events_of({**WHOLE, "model": None}))
    raw, events = relayed(stream)
    assert raw == stream
    assert isinstance(events[0], ev.Started)
    assert events[0].model == ""


def test_data_over_several_lines() -> None:
    pretty = "".join(
        f"data: {line}\n" for line in json.dumps(event("created", response=WHOLE), indent=1).split("\n")
    )
    raw, events = relayed(f"event: response.created\n{pretty}\n".encode(), sse(*list(events_of(WHOLE))[1:]))
    first = next(frame for frame in FrameDecoder().feed(raw))
    assert first.event == "response.created"
    assert json.loads(first.data or b"")["response"]["model"] == REPLY.model
    assert isinstance(events[-1], ev.Ended)


def test_broken_characters_pass() -> None:
    said = body(message(text("\ud83d")), metadata={"model": "\ud83d"})
    raw, events = relayed(sse(*events_of(said)))
    assert documents(raw)[-1] == renamed_event(documents(sse(*events_of(said)))[-1])
    assert isinstance(events[-1], ev.Ended)


def test_a_last_event_alone_is_enough() -> None:
    bare = {"type": "response.completed", "response": {"id": "resp_1"}}
    assert [type(one) for one in relayed(sse(bare))[1]] == [ev.Started, ev.Finished, ev.Ended]
    raw, events = relayed(sse(*events_of(WHOLE))[:-2])
    assert raw.endswith(b"\n\n")
    assert isinstance(events[-1], ev.Ended)


def test_nothing_follows_the_last_event() -> None:
    stream = sse(*events_of(WHOLE))
    assert relayed(stream + b"data: [DONE]\n\n" + stream) == relayed(stream)
    assert relayed(stream, stream) == relayed(stream)


@pytest.mark.parametrize(
    ("last", "kind"),
    [
        (b"", ErrorKind.TRUNCATED),
        (b"data: [DONE]\n\n", ErrorKind.TRUNCATED),
        (b"data: {oops\n\n", ErrorKind.BAD_GATEWAY),
        (b'event: error\ndata: {"type": "error", "code": "server_error", "message": "m"}\n\n', ErrorKind.SERVER),
        (b'data: {"error": {"code": "rate_limit_exceeded", "message": "m"}}\n\n', ErrorKind.RATE_LIMIT),
        (
            sse(event("failed", response=body(status="failed", error={"code": "server_error", "message": "m"}))),
            ErrorKind.SERVER,
        ),
        (sse(event("completed", response=body(status="odd"))), ErrorKind.BAD_GATEWAY),
        (sse(event("failed")), ErrorKind.BAD_GATEWAY),
        (b'data: {"type": "error", "message": "\\ud83d"}\n\n', ErrorKind.BAD_GATEWAY),
        (b'data: {"type": "response.completed", "response": {"output": 3}}\n\n', ErrorKind.BAD_GATEWAY),
    ],
)
def test_nothing_of_a_failure_is_forwarded(last: bytes, kind: ErrorKind) -> None:
    begun = sse(*list(events_of(WHOLE))[:-1])
    raw, events = relayed(begun + last, b"data: x\n\n" if last else b"")
    assert documents(raw) == [renamed_event(one) for one in documents(begun)]
    assert isinstance(events[-1], ev.Failed)
    assert events[-1].error.kind is kind
    assert not any(isinstance(one, (ev.Finished, ev.Ended)) for one in events)


def test_what_a_failed_answer_consumed_is_told() -> None:
    failed = event("failed", response=body(status="failed", error={"code": "server_error", "message": "m"}))
    assert any(isinstance(one, ev.UsageReported) for one in relayed(sse(failed))[1])


def test_frames_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    relay = ResponsesRelay(REPLY)
    monkeypatch.setattr(relay, "_frames", FrameDecoder(max_frame_bytes=10))
    raw, (failed,) = relay.feed(b"data: " + b"x" * 20)
    assert raw == b""
    assert isinstance(failed, ev.Failed)
    assert relay.feed(b"\n\n") == (b"", ())
    assert relay.finish() == (b"", ())


@given(st.binary(max_size=60), st.integers(0, 400))
def test_garbage_ends_in_one_failure(garbage: bytes, at: int) -> None:
    _, events = relayed(sse(*events_of(WHOLE))[:at] + garbage)
    assert sum(isinstance(one, (ev.Failed, ev.Ended)) for one in events) == 1


@given(canonical.json_objects(), canonical.json_values())
def test_odd_events_never_raise(members: Any, value: Any) -> None:
    odd = [
        {**members, "type": value},
        {"type": "response.output_item.added", "item": {"type": value, "content": [value]}},
        {
            "type": "response.completed",
            "response": {"status": value, "model": value, "usage": value, "error": value},
        },
    ]
    for one in odd:
        assert isinstance(relayed(sse(one))[1][-1], (ev.Failed, ev.Ended))


# ---- buffered answers ----------------------------------------------------------------------------------------------


def test_a_body_passes_under_the_clients_name() -> None:
    raw, events = ResponsesRelay(REPLY).answer(json.dumps(WHOLE, indent=2).encode())
    assert raw.decode() == json.dumps(WHOLE, indent=2).replace(
        '"model": "gpt-5"', '"model":' + json.dumps(REPLY.model)
    )
    finish = Finish(reason=FinishReason.TOOL_CALLS, native="completed")
    assert [type(one) for one in events[:2]] == [ev.Started, ev.ContentSeen]
    assert ev.Finished(finish) in events
    assert isinstance(events[-1], ev.Ended)
    two = {**WHOLE, "metadata": {"model": "x"}}
    assert json.loads(ResponsesRelay(REPLY).answer(json.dumps(two).encode())[0]) == renamed(two)


def test_refusals_are_noted() -> None:
    _, events = ResponsesRelay(REPLY).answer(json.dumps(body(message(refusal("no")))).encode())
    assert ev.Finished(Finish(reason=FinishReason.STOP, native="completed", detail="refusal")) in events


def test_bytes_that_are_no_text_are_refused_where_they_must_be_read() -> None:
    two_names = json.dumps(body(metadata={"model": "x", "odd": "?"})).encode().replace(b'"?"', b'"\xff"')
    with pytest.raises(MalformedResponse, match="expected a response"):
        ResponsesRelay(REPLY).answer(two_names)
    failed = json.dumps(body(status="failed", error={"message": "m"}, note="?")).encode()
    with pytest.raises(UpstreamError, match="broke off"):
        ResponsesRelay(REPLY).answer(failed.replace(b'"?"', b'"\xff"'))


@pytest.mark.parametrize("status", ["queued", "in_progress"])
def test_answers_in_the_background_are_their_clients_to_fetch(status: str) -> None:
    raw, events = ResponsesRelay(REPLY).answer(json.dumps(body(status=status, background=True)).encode())
    assert json.loads(raw)["status"] == status
    assert events[1:] == (
        ev.ContentSeen(),
        ev.Finished(Finish(reason=FinishReason.OTHER, native=status)),
        ev.Ended(),
    )


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", ErrorKind.BAD_GATEWAY),
        (b"[]", ErrorKind.BAD_GATEWAY),
        (b"{}", ErrorKind.TRUNCATED),
        (json.dumps(body(status="odd")).encode(), ErrorKind.BAD_GATEWAY),
        (json.dumps(body(status="queued")).encode(), ErrorKind.BAD_GATEWAY),
        (json.dumps(body(status="in_progress")).encode(), ErrorKind.BAD_GATEWAY),
        (
            json.dumps(body(status="failed", error={"code": "server_error", "message": "m"})).encode(),
            ErrorKind.SERVER,
        ),
        (
            json.dumps(body(status="queued", error={"code": "server_error", "message": "m"})).encode(),
            ErrorKind.SERVER,
        ),
    ],
)
def test_what_is_no_good_answer(answer: bytes, kind: ErrorKind) -> None:
    with pytest.raises(UpstreamError) as raised:
        ResponsesRelay(REPLY).answer(answer)
    assert raised.value.kind is kind
    assert isinstance(raised.value, (MalformedResponse, UpstreamError))
