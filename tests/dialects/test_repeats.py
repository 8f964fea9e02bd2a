"""Frames that repeat one before them go out as if each had been read, whatever is said in them."""

import json
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.relay import MessagesRelay
from adapters.dialects.contract import Relay, Reply
from adapters.dialects.openai_chat.passthrough import ChatRelay
from adapters.dialects.openai_responses.relay import ResponsesRelay
from adapters.dialects.repeats import Repeats
from adapters.dialects.sse import Frame
from domain.chat.events import StreamEvent
from tests.strategies import canonical

REPLY: Final = Reply(model="asked")

CHAT: Final = (
    b'data: {"id":"c","model":"up","choices":[{"index":0,"delta":{"content":"%b"},"finish_reason":null}],"usage":null}',
    b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"%b"}}],"model": "up","obfuscation":"%b"}',
    b'data: {"id":"c","model":"up","choices":[{"index":1,"delta":{"reasoning":"%b","content":""}}],"usage" : null }',
    b'data: {"id":"c","model":"up","choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"%b"}}]}}]}',
    b'data: {"id":"c","model":"up","choices":[{"index":0,"delta":{"content":"%b"},"finish_reason":"stop"}]}',
    b'data: {"id":"c","model":"up","choices":[{"index":0,"delta":{"content":"%b"}}],"usage":{"completion_tokens":1}}',
    b'data: {"id":"c","model":"%b","choices":[{"index":0,"delta":{"content":"%b"}}]}',
    b'data: {"id":"c","model":"up","choices":[{"index":0,"delta":{"content":"%b"}}],"x":{"model":"up"}}',
    b'data: {"model":"up","error":{"message":"%b"}}',
)
MESSAGES: Final = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"%b"}}',
    b'data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"%b"}}',
    b'event: content_block_start\ndata: {"type":"content_block_start","content_block":{"type":"text","text":"%b"}}',
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"x":{"text":"%b"}}',
    b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"%b"}}',
)
RESPONSES: Final = (
    b'event: d\ndata: {"type":"response.output_text.delta","sequence_number":%b,"delta":"%b"}',
    b'data: {"type":"response.output_text.delta","item_id":"m","delta":"%b","obfuscation":"%b","sequence_number":%b}',
    b'data: {"type":"response.refusal.delta","delta":"%b","item":{"type":"message"}}',
    b'data: {"type":"error","message":"%b"}',
)

said = st.one_of(
    st.text(max_size=6).map(lambda text: json.dumps(text)[1:-1].encode()),
    st.text(max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "replace")),
    st.integers(0, 10**20).map(lambda number: b"%d" % number),
    st.sampled_from(
        (b'"', b"\\", b"\\x", b"\\u12", b"\\ud800", b"\xff", b"\x01", b'","finish_reason":"stop', b"007")
    ),
    st.sampled_from(
        (b'"}\n\ndata: {"x":"', b"a\nb", b"\r", b'\\"content\\":\\"', b"\\u005c", b"\xf0\x9f\x98\x80")
    ),
)
ends = st.sampled_from((b"\n\n", b"\n\n", b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\n\n", b"\n\n: x\n\n"))


@st.composite
def streams(draw: st.DrawFn, templates: tuple[bytes, ...]) -> list[bytes]:
    """Frames of few kinds, so that they repeat each other."""
    kinds = draw(st.lists(st.sampled_from(templates), min_size=1, max_size=3))
    plain = draw(st.lists(said.filter(lambda text: b"\\" not in text and b'"' not in text), min_size=1))
    frames = []
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(kinds))
        values = tuple(
            draw(said if draw(st.booleans()) else st.sampled_from(plain)) for _ in range(kind.count(b"%b"))
        )
        frames.append(kind % values + draw(ends))
    return frames


def relayed(relay: Relay, chunks: list[bytes]) -> tuple[bytes, list[StreamEvent]]:
    told = [*(relay.feed(chunk) for chunk in chunks), relay.finish()]
    return b"".join(raw for raw, _ in told), [event for _, events in told for event in events]


def glanced_at(relay: Relay, chunks: list[bytes]) -> tuple[bytes, list[StreamEvent]]:
    """As `relayed`, but what repeats is never fed."""
    told: list[tuple[bytes, tuple[StreamEvent, ...]]] = []
    for chunk in chunks:
        repeated = relay.repeated(chunk)
        told.append((repeated, ()) if repeated else relay.feed(chunk))
    told.append(relay.finish())
    return b"".join(raw for raw, _ in told), [event for _, events in told for event in events]


def one_by_one(stream: bytes) -> list[bytes]:
    """So that no chunk ever holds a whole frame, and each is read."""
    return [stream[at : at + 1] for at in range(len(stream))]


@pytest.mark.parametrize(
    ("relay", "templates"), [(ChatRelay, CHAT), (MessagesRelay, MESSAGES), (ResponsesRelay, RESPONSES)]
)
@given(data=st.data())
def test_frames_that_repeat_go_out_as_if_they_were_read(
    relay: type[ChatRelay] | type[MessagesRelay] | type[ResponsesRelay],
    templates: tuple[bytes, ...],
    data: st.DataObject,
) -> None:
    frames = data.draw(streams(templates))
    stream = b"".join(frames)
    read, told = relayed(relay(REPLY), one_by_one(stream))
    in_twos = [b"".join(frames[at : at + 2]) for at in range(0, len(frames), 2)]
    for chunks in (frames, in_twos, data.draw(canonical.splits(stream))):
        for way in (relayed, glanced_at):
            raw, events = way(relay(REPLY), chunks)
            assert raw == read
            assert [repr(event) for event in events] == [repr(event) for event in told]


@pytest.mark.parametrize(
    ("relay", "template"), [(ChatRelay, CHAT[0]), (MessagesRelay, MESSAGES[0]), (ResponsesRelay, RESPONSES[0])]
)
def test_only_whole_frames_at_their_place_are_repeated(
    relay: type[ChatRelay] | type[MessagesRelay] | type[ResponsesRelay], template: bytes
) -> None:
    one = relay(REPLY)
    like = template % ((b"1",) * template.count(b"%b")) + b"\n\n"
    assert not one.repeated(like)
    for _ in range(3):
        one.feed(like)
    assert one.repeated(like) == one.repeated(like + like)[: len(one.repeated(like))] != b""
    assert not one.repeated(like + b"data: [DONE]\n\n")
    assert not one.repeated(like[:-1])
    one.feed(b"data: {")
    assert not one.repeated(like)
    one.feed(b"\n\n")  # no JSON: the answer is over
    assert not one.repeated(like)


def frame(data: bytes, end: bytes = b"\n\n") -> Frame:
    return Frame("", data, b"data: " + data + end)


def test_a_learned_frame_is_recognised_and_rewritten() -> None:
    repeats = Repeats()
    came = frame(b'{"model":"up","text":"a","sequence_number":1}')
    assert repeats.split(came.raw) == (b"", came.raw)
    repeats.learn(came, came.raw.replace(b'"up"', b'"asked"'))
    like = b'data: {"model":"up","text":"\\n\xc3\xa4","sequence_number":23}\n\n'
    other = b'data: {"model":"up","text":null,"sequence_number":23}\n\n'
    assert repeats.split(like + like + other + like) == (
        2 * b'data: {"model":"asked","text":"\\n\xc3\xa4","sequence_number":23}\n\n',
        other + like,
    )


@pytest.mark.parametrize(
    ("came", "goes"),
    [
        (b'data: {"a":"b"}\n\n', b'data: {"a":"b"}\n\n'),
        (b'data: {"text":"b"}\r\r', b'data: {"text":"b"}\r\r'),
        (b'data: {"text":"b"}\n: "text":"c"\n\n', b'data: {"text":"b"}\n: "text":"c"\n\n'),
        (b'data: {"text":"b"}\n\n', b'data: {"text":"c"}\n\n'),
        (b'data: {"text":"\\ud83d\\ude00"}\n\n', b'data: {"text":"\\ud83d\\ude00"}\n\n'),
    ],
)
def test_other_frames_are_not_learned(came: bytes, goes: bytes) -> None:
    repeats = Repeats()
    data = came.partition(b" ")[2].partition(b"}")[0] + b"}"
    repeats.learn(Frame("", data, came), goes)
    assert repeats.split(came) == (b"", came)


def test_what_was_learned_outlives_a_frame_that_cannot_be() -> None:
    repeats = Repeats()
    plain, strange = frame(b'{"text":"a"}'), frame(b'{"text":"\\ud83d\\ude00"}')
    repeats.learn(plain, plain.raw)
    repeats.learn(strange, strange.raw)
    assert repeats.split(plain.raw) == (plain.raw, b"")
