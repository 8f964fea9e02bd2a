"""streamGenerateContent as bytes: frames, bare errors, cuts, and what follows an end."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.fold import fold
from domain.errors import ErrorKind
from tests.dialects.gemini.gemini_sdk import GEMINI, NOTHING_RENAMED, decoded
from tests.strategies.canonical import splits
from tests.strategies.gemini_wire import sse

GOOD: list[dict[str, Any]] = [
    {"candidates": [{"content": {"parts": [{"text": "Hé"}], "role": "model"}, "index": 0}], "responseId": "r"},
    {"candidates": [{"content": {"parts": [{"text": "llo"}]}, "finishReason": "STOP", "index": 0}]},
]
REFUSED = {"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}


def failure(*reads: bytes) -> ev.Failed:
    last = decoded(*reads)[-1]
    assert isinstance(last, ev.Failed)
    return last


def test_a_stream_as_gemini_sends_it() -> None:
    events = decoded(sse(GOOD))
    assert [type(event) for event in events] == [
        ev.Started,
        ev.BlockStarted,
        ev.TextDelta,
        ev.TextDelta,
        ev.BlockStopped,
        ev.Finished,
        ev.Ended,
    ]
    assert fold(events).candidates[0].parts == (Text(text="Héllo"),)


def test_comments_done_marks_and_a_missing_last_blank_line_are_tolerated() -> None:
    stream = b": ping\n\nretry: 10\n\n" + sse(GOOD, "\n") + b"data: [DONE]\n\nevent: end\n\n"
    assert decoded(stream) == decoded(sse(GOOD))
    assert decoded(sse(GOOD).rstrip()) == decoded(sse(GOOD))


def test_an_error_in_the_stream_is_the_last_event() -> None:
    overloaded = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
    decoder = GEMINI.decoder(NOTHING_RENAMED)
    events = decoder.feed(sse([GOOD[0], overloaded, GOOD[1]]))
    assert isinstance(events[-1], ev.Failed)
    assert (events[-1].error.kind, events[-1].error.status) == (ErrorKind.OVERLOADED, 503)
    assert decoder.feed(sse(GOOD)) == []
    assert decoder.finish() == []


@given(st.data())
def test_a_bare_error_body_is_read(data: st.DataObject) -> None:
    body = json.dumps(data.draw(st.sampled_from([REFUSED, [REFUSED]])), indent=2).encode() + b"\n\n"
    failed = failure(*data.draw(splits(body)))
    assert failed.error.kind is ErrorKind.AUTH


@pytest.mark.parametrize("body", [b"<html>502</html>\r\n\r\n", b'{"no": "error"}', b"[1, 2]"])
def test_what_is_no_event_stream_is_a_bad_gateway(body: bytes) -> None:
    assert failure(body).error.kind is ErrorKind.BAD_GATEWAY


def test_data_that_is_not_json_is_a_bad_gateway() -> None:
    assert failure(sse(GOOD[:1]) + b"data: {oops\n\n").error.kind is ErrorKind.BAD_GATEWAY
    assert failure(b"data: " + b"[" * 5_000 + b"\n\n").error.kind is ErrorKind.BAD_GATEWAY


def test_an_event_that_breaks_off_is_cut_short() -> None:
    assert failure(sse(GOOD)[:-20]).error.kind is ErrorKind.TRUNCATED


def test_an_empty_stream_is_cut_short() -> None:
    assert failure().error.kind is ErrorKind.TRUNCATED
    assert failure(b": ping\n\n").error.kind is ErrorKind.TRUNCATED


def test_an_event_without_end_is_a_bad_gateway() -> None:
    decoder = GEMINI.decoder(NOTHING_RENAMED)
    events = decoder.feed(b"data: " + b" " * (65 << 20))
    assert [type(event) for event in events] == [ev.Failed]
    assert decoder.feed(sse(GOOD)) == []


@given(st.binary(max_size=200))
def test_garbage_fails_and_never_raises(data: bytes) -> None:
    failed = failure(data)
    assert failed.error.kind in {ErrorKind.BAD_GATEWAY, ErrorKind.TRUNCATED}


@given(st.data())
def test_a_cut_anywhere_before_the_last_event_fails(data: st.DataObject) -> None:
    stream = sse(GOOD)
    last_event = stream.rindex(b"data:")
    failure(stream[: data.draw(st.integers(0, last_event))])
