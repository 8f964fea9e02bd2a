"""Batches keep to their minutes and their money, and find how many at a time are answered."""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.batch.run import EndReason
from domain.batch.line import BatchLine, LineEstimate
from domain.errors import ErrorKind, MalformedRequest, NoDeployment, UpstreamRejected, UpstreamUnavailable
from tests.application.batch.simulated import Answer, World
from tests.virtual_time import BEGINNING_S

_SLACK = 1e-6
"""As exactly as floating-point numbers add up."""


def most_in_a_minute(world: World, amount: Callable[[int], float]) -> float:
    """The most of what was asked for within any 60 s."""
    most, within, oldest = 0.0, 0.0, 0
    for at_s, number in world.asked:
        within += amount(number)
        while world.asked[oldest][0] <= at_s - 60.0 + _SLACK:
            within -= amount(world.asked[oldest][1])
            oldest += 1
        most = max(most, within)
    return most


@given(
    rpm=st.integers(1, 300),
    lines=st.integers(1, 120),
    latency_s=st.sampled_from([None, 0.0, 0.5, 20.0]),
    fails=st.integers(2, 9),
)
def test_no_minute_has_more_requests_than_are_allowed(
    rpm: int, lines: int, latency_s: float | None, fails: int
) -> None:
    def answers(line: BatchLine, asking: int) -> Answer:
        return Answer(latency_s, None if line.number % fails or asking > 1 else UpstreamUnavailable("gone"))

    world = World(answers)
    end = world.run(lines, concurrency=100, rpm=rpm)
    assert end.tally.succeeded == lines
    assert most_in_a_minute(world, lambda number: 1.0) <= rpm


def test_it_uses_the_minutes_it_has() -> None:
    world = World(lambda line, asking: Answer(2.0))
    world.run(3_000, concurrency=200, rpm=600)
    assert world.loop.now_s - BEGINNING_S == pytest.approx(300.0, rel=0.03)


@given(
    tpm=st.integers(600, 6_000),
    tokens=st.lists(st.tuples(st.integers(0, 150), st.integers(0, 150)), min_size=1, max_size=80),
    latency_s=st.sampled_from([None, 0.0, 0.5, 20.0]),
)
def test_no_minute_has_more_tokens_than_are_allowed_and_one_long_prompt(
    tpm: int, tokens: list[tuple[int, int]], latency_s: float | None
) -> None:
    """Where it is known how long the answers will be."""
    longest = max(answer for _, answer in tokens)

    def answers(line: BatchLine, asking: int) -> Answer:
        return Answer(latency_s, prompt_tokens=tokens[line.number - 1][0], completion_tokens=longest)

    def estimates(line: BatchLine) -> LineEstimate:
        return LineEstimate(prompt_tokens=tokens[line.number - 1][0], answer_tokens=longest, cost_usd=None)

    world = World(answers, estimates)
    end = world.run(len(tokens), concurrency=100, tpm=tpm)
    assert end.tally.succeeded == len(tokens)
    beyond = max(0, ceil(max(prompt for prompt, _ in tokens) + longest - tpm / 60))
    assert most_in_a_minute(world, lambda number: tokens[number - 1][0] + longest) <= tpm + beyond


def test_answers_far_shorter_than_they_may_be_do_not_slow_it_down() -> None:
    world = World(
        lambda line, asking: Answer(2.0, prompt_tokens=50, completion_tokens=50),
        lambda line: LineEstimate(prompt_tokens=50, answer_tokens=16_000, cost_usd=None),
    )
    world.run(3_000, concurrency=200, tpm=60_000)
    assert world.loop.now_s - BEGINNING_S == pytest.approx(300.0, rel=0.05)


@given(
    budget_usd=st.floats(0.0, 3.0),
    costs=st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0), st.booleans()), min_size=1, max_size=40),
    concurrency=st.integers(1, 8),
    latency_s=st.sampled_from([None, 0.0, 1.0]),
    models=st.integers(1, 3),
)
def test_the_budget_is_never_passed_and_the_rest_is_named(
    budget_usd: float,
    costs: list[tuple[float, float, bool]],
    concurrency: int,
    latency_s: float | None,
    models: int,
) -> None:
    paid_usd = []

    def answers(line: BatchLine, asking: int) -> Answer:
        most_usd, share, fails = costs[line.number - 1]
        paid_usd.append(most_usd * share)
        return Answer(latency_s, UpstreamUnavailable("gone") if fails and asking == 1 else None, most_usd * share)

    def estimates(line: BatchLine) -> LineEstimate:
        return LineEstimate(prompt_tokens=1, answer_tokens=1, cost_usd=costs[line.number - 1][0])

    world = World(answers, estimates, models)
    end = world.run(len(costs), concurrency=concurrency, budget_usd=budget_usd)
    assert sum(paid_usd) <= budget_usd + _SLACK
    assert end.tally.cost_usd == pytest.approx(sum(paid_usd))
    left = [number for number in range(1, len(costs) + 1) if number not in world.results]
    assert (end.resume_at.number if end.resume_at else None) == (left[0] if left else None)
    assert end.reason is (EndReason.BUDGET if left else EndReason.COMPLETE)
    if sum(most_usd * (1 + fails) for most_usd, _, fails in costs) <= budget_usd - _SLACK:
        assert not left


def of_price(cost_usd: float | None) -> Callable[[BatchLine], LineEstimate]:
    return lambda line: LineEstimate(prompt_tokens=1, answer_tokens=1, cost_usd=cost_usd)


def test_what_was_not_used_lets_the_next_one_fit() -> None:
    world = World(lambda line, asking: Answer(1.0, cost_usd=0.1), of_price(0.5))
    end = world.run(100, concurrency=10, budget_usd=1.0)
    assert end.tally.succeeded == 6
    assert end.resume_at is not None
    assert end.resume_at.custom_id == "line-7"


def test_a_failed_line_that_still_fits_is_asked_again_before_it_ends() -> None:
    def answers(line: BatchLine, asking: int) -> Answer:
        return Answer(0.1, UpstreamUnavailable("gone") if asking == 1 else None)

    dear_second = {1: 0.1, 2: 5.0}
    world = World(
        answers, lambda line: LineEstimate(prompt_tokens=1, answer_tokens=1, cost_usd=dear_second[line.number])
    )
    end = world.run(2, concurrency=2, budget_usd=1.0)
    assert sorted(world.results) == [1]
    assert end.resume_at is not None
    assert (end.reason, end.resume_at.number) == (EndReason.BUDGET, 2)


def test_a_line_whose_price_nobody_knows_fits_no_budget() -> None:
    world = World(lambda line, asking: Answer(), of_price(None))
    assert world.run(5, concurrency=2, budget_usd=1_000.0).reason is EndReason.BUDGET
    assert not world.asked


def test_a_request_that_nobody_understands_is_asked_for_its_error() -> None:
    def estimates(line: BatchLine) -> LineEstimate:
        raise MalformedRequest("expected messages")

    world = World(lambda line, asking: Answer(0.0, MalformedRequest("expected messages")), estimates)
    assert world.run(5, concurrency=2, budget_usd=0.0, tpm=1).tally.failed == 5


def test_nobody_is_estimated_for_nothing() -> None:
    def estimates(line: BatchLine) -> LineEstimate:
        raise ZeroDivisionError

    assert World(lambda line, asking: Answer(), estimates).run(5, concurrency=2, rpm=60).tally.succeeded == 5


@dataclass(slots=True)
class Crowded:
    """A provider that answers so many at a time, and refuses the others quickly."""

    capacity: int
    latency_s: float
    retry_after_s: float | None
    refused: int = 0
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.world = World(self.answer)

    def answer(self, line: BatchLine, asking: int) -> Answer:
        if len(self.world.in_flight) <= self.capacity:
            return Answer(self.latency_s)
        self.refused += 1
        return Answer(0.05, UpstreamRejected("no", kind=ErrorKind.RATE_LIMIT, retry_after_s=self.retry_after_s))


@pytest.mark.parametrize("capacity", [1, 3, 20, 60, 150])
@pytest.mark.parametrize("latency_s", [0.3, 20.0])
@pytest.mark.parametrize("retry_after_s", [None, 2.0])
def test_it_finds_how_many_a_provider_answers_at_a_time(
    capacity: int, latency_s: float, retry_after_s: float | None
) -> None:
    provider = Crowded(capacity, latency_s, retry_after_s)
    lines = max(200, capacity * 40)
    end = provider.world.run(lines, concurrency=300, max_attempts=8)
    took_s = provider.world.loop.now_s - BEGINNING_S
    assert end.tally.succeeded == lines
    assert took_s <= lines * latency_s / capacity / 0.75
    assert provider.refused <= 0.06 * lines + 130


def test_it_finds_how_many_a_provider_answers_in_a_second() -> None:
    """One that answers ten a second, and fifty at once where it had time to rest."""
    left, seen_s, refused = 50.0, BEGINNING_S, 0

    def answers(line: BatchLine, asking: int) -> Answer:
        nonlocal left, seen_s, refused
        now_s = world.loop.now_s
        left, seen_s = min(50.0, left + 10.0 * (now_s - seen_s)), now_s
        if left >= 1.0:
            left -= 1.0
            return Answer(1.5 + line.number * 7 % 10 / 3.0)
        refused += 1
        return Answer(0.05, UpstreamRejected("no", kind=ErrorKind.OVERLOADED, retry_after_s=1.0))

    world = World(answers)
    end = world.run(3_000, concurrency=300)
    assert end.tally.succeeded == 3_000
    assert world.loop.now_s - BEGINNING_S <= 3_000 / 10 / 0.8
    assert refused <= 0.05 * 3_000


def test_refusals_by_chance_do_not_slow_it_down() -> None:
    """One in a hundred, and others that fail for other reasons."""

    def answers(line: BatchLine, asking: int) -> Answer:
        if asking == 1 and line.number % 100 == 0:
            return Answer(0.1, UpstreamRejected("no", kind=ErrorKind.RATE_LIMIT))
        if asking == 1 and line.number % 10 == 0:
            return Answer(0.1, UpstreamUnavailable("gone"))
        return Answer(0.5)

    world = World(answers)
    end = world.run(10_000, concurrency=100)
    assert end.tally.succeeded == 10_000
    assert world.loop.now_s - BEGINNING_S <= 1.2 * 10_000 * 0.5 / 100


def test_who_waits_in_vain_for_a_free_deployment_makes_it_narrower() -> None:
    """A deployment that takes four at a time, for which nobody waits longer than five seconds."""

    def answers(line: BatchLine, asking: int) -> Answer:
        if len(world.in_flight) <= 4:
            return Answer(5.0)
        return Answer(5.0, NoDeployment("full", retry_after_s=0.1), attempts=0)

    world = World(answers)
    assert world.run(200, concurrency=100).tally.succeeded == 200
    assert max(world.beside[-50:]) <= 6


def test_refusals_by_nobody_say_nothing_of_how_many_there_may_be() -> None:
    """Every second line is turned away for a minute; the others of the same model go on meanwhile."""

    def answers(line: BatchLine, asking: int) -> Answer:
        left_s = BEGINNING_S + 60.0 - world.loop.now_s
        if line.number % 2 and left_s > 0:
            return Answer(None, NoDeployment("no", kind=ErrorKind.RATE_LIMIT, retry_after_s=left_s), attempts=0)
        return Answer(1.0)

    world = World(answers)
    world.run(1_600, concurrency=32)
    assert world.askings[1] == 2
    assert len([number for at_s, number in world.asked if at_s < BEGINNING_S + 27.0 and not number % 2]) == 800
