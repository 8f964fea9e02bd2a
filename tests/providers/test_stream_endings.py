"""Streams that end with what an answer needs, and without what is only usual."""

import pytest

from domain.chat.events import Ended, Finished, StreamEvent, UsageReported
from domain.chat.response import FinishReason
from tests.providers.calling import asked, collected
from tests.providers.clients import CLIENTS, Client, call_of
from tests.providers.fake_upstream import FakeUpstream, stream_of
from tests.providers.vendors import VENDORS, Vendor

_LAST_WORDS = {
    "mistral": b"data: [DONE]\n\n",
    "anthropic": b'event: message_stop\ndata: {"type": "message_stop"}\n\n',
    "openai-responses": b"",
    "gemini": b"",
}
_VENDORS = tuple(vendor for vendor in VENDORS if vendor.name in _LAST_WORDS)

each = pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
before_each = pytest.mark.parametrize("vendor", _VENDORS, ids=lambda vendor: vendor.name)


async def _heard(client: Client, vendor: Vendor, stream: bytes) -> tuple[bytes, list[StreamEvent]]:
    pieces = await collected(asked(vendor.spec, FakeUpstream(stream_of(stream)), call_of(client, stream=True)))
    return b"".join(piece.raw or b"" for piece in pieces), [event for piece in pieces for event in piece.events]


@each
@before_each
async def test_a_finish_reason_without_the_usual_last_words_is_complete(client: Client, vendor: Vendor) -> None:
    stream = vendor.answers.streamed()
    last_words = _LAST_WORDS[vendor.name]
    assert stream.endswith(last_words)
    raw, events = await _heard(client, vendor, stream)
    short_raw, short_events = await _heard(client, vendor, stream.removesuffix(last_words))
    assert short_events == events
    assert short_raw.replace(b" ", b"") == raw.replace(b" ", b"")
    assert isinstance(events[-1], Ended)
    assert [event.finish.reason for event in events if isinstance(event, Finished)] == [FinishReason.STOP]


@each
@before_each
async def test_last_words_of_others_change_nothing(client: Client, vendor: Vendor) -> None:
    stream = vendor.answers.streamed()
    _, events = await _heard(client, vendor, stream)
    _, long_events = await _heard(client, vendor, stream + b"data: [DONE]\n\n")
    assert long_events == events


@each
async def test_the_count_that_follows_the_ending_may_be_missing(client: Client) -> None:
    vendor = next(vendor for vendor in _VENDORS if vendor.name == "mistral")
    counted = vendor.answers.streamed()
    frames = counted.split(b"\n\n")
    _, events = await _heard(client, vendor, b"\n\n".join(frames[:-3]) + b"\n\n")
    assert isinstance(events[-1], Ended)
    assert not any(isinstance(event, UsageReported) for event in events)
