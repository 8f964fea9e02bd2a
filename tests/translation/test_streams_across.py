"""Streams of every upstream for clients of every dialect: read by the official clients, in any split, cut anywhere."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.fold import fold, unfold
from domain.errors import ErrorKind
from tests.strategies.canonical import splits
from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation import said as saying
from tests.translation.crossing import (
    PAIRS,
    decoded,
    each_client,
    each_dialect,
    each_pair,
    encoded,
    parsed,
    rendered_body,
    streamed,
    whole,
)
from tests.translation.official_clients import documents, read_body, read_stream
from tests.translation.said import EXACT_ARGUMENTS, Call, Said
from tests.translation.sse_frames import data, named
from tests.translation.stream_grammars import check_stream
from tests.translation.upstreams import UPSTREAMS

EVERY_ARGUMENT = Said(
    text="é\u2028😀",
    calls=tuple(Call(id=f"call_{n}abcdef", name="f", arguments=one) for n, one in enumerate(EXACT_ARGUMENTS)),
    ending="tool_calls",
)
CALLING = Said(thought="hm", text="so", calls=EVERY_ARGUMENT.calls[1:3], ending="tool_calls")


@each_pair
@settings(max_examples=10)
@given(told=saying.answers(), size=st.integers(1, 9))
@example(told=EVERY_ARGUMENT, size=2)
def test_official_clients_read_what_was_said(upstream: str, client: str, told: Said, size: int) -> None:
    read = read_stream(client, streamed(upstream, client, UPSTREAMS[upstream].frames(told, size)))
    assert read.meant() == told.meant()


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES])
@pytest.mark.parametrize("client", [OPENAI_CHAT, OPENAI_RESPONSES])
@pytest.mark.parametrize("size", [1, 4])
def test_arguments_keep_their_spelling_where_they_are_text(upstream: str, client: str, size: int) -> None:
    """In a stream they are text at Anthropic's too."""
    read = read_stream(client, streamed(upstream, client, UPSTREAMS[upstream].frames(EVERY_ARGUMENT, size)))
    assert read.calls == EVERY_ARGUMENT.calls


@each_pair
def test_half_characters_are_told(upstream: str, client: str) -> None:
    """Upstreams that count in UTF-16 cut an emoji in two; whoever puts the halves together has it again."""
    told = Said(text="a\ud83d\ude00b\udc00", counts=CALLING.counts)
    events = decoded(upstream, UPSTREAMS[upstream].frames(told, 1))
    candidate = fold(decoded(client, [encoded(client, events)])).candidates[0]
    assert "".join(part.text for part in candidate.parts if isinstance(part, Text)) == told.text
    gathered = rendered_body(client, fold(events))
    assert "a😀b\udc00" in json.dumps(gathered, ensure_ascii=False)


@each_pair
@settings(max_examples=10)
@given(told=saying.answers(signed=True), size=st.integers(1, 9), draw=st.data())
def test_any_split_gives_the_same_bytes(
    upstream: str, client: str, told: Said, size: int, draw: st.DataObject
) -> None:
    stream = b"".join(UPSTREAMS[upstream].frames(told, size))
    assert streamed(upstream, client, draw.draw(splits(stream))) == streamed(upstream, client, [stream])


@each_dialect
@settings(max_examples=20)
@given(told=saying.answers(signed=True), size=st.integers(1, 9))
def test_streamed_equals_buffered(dialect: str, told: Said, size: int) -> None:
    """Read from an upstream: every part, its signature, the ending, the counts, whose answer it is."""
    stream = fold(decoded(dialect, UPSTREAMS[dialect].frames(told, size)))
    whole = parsed(dialect, UPSTREAMS[dialect].body(told))
    meant = [_meant(answer) for answer in (stream, whole)]
    assert meant[0] == meant[1]
    assert (stream.id, stream.model, stream.usage) == (whole.id, whole.model, whole.usage)


def _meant(answer: Any) -> Any:
    """Everything but the spelling of arguments, which an object on the wire does not have."""
    (candidate,) = answer.candidates
    parts = [
        (type(part), getattr(part, "text", ""), getattr(part, "arguments", None), part.signature)
        for part in candidate.parts
    ]
    return parts, candidate.finish


# ---- broken off ----------------------------------------------------------------------------------------------------


@each_pair
@settings(max_examples=10)
@given(told=saying.answers(signed=True), draw=st.data())
def test_a_cut_stream_is_an_error(upstream: str, client: str, told: Said, draw: st.DataObject) -> None:
    """Cut anywhere before its ending: never an answer that seems whole."""
    frames = UPSTREAMS[upstream].frames(told, 4)
    body = b"".join(frames[: -UPSTREAMS[upstream].ending])
    events = decoded(upstream, [body[: draw.draw(st.integers(0, len(body)))]])
    assert isinstance(events[-1], ev.Failed)
    check_stream(client, encoded(client, events), failed=True)


@each_pair
@settings(max_examples=10)
@given(told=saying.answers(signed=True), draw=st.data())
def test_an_error_in_a_stream_is_its_last_word(
    upstream: str, client: str, told: Said, draw: st.DataObject
) -> None:
    vendor = UPSTREAMS[upstream]
    frames = vendor.frames(told, 4)
    count = draw.draw(st.integers(0, len(frames) - vendor.ending))
    stream = streamed(upstream, client, [*frames[:count], vendor.error_frame("it broke"), *frames[count:]])
    check_stream(client, stream, failed=True)
    assert stream.count(b"it broke") == (3 if client == OPENAI_RESPONSES else 1)


# ---- liberties that upstreams take ---------------------------------------------------------------------------------


@each_pair
@settings(max_examples=10)
@given(draw=st.data())
def test_what_says_nothing_changes_nothing(upstream: str, client: str, draw: st.DataObject) -> None:
    """Comments, keep-alives, and beginnings that come twice."""
    frames = UPSTREAMS[upstream].frames(CALLING, 4)
    noise = [b": keep-alive\n\n", b"\n\n"]
    if upstream == ANTHROPIC_MESSAGES:
        noise += [named({"type": "ping"}), frames[0], named({"type": "some_day", "index": 0})]
    if upstream == OPENAI_RESPONSES:
        noise += [named({"type": "response.some_day"}), named({"type": "keepalive"})]
    noisy = [frames[0]]
    for frame in frames[1:]:
        noisy += [*draw.draw(st.lists(st.sampled_from(noise), max_size=2)), frame]
    assert streamed(upstream, client, noisy) == streamed(upstream, client, frames)


@each_client
def test_arguments_that_come_with_the_name_are_told(client: str) -> None:
    """Gemini's calls come whole, and some chat upstreams' too; the next block must not swallow them."""
    calls = [
        {"index": n, "id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
        for n, call in enumerate(CALLING.calls)
    ]
    frames = UPSTREAMS[OPENAI_CHAT].frames(Said(thought="hm", text="so", ending="tool_calls"), 4)
    document = next(documents(frames[0]))
    document["choices"][0]["delta"] = {"tool_calls": calls}
    at_once = [*frames[: -UPSTREAMS[OPENAI_CHAT].ending], data(document)]
    at_once += frames[-UPSTREAMS[OPENAI_CHAT].ending :]
    for upstream, reads in ((OPENAI_CHAT, at_once), (GEMINI, UPSTREAMS[GEMINI].frames(CALLING, 4))):
        expected = read_body(client, whole(upstream, client, UPSTREAMS[upstream].body(CALLING)))
        assert read_stream(client, streamed(upstream, client, reads)) == expected


@each_client
def test_what_is_told_only_when_it_is_done_is_told(client: str) -> None:
    """Some upstreams of Responses send no deltas."""
    frames = [frame for frame in UPSTREAMS[OPENAI_RESPONSES].frames(CALLING, 4) if b'.delta"' not in frame]
    assert read_stream(client, streamed(OPENAI_RESPONSES, client, frames)).meant() == CALLING.meant()


@each_client
@settings(max_examples=20)
@given(order=st.permutations(range(6)))
def test_interleaved_calls_are_put_in_order(client: str, order: list[int]) -> None:
    """Fragments of parallel calls in any mixture: each call whole, counted from 0 without gaps."""
    frames = UPSTREAMS[OPENAI_CHAT].frames(Said(calls=CALLING.calls, ending="tool_calls"), 1_000)
    ending = UPSTREAMS[OPENAI_CHAT].ending
    head, *fragments = frames[:-ending]
    pieces = [_fragment(head, index, piece) for index, call in enumerate(CALLING.calls) for piece in _thirds(call)]
    opened = [fragment for fragment in fragments if b'"id"' in _call_of(fragment)]
    mixed = [*opened, *_in_turn(pieces, order)]
    stream = streamed(OPENAI_CHAT, client, [head, *mixed, *frames[-ending:]])
    check_stream(client, stream)
    assert read_stream(client, stream).meant().calls == CALLING.meant().calls


def _thirds(call: Call) -> list[str]:
    third = len(call.arguments) // 3
    return [call.arguments[:third], call.arguments[third : 2 * third], call.arguments[2 * third :]]


def _fragment(head: bytes, index: int, piece: str) -> bytes:
    document = next(documents(head))
    document["choices"][0]["delta"] = {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
    return data(document)


def _call_of(frame: bytes) -> bytes:
    (document,) = documents(frame)
    return json.dumps(document["choices"][0]["delta"]).encode()


def _in_turn(pieces: list[bytes], order: list[int]) -> Iterator[bytes]:
    """The pieces of two calls as `order` mixes them, those of one call in their own order."""
    turns = {0: iter(pieces[:3]), 1: iter(pieces[3:])}
    return (next(turns[place // 3]) for place in order)


# ---- counts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("upstream", [pair[0] for pair in PAIRS if pair[1] == OPENAI_CHAT])
@settings(max_examples=20)
@given(told=saying.answers())
def test_counts_are_told_once_and_only_to_who_asks(upstream: str, told: Said) -> None:
    frames = UPSTREAMS[upstream].frames(told, 4)
    silent = list(documents(streamed(upstream, OPENAI_CHAT, frames, Reply(model="asked"))))
    assert not any("usage" in chunk for chunk in silent)
    *said, last = documents(streamed(upstream, OPENAI_CHAT, frames))
    assert all(chunk["usage"] is None for chunk in said)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == told.counts.prompt + told.counts.completion


@each_client
@pytest.mark.parametrize("place", ["with the ending", "before it", "with choices beside"])
def test_counts_may_stand_anywhere(client: str, place: str) -> None:
    """An upstream of Chat Completions may count on the last chunk, before it, or beside an empty choice."""
    frames = UPSTREAMS[OPENAI_CHAT].frames(CALLING, 4)
    *said, ending, counted, done = frames
    (finish,), (counts,) = documents(ending), documents(counted)
    usage = {"usage": counts["usage"]}
    empty = {"choices": [{"index": 0, "delta": {}, "finish_reason": None}]}
    told: dict[str, list[Any]] = {
        "with the ending": [{**finish, **usage}],
        "before it": [counts, finish],
        "with choices beside": [finish, {**finish, **empty, **usage}],
    }
    moved = map(data, told[place])
    assert streamed(OPENAI_CHAT, client, [*said, *moved, done]) == streamed(OPENAI_CHAT, client, frames)


@pytest.mark.parametrize("upstream", [pair[0] for pair in PAIRS if pair[1] == OPENAI_CHAT])
@settings(max_examples=20)
@given(counts=saying.counts())
def test_messages_clients_hear_the_counts_at_the_end(upstream: str, counts: saying.Counts) -> None:
    """Even where they are not known when the message begins."""
    told = Said(text="hi", counts=counts)
    events = list(documents(streamed(upstream, ANTHROPIC_MESSAGES, UPSTREAMS[upstream].frames(told, 4))))
    usage = events[-2]["usage"]
    read = usage.get("cache_read_input_tokens") or 0
    assert (usage["input_tokens"] + read, usage["output_tokens"]) == (counts.prompt, counts.completion)


def test_a_cut_is_told_apart_from_nonsense() -> None:
    (failed,) = decoded(OPENAI_CHAT, [])
    assert isinstance(failed, ev.Failed)
    assert failed.error.kind is ErrorKind.TRUNCATED
    assert list(unfold(parsed(OPENAI_CHAT, UPSTREAMS[OPENAI_CHAT].body(CALLING))))[-1] == ev.Ended()
