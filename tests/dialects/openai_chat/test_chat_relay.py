"""Answers that pass through: their own bytes, but for the model's name and usage nobody asked for."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.passthrough import ChatRelay
from domain.chat import events as ev
from domain.chat.response import ChatResponse, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, UpstreamError
from tests.strategies import canonical

ASKED = Reply(model="asked", include_usage=True)
NOT_ASKED = Reply(model="asked")
CHAT = OpenAIChat()


def relayed(chunks: list[bytes], reply: Reply = ASKED) -> tuple[bytes, list[ev.StreamEvent]]:
    relay = ChatRelay(reply)
    told = [relay.feed(chunk) for chunk in chunks]
    told.append(relay.finish())
    return b"".join(raw for raw, _ in told), [event for _, events in told for event in events]


def upstream(events: list[ev.StreamEvent], *, include_usage: bool = True) -> bytes:
    encoder = CHAT.encoder(Reply(model="asked", include_usage=include_usage))
    return b"".join(encoder.feed(event) for event in events)


def renamed(stream: bytes, model: bytes) -> bytes:
    return stream.replace(b'"model":"asked"', b'"model":"%b"' % model)


@given(canonical.answers(max_candidates=2), st.data())
def test_only_the_models_name_changes(
    told: tuple[ChatResponse, list[ev.StreamEvent]], data: st.DataObject
) -> None:
    stream = upstream(told[1])
    raw, events = relayed(data.draw(canonical.splits(renamed(stream, b"gpt-upstream"))))
    assert raw == stream
    assert isinstance(events[0], ev.Started)
    assert events[0].model == "gpt-upstream"
    assert isinstance(events[-1], ev.Ended)
    endings = {event.candidate: event.finish.reason for event in events if isinstance(event, ev.Finished)}
    assert endings == {candidate.index: candidate.finish.reason for candidate in told[0].candidates}
    said = any(candidate.parts for candidate in told[0].candidates)
    assert sum(isinstance(event, ev.ContentSeen) for event in events) == said
    (usage,) = [event.usage for event in events if isinstance(event, ev.UsageReported)]
    assert usage == told[0].usage


@given(canonical.answers(), st.data())
def test_usage_goes_only_to_who_asked(
    told: tuple[ChatResponse, list[ev.StreamEvent]], data: st.DataObject
) -> None:
    stream = renamed(upstream(told[1]), b"gpt-upstream")
    raw, events = relayed(data.draw(canonical.splits(stream)), NOT_ASKED)
    assert raw == upstream(told[1], include_usage=False)
    assert [event.usage for event in events if isinstance(event, ev.UsageReported)] == [told[0].usage]


@given(canonical.answers(), st.data())
def test_a_cut_stream_forwards_whole_frames_and_fails(
    told: tuple[ChatResponse, list[ev.StreamEvent]], data: st.DataObject
) -> None:
    stream = upstream(told[1])
    cut = data.draw(st.integers(0, stream.rindex(b"finish_reason")))
    raw, events = relayed([stream[:cut]])
    assert stream.startswith(raw)
    assert raw == b"" or raw.endswith(b"\n\n")
    last = events[-1]
    if not isinstance(last, ev.Ended):  # the cut may stand after the only finish_reason
        assert isinstance(last, ev.Failed)


def frame(**members: Any) -> bytes:
    return b"data: " + json.dumps({"id": "chatcmpl-1", "model": "up", **members}).encode() + b"\n\n"


SAID = frame(choices=[{"index": 0, "delta": {"content": "a"}, "finish_reason": None}])
FINISHED = frame(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}])
DONE = b"data: [DONE]\n\n"


def test_everything_else_keeps_its_bytes() -> None:
    odd = b': ping\n\nevent: x\r\ndata: {"model" : "up",  "choices":[ ],"unheard":[1.0, 1e5 ] }\r\n\r\ndata:\n\n'
    raw, events = relayed([odd + SAID + FINISHED + DONE])
    expected = (odd + SAID + FINISHED + DONE).replace(b'"model" : "up"', b'"model":"asked"')
    assert raw == expected.replace(b'"model": "up"', b'"model":"asked"')
    assert isinstance(events[-1], ev.Ended)


def test_a_missing_done_is_added() -> None:
    raw, events = relayed([SAID + FINISHED])
    assert raw.endswith(DONE)
    assert isinstance(events[-1], ev.Ended)


def test_a_missing_blank_line_is_added() -> None:
    raw, events = relayed([SAID + FINISHED.rstrip()])
    assert raw == (SAID + FINISHED + DONE).replace(b'"model": "up"', b'"model":"asked"')
    assert isinstance(events[-1], ev.Ended)
    assert relayed([SAID + FINISHED + DONE.rstrip()])[0] == raw


def test_nothing_is_forwarded_after_the_end() -> None:
    relay = ChatRelay(ASKED)
    relay.feed(SAID + FINISHED + DONE)
    assert relay.feed(SAID) == relay.finish() == (b"", ())


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (b"data: {not json\n\n", ErrorKind.BAD_GATEWAY),
        (b"data: [1]\n\n", ErrorKind.BAD_GATEWAY),
        (b'data: {"choices": 5}\n\n', ErrorKind.BAD_GATEWAY),
        (b"data: " + b"[" * 100_000 + b"\n\n", ErrorKind.BAD_GATEWAY),
        (frame(choices=[{"index": 0, "finish_reason": "invented"}]), ErrorKind.BAD_GATEWAY),
        (frame(error={"message": "m", "type": "rate_limit_error"}), ErrorKind.RATE_LIMIT),
        (b'event: error\ndata: {"message": "m"}\n\n', ErrorKind.BAD_GATEWAY),
        (b"event: error\ndata: plain\n\n", ErrorKind.BAD_GATEWAY),
        (DONE, ErrorKind.TRUNCATED),
        (SAID[:-5], ErrorKind.BAD_GATEWAY),
        (b"", ErrorKind.TRUNCATED),
    ],
)
def test_a_failure_is_told_and_not_forwarded(broken: bytes, kind: ErrorKind) -> None:
    raw, events = relayed([SAID + broken, *([FINISHED] if broken.endswith(b"\n\n") else [])])
    assert raw == SAID.replace(b'"model": "up"', b'"model":"asked"')
    assert isinstance(events[-1], ev.Failed)
    assert events[-1].error.kind is kind


def test_ambiguous_members_are_found() -> None:
    nested = b'data: {"model":"up","choices":[{"delta":{"model":"mine","usage":null}}],"usage":null}\n\n'
    raw, _ = relayed([nested], NOT_ASKED)
    assert json.loads(raw.removeprefix(b"data: ")) == {
        "model": "asked",
        "choices": [{"delta": {"model": "mine", "usage": None}}],
    }
    several = b'data: {"model":"up",\ndata: "choices":[],"x":1}\n\n'
    assert relayed([several])[0] == several.replace(b'"up"', b'"asked"')
    first = b'data: {"usage":{"prompt_tokens":1},"choices":[{"delta":{}}]}\n\n'
    assert relayed([first], NOT_ASKED)[0] == b'data: {"choices":[{"delta":{}}]}\n\n'


def test_lone_surrogates_pass() -> None:
    odd = b'data: {"model":"up","choices":[{"index":0,"delta":{"content":"\\ud83d"},"finish_reason":"stop"}]}\n\n'
    raw, events = relayed([odd + DONE])
    assert b"\\ud83d" in raw
    assert isinstance(events[-1], ev.Ended)


def body(**members: Any) -> bytes:
    choices = [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]
    return json.dumps({"id": "chatcmpl-1", "model": "up", "choices": choices, **members}, indent=1).encode()


def test_buffered_answers() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    raw, events = ChatRelay(NOT_ASKED).answer(body(usage=usage, unheard={"x": 1.0}))
    assert raw == body(usage=usage, unheard={"x": 1.0}).replace(b'"model": "up"', b'"model":"asked"')
    started, seen, finished, reported, ended = events
    assert isinstance(started, ev.Started)
    assert isinstance(seen, ev.ContentSeen)
    assert isinstance(finished, ev.Finished)
    assert finished.finish.reason is FinishReason.STOP
    assert reported == ev.UsageReported(Usage(prompt_tokens=1, completion_tokens=2))
    assert isinstance(ended, ev.Ended)


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        body(choices=[]),
        body(choices=[{"index": 0, "message": {"content": "a"}}]),
        body(choices=[{"index": 0, "message": {}, "finish_reason": "invented"}]),
        body(error={"message": "m"}),
    ],
)
def test_buffered_answers_that_are_none(document: bytes) -> None:
    with pytest.raises(UpstreamError):
        ChatRelay(NOT_ASKED).answer(document)


@given(st.binary(max_size=300), st.data())
def test_any_bytes_end_once(data: bytes, draw: st.DataObject) -> None:
    _, events = relayed(draw.draw(canonical.splits(data)))
    assert isinstance(events[-1], ev.Failed)
    assert sum(isinstance(event, (ev.Failed, ev.Ended)) for event in events) == 1
