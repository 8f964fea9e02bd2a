"""Pacing: the window's bounds and bursts, no more in any minute than is allowed, waits between their limits."""

from collections.abc import Iterable
from itertools import pairwise
from math import ceil

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.batch.pacing import (
    BURST_LEAVES,
    FIRST_LIMIT,
    FIRST_TURNED_AWAY_S,
    FIRST_WAIT_S,
    LATE_S,
    LONGEST_ASKED_WAIT_S,
    LONGEST_TURNED_AWAY_S,
    LONGEST_WAIT_S,
    MINUTE_S,
    REFUSAL_TAKES,
    SUCCESS_ADDS,
    ConcurrencyWindow,
    RateLimit,
    closing_s,
    may_succeed_later,
    retry_wait_s,
    turned_away_for_s,
    turned_away_wait_s,
)
from domain.errors import (
    KINDS,
    ErrorKind,
    InvalidKey,
    MalformedRequest,
    NoDeployment,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnavailable,
)
from tests.domain.batch.outcomes import outcome

_DRAWS = st.floats(0.0, 1.0, exclude_max=True)
_SLACK = 1e-6
"""As exactly as floating-point numbers add up."""


@given(most=st.integers(1, 300), steps=st.lists(st.tuples(st.booleans(), st.floats(0.0, 3.0)), max_size=200))
def test_the_window_stays_between_one_and_the_most(most: int, steps: list[tuple[bool, float]]) -> None:
    window, now_s = ConcurrencyWindow(most), 0.0
    for good, passed_s in steps:
        now_s += passed_s
        before = window.limit
        if good:
            window.succeeded(before)
            assert before <= window.limit <= before + 1
        else:
            window.throttled(now_s, now_s)
            assert window.limit <= before
        assert 1 <= window.limit <= most


def test_it_doubles_in_the_time_of_an_answer_until_somebody_is_throttled() -> None:
    window = ConcurrencyWindow(1_000)
    assert window.limit == FIRST_LIMIT
    for _ in range(FIRST_LIMIT):
        window.succeeded(window.limit)
    assert window.limit == 2 * FIRST_LIMIT


@given(first=st.integers(1, 800), successes=st.integers(0, 500))
def test_then_each_success_adds_a_sixteenth(first: int, successes: int) -> None:
    window = ConcurrencyWindow(10_000, first)
    window.throttled(0.0, 0.0)
    for _ in range(successes):
        window.succeeded(window.limit)
    shrunk = max(1.0, first * BURST_LEAVES, first - REFUSAL_TAKES)
    assert window.limit == int(shrunk + successes * SUCCESS_ADDS)


@given(used=st.integers(1, 200))
def test_it_does_not_grow_beyond_twice_what_is_used(used: int) -> None:
    window = ConcurrencyWindow(1_000)
    for _ in range(1_000):
        window.succeeded(used)
    assert window.limit == max(FIRST_LIMIT, 2 * used)


@given(
    asked=st.lists(st.floats(0.0, 5.0), min_size=1, max_size=50),
    refused=st.lists(st.floats(5.0, 100.0), min_size=1, max_size=50),
)
def test_it_shrinks_once_for_a_burst(asked: list[float], refused: list[float]) -> None:
    """All were asked before the first was refused."""
    window, throttled = ConcurrencyWindow(1_000, 100), 0
    for asked_s, refused_s in zip(asked, sorted(refused), strict=False):
        window.throttled(asked_s, refused_s)
        throttled += 1
    assert window.limit == max(int(100 * BURST_LEAVES), 100 - throttled * REFUSAL_TAKES)


def test_it_shrinks_again_where_what_was_asked_since_is_refused_too() -> None:
    window = ConcurrencyWindow(1_000, 100)
    for burst in (0.0, 1.5):
        for _ in range(100):
            window.throttled(burst, burst + 1.0)
    assert window.limit == int(100 * BURST_LEAVES * BURST_LEAVES)


def test_what_succeeds_during_a_burst_is_not_taken_away_by_it() -> None:
    window = ConcurrencyWindow(1_000, 100)
    for at in range(20):
        window.throttled(0.0, 1.0 + at)
    for _ in range(32):
        window.succeeded(70)
    window.throttled(0.0, 30.0)
    assert window.limit >= 70


def most_in_a_minute(taken: Iterable[tuple[float, float]]) -> float:
    """The most that was taken within any 60 s, of times and amounts in order of time."""
    entries = list(taken)
    return max(
        (
            sum(amount for at_s, amount in entries[first:] if at_s < began_s + MINUTE_S - _SLACK)
            for first, (began_s, _) in enumerate(entries)
        ),
        default=0.0,
    )


@given(
    per_minute=st.integers(1, 300),
    pauses=st.lists(st.floats(0.0, 90.0) | st.just(0.0), min_size=1, max_size=150),
)
def test_no_minute_has_more_requests_than_are_allowed(per_minute: int, pauses: list[float]) -> None:
    limit, now_s, taken = RateLimit(per_minute), 0.0, []
    for pause_s in pauses:
        now_s += pause_s
        now_s += limit.wait_s(now_s, 1.0)
        limit.take(now_s, 1.0)
        taken.append((now_s, 1.0))
    assert most_in_a_minute(taken) <= per_minute


@given(
    per_minute=st.integers(60, 6_000),
    asked=st.lists(st.tuples(st.floats(0.0, 30.0) | st.just(0.0), st.integers(1, 2_000)), min_size=1, max_size=80),
)
@example(per_minute=241, asked=[(0.0, 237), (0.0, 237)])
def test_tokens_pass_it_by_a_single_long_prompt_at_most(per_minute: int, asked: list[tuple[float, int]]) -> None:
    limit, now_s, taken = RateLimit(per_minute), 0.0, []
    for pause_s, amount in asked:
        now_s += pause_s
        now_s += limit.wait_s(now_s, amount)
        limit.take(now_s, amount)
        taken.append((now_s, float(amount)))
    beyond = max(0, ceil(max(amount for _, amount in asked) - per_minute / 60))
    assert most_in_a_minute(taken) <= per_minute + beyond


@given(
    per_minute=st.integers(60, 6_000),
    asked=st.lists(
        st.tuples(st.floats(0.0, 5.0), st.integers(1, 100), st.integers(0, 99)), min_size=1, max_size=80
    ),
)
def test_what_is_given_back_can_be_taken_again(per_minute: int, asked: list[tuple[float, int, int]]) -> None:
    """Net of what was given back, within any 60 s."""
    limit, now_s, taken = RateLimit(per_minute), 0.0, []
    for pause_s, amount, surplus in asked:
        now_s += pause_s
        now_s += limit.wait_s(now_s, amount)
        limit.take(now_s, amount)
        given = min(surplus, amount)
        limit.give_back(given)
        taken.append((now_s, float(amount - given)))
    assert most_in_a_minute(taken) <= per_minute + 100


def test_it_uses_nearly_all_that_is_allowed() -> None:
    limit, now_s, requests = RateLimit(6_000), 0.0, 0
    while now_s < 10 * MINUTE_S:
        now_s += limit.wait_s(now_s, 1.0)
        limit.take(now_s, 1.0)
        requests += 1
    assert requests >= 0.98 * 10 * 6_000


def test_more_than_was_thought_is_paid_off() -> None:
    limit = RateLimit(60)
    limit.take(0.0, 1.0)
    limit.give_back(-9.0)
    assert limit.wait_s(0.0, 1.0) == pytest.approx(10.0)


@given(asked=st.integers(1, 10_000), draw=_DRAWS, wanted_s=st.none() | st.floats(0.0, 1e6))
def test_a_wait_is_as_long_as_asked_for_and_never_endless(asked: int, draw: float, wanted_s: float | None) -> None:
    wait_s = retry_wait_s(asked, draw, wanted_s)
    assert wait_s >= max(FIRST_WAIT_S / 2, min(wanted_s or 0.0, LONGEST_ASKED_WAIT_S))
    assert wait_s <= LONGEST_ASKED_WAIT_S + LONGEST_WAIT_S / 2


@given(draw=_DRAWS)
def test_waits_double(draw: float) -> None:
    waits = [retry_wait_s(asked, draw, None) for asked in range(1, 7)]
    assert all(later == pytest.approx(2 * earlier) for earlier, later in pairwise(waits))
    assert retry_wait_s(50, draw, None) <= LONGEST_WAIT_S


def test_those_refused_together_come_back_apart() -> None:
    assert len({retry_wait_s(1, draw / 10, 20.0) for draw in range(10)}) == 10


@given(kind=st.sampled_from(ErrorKind), said=st.none() | st.booleans())
def test_what_is_retryable_may_succeed_later(kind: ErrorKind, said: bool | None) -> None:
    error = UpstreamRejected("no", kind=kind, retryable=said)
    assert may_succeed_later(error) == (KINDS[kind].retryable if said is None else said)


@given(kind=st.sampled_from(ErrorKind))
def test_a_call_that_tried_several_may_succeed_later_where_its_kind_passes(kind: ErrorKind) -> None:
    """Although it says that it is not to be repeated at once."""
    error = UpstreamRejected("no", kind=kind, retryable=False)
    error.attempts = ("openai/gpt-4o (a): provider_timeout", "openai/gpt-4o (b): provider_timeout")
    assert may_succeed_later(error) == KINDS[kind].retryable


def test_what_may_succeed_later() -> None:
    """As it is meant, kinds apart."""
    assert all(
        map(may_succeed_later, (UpstreamTimeout("slow"), UpstreamUnavailable("gone"), NoDeployment("none")))
    )
    assert not any(map(may_succeed_later, (MalformedRequest("no"), InvalidKey("no"))))


def test_only_who_was_not_asked_was_turned_away() -> None:
    told = NoDeployment("no", retry_after_s=3.0)
    assert turned_away_for_s(outcome(told, attempts=0)) == 3.0
    assert turned_away_for_s(outcome(told, attempts=1)) is None
    assert turned_away_for_s(outcome(NoDeployment("no"), attempts=0)) is None
    assert turned_away_for_s(outcome(attempts=0)) is None


@given(times=st.integers(1, 100_000), wanted_s=st.floats(0.0, 1e6))
def test_who_is_turned_away_waits_as_long_as_asked_for(times: int, wanted_s: float) -> None:
    wait_s = turned_away_wait_s(times, wanted_s)
    assert wait_s >= max(FIRST_TURNED_AWAY_S, min(wanted_s, LONGEST_ASKED_WAIT_S))
    assert wait_s <= max(LONGEST_TURNED_AWAY_S, min(wanted_s, LONGEST_ASKED_WAIT_S))


@given(times=st.integers(1, 100_000), wanted_s=st.floats(0.0, 1e6))
def test_a_model_is_closed_for_a_moment_and_hardly_longer_than_asked_for(times: int, wanted_s: float) -> None:
    wait_s = closing_s(times, wanted_s)
    assert FIRST_TURNED_AWAY_S <= wait_s <= min(LONGEST_TURNED_AWAY_S, max(LATE_S, wanted_s))
    assert wait_s <= closing_s(times + 1, wanted_s)
