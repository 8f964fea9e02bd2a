"""When a call is hedged, and how many are at most."""

from math import ceil
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.hedging import FEWEST, REMEMBERED, FirstTokens, HedgeBudget

_SECONDS = st.floats(0.0, 100.0)
_MANY = st.tuples(st.integers(FEWEST, REMEMBERED * 3), st.integers(0, 99)).map(
    lambda drawn: [Random(drawn[1] * 1_000 + number).expovariate(1.0) for number in range(drawn[0])]
)
_QUANTILES = st.sampled_from([0.0, 0.5, 0.95, 1.0])


def _exact(times: list[float], q: float) -> float:
    return sorted(times)[max(1, ceil(q * len(times))) - 1]


@given(st.lists(_SECONDS, max_size=FEWEST - 1), _QUANTILES)
def test_too_few_times_say_nothing(times: list[float], q: float) -> None:
    known = FirstTokens()
    for seconds in times:
        known.add(seconds)
    assert known.quantile(q) is None


@given(_MANY, _QUANTILES)
def test_a_quantile_asked_once_is_that_of_the_newest_times(times: list[float], q: float) -> None:
    known = FirstTokens()
    for seconds in times:
        known.add(seconds)
    assert known.quantile(q) == _exact(times[-REMEMBERED:], q)


@given(_MANY, _QUANTILES)
def test_a_quantile_asked_often_is_behind_by_less_than_eight_times(times: list[float], q: float) -> None:
    known = FirstTokens()
    for at, seconds in enumerate(times, 1):
        known.add(seconds)
        told = known.quantile(q)
        if told is not None:
            lately = range(max(FEWEST, at - 7), at + 1)
            assert told in {_exact(times[max(0, end - REMEMBERED) : end], q) for end in lately}


@given(
    st.integers(0, 1_000),
    st.integers(1, 20),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 30)), max_size=20),
)
def test_no_more_than_its_share_of_the_calls_is_hedged(
    per_mille: int, burst: int, turns: list[tuple[int, int]]
) -> None:
    budget = HedgeBudget(per_mille / 1_000, burst)
    calls = hedges = 0
    for earned, asked in turns:
        for _ in range(earned):
            budget.earn()
        calls += earned
        in_a_row = sum(budget.spend() for _ in range(asked))
        hedges += in_a_row
        assert in_a_row <= burst
        assert hedges <= calls * per_mille / 1_000


@given(st.integers(1, 20), st.integers(0, 2_000))
def test_what_was_saved_up_is_bounded(burst: int, calls: int) -> None:
    budget = HedgeBudget(0.05, burst)
    for _ in range(calls):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == min(burst, calls // 20)


def test_ten_hedges_are_saved_up_at_most_where_nobody_says_otherwise() -> None:
    budget = HedgeBudget(1.0)
    for _ in range(100):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == 10


def test_no_share_is_no_hedge() -> None:
    budget = HedgeBudget(0.0)
    for _ in range(100):
        budget.earn()
    assert not budget.spend()
