"""Answers that pass through: every byte is kept, in either framing, and endings are told as they are."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.gemini.framing import FramingName
from domain.chat import events as ev
from domain.chat.response import FinishReason
from domain.errors import ErrorKind, UpstreamError, UpstreamTimeout
from tests.dialects.gemini.gemini_sdk import GEMINI, NOTHING_RENAMED, decoded
from tests.strategies.canonical import splits
from tests.strategies.gemini_wire import merged, sse, streams

Relayed = tuple[bytes, list[ev.StreamEvent]]


def relay(*reads: bytes, framing: FramingName = "sse") -> Relayed:
    passing = Gemini(framing).relay(Reply(model="asked"))
    told = [*(passing.feed(read) for read in reads), passing.finish()]
    return b"".join(raw for raw, _ in told), [event for _, events in told for event in events]


def failure(events: list[ev.StreamEvent]) -> UpstreamError:
    last = events[-1]
    assert isinstance(last, ev.Failed)
    assert isinstance(last.error, UpstreamError)
    return last.error


def chunk(*parts: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, "index": 0, **members}]}


BREAKS = st.sampled_from(
    [
        b"",
        b"data: {nonsense}\r\n\r\n",
        b'data: {"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}\r\n\r\n',
        b'data: {"candidates":[{"con',
    ]
)
"""What an upstream sends that fails: nothing more, something else, its error, half of a chunk."""
WHOLE = sse([chunk({"text": "a"}), chunk({"text": ""}, finishReason="STOP")])


# ---- every answer --------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(st.data())
def test_events_pass_byte_for_byte_in_any_split(data: st.DataObject) -> None:
    stream = sse(data.draw(streams()), data.draw(st.sampled_from(["\r\n", "\n"])))
    raw, events = relay(*data.draw(splits(stream)))
    assert raw == stream
    assert events == relay(stream)[1]


@settings(max_examples=60)
@given(st.data())
def test_an_array_has_the_same_elements_byte_for_byte(data: st.DataObject) -> None:
    chunks = data.draw(streams())
    raw, events = relay(*data.draw(splits(sse(chunks))), framing="array")
    assert json.loads(raw) == chunks
    assert events == relay(sse(chunks))[1]
    assert all(json.dumps(each).encode() in raw for each in chunks)


@settings(max_examples=60)
@given(streams())
def test_a_relay_tells_what_a_decoder_tells(chunks: list[dict[str, Any]]) -> None:
    _, events = relay(sse(chunks))
    read = decoded(sse(chunks))

    def kept(told: list[ev.StreamEvent]) -> list[ev.StreamEvent]:
        return [event for event in told if isinstance(event, (ev.Started, ev.Finished, ev.Ended))]

    assert kept(events) == kept(read)
    assert [each for each in events if isinstance(each, ev.UsageReported)][-1:] == [
        each for each in read if isinstance(each, ev.UsageReported)
    ][-1:]
    said = any(isinstance(event, ev.BlockStarted) for event in read)
    assert any(isinstance(event, ev.ContentSeen) for event in events) <= said


@settings(max_examples=40)
@given(streams())
def test_a_buffered_answer_passes_as_it_came(chunks: list[dict[str, Any]]) -> None:
    body = json.dumps(merged(chunks), indent=2).encode()
    raw, events = GEMINI.relay(Reply(model="asked")).answer(body)
    assert raw == body
    response = GEMINI.parse_response(merged(chunks), NOTHING_RENAMED)
    assert [event.finish for event in events if isinstance(event, ev.Finished)] == [
        candidate.finish for candidate in response.candidates
    ]


@settings(max_examples=40)
@given(st.data())
def test_a_stream_cut_between_events_fails(data: st.DataObject) -> None:
    chunks = data.draw(streams(max_candidates=1))
    kept = chunks[: data.draw(st.integers(0, len(chunks) - 1))]
    raw, events = relay(sse(kept))
    assert raw == sse(kept)
    assert failure(events).kind is ErrorKind.TRUNCATED


# ---- endings -------------------------------------------------------------------------------------------------------


def test_an_ending_that_more_follows_was_not_the_last() -> None:
    turn = chunk({"text": "a"}, finishReason="STOP")
    _, events = relay(sse([turn, chunk({"text": "b"}), chunk({"text": ""}, finishReason="MAX_TOKENS")]))
    finished = [event.finish.reason for event in events if isinstance(event, ev.Finished)]
    assert finished == [FinishReason.LENGTH]
    assert failure(relay(sse([turn, chunk({"text": "b"})]))[1]).kind is ErrorKind.TRUNCATED


def test_calls_end_with_tool_calls() -> None:
    _, events = relay(sse([chunk({"functionCall": {"name": "f"}}), chunk(finishReason="STOP")]))
    assert [event.finish.reason for event in events if isinstance(event, ev.Finished)] == [FinishReason.TOOL_CALLS]


def test_a_blocked_prompt_is_a_whole_answer() -> None:
    stream = sse([{"promptFeedback": {"blockReason": "SAFETY"}}])
    raw, events = relay(stream)
    assert raw == stream
    assert [event.finish.reason for event in events if isinstance(event, ev.Finished)] == [
        FinishReason.CONTENT_FILTER
    ]
    assert isinstance(events[-1], ev.Ended)


@pytest.mark.parametrize("word", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
def test_an_ending_that_gemini_calls_broken_reaches_who_knows_the_word(word: str) -> None:
    answer = sse([chunk({"text": "a"}, finishReason=word)])
    raw, events = relay(answer, framing="sse")
    assert raw == answer
    finishes = [event.finish for event in events if isinstance(event, ev.Finished)]
    assert [(finish.reason, finish.native) for finish in finishes] == [(FinishReason.OTHER, word)]


@pytest.mark.parametrize("framing", ["sse", "array"])
@pytest.mark.parametrize(
    ("broken", "kind"),
    [
        (b'data: {"error":{"code":503,"message":"busy","status":"UNAVAILABLE"}}\r\n\r\n', ErrorKind.UNAVAILABLE),
        (sse([chunk(finishReason="NOT_A_REASON")]), ErrorKind.BAD_GATEWAY),
        (b"data: {nonsense}\r\n\r\n", ErrorKind.BAD_GATEWAY),
        (b"data: []\r\n\r\n", ErrorKind.BAD_GATEWAY),
        (b'data: {"candidates":[{"con', ErrorKind.TRUNCATED),
    ],
)
def test_nothing_of_a_failure_is_forwarded(broken: bytes, kind: ErrorKind, framing: FramingName) -> None:
    before = sse([chunk({"text": "a"})])
    raw, events = relay(before, broken, WHOLE, framing=framing)
    forwarded, _ = relay(before, framing=framing)
    assert raw == forwarded
    if kind is not ErrorKind.TRUNCATED:
        assert failure(events).kind is kind
    assert failure(relay(before, broken, framing=framing)[1]).kind is kind


@settings(max_examples=60)
@given(st.data())
def test_an_array_that_breaks_off_ends_as_an_array(data: st.DataObject) -> None:
    chunks = data.draw(streams())
    told = chunks[: data.draw(st.integers(0, len(chunks)))]
    passing = Gemini("array").relay(Reply(model="asked"))
    raw = b"".join(passing.feed(read)[0] for read in data.draw(splits(sse(told) + data.draw(BREAKS))))
    silence = Gemini("array").keep_alive if raw else b""
    error = UpstreamTimeout("the upstream fell silent")
    frame = Gemini("array").encode_error(error, has_begun=bool(raw))
    assert json.loads(raw + silence + frame) == [*told, GEMINI.render_error(error)[1]]


def test_after_a_failure_nothing_is_told() -> None:
    passing = GEMINI.relay(Reply(model="asked"))
    assert isinstance(passing.feed(b"data: {nonsense}\r\n\r\n")[1][-1], ev.Failed)
    assert passing.feed(WHOLE) == (b"", ())
    assert passing.finish() == (b"", ())


def test_a_refusal_without_events_is_the_error_it_says() -> None:
    body = json.dumps({"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}, indent=2).encode()
    raw, events = relay(body)
    assert (raw, failure(events).kind) == (b"", ErrorKind.INVALID_REQUEST)


@pytest.mark.parametrize(
    "body",
    [
        b'{"error":{"code":500,"message":"x"}}',
        b"[]",
        b"<html>",
        b'{"candidates":[{"content":{"parts":[{"text":"a"}]}}]}',
    ],
)
def test_a_buffered_answer_that_is_no_good_one_is_an_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        GEMINI.relay(Reply(model="asked")).answer(body)


# ---- what clients cannot read --------------------------------------------------------------------------------------


def test_what_googles_clients_cannot_read_is_framed_anew() -> None:
    document = json.dumps(chunk({"text": "a"}, finishReason="STOP"))
    pretty = json.dumps(chunk({"text": "a"}, finishReason="STOP"), indent=1)
    lines = "".join(f"data: {line}\n" for line in pretty.split("\n"))
    for odd in (f"data:{document}\n\n", f"event: x\ndata: {document}\n\n", f"{lines}\n", f"data: {document}"):
        raw, events = relay(b": comment\n\n", odd.encode(), b"\n\ndata: [DONE]\n\n")
        assert raw.startswith(b"data: {")
        assert raw.endswith((b"}\r\n\r\n", b"}\n\n"))
        assert json.loads(raw[6:]) == json.loads(document)
        assert isinstance(events[-1], ev.Ended)


def test_lone_surrogates_pass() -> None:
    stream = b'data: {"candidates":[{"content":{"parts":[{"text":"\\ud83d"}]},"finishReason":"STOP"}]}\r\n\r\n'
    raw, events = relay(stream)
    assert raw == stream
    assert isinstance(events[-1], ev.Ended)
