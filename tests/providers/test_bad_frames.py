"""Events of a stream that are no JSON: an error, or left out and counted where the operator says so."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.bad_frames import MAX_NAMED
from application.chat_call import ChatCall
from domain.chat.events import ContentSeen, Ended, Failed, StreamEvent, TextDelta
from domain.chat.loss import LossKind
from domain.errors import ErrorKind, FeatherGateError, MalformedResponse, UpstreamError
from tests.providers.calling import asked
from tests.providers.clients import CLIENTS, Client, call_of
from tests.providers.fake_upstream import FakeUpstream, stream_of
from tests.providers.vendors import VENDORS, Vendor
from tests.strategies.canonical import splits

_CHOSEN = ("mistral", "openai-responses", "anthropic", "gemini")
_VENDORS = tuple(vendor for vendor in VENDORS if vendor.name in _CHOSEN)
_BAD = (
    b'data: {"half": \n\n',
    b"data: not JSON\n\n",
    b"event: ping\r\ndata: \xff\r\n\r\n",
    b"data: {}\ndata: {}\n\n",
    b"data: {\n\n",
)

each = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
before_each = pytest.mark.parametrize("vendor", _VENDORS, ids=lambda vendor: vendor.name)
whatever = pytest.mark.parametrize("bad", _BAD)


def _frames(vendor: Vendor) -> list[bytes]:
    return [frame + b"\n\n" for frame in vendor.answers.streamed().split(b"\n\n") if frame]


def _skipping(vendor: Vendor) -> Vendor:
    return replace(vendor, spec=replace(vendor.spec, skip_bad_frames=True))


async def _heard(
    vendor: Vendor, call: ChatCall, *chunks: bytes
) -> tuple[bytes, list[StreamEvent], FeatherGateError | None]:
    """The client's bytes, the events, and what was raised or told as the failure."""
    raw, events = b"", list[StreamEvent]()
    try:
        async for piece in asked(vendor.spec, FakeUpstream(stream_of(*chunks)), call):
            raw += piece.raw or b""
            events.extend(piece.events)
    except UpstreamError as error:
        return raw, events, error
    last = events[-1]
    return raw, events, last.error if isinstance(last, Failed) else None


def _told(events: list[StreamEvent]) -> bool:
    return any(isinstance(event, (ContentSeen, TextDelta)) for event in events)


@each
@before_each
@whatever
async def test_a_bad_first_frame_is_an_error_before_any_content(
    client: Client, vendor: Vendor, bad: bytes
) -> None:
    raw, events, error = await _heard(vendor, call_of(client, stream=True), bad, *_frames(vendor))
    assert isinstance(error, MalformedResponse)
    assert (error.kind, error.retryable) == (ErrorKind.BAD_GATEWAY, True)
    assert not _told(events)
    assert raw == b""


@each
@before_each
@whatever
async def test_a_bad_frame_in_the_middle_is_an_error_after_what_came_before(
    client: Client, vendor: Vendor, bad: bytes
) -> None:
    frames = _frames(vendor)
    middle = next(n for n, frame in enumerate(frames) if "wörld" in frame.decode() or b"\\u00f6" in frame)
    raw, events, error = await _heard(
        vendor, call_of(client, stream=True), *frames[:middle], bad, *frames[middle:]
    )
    assert isinstance(error, MalformedResponse)
    assert error.kind is ErrorKind.BAD_GATEWAY
    assert _told(events)
    assert bad not in raw
    assert not any(isinstance(event, Ended) for event in events)


@each
@before_each
@given(data=st.data())
def test_bad_frames_are_left_out_and_counted_where_that_is_wanted(
    client: Client, vendor: Vendor, data: st.DataObject
) -> None:
    frames = _frames(vendor)
    wanted = asyncio.run(_heard(vendor, call_of(client, stream=True), *frames))
    assert wanted[2] is None
    places = data.draw(st.lists(st.integers(0, len(frames) - 1), min_size=1, max_size=4))
    for place in sorted(places, reverse=True):
        frames.insert(place, data.draw(st.sampled_from(_BAD)))
    stream = b"".join(frames)
    call = call_of(client, stream=True)
    assert asyncio.run(_heard(_skipping(vendor), call, *data.draw(splits(stream)))) == wanted
    skipped = [loss for loss in call.losses if loss.code == "skipped_bad_frame"]
    assert len(skipped) == len(places)
    assert all(loss.kind is LossKind.HINT for loss in skipped)


@each
@before_each
async def test_a_stream_that_answers_a_request_for_a_document_may_have_them_too(
    client: Client, vendor: Vendor
) -> None:
    first, *rest = _frames(vendor)
    _, wanted, _ = await _heard(vendor, call_of(client, stream=False), first, *rest)
    with_bad = (first, b"data: {\n\n", *rest)
    _, _, error = await _heard(vendor, call_of(client, stream=False), *with_bad)
    assert isinstance(error, MalformedResponse)
    call = call_of(client, stream=False)
    _, events, error = await _heard(_skipping(vendor), call, *with_bad)
    assert (error, events) == (None, wanted)
    assert [loss.where for loss in call.losses if loss.code == "skipped_bad_frame"] == ["/events/1"]


@each
@before_each
async def test_nothing_else_is_skipped(client: Client, vendor: Vendor) -> None:
    call = call_of(client, stream=True)
    first, *rest = _frames(vendor)
    harmless = (first, b": ping\n\n", b"data:\n\n", b"\n", *rest)
    assert await _heard(_skipping(vendor), call, *harmless) == await _heard(vendor, call, *harmless)
    documents: tuple[Any, ...] = (b"data: 7\n\n", b'data: "text"\n\n')
    for document in documents:
        _, _, error = await _heard(_skipping(vendor), call, first, document, *rest)
        assert isinstance(error, MalformedResponse)
    if vendor.name in ("mistral", "anthropic", "openai-responses"):
        _, _, error = await _heard(_skipping(vendor), call, first, b"event: error\ndata: overloaded\n\n", *rest)
        assert isinstance(error, UpstreamError)
    assert not any(loss.code == "skipped_bad_frame" for loss in call.losses)


async def test_a_stream_of_nothing_else_is_no_answer_and_fills_no_memory() -> None:
    vendor, call = _skipping(_VENDORS[0]), call_of(CLIENTS[0], stream=True)
    _, events, error = await _heard(vendor, call, *[b"data: {\n\n"] * 1_000)
    assert isinstance(error, MalformedResponse)
    assert error.kind is ErrorKind.TRUNCATED
    assert not _told(events)
    assert len(call.losses) == MAX_NAMED


@each
@before_each
async def test_a_last_frame_without_its_blank_line_counts_like_any_other(client: Client, vendor: Vendor) -> None:
    frames = _frames(vendor)
    call = call_of(client, stream=True)
    _, events, error = await _heard(_skipping(vendor), call, *frames[:-1], frames[-1].rstrip(b"\n"))
    assert (error, type(events[-1])) == (None, Ended)
    _, events, error = await _heard(_skipping(vendor), call, *frames[:-2], b"data: {")
    assert (error is None) == isinstance(events[-1], Ended)
