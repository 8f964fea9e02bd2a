"""Answers that pass through: their own bytes, but for the model's name."""

import json
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.anthropic_messages.relay import MessagesRelay
from adapters.dialects.contract import RenderedRequest, Reply
from domain.chat import events as ev
from domain.chat.response import FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, UpstreamError
from tests.strategies.anthropic_wire import WireAnswer, answers
from tests.strategies.canonical import splits

DIALECT = AnthropicMessages()
REPLY = Reply(model="asked")
PLAIN = RenderedRequest(body={})
NAMED = b'"model":"claude-sonnet-5"'
ASKED = b'"model":"asked"'


def relayed(chunks: list[bytes]) -> tuple[bytes, list[ev.StreamEvent]]:
    relay = DIALECT.relay(REPLY)
    told = [relay.feed(chunk) for chunk in chunks]
    told.append(relay.finish())
    return b"".join(raw for raw, _ in told), [event for _, events in told for event in events]


def decoded(stream: bytes) -> list[ev.StreamEvent]:
    decoder = DIALECT.decoder(PLAIN)
    return [*decoder.feed(stream), *decoder.finish()]


STOP_FRAME = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


@settings(max_examples=80)
@given(answers(), st.data())
def test_only_the_models_name_changes(answer: WireAnswer, data: st.DataObject) -> None:
    raw, events = relayed(data.draw(splits(answer.stream)))
    expected = answer.stream.replace(NAMED, ASKED)
    assert raw in (expected, expected + STOP_FRAME)
    assert raw.count(b"event: message_stop") == 1
    finish, usage = finish_and_usage(decoded(answer.stream))
    assert finish_and_usage(events) == (finish, usage)
    started = next(event for event in events if isinstance(event, ev.Started))
    assert (started.id, started.model) == (answer.body["id"], "claude-sonnet-5")
    assert isinstance(events[-1], ev.Ended)
    assert sum(isinstance(event, ev.ContentSeen) for event in events) <= 1


def finish_and_usage(events: list[ev.StreamEvent]) -> tuple[Any, Usage]:
    (finish,) = [event.finish for event in events if isinstance(event, ev.Finished)]
    return finish, [event.usage for event in events if isinstance(event, ev.UsageReported)][-1]


@settings(max_examples=40)
@given(answers(), st.data())
def test_a_cut_stream_forwards_whole_frames_and_fails(answer: WireAnswer, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, answer.stream.rindex(b"stop_reason")))
    raw, events = relayed([answer.stream[:cut]])
    whole = raw.replace(b"\r\n", b"\n")  # a frame that was cut in its blank line is closed with another
    assert answer.stream.replace(NAMED, ASKED).replace(b"\r\n", b"\n").startswith(whole)
    assert whole == b"" or whole.endswith(b"\n\n")
    assert isinstance(events[-1], ev.Failed)
    assert not any(isinstance(event, (ev.Finished, ev.Ended)) for event in events)


def frame(kind: str, **members: Any) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), json.dumps({"type": kind, **members}).encode())


def start(**members: Any) -> bytes:
    message = {"id": "msg_1", "model": "up", "usage": {"input_tokens": 5, "output_tokens": 1}, **members}
    return frame("message_start", message=message)


START = start()
RENAMED = START.replace(b'"model": "up"', b'"model":"asked"')
TEXT = frame("content_block_start", index=0, content_block={"type": "text", "text": ""})
SAID = frame("content_block_delta", index=0, delta={"type": "text_delta", "text": "a"})
CLOSED = frame("content_block_stop", index=0)
FINISHED = frame("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 7})
PING = frame("ping")
OVER = frame("message_stop")


def test_pings_comments_and_what_is_unheard_of_pass() -> None:
    odd = b': hello\n\nevent: news\r\ndata: {"type":"news",  "x":[1.0, 1e5 ] }\r\n\r\ndata:\n\n'
    raw, events = relayed([PING + START + odd + TEXT + PING + SAID + CLOSED + START + FINISHED + OVER])
    assert raw == PING + RENAMED + odd + TEXT + PING + SAID + CLOSED + RENAMED + FINISHED + OVER
    assert [type(event) for event in events] == [
        ev.Started,
        ev.UsageReported,
        ev.ContentSeen,
        ev.UsageReported,
        ev.Finished,
        ev.Ended,
    ]
    assert events[3] == ev.UsageReported(Usage(prompt_tokens=5, completion_tokens=7))


@pytest.mark.parametrize(
    ("opened", "says"),
    [
        ({"type": "text", "text": ""}, False),
        ({"type": "thinking", "thinking": "", "signature": ""}, False),
        ({"type": "redacted_thinking", "data": "x"}, True),
        ({"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}, True),
        ({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, True),
    ],
)
def test_a_block_that_says_nothing_yet_does_not_commit(opened: dict[str, Any], says: bool) -> None:
    relay = MessagesRelay(REPLY)
    _, events = relay.feed(START + frame("content_block_start", index=0, content_block=opened))
    assert any(isinstance(event, ev.ContentSeen) for event in events) is says


def test_a_call_ends_with_tool_calls() -> None:
    use = frame("content_block_start", index=0, content_block={"type": "tool_use", "id": "t", "name": "f"})
    _, events = relayed([START + use + CLOSED + FINISHED + OVER])
    (finish,) = [event.finish for event in events if isinstance(event, ev.Finished)]
    assert finish.reason is FinishReason.TOOL_CALLS


def test_a_missing_end_is_added_where_the_ending_was_told() -> None:
    raw, events = relayed([START + TEXT + SAID + FINISHED.rstrip()])
    assert raw == RENAMED + TEXT + SAID + FINISHED + STOP_FRAME
    assert isinstance(events[-1], ev.Ended)


def test_nothing_is_forwarded_after_the_end() -> None:
    relay = MessagesRelay(REPLY)
    relay.feed(START + FINISHED + OVER)
    assert relay.feed(SAID) == relay.finish() == (b"", ())


@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (b"event: content_block_delta\ndata: {not json\n\n", ErrorKind.BAD_GATEWAY),
        (b"data: [1]\n\n", ErrorKind.BAD_GATEWAY),
        (b"data: " + b"[" * 100_000 + b"\n\n", ErrorKind.BAD_GATEWAY),
        (frame("message_delta", delta={"stop_reason": "invented"}), ErrorKind.BAD_GATEWAY),
        (frame("message_delta", delta=5), ErrorKind.BAD_GATEWAY),
        (frame("error", error={"type": "overloaded_error", "message": "m"}), ErrorKind.OVERLOADED),
        (b'event: error\ndata: {"error": {"type": "api_error", "message": "m"}}\n\n', ErrorKind.SERVER),
        (b'data: {"error": {"type": "rate_limit_error", "message": "m"}}\n\n', ErrorKind.RATE_LIMIT),
        (OVER, ErrorKind.TRUNCATED),
        (SAID[:-8], ErrorKind.BAD_GATEWAY),
        (b"", ErrorKind.TRUNCATED),
    ],
)
def test_a_failure_is_told_and_not_forwarded(broken: bytes, kind: ErrorKind) -> None:
    raw, events = relayed([START + SAID + broken, *([FINISHED] if broken.endswith(b"\n\n") else [])])
    assert raw == RENAMED + SAID
    assert isinstance(events[-1], ev.Failed)
    assert events[-1].error.kind is kind


def test_a_name_that_stands_twice_is_changed_where_it_is_meant() -> None:
    raw, events = relayed([start(container={"model": "mine"}) + FINISHED + OVER])
    message = json.loads(raw.split(b"data: ")[1].split(b"\n")[0])["message"]
    assert (message["model"], message["container"]) == ("asked", {"model": "mine"})
    several = b'event: message_start\ndata: {"type":"message_start",\ndata: "message":{"model":"up"}}\n\n'
    assert relayed([several])[0] == several.replace(b'"up"', b'"asked"')
    assert isinstance(events[-1], ev.Ended)


def test_lone_surrogates_pass() -> None:
    odd = SAID.replace(b'"a"', b'"\\ud83d"')
    raw, events = relayed([START + odd + FINISHED + OVER])
    assert odd in raw
    assert isinstance(events[-1], ev.Ended)


def test_a_foreign_done_is_left_out() -> None:
    raw, events = relayed([START + FINISHED + b"data: [DONE]\n\n" + OVER])
    assert raw == RENAMED + FINISHED + OVER
    assert isinstance(events[-1], ev.Ended)


def body(**members: Any) -> bytes:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "up",
        "content": [{"type": "text", "text": "a"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 2, "service_tier": "standard"},
        **members,
    }
    return json.dumps(message, indent=1).encode()


def test_buffered_answers() -> None:
    raw, events = MessagesRelay(REPLY).answer(body(unheard={"x": 1.0}))
    assert raw == body(unheard={"x": 1.0}).replace(b'"model": "up"', b'"model":"asked"')
    assert events == (
        ev.Started("msg_1", "up", service_tier="standard"),
        ev.UsageReported(Usage(prompt_tokens=1, completion_tokens=2)),
        ev.ContentSeen(),
        events[3],
        ev.Ended(),
    )
    assert isinstance(events[3], ev.Finished)


@settings(max_examples=40)
@given(answers())
def test_a_buffered_answer_tells_what_the_stream_tells(answer: WireAnswer) -> None:
    raw, events = MessagesRelay(REPLY).answer(json.dumps(answer.body).encode())
    assert json.loads(raw) == {**answer.body, "model": "asked"}
    assert finish_and_usage(list(events))[0] == finish_and_usage(relayed([answer.stream])[1])[0]


def test_a_call_with_a_model_among_its_arguments() -> None:
    use = {"type": "tool_use", "id": "t", "name": "f", "input": {"model": "mine"}}
    raw, _ = MessagesRelay(REPLY).answer(body(content=[use]))
    assert json.loads(raw)["model"] == "asked"
    assert json.loads(raw)["content"] == [use]


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"", ErrorKind.BAD_GATEWAY),
        (b"<html>", ErrorKind.BAD_GATEWAY),
        (b"[]", ErrorKind.BAD_GATEWAY),
        (b"{}", ErrorKind.BAD_GATEWAY),
        (body(content=None), ErrorKind.BAD_GATEWAY),
        (body(stop_reason=None), ErrorKind.TRUNCATED),
        (body(stop_reason="invented"), ErrorKind.BAD_GATEWAY),
        (b'{"type":"error","error":{"type":"overloaded_error","message":"m"}}', ErrorKind.OVERLOADED),
    ],
)
def test_buffered_answers_that_are_none(document: bytes, kind: ErrorKind) -> None:
    with pytest.raises(UpstreamError) as refused:
        MessagesRelay(REPLY).answer(document)
    assert refused.value.kind is kind


@given(st.binary(max_size=300), st.data())
def test_any_bytes_end_once(data: bytes, draw: st.DataObject) -> None:
    _, events = relayed(draw.draw(splits(data)))
    assert isinstance(events[-1], ev.Failed)
    assert sum(isinstance(event, (ev.Failed, ev.Ended)) for event in events) == 1


def test_a_chunk_takes_no_time() -> None:
    relay = MessagesRelay(REPLY)
    relay.feed(START + TEXT + SAID)
    began = time.perf_counter()
    for _ in range(2_000):
        relay.feed(SAID)
    assert (time.perf_counter() - began) / 2_000 < 150e-6  # it takes 5 µs
