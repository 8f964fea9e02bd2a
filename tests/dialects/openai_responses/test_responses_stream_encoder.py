"""Streamed answers for Responses clients: the official accumulator reads them, and they end as the buffered ones."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from domain.chat import events as ev
from domain.chat.content import Opaque, Part, Refusal, Text, ToolCall
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.fold import fold, unfold
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.errors import MalformedResponse, UpstreamRejected
from tests.dialects.openai_responses.responses_sdk import check_stream, parse_stream
from tests.dialects.openai_responses.rich_answers import REPLY, rich_responses
from tests.strategies.canonical import answers, tellings

DIALECT = OpenAIResponses()
STARTED = ev.Started("chatcmpl-1", "m", 1_700_000_000)
STOP = Finish(reason=FinishReason.STOP)
ERROR = UpstreamRejected("broke at sk-abcdefgh", code="insufficient_quota")


def encode(events: list[StreamEvent], reply: Reply = REPLY) -> list[dict[str, Any]]:
    encoder = DIALECT.encoder(reply)
    return parse_stream(b"".join(encoder.feed(event) for event in events))


def tell(*parts: Part, finish: Finish = STOP) -> list[dict[str, Any]]:
    candidate = Candidate(index=0, parts=parts, finish=finish)
    return encode(list(unfold(ChatResponse(id="chatcmpl-1", model="m", candidates=(candidate,)))))


def kinds(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


@given(rich_responses(), st.data())
def test_a_stream_ends_with_the_buffered_answer(response: ChatResponse, data: st.DataObject) -> None:
    told = data.draw(tellings(response))
    events = encode(told)
    check_stream(events)
    terminal = events[-1]
    assert terminal["type"] == f"response.{terminal['response']['status']}"
    assert terminal["response"] == json.loads(json.dumps(DIALECT.render_response(fold(told), REPLY)))


@given(answers(family="google"))
def test_plain_answers_end_with_the_buffered_answer(told: tuple[ChatResponse, list[StreamEvent]]) -> None:
    response, events = told
    assert encode(events)[-1]["response"] == DIALECT.render_response(response, REPLY)


@given(rich_responses(), st.data())
def test_every_event_names_an_item_that_was_announced(response: ChatResponse, data: st.DataObject) -> None:
    events = encode(data.draw(tellings(response)))
    announced: dict[int, str] = {}
    ended: dict[int, Any] = {}
    for event in events:
        if event["type"] == "response.output_item.added":
            assert event["output_index"] == len(announced)
            announced[event["output_index"]] = event["item"].get("id")
        elif "item_id" in event:
            assert announced[event["output_index"]] == event["item_id"]
            assert event["output_index"] not in ended
        elif event["type"] == "response.output_item.done":
            assert event["output_index"] not in ended
            ended[event["output_index"]] = event["item"]
    output = events[-1]["response"]["output"]
    assert [item["id"] for item in output] == list(announced.values())
    assert [_without_logprobs(ended[index]) for index in sorted(ended)] == list(map(_without_logprobs, output))


def _without_logprobs(item: dict[str, Any]) -> Any:
    """Log probabilities that come after their message ended are told in the last event only."""
    parts = [{**part, "logprobs": []} for part in item.get("content", ())]
    return {**item, "content": parts}


@given(rich_responses(), st.data())
def test_deltas_add_up(response: ChatResponse, data: st.DataObject) -> None:
    told: dict[tuple[Any, ...], str] = {}
    for event in encode(data.draw(tellings(response))):
        place = (event.get("output_index"), event.get("content_index"), event.get("summary_index"))
        if event["type"].endswith(".delta"):
            told[place] = told.get(place, "") + event["delta"]
        whole = [event[name] for name in ("text", "refusal", "arguments", "input") if name in event]
        if event["type"].endswith(".done") and whole:
            assert told.get(place, "").strip() == whole[0].strip() or whole[0] == "{}"


@given(rich_responses())
def test_a_failure_is_the_end(response: ChatResponse) -> None:
    encoder = DIALECT.encoder(REPLY)
    events = list(unfold(response))
    raw = b"".join(encoder.feed(event) for event in [*events[:-1], ev.Failed(ERROR), *events[-1:]])
    sent = parse_stream(raw)
    check_stream(sent)
    broke, failed = sent[-2:]
    assert broke["type"] == "error"
    assert (broke["code"], broke["message"]) == ("insufficient_quota", "broke at [redacted]")
    assert broke["error"]["message"] == "broke at [redacted]"
    assert failed["type"] == "response.failed"
    assert failed["response"]["error"] == {"code": "server_error", "message": "broke at [redacted]"}
    assert failed["response"]["id"] == sent[0]["response"]["id"]
    ended = [event["item"] for event in sent if event["type"] == "response.output_item.done"]
    assert [item.get("id") for item in failed["response"]["output"]] == [item.get("id") for item in ended]


def test_a_failure_before_the_beginning_is_numbered_from_0() -> None:
    assert kinds(encode([ev.Failed(ERROR)])) == ["error", "failed"]


def test_an_end_without_an_ending_is_a_failure() -> None:
    events = encode([STARTED, ev.Ended()])
    assert kinds(events) == ["created", "in_progress", "error", "failed"]
    assert events[-2]["code"] == "upstream_truncated"


def test_a_text_is_told_in_the_format_s_order() -> None:
    assert kinds(tell(Text(text="hi"))) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


def test_pings_empty_deltas_and_texts_without_words_say_nothing() -> None:
    said: list[StreamEvent] = [
        ev.BlockStarted(0, BlockKind.TEXT),
        ev.TextDelta(0, ""),
        ev.Ping(),
        ev.BlockStopped(0),
    ]
    assert kinds(encode([STARTED, *said, ev.Finished(STOP), ev.Ended()])) == [
        "created",
        "in_progress",
        "completed",
    ]


def test_other_candidates_are_not_told() -> None:
    other: list[StreamEvent] = [
        ev.BlockStarted(0, BlockKind.TEXT, candidate=1),
        ev.TextDelta(0, "b", 1),
        ev.BlockStopped(0, 1),
    ]
    said: list[StreamEvent] = [
        ev.BlockStarted(0, BlockKind.TEXT),
        ev.TextDelta(0, "a"),
        ev.BlockStopped(0),
        ev.Finished(STOP),
    ]
    events = encode([STARTED, *said[:2], *other, *said[2:], ev.Finished(STOP, 1), ev.Ended()])
    assert [event["delta"] for event in events if "delta" in event] == ["a"]


def test_calls_may_overlap() -> None:
    def call(block: int) -> ev.BlockStarted:
        return ev.BlockStarted(block, BlockKind.TOOL_CALL, f"call_{block}", "f")

    pieces: list[StreamEvent] = [
        ev.ToolArgumentsDelta(0, '{"a'),
        ev.ToolArgumentsDelta(1, "{}"),
        ev.ToolArgumentsDelta(0, '":1}'),
    ]
    stops: list[StreamEvent] = [ev.BlockStopped(0), ev.BlockStopped(1)]
    finish = ev.Finished(Finish(reason=FinishReason.TOOL_CALLS))
    events = encode([STARTED, call(0), call(1), *pieces, *stops, finish, ev.Ended()])
    check_stream(events)
    assert [(event["output_index"], event["delta"]) for event in events if "delta" in event] == [
        (0, '{"a'),
        (1, "{}"),
        (0, '":1}'),
    ]
    assert [item["arguments"] for item in events[-1]["response"]["output"]] == ['{"a":1}', "{}"]


def test_a_call_without_arguments_has_an_empty_object() -> None:
    events = tell(ToolCall(id="c", name="f", raw=""), finish=Finish(reason=FinishReason.TOOL_CALLS))
    assert [event["delta"] for event in events if "delta" in event] == ["{}"]


def test_a_call_s_signature_comes_in_an_item_before_it() -> None:
    signature = Opaque(family="google", value="s")
    events = tell(ToolCall(id="c", name="crm__find", raw="{}", signature=signature))
    added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
    assert [(item["type"], item.get("namespace")) for item in added] == [
        ("reasoning", None),
        ("function_call", "crm"),
    ]


def test_log_probabilities_come_beside_their_text() -> None:
    entry = {"token": "hi", "logprob": -1.0, "bytes": None, "top_logprobs": []}
    said: list[StreamEvent] = [
        ev.BlockStarted(0, BlockKind.TEXT),
        ev.TextDelta(0, "hi"),
        ev.LogprobsDelta([entry]),
        ev.BlockStopped(0),
    ]
    events = encode([STARTED, ev.LogprobsDelta([entry]), *said, ev.Finished(STOP), ev.Ended()])
    check_stream(events)
    told = {"token": "hi", "bytes": [104, 105], "logprob": -1.0, "top_logprobs": []}
    assert [event["logprobs"] for event in events if "delta" in event] == [[], [told]]
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == [told]


def test_late_log_probabilities_belong_to_the_last_text_that_has_words() -> None:
    entry = {"token": "a", "logprob": -1.0, "bytes": [97], "top_logprobs": []}
    wordless = Text(text="", signature=Opaque(family="google", value="s"))
    candidate = Candidate(index=0, parts=(Text(text="a"), wordless), finish=STOP, logprobs=[entry])
    response = ChatResponse(id="chatcmpl-1", model="m", candidates=(candidate,))
    events = encode(list(unfold(response)))
    assert events[-1]["response"] == DIALECT.render_response(response, REPLY)
    assert events[-1]["response"]["output"][0]["content"][0]["logprobs"] == [entry]


def test_a_refusal_told_only_by_the_ending_is_a_part_of_the_message() -> None:
    declined = Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="not that")
    events = tell(Text(text="a"), finish=declined)
    assert events[-1]["response"]["output"][0]["content"][1] == {"type": "refusal", "refusal": "not that"}
    own = tell(Refusal(text="no"), finish=declined)
    assert [event["delta"] for event in own if "delta" in event] == ["no"]


def test_nothing_follows_the_end() -> None:
    encoder = DIALECT.encoder(REPLY)
    for event in (STARTED, ev.Finished(STOP), ev.Ended()):
        encoder.feed(event)
    assert [encoder.feed(event) for event in (ev.Ended(), ev.Failed(MalformedResponse("late")))] == [b"", b""]


@pytest.mark.parametrize("text", ["a\u2028b", "x\r\ny", "\ud83d", "data: [DONE]\n\n"])
def test_any_text_stays_in_its_frame(text: str) -> None:
    events = tell(Text(text=text))
    assert [event["delta"] for event in events if "delta" in event] == [text]
