"""Usage and cost are told once, whatever the answer does and wherever it is cut."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.answer_chat import AnswerChat
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.cut_usage import SAMPLE_BYTES
from application.metering import Billing
from application.opening import Opening
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.request import ChatRequest
from domain.chat.usage import Usage
from domain.errors import MalformedRequest, UpstreamUnavailable
from domain.models.token_estimate import estimate_text, estimate_tokens
from domain.pricing.cost import cost_usd
from domain.pricing.price import Price
from domain.routing.fleet import Deployment
from tests.application.fakes import (
    ENDED,
    FINISHED,
    STARTED,
    Document,
    ManualClock,
    ScriptedProvider,
    chat_call,
    piece,
)
from tests.application.routed import attempts_over, courses_over
from tests.strategies.fleets import deployment

PRICE = Price(input_usd=2e-6, output_usd=8e-6, cache_read_usd=1e-6)
PRICED = replace(deployment(provider="openai", model="gpt-4o"), price=PRICE)
STORY = "Once upon a time there was a fox. "
FULL = Usage(prompt_tokens=10, completion_tokens=20, cache_read_tokens=4)
PROMPT = estimate_tokens(replace(Document().canonical(), model="gpt-4o"), "openai")


class Till:
    """Knows the prices, and how often it was asked for one."""

    def __init__(self, said: Iterable[StreamEvent] = ()) -> None:
        self.asked = 0
        self.read: list[bytes] = []
        self._said = tuple(said)

    def billing(self) -> Billing:
        return Billing(self._price_of, lambda deployment: deployment.provider, self._read)

    def _price_of(self, deployment: Deployment) -> Price | None:
        self.asked += 1
        return deployment.price

    def _read(self, dialect: str, raw: bytes) -> Iterable[StreamEvent]:
        assert dialect == "test"
        self.read.append(raw)
        return self._said


async def metered(
    steps: Sequence[Piece | BaseException],
    *,
    read: int = 1_000_000,
    till: Till | None = None,
    call: ChatCall | None = None,
    answering: Deployment = PRICED,
) -> tuple[CallRecord, int]:
    """The record of a call of whose answer at most `read` pieces were read, and how many the provider gave."""
    clock, call = ManualClock(), call or chat_call()
    provider = ScriptedProvider(steps, clock)
    attempts = attempts_over([answering], clock)
    billing = (till or Till()).billing()
    use_case = AnswerChat(attempts, Opening(provider), clock, courses_over(attempts), billing)
    answer = await use_case.run(call)
    async with aclosing(answer.pieces) as pieces:
        for _ in range(read):
            try:
                await anext(pieces)
            except (StopAsyncIteration, UpstreamUnavailable):
                break
    await answer.pieces.aclose()
    return call.record, provider.given


def usages() -> st.SearchStrategy[Usage]:
    counts = st.none() | st.integers(0, 1_000)
    return st.builds(
        Usage, prompt_tokens=counts, completion_tokens=counts, cache_read_tokens=counts, reasoning_tokens=counts
    )


EVENTS: st.SearchStrategy[StreamEvent] = st.one_of(
    st.builds(ev.TextDelta, st.just(0), st.text(max_size=20)),
    st.builds(ev.ReasoningDelta, st.just(0), st.text(max_size=20)),
    st.builds(ev.ToolArgumentsDelta, st.just(0), st.text(max_size=20)),
    st.builds(ev.UsageReported, usages()),
    st.sampled_from((ev.ContentSeen(), ev.Ping(), FINISHED, ev.BlockStopped(0))),
)
ENDINGS: st.SearchStrategy[tuple[StreamEvent, ...]] = st.sampled_from(
    ((), (ENDED,), (ev.Failed(UpstreamUnavailable("reset")),))
)


@st.composite
def answers(draw: st.DrawFn) -> tuple[StreamEvent, ...]:
    return (ev.TextDelta(0, "a"), *draw(st.lists(EVENTS, max_size=50)), *draw(ENDINGS))


def split(events: Sequence[StreamEvent], sizes: Iterable[int]) -> list[Piece]:
    """The events in pieces of these sizes, the last ones in one piece; an ending is never told apart from it."""
    left, pieces = list(events), []
    for size in sizes:
        if size < len(left):
            pieces.append(Piece(None, tuple(left[:size])))
            left = left[size:]
    return [*pieces, Piece(None, tuple(left))]


SIZES = st.lists(st.integers(1, 5), max_size=60)


@given(answers(), SIZES, st.integers(0, 60))
def test_every_answer_is_billed_once_wherever_it_is_cut(
    events: tuple[StreamEvent, ...], sizes: list[int], read: int
) -> None:
    pieces, till = split(events, sizes), Till()
    record, given_pieces = asyncio.run(metered(pieces, read=read, till=till))
    heard = [event for one in pieces[:given_pieces] for event in one.events]
    reported = next((e.usage for e in reversed(heard) if isinstance(e, ev.UsageReported)), Usage())
    usage = record.usage
    assert till.asked == 1
    assert usage is not None
    assert record.cost_usd == cost_usd(usage, PRICE)
    assert usage.prompt_tokens is not None
    assert usage.completion_tokens is not None
    assert usage.prompt_tokens >= (reported.prompt_tokens or 0)
    assert usage.completion_tokens >= (reported.completion_tokens or 0)
    if not record.usage_estimated:
        assert usage == reported
        assert ENDED in heard or FINISHED in heard


@given(answers(), SIZES, SIZES)
def test_how_an_answer_is_split_makes_no_difference(
    events: tuple[StreamEvent, ...], some: list[int], others: list[int]
) -> None:
    record, _ = asyncio.run(metered(split(events, some)))
    again, _ = asyncio.run(metered(split(events, others)))
    assert (record.usage, record.cost_usd, record.usage_estimated) == (
        again.usage,
        again.cost_usd,
        again.usage_estimated,
    )


async def test_a_whole_answer_costs_what_it_reported() -> None:
    till = Till()
    whole = piece(ev.ContentSeen(), FINISHED, ev.UsageReported(FULL), ENDED, raw=b"{}")
    record, _ = await metered([whole], till=till)
    assert (record.usage, record.usage_estimated) == (FULL, False)
    assert record.cost_usd == 6 * 2e-6 + 4 * 1e-6 + 20 * 8e-6
    assert till.read == []


async def test_a_client_that_leaves_pays_for_what_was_said() -> None:
    story = [piece(ev.TextDelta(0, STORY)) for _ in range(100)]
    record, _ = await metered([piece(STARTED), *story, piece(FINISHED, ev.UsageReported(FULL), ENDED)], read=51)
    assert record.usage == Usage(
        prompt_tokens=PROMPT, completion_tokens=estimate_text(STORY * 50, "openai", "gpt-4o")
    )
    assert record.usage_estimated


async def test_who_never_read_pays_for_what_was_held() -> None:
    record, _ = await metered([piece(STARTED), piece(ev.TextDelta(0, STORY)), piece(ENDED)], read=0)
    assert record.usage is not None
    assert record.usage.completion_tokens == estimate_text(STORY, "openai", "gpt-4o")


@pytest.mark.parametrize("broken", [piece(ev.Failed(UpstreamUnavailable("reset"))), UpstreamUnavailable("reset")])
async def test_an_answer_that_breaks_costs_what_was_said(broken: Piece | BaseException) -> None:
    prompt = ev.UsageReported(Usage(prompt_tokens=12, completion_tokens=1))
    record, _ = await metered([piece(STARTED, prompt), piece(ev.TextDelta(0, STORY)), broken])
    said = estimate_text(STORY, "openai", "gpt-4o")
    assert record.usage == Usage(prompt_tokens=12, completion_tokens=said)
    assert record.cost_usd == 12 * 2e-6 + said * 8e-6
    assert record.usage_estimated


async def test_who_leaves_after_the_last_report_pays_as_reported() -> None:
    record, _ = await metered(
        [piece(ev.TextDelta(0, STORY)), piece(FINISHED, ev.UsageReported(FULL)), piece(ENDED)], read=2
    )
    assert (record.usage, record.usage_estimated) == (FULL, False)


async def test_an_upstream_that_reports_nothing_is_estimated() -> None:
    record, _ = await metered([piece(ev.TextDelta(0, STORY), FINISHED, ENDED)])
    assert record.usage_estimated
    assert record.usage is not None
    assert record.usage.total_tokens == PROMPT + estimate_text(STORY, "openai", "gpt-4o")


async def test_of_what_passes_unread_a_sample_is_read_when_it_is_cut() -> None:
    till = Till([ev.TextDelta(0, STORY * 100)])
    chunk = b"x" * (SAMPLE_BYTES // 4)
    passing = [piece(ev.ContentSeen(), raw=chunk) for _ in range(40)]
    record, _ = await metered(passing, till=till)
    assert till.read == [chunk * 4]
    assert record.usage is not None
    assert record.usage.completion_tokens == 10 * estimate_text(STORY * 100, "openai", "gpt-4o")


async def test_a_prompt_that_cannot_be_read_is_not_known() -> None:
    class Strange(Document):
        def canonical(self) -> ChatRequest:
            raise MalformedRequest("odd", param="x")

    record, _ = await metered([piece(ev.TextDelta(0, STORY))], call=chat_call(document=Strange()))
    assert record.usage is not None
    assert record.usage.prompt_tokens is None
    assert record.cost_usd == (record.usage.completion_tokens or 0) * 8e-6


async def test_without_a_price_there_is_no_cost() -> None:
    whole = piece(ev.BlockStarted(0, BlockKind.TEXT), ev.UsageReported(FULL), FINISHED, ENDED)
    record, _ = await metered([whole], answering=deployment())
    assert (record.usage, record.cost_usd) == (FULL, None)
