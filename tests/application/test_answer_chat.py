import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.answer_chat import AnswerChat
from application.opening import MAX_HELD_BYTES, MAX_HELD_PIECES
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.content import Inline, Opaque, OpaquePart
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.usage import Usage
from domain.errors import (
    ErrorKind,
    MalformedRequest,
    MalformedResponse,
    NotConfigured,
    UnknownModel,
    UnsupportedFeature,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from domain.routing.fleet import Fleet
from tests.application.fakes import (
    ENDED,
    FINISHED,
    STARTED,
    USAGE,
    ManualClock,
    ScriptedProvider,
    chat_call,
    piece,
    text,
)
from tests.application.routed import answer_chat_over, attempts_over
from tests.strategies.fleets import deployment

_ONE = deployment(provider="openai", model="gpt-up")
_SILENT: tuple[StreamEvent, ...] = (
    STARTED,
    ev.Ping(),
    ev.UsageReported(USAGE),
    ev.BlockStarted(0, BlockKind.TEXT),
    ev.BlockStarted(0, BlockKind.REASONING),
    ev.BlockStopped(0),
    ev.LogprobsDelta([]),
)
_SPEAKING: tuple[StreamEvent, ...] = (
    ev.ContentSeen(),
    ev.TextDelta(0, "x"),
    ev.ReasoningDelta(0, "x"),
    ev.ReasoningSigned(0, Opaque(family="f", value="v")),
    ev.RefusalDelta(0, "x"),
    ev.ToolArgumentsDelta(0, "{"),
    ev.BlockStarted(0, BlockKind.TOOL_CALL, "c", "f"),
    ev.MediaAdded(0, Inline(media_type="image/png", base64="")),
    ev.OpaqueAdded(0, OpaquePart(family="f", kind="k", raw=None)),
    FINISHED,
)


def _use_case(
    *steps: Piece | BaseException, wait_s: float = 0.0
) -> tuple[AnswerChat, ScriptedProvider, ManualClock]:
    clock = ManualClock()
    provider = ScriptedProvider(steps, clock, wait_s=wait_s)
    return answer_chat_over(attempts_over([_ONE], clock), provider), provider, clock


async def _all(use_case: AnswerChat) -> list[Piece]:
    answer = await use_case.run(chat_call())
    async with aclosing(answer.pieces) as pieces:
        return [one async for one in pieces]


@pytest.mark.parametrize("event", _SPEAKING, ids=lambda event: type(event).__name__)
async def test_an_answer_is_held_back_until_it_says_something(event: StreamEvent) -> None:
    use_case, provider, _ = _use_case(*(piece(silent) for silent in _SILENT), piece(event), piece(ENDED))
    answer = await use_case.run(chat_call())
    assert provider.given == len(_SILENT) + 1
    assert answer.deployment is _ONE
    await answer.pieces.aclose()


@given(
    st.lists(st.sampled_from(_SILENT), max_size=10), st.lists(st.sampled_from(_SPEAKING), min_size=1, max_size=10)
)
def test_nothing_is_lost_or_reordered(silent: list[StreamEvent], speaking: list[StreamEvent]) -> None:
    steps = [piece(event, raw=bytes([index])) for index, event in enumerate((*silent, *speaking, ENDED))]
    use_case, provider, _ = _use_case(*steps)
    assert asyncio.run(_all(use_case)) == steps
    assert provider.closed == 1


async def test_a_failure_before_anything_was_said_raises() -> None:
    error = UpstreamRejected("overloaded", kind=ErrorKind.OVERLOADED)
    use_case, provider, _ = _use_case(piece(STARTED), piece(ev.Ping(), ev.Failed(error)))
    with pytest.raises(UpstreamRejected) as raised:
        await use_case.run(chat_call())
    assert raised.value is error
    assert (error.provider, error.model) == ("openai", "gpt-up")
    assert provider.closed == 1


async def test_a_failure_after_something_was_said_is_part_of_the_answer() -> None:
    failed = ev.Failed(UpstreamUnavailable("reset"))
    use_case, provider, _ = _use_case(text(), piece(failed))
    call = chat_call()
    answer = await use_case.run(call)
    assert [one async for one in answer.pieces][-1].events == (failed,)
    assert call.record.error is failed.error
    assert provider.closed == 1


async def test_a_piece_that_speaks_and_fails_was_good() -> None:
    use_case, _, _ = _use_case(piece(ev.ContentSeen(), ev.Failed(UpstreamUnavailable("reset"))))
    assert len(await _all(use_case)) == 1


@pytest.mark.parametrize("steps", [(), (piece(STARTED),), (piece(STARTED), piece(ENDED))])
async def test_an_end_without_content_or_ending_is_truncated(steps: tuple[Piece, ...]) -> None:
    use_case, provider, _ = _use_case(*steps)
    with pytest.raises(MalformedResponse) as raised:
        await use_case.run(chat_call())
    assert raised.value.kind is ErrorKind.TRUNCATED
    assert (raised.value.provider, raised.value.model) == ("openai", "gpt-up")
    assert provider.closed == 1


async def test_an_empty_answer_with_a_proper_finish_is_an_answer() -> None:
    use_case, _, _ = _use_case(piece(STARTED, FINISHED, ENDED))
    assert (await _all(use_case))[0].events == (STARTED, FINISHED, ENDED)


async def test_an_upstream_that_only_pings_is_let_through_at_last() -> None:
    use_case, provider, _ = _use_case(*(piece(ev.Ping()) for _ in range(MAX_HELD_PIECES + 10)))
    answer = await use_case.run(chat_call())
    assert provider.given == MAX_HELD_PIECES
    await answer.pieces.aclose()
    assert provider.closed == 1


async def test_what_is_held_back_is_bounded_in_bytes_too() -> None:
    big = Piece(b"x" * (MAX_HELD_BYTES // 4), (ev.Ping(),))
    use_case, provider, _ = _use_case(*(big for _ in range(10)))
    answer = await use_case.run(chat_call())
    assert provider.given == 4
    await answer.pieces.aclose()


@pytest.mark.parametrize(
    "error", [UpstreamTimeout("slow"), MalformedRequest("bad", param="x"), asyncio.CancelledError()]
)
async def test_what_is_raised_before_the_answer_closes_it_once(error: BaseException) -> None:
    use_case, provider, _ = _use_case(piece(STARTED), error)
    with pytest.raises(type(error)):
        await use_case.run(chat_call())
    assert provider.closed == 1


async def test_closing_unread_pieces_closes_the_upstream_once() -> None:
    use_case, provider, _ = _use_case(text(), text(), piece(FINISHED, ENDED))
    answer = await use_case.run(chat_call())
    async with aclosing(answer.pieces) as pieces:
        await anext(pieces)
    assert provider.closed == 1


async def test_closing_pieces_that_were_never_asked_for_closes_the_upstream() -> None:
    use_case, provider, _ = _use_case(text(), piece(FINISHED, ENDED))
    answer = await use_case.run(chat_call())
    await answer.pieces.aclose()
    assert provider.closed == 1


async def test_cancelling_while_the_upstream_is_silent_closes_it() -> None:
    never = asyncio.Event()

    class Silent(ScriptedProvider):
        async def open(self, deployment, call):  # type: ignore[no-untyped-def]  # as its base's
            try:
                yield text()
                await never.wait()
            finally:
                self.closed += 1

    clock = ManualClock()
    provider = Silent((), clock)
    answer = await answer_chat_over(attempts_over([_ONE], clock), provider).run(chat_call())

    async def read() -> None:
        async with aclosing(answer.pieces) as pieces:
            async for _ in pieces:
                pass

    reading = asyncio.ensure_future(read())
    for _ in range(5):
        await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert provider.closed == 1


async def test_the_record_tells_who_answered_what_it_cost_and_how_long_it_took() -> None:
    later = Usage(prompt_tokens=3, completion_tokens=4)
    use_case, _, clock = _use_case(
        piece(STARTED),
        text(),
        piece(ev.UsageReported(USAGE)),
        piece(FINISHED, ev.UsageReported(later), ENDED),
        wait_s=1.0,
    )
    call = chat_call()
    record = call.record
    answer = await use_case.run(call)
    assert (record.group, record.deployment, record.provider) == ("gpt-4o", "one", "openai")
    assert record.upstream_model == "gpt-up"
    assert record.upstream_s == 2.0
    async with aclosing(answer.pieces) as pieces:
        async for _ in pieces:
            clock.now_s += 10.0
    assert record.usage == later
    assert record.first_token_s == 102.0
    assert record.upstream_s == 4.0
    assert record.error is None


async def test_time_spent_on_a_failure_is_the_upstream_s() -> None:
    use_case, _, _ = _use_case(UpstreamTimeout("slow"), wait_s=7.0)
    call = chat_call()
    with pytest.raises(UpstreamTimeout):
        await use_case.run(call)
    assert call.record.upstream_s == 7.0
    assert call.record.first_token_s is None


async def test_what_cannot_be_planned_asks_nobody() -> None:
    clock = ManualClock()
    provider = ScriptedProvider((), clock)
    fleet = Fleet.of([deployment("off", unready="set KEY")])
    use_case = answer_chat_over(attempts_over(fleet, clock), provider)
    with pytest.raises(UnknownModel):
        await use_case.run(chat_call("nobody"))
    with pytest.raises(NotConfigured, match="set KEY"):
        await use_case.run(chat_call("off"))
    assert provider.opened == []


async def test_an_error_that_names_its_place_keeps_it() -> None:
    use_case, _, _ = _use_case(UpstreamTimeout("slow", provider="other", model="elsewhere"))
    with pytest.raises(UpstreamTimeout) as raised:
        await use_case.run(chat_call())
    assert (raised.value.provider, raised.value.model) == ("other", "elsewhere")


async def test_a_call_that_refers_to_what_one_account_keeps_needs_a_group_of_one_account() -> None:
    clock = ManualClock()
    here, there = replace(_ONE, account="a#1"), replace(_ONE, id="two", account="b#2")
    for fleet, stateful, refused in (
        ((here, there), True, True),
        ((here, there), False, False),
        ((here, replace(there, account="a#1")), True, False),
        ((here, replace(there, unready="set KEY")), True, False),
    ):
        provider = ScriptedProvider((piece(FINISHED), piece(ENDED)), clock)
        use_case = answer_chat_over(attempts_over(fleet, clock), provider)
        if refused:
            with pytest.raises(UnsupportedFeature, match="one account") as error:
                await use_case.run(chat_call(stateful=stateful))
            assert error.value.param == "previous_response_id"
        else:
            answer = await use_case.run(chat_call(stateful=stateful))
            await answer.pieces.aclose()
