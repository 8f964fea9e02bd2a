"""The cases that every provider must pass."""

import asyncio
import json
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.events import Ended, Failed
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import ErrorKind, FeatherGateError, UpstreamError, UpstreamTimeout, UpstreamUnavailable
from domain.secret import MASK, Secret
from tests.providers.calling import TOOLS, asked, chat_call, collected, spoken, told
from tests.providers.fake_upstream import FakeResponse, FakeUpstream, Hang, document, stream_of
from tests.providers.vendors import CALLS, KEY, TEXT, VENDORS, Vendor
from tests.strategies.canonical import splits

each = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_requests_go_to_its_address_with_its_key(vendor: Vendor, stream: bool) -> None:
    answer = stream_of(vendor.answers.streamed()) if stream else document(vendor.answers.buffered())
    upstream = FakeUpstream(answer)
    await collected(asked(vendor.spec, upstream, chat_call(stream=stream)))
    (request,) = upstream.requests
    assert request.origin.authority == vendor.authority
    assert request.target == (vendor.streamed_target if stream else vendor.buffered_target)
    assert vendor.key_header in request.headers
    assert sum(KEY in value for _, value in request.headers) == 1
    assert ("content-type", "application/json") in request.headers
    assert KEY not in request.target
    json.loads(bytes(request.body))


@each
async def test_beta_headers_go_to_their_own_vendor_only(vendor: Vendor) -> None:
    upstream = FakeUpstream(document(vendor.answers.buffered()))
    call = chat_call(headers={"anthropic-beta": "a", "openai-beta": "o"})
    await collected(asked(vendor.spec, upstream, call))
    sent = {name for name, _ in upstream.requests[0].headers if name.endswith("-beta")}
    families = {"openai": {"openai-beta"}, "azure": {"openai-beta"}, "anthropic": {"anthropic-beta"}}
    assert sent == families.get(vendor.spec.model.partition("/")[0], set())


@each
async def test_a_streamed_answer_says_what_a_buffered_one_says(vendor: Vendor) -> None:
    buffered = await _answer(vendor, document(vendor.answers.buffered()))
    streamed = await _answer(vendor, stream_of(vendor.answers.streamed()), stream=True)
    assert spoken(streamed) == spoken(buffered)
    parts, reason, usage = spoken(buffered)
    assert parts == [("Text", "".join(TEXT), None, None)]
    assert reason is FinishReason.STOP
    assert usage == (5, 3)


@each
async def test_parallel_calls_arrive_alike(vendor: Vendor) -> None:
    buffered = await _answer(vendor, document(vendor.answers.buffered_calls()))
    streamed = await _answer(vendor, stream_of(vendor.answers.streamed_calls()), stream=True)
    assert spoken(streamed) == spoken(buffered)
    parts, reason, _ = spoken(buffered)
    assert [(name, arguments) for _, _, name, arguments in parts] == [
        (name, json.loads(raw)) for name, raw in CALLS
    ]
    assert reason is FinishReason.TOOL_CALLS


async def _answer(vendor: Vendor, answer: FakeResponse, *, stream: bool = False) -> ChatResponse:
    call = chat_call(
        {"tools": TOOLS, "stream_options": {"include_usage": True}} if stream else {"tools": TOOLS}, stream=stream
    )
    pieces = await collected(asked(vendor.spec, FakeUpstream(answer), call))
    assert answer.closed == 1
    return told(pieces, stream=stream)


@each
@given(data=st.data())
def test_any_split_of_the_stream_tells_the_same(vendor: Vendor, data: st.DataObject) -> None:
    stream = vendor.answers.streamed_calls()
    chunks = data.draw(splits(stream))
    cut = asyncio.run(_answer(vendor, stream_of(*chunks), stream=True))
    whole = asyncio.run(_answer(vendor, stream_of(stream), stream=True))
    assert spoken(cut) == spoken(whole)


@each
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, ErrorKind.AUTH),
        (403, ErrorKind.PERMISSION),
        (404, ErrorKind.NOT_FOUND),
        (429, ErrorKind.RATE_LIMIT),
        (503, None),
    ],
)
async def test_an_error_status_keeps_its_meaning(
    vendor: Vendor, status: int, kind: ErrorKind | None, stream: bool
) -> None:
    answer = document(b"<html>oops</html>", status=status, headers={"retry-after": "7"})
    with pytest.raises(UpstreamError) as failed:
        await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=stream)))
    error = failed.value
    assert error.status == status
    assert kind is None or error.kind is kind
    assert error.retry_after_s == 7
    assert (error.provider, error.request_id) == (vendor.spec.model.split("/")[0], "req-up")
    assert error.model
    assert answer.closed == 1


@each
@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("stream", [False, True])
async def test_an_error_document_is_an_error_whatever_its_status(
    vendor: Vendor, status: int, stream: bool
) -> None:
    answer = document(vendor.answers.error, status=status)
    with pytest.raises(UpstreamError) as failed:
        await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=stream)))
    assert failed.value.status >= 500
    assert KEY not in str(failed.value) + repr(failed.value) + str(vars(failed.value))
    assert answer.closed == 1


@each
async def test_a_redirect_is_not_followed(vendor: Vendor) -> None:
    answer = document(b"", status=307, headers={"location": "https://elsewhere"})
    with pytest.raises(FeatherGateError, match="HTTP 307") as failed:
        await collected(asked(vendor.spec, FakeUpstream(answer), chat_call()))
    assert failed.value.kind is ErrorKind.BAD_GATEWAY


@each
async def test_a_stream_that_is_cut_anywhere_is_never_complete(vendor: Vendor) -> None:
    stream = vendor.answers.streamed()
    for end in range(len(stream)):
        if vendor.answers.ending not in stream[:end]:
            assert await _ending(vendor, stream_of(stream[:end])) == "failed"


@each
@pytest.mark.parametrize("kind", [UpstreamUnavailable, UpstreamTimeout])
async def test_a_connection_that_breaks_is_a_failure_in_its_place(
    vendor: Vendor, kind: type[UpstreamError]
) -> None:
    stream = vendor.answers.streamed()
    error = kind("broken")
    answer = stream_of(error)
    with pytest.raises(kind):
        await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    assert answer.closed == 1
    answer = stream_of(stream[: len(stream) // 2], error)
    pieces = await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    last = pieces[-1].events[-1]
    assert isinstance(last, Failed)
    assert last.error is error
    assert (error.provider, error.request_id) == (vendor.spec.model.split("/")[0], "req-up")
    assert pieces[-1].raw is None
    assert answer.closed == 1


@each
@given(garbage=st.one_of(st.binary(max_size=200), st.text(max_size=100).map(str.encode)), stream=st.booleans())
def test_garbage_is_only_ever_an_upstream_error(vendor: Vendor, garbage: bytes, stream: bool) -> None:
    answer = stream_of(garbage) if stream else document(garbage)
    assert asyncio.run(_ending(vendor, answer, stream=stream)) == "failed"


@each
@given(data=st.data())
def test_a_damaged_stream_never_raises_anything_else(vendor: Vendor, data: st.DataObject) -> None:
    stream = vendor.answers.streamed_calls()
    at = data.draw(st.integers(0, len(stream) - 1))
    damaged = stream[:at] + data.draw(st.binary(max_size=4)) + stream[at + data.draw(st.integers(0, 4)) :]
    assert asyncio.run(_ending(vendor, stream_of(damaged))) in ("failed", "ended")


async def _ending(vendor: Vendor, answer: FakeResponse, *, stream: bool = True) -> str:
    try:
        pieces = await collected(
            asked(vendor.spec, FakeUpstream(answer), chat_call({"tools": TOOLS}, stream=stream))
        )
    except UpstreamError as error:
        return "failed" if error.provider else "failed without a place"
    finally:
        assert answer.closed == 1
    return "ended" if isinstance(pieces[-1].events[-1], Ended) else "failed"


@each
async def test_a_document_where_a_stream_was_asked_for_is_told_as_one(vendor: Vendor) -> None:
    body = b"\n\n" + vendor.answers.buffered()
    for answer in (document(body), stream_of(b"\n", b"\n", body[2:])):
        pieces = await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
        assert all(piece.raw is None for piece in pieces)
        assert spoken(told(pieces, stream=True))[0] == [("Text", "".join(TEXT), None, None)]


@each
async def test_a_stream_where_a_document_was_asked_for_is_gathered(vendor: Vendor) -> None:
    for content_type in ("text/event-stream", "application/json"):
        answer = stream_of(vendor.answers.streamed(), content_type=content_type)
        pieces = await collected(asked(vendor.spec, FakeUpstream(answer), chat_call()))
        assert len(pieces) == 1
        assert spoken(told(pieces, stream=False)) == spoken(
            await _answer(vendor, document(vendor.answers.buffered()))
        )


@each
async def test_a_gathered_stream_that_was_cut_is_an_error(vendor: Vendor) -> None:
    answer = stream_of(vendor.answers.streamed()[:120])
    with pytest.raises(UpstreamError):
        await collected(asked(vendor.spec, FakeUpstream(answer), chat_call()))


@each
@pytest.mark.parametrize("label", ["application/json", "text/plain"])
async def test_a_mislabelled_stream_is_a_stream_still(vendor: Vendor, label: str) -> None:
    stream = vendor.answers.streamed()
    half = len(stream) // 2
    answer = stream_of(stream[:half], stream[half:], content_type=label)
    pieces = await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    assert len(pieces) > 1
    assert spoken(told(pieces, stream=True))[1] is FinishReason.STOP


@each
async def test_closing_before_the_head_cancels_the_request(vendor: Vendor) -> None:
    pieces = asked(vendor.spec, FakeUpstream(Hang()), chat_call(stream=True))
    waiting = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await pieces.aclose()


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_cancelling_in_the_middle_closes_the_answer(vendor: Vendor, stream: bool) -> None:
    body = vendor.answers.streamed() if stream else vendor.answers.buffered()
    answer = FakeResponse((body[: len(body) // 2], Hang()), headers={"content-type": "text/event-stream"})
    task = asyncio.ensure_future(collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=stream))))
    for _ in range(5):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert answer.closed == 1
    assert not answer.read_to_end


@each
async def test_leaving_after_the_first_piece_closes_the_answer(vendor: Vendor) -> None:
    stream = vendor.answers.streamed()
    answer = stream_of(stream[: len(stream) // 2], Hang())
    async with aclosing(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True))) as pieces:
        await anext(pieces)
    assert answer.closed == 1


@each
async def test_a_complete_stream_is_read_to_its_end_so_that_the_connection_lives(vendor: Vendor) -> None:
    answer = stream_of(vendor.answers.streamed(), b"\n")
    await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    assert answer.read_to_end


async def test_an_upstream_that_never_lets_go_after_its_end_is_left() -> None:
    vendor = VENDORS[0]
    answer = stream_of(vendor.answers.streamed(), Hang())
    await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    assert answer.closed == 1


async def test_a_connection_that_breaks_after_the_end_changes_nothing() -> None:
    vendor = VENDORS[0]
    answer = stream_of(vendor.answers.streamed(), UpstreamUnavailable("reset"))
    pieces = await collected(asked(vendor.spec, FakeUpstream(answer), chat_call(stream=True)))
    assert isinstance(pieces[-1].events[-1], Ended)


@each
async def test_no_connection_at_all_is_told_with_its_place(vendor: Vendor) -> None:
    with pytest.raises(UpstreamUnavailable) as failed:
        await collected(asked(vendor.spec, FakeUpstream(UpstreamUnavailable("refused")), chat_call()))
    assert failed.value.provider == vendor.spec.model.split("/")[0]
    assert failed.value.request_id is None


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_a_quoted_key_of_any_shape_is_masked(vendor: Vendor, stream: bool) -> None:
    key = "0123-plain-Words"
    spec = replace(vendor.spec, api_key=Secret(key))
    quoted = json.dumps({"error": {"message": f"no such key: {key}.", "status": "UNAUTHENTICATED"}}).encode()
    with pytest.raises(UpstreamError) as raised:
        await collected(asked(spec, FakeUpstream(document(quoted, status=401)), chat_call(stream=stream)))
    assert raised.value.message == f"no such key: {MASK}."
