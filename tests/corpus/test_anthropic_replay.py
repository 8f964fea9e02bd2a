"""Recorded Anthropic traffic, read back and compared with an independent reading of the same bytes."""

import json
import random
import re
from typing import Any

from adapters.dialects.anthropic_messages.counting import parse_count
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest, Reply, Target
from domain.chat import events as ev
from domain.chat.content import Text, ToolCall
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.errors import KINDS, MalformedRequest
from domain.models.profile import PLAIN_MODEL
from tests.corpus.recorded import Recorded, recorded
from tests.dialects.anthropic_messages.sdk import frames

DIALECT = AnthropicMessages()
PLAIN = RenderedRequest(body={})
FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "refusal": "content_filter",
}
Summary = tuple[str, list[tuple[str, Any]], str, int, int]


def messages() -> tuple[Recorded, ...]:
    return recorded("anthropic", "messages")


def read(answer: ChatResponse) -> Summary:
    (candidate,) = answer.candidates
    text = "".join(part.text for part in candidate.parts if isinstance(part, Text))
    calls = [(part.name, part.arguments) for part in candidate.parts if isinstance(part, ToolCall)]
    assert answer.usage is not None
    assert answer.usage.prompt_tokens is not None
    assert answer.usage.completion_tokens is not None
    return text, calls, candidate.finish.reason.value, answer.usage.prompt_tokens, answer.usage.completion_tokens


def summary(content: list[dict[str, Any]], stop: str, usage: dict[str, Any]) -> Summary:
    counted = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return (
        "".join(block["text"] for block in content if block["type"] == "text"),
        [(block["name"], block["input"]) for block in content if block["type"] == "tool_use"],
        FINISH[stop],
        sum(usage.get(name) or 0 for name in counted),
        usage["output_tokens"],
    )


def independent(sse: bytes) -> Summary:
    """The stream read the plain way: assemble the message, then look at it."""
    content: dict[int, dict[str, Any]] = {}
    inputs: dict[int, str] = {}
    usage: dict[str, Any] = {}
    stop = ""
    for data in re.findall(r"^data: ?(.*)$", sse.decode().replace("\r\n", "\n"), re.MULTILINE):
        event = json.loads(data)
        if event["type"] == "message_start":
            usage.update(event["message"]["usage"])
        elif event["type"] == "content_block_start":
            content[event["index"]] = dict(event["content_block"])
        elif event["type"] == "content_block_delta" and event["delta"]["type"] == "text_delta":
            content[event["index"]]["text"] += event["delta"]["text"]
        elif event["type"] == "content_block_delta" and event["delta"]["type"] == "input_json_delta":
            inputs[event["index"]] = inputs.get(event["index"], "") + event["delta"]["partial_json"]
        elif event["type"] == "message_delta":
            stop = event["delta"]["stop_reason"]
            usage.update({name: value for name, value in event["usage"].items() if value is not None})
    for index, text in inputs.items():
        content[index]["input"] = json.loads(text) if text else {}
    return summary([content[index] for index in sorted(content)], stop, usage)


def decode(chunks: list[bytes]) -> list[StreamEvent]:
    decoder = DIALECT.decoder(PLAIN)
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.finish()


def split(data: bytes, seed: str) -> list[bytes]:
    cuts = sorted(random.Random(seed).sample(range(len(data)), min(40, len(data))))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def test_recorded_bodies_are_read_right() -> None:
    seen = 0
    for one in messages():
        if one.status == 200 and one.sse is None:
            expected = summary(one.body["content"], one.body["stop_reason"], one.body["usage"])
            assert read(DIALECT.parse_response(one.body, PLAIN)) == expected, one.id
            seen += 1
    assert seen > 100


def test_recorded_streams_are_read_right_in_any_split() -> None:
    seen = 0
    for one in messages():
        if one.status == 200 and one.sse is not None:
            whole = decode([one.sse])
            assert isinstance(whole[-1], ev.Ended), one.id
            assert read(fold(whole)) == independent(one.sse), one.id
            assert decode(split(one.sse, one.id)) == whole, one.id
            if len(one.sse) < 3_000:
                assert decode([one.sse[at : at + 1] for at in range(len(one.sse))]) == whole, one.id
            seen += 1
    assert seen > 100


def test_recorded_streams_that_are_cut_before_their_ending_fail() -> None:
    for one in messages():
        if one.status == 200 and one.sse is not None:
            cut = one.sse.index(b"event: message_delta")
            assert isinstance(decode([one.sse[:cut]])[-1], ev.Failed), one.id


def test_recorded_errors_keep_their_status_and_words() -> None:
    seen = 0
    for one in messages():
        if one.status >= 400:
            error = DIALECT.parse_error(one.status, one.headers, one.raw)
            assert error.status == one.status, one.id
            assert KINDS[error.kind].status == one.status, one.id
            assert error.message == one.body["error"]["message"], one.id
            seen += 1
    assert seen > 10


TARGET = Target(provider="anthropic", family="anthropic", model="claude-x", profile=PLAIN_MODEL)
NORMALISED = frozenset({"openinference-00042", "openinference-00043", "openllmetry-00086", "pydantic-ai-00109"})
"""Recordings whose requests have another normal form: a JPEG that is declared a PNG, members' older names."""


def test_recorded_requests_are_written_as_they_came() -> None:
    seen = 0
    for one in recorded("anthropic", "messages", "count_tokens"):
        try:
            request = DIALECT.parse_request(one.request)
        except MalformedRequest:
            assert one.status == 400, one.id
            continue
        rendered = DIALECT.render_request(request, TARGET)
        body = {**one.request, "model": "claude-x"}
        if body.get("stream") is False:
            del body["stream"]
        assert (rendered.body == body) is (one.id not in NORMALISED), one.id
        assert rendered.losses == (), one.id
        again = DIALECT.parse_request(rendered.body)
        assert DIALECT.render_request(again, TARGET) == rendered, one.id
        seen += 1
    assert seen > 400


def test_recorded_answers_are_told_to_clients_as_they_came() -> None:
    for one in messages():
        if one.status != 200:
            continue
        reply = Reply(model="asked")
        if one.sse is None:
            answer = DIALECT.parse_response(one.body, PLAIN)
            body = DIALECT.render_response(answer, reply)
            assert summary(body["content"], body["stop_reason"], body["usage"]) == summary(
                one.body["content"], one.body["stop_reason"], one.body["usage"]
            ), one.id
        else:
            encoder = DIALECT.encoder(reply)
            stream = b"".join(encoder.feed(event) for event in decode([one.sse]))
            assert frames(stream)[-1] == {"type": "message_stop"}, one.id
            assert independent(stream) == independent(one.sse), one.id


def test_recorded_answers_pass_with_another_name() -> None:
    for one in messages():
        if one.status != 200:
            continue
        relay = DIALECT.relay(Reply(model="asked"))
        if one.sse is None:
            raw, events = relay.answer(one.raw)
            assert json.loads(raw) == {**one.body, "model": "asked"}, one.id
            assert isinstance(events[-1], ev.Ended), one.id
            continue
        told = [relay.feed(chunk) for chunk in split(one.sse, one.id)] + [relay.finish()]
        raw = b"".join(piece for piece, _ in told)
        before, after = one.sse.split(b"\n"), raw.split(b"\n")
        changed = [(old, new) for old, new in zip(before, after, strict=False) if old != new]
        assert all(b"message_start" in old and b'"model":"asked"' in new for old, new in changed), one.id
        assert len(changed) == 1, one.id
        relayed = [event for _, events in told for event in events]
        assert endings(relayed) == endings(decode([one.sse])), one.id


def endings(events: list[StreamEvent]) -> tuple[Any, Any, StreamEvent]:
    """The ending, the last usage and the last event of an answer."""
    (finish,) = [event for event in events if isinstance(event, ev.Finished)]
    usage = [event for event in events if isinstance(event, ev.UsageReported)]
    return finish, usage[-1], events[-1]


def test_recorded_counts_are_read() -> None:
    seen = 0
    for one in recorded("anthropic", "count_tokens"):
        if one.status == 200:
            assert parse_count(one.body) == one.body["input_tokens"], one.id
            seen += 1
    assert seen > 5
