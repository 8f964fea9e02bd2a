"""Streams for Gemini clients, as events and as an array: Google's client reads them, and they say what was said."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.contract import Reply
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.gemini.framing import FramingName
from domain.chat import events as ev
from domain.chat.content import Citation, Inline, Opaque, OpaquePart, Part, Reasoning, Text, ToolCall
from domain.chat.events import BlockKind
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import MalformedResponse, UpstreamTimeout
from tests.dialects.gemini.gemini_sdk import GEMINI, NOTHING_RENAMED, accepted, decoded, official_client
from tests.strategies.canonical import PNG, answers
from tests.strategies.gemini_wire import sse, streams

REPLY = Reply(model="asked/model")
FRAMINGS: tuple[FramingName, ...] = ("sse", "array")
Told = tuple[ChatResponse, list[ev.StreamEvent]]


def writes(events: list[ev.StreamEvent], framing: FramingName = "sse") -> list[bytes]:
    encoder = Gemini(framing).encoder(REPLY)
    return [encoder.feed(event) for event in events]


def chunks(events: list[ev.StreamEvent]) -> list[dict[str, Any]]:
    """The stream's objects, after Google's types have accepted them."""
    objects = [
        json.loads(frame.removeprefix(b"data: ")) for frame in b"".join(writes(events)).split(b"\r\n\r\n")[:-1]
    ]
    for each in objects:
        accepted(each)
    return objects


def parts(events: list[ev.StreamEvent]) -> list[dict[str, Any]]:
    return [part for chunk in chunks(events)[:-1] for part in chunk["candidates"][0]["content"]["parts"]]


def started(*events: ev.StreamEvent) -> list[ev.StreamEvent]:
    return [ev.Started("r1", "upstream"), *events]


def ended(*events: ev.StreamEvent, reason: FinishReason = FinishReason.STOP) -> list[ev.StreamEvent]:
    return started(*events, ev.Finished(Finish(reason=reason)), ev.Ended())


# ---- every stream --------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(answers(family="google", max_candidates=2))
def test_streamed_equals_buffered(told: Told) -> None:
    response, events = told
    streamed = fold(decoded(b"".join(writes(events))))
    buffered = GEMINI.parse_response(GEMINI.render_response(response, REPLY), NOTHING_RENAMED)
    assert [said(each.parts) for each in streamed.candidates] == [said(each.parts) for each in buffered.candidates]
    assert [each.finish for each in streamed.candidates] == [each.finish for each in buffered.candidates]
    assert (streamed.usage, streamed.id, streamed.model) == (buffered.usage, buffered.id, buffered.model)


def said(told: tuple[Any, ...]) -> list[Any]:
    return [(type(each), getattr(each, "text", ""), getattr(each, "raw", ""), each.signature) for each in told]


@settings(max_examples=60)
@given(streams())
def test_geminis_own_streams_come_through_translation(told: list[dict[str, Any]]) -> None:
    first = fold(decoded(sse(told))).candidates
    again = fold(decoded(b"".join(writes(decoded(sse(told)))))).candidates
    assert [run_together(each.parts) for each in again] == [run_together(each.parts) for each in first]
    assert [each.finish for each in again] == [each.finish for each in first]


def run_together(told: tuple[Part, ...]) -> list[Any]:
    """The parts, neighbouring texts and thoughts as one: where a signed one began is not seen in a stream."""
    together: list[Any] = []
    for part in told:
        last = together[-1] if together else None
        if isinstance(part, (Text, Reasoning)) and isinstance(last, tuple) and last[0] is type(part):
            together[-1] = (type(part), last[1] + part.text)
        else:
            together.append((type(part), part.text) if isinstance(part, (Text, Reasoning)) else part)
    return together


@settings(max_examples=60)
@given(answers(family="anthropic"))
def test_every_event_is_one_line_of_data(told: Told) -> None:
    stream = b"".join(writes(told[1]))
    frames = stream.split(b"\r\n\r\n")
    assert frames.pop() == b""
    for frame in frames:
        assert frame.startswith(b"data: {")
        assert frame.endswith(b"}")
        assert len(frame.decode().splitlines()) == 1


@settings(max_examples=60)
@given(st.data())
def test_an_array_is_an_array_whatever_happens(data: st.DataObject) -> None:
    _, events = data.draw(answers(family="anthropic", max_candidates=2))
    breaks = data.draw(st.booleans())
    if breaks:
        events = [*events[: len(events) // 2], ev.Failed(UpstreamTimeout("slow"))]
    pieces = [piece for piece in writes(events, "array") if piece]
    assert all(piece.endswith(b"\n\n") for piece in pieces)
    array = json.loads(b"\n".join(pieces))
    as_events = [json_codec.decode(frame[6:]) for frame in b"".join(writes(events)).split(b"\r\n\r\n")[:-1]]
    assert array == as_events
    assert ("error" in array[-1]) is breaks
    assert not any("error" in each for each in array[:-1])


@settings(max_examples=15)
@given(answers(family="anthropic"))
def test_googles_client_reads_it(told: Told) -> None:
    response, events = told
    client = official_client(b"".join(writes(events)))
    read = list(client.models.generate_content_stream(model="m", contents="hi"))
    spoken = [part for chunk in read for part in chunk.candidates[0].content.parts]
    (candidate,) = response.candidates
    thoughts = "".join(part.text for part in candidate.parts if isinstance(part, Reasoning))
    assert "".join(part.text for part in spoken if part.thought) == thoughts
    assert [(part.function_call.id, part.function_call.name) for part in spoken if part.function_call] == [
        (part.id, part.name) for part in candidate.parts if isinstance(part, ToolCall)
    ]
    assert read[-1].candidates[0].finish_reason is not None
    assert read[-1].usage_metadata.total_token_count == (response.usage.total_tokens if response.usage else None)


@settings(max_examples=25)
@given(answers(family="anthropic"))
def test_a_streamed_answer_sent_back_chunk_by_chunk_means_what_it_meant(told: Told) -> None:
    response, events = told
    contents = [chunk["candidates"][0]["content"] for chunk in chunks(events)]
    turn, _ = GEMINI.parse_request(
        {"model": "m", "contents": [*contents, {"parts": [{"text": "go on"}]}]}
    ).messages
    (candidate,) = response.candidates
    sent_back = [each for each in said(turn.parts) if each[1:3] != ("", "") or each[3] is not None]
    asked = [each if each[2] != "" or each[1] else (*each[:2], "{}", each[3]) for each in said(candidate.parts)]
    assert [(kind, text, signature) for kind, text, _, signature in sent_back] == [
        (kind, text, signature) for kind, text, _, signature in asked
    ]


# ---- what is where -------------------------------------------------------------------------------------------------


def test_calls_are_told_whole_and_in_their_order() -> None:
    call = BlockKind.TOOL_CALL
    events = ended(
        ev.BlockStarted(0, call, "c1", "f", signature=Opaque(family="google", value="YQ==")),
        ev.BlockStarted(1, call, "c2", "g"),
        ev.ToolArgumentsDelta(1, '{"b":'),
        ev.ToolArgumentsDelta(0, '{"a":1.0'),
        ev.ToolArgumentsDelta(1, "2}"),
        ev.BlockStopped(1),
        ev.BlockStarted(2, BlockKind.TEXT),
        ev.TextDelta(2, "after"),
        ev.BlockStopped(2),
        ev.ToolArgumentsDelta(0, "}"),
        ev.BlockStopped(0),
        reason=FinishReason.TOOL_CALLS,
    )
    assert parts(events) == [
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1.0}}, "thoughtSignature": "YQ=="},
        {"functionCall": {"id": "c2", "name": "g", "args": {"b": 2}}},
        {"text": "after"},
    ]
    assert chunks(events)[-1]["candidates"][0]["finishReason"] == "STOP"


def test_media_and_what_only_gemini_knows() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    events = ended(
        ev.BlockStarted(0, BlockKind.MEDIA),
        ev.MediaAdded(0, Inline(media_type="image/png", base64=PNG)),
        ev.BlockStopped(0),
        ev.BlockStarted(1, BlockKind.OPAQUE),
        ev.OpaqueAdded(1, OpaquePart(family="google", kind="executableCode", raw=code)),
        ev.OpaqueAdded(1, OpaquePart(family="anthropic", kind="x", raw={})),
        ev.BlockStopped(1),
    )
    assert parts(events) == [{"inlineData": {"mimeType": "image/png", "data": PNG}}, code]


def test_the_last_chunk_tells_ending_usage_and_sources() -> None:
    events = started(
        ev.BlockStarted(0, BlockKind.TEXT),
        ev.TextDelta(0, "é"),
        ev.Cited(0, Citation(kind="url", url="https://example.com", start=0, end=1)),
        ev.LogprobsDelta([{"token": "é", "logprob": -1.0}]),
        ev.BlockStopped(0),
        ev.UsageReported(Usage(prompt_tokens=1, completion_tokens=1)),
        ev.Ping(),
        ev.Finished(Finish(reason=FinishReason.LENGTH, explanation="long")),
        ev.UsageReported(Usage(prompt_tokens=1, completion_tokens=2)),
        ev.Ended(),
    )
    first, probabilities, last = chunks(events)
    assert "finishReason" not in first["candidates"][0]
    assert probabilities["candidates"][0]["logprobsResult"]["chosenCandidates"][0]["token"] == "é"
    assert last == {
        "candidates": [
            {
                "content": {"parts": [{"text": ""}], "role": "model"},
                "finishReason": "MAX_TOKENS",
                "finishMessage": "long",
                "index": 0,
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": "https://example.com"}}],
                    "groundingSupports": [
                        {"segment": {"startIndex": 0, "endIndex": 2, "text": "é"}, "groundingChunkIndices": [0]}
                    ],
                },
            }
        ],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
        "modelVersion": "asked/model",
        "responseId": "r1",
    }


def test_a_refusal_is_text_that_ends_with_safety() -> None:
    events = ended(
        ev.BlockStarted(0, BlockKind.REFUSAL), ev.RefusalDelta(0, "no"), ev.RefusalDelta(0, ""), ev.BlockStopped(0)
    )
    assert parts(events) == [{"text": "no"}]
    assert chunks(events)[-1]["candidates"][0]["finishReason"] == "SAFETY"


def test_a_blocked_prompt_has_feedback_and_no_candidates() -> None:
    told = sse([{"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r1"}])
    (only,) = chunks(decoded(told))
    assert only == {
        "promptFeedback": {"blockReason": "SAFETY"},
        "modelVersion": "asked/model",
        "responseId": "r1",
    }


# ---- failures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("framing", FRAMINGS)
def test_nothing_follows_an_error(framing: FramingName) -> None:
    encoder = Gemini(framing).encoder(REPLY)
    assert encoder.feed(ev.Failed(MalformedResponse("broken")))
    assert encoder.feed(ev.Ended()) == b""


def test_an_error_before_anything_and_after_something() -> None:
    error = UpstreamTimeout("slow")
    document = {"error": {"code": 504, "message": "slow", "status": "DEADLINE_EXCEEDED"}}
    frame = Gemini("sse").encode_error(error)
    assert frame.startswith(b'data: {"error":{')
    assert json.loads(frame[6:]) == document
    assert Gemini("sse").encode_error(error, has_begun=True) == frame
    assert json.loads(Gemini("array").encode_error(error)) == [document]
    assert json.loads(b"[{}\n\n" + Gemini("array").encode_error(error, has_begun=True)) == [{}, document]


def test_googles_client_raises_an_error_in_the_middle_of_a_stream() -> None:
    from google.genai import errors

    told = started(ev.BlockStarted(0, BlockKind.TEXT), ev.TextDelta(0, "a"), ev.Failed(UpstreamTimeout("slow")))
    client = official_client(b"".join(writes(told)))
    read = client.models.generate_content_stream(model="m", contents="hi")
    assert next(read).text == "a"
    with pytest.raises(errors.APIError) as raised:
        next(read)
    assert (raised.value.code, raised.value.status) == (504, "DEADLINE_EXCEEDED")


def test_how_a_client_wants_its_stream() -> None:
    assert (Gemini().stream_content_type, Gemini().keep_alive) == ("text/event-stream; charset=utf-8", b"\n\n")
    array = Gemini(framing="array")
    assert (array.stream_content_type, array.keep_alive) == ("application/json", b"\n")
