"""A budget is never passed, and what was reserved for nothing can be spent again."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.batch.budget import Budget

_COSTS = st.floats(0.0, 2.0)


@given(
    limit_usd=st.floats(0.0, 10.0),
    asked=st.lists(st.tuples(_COSTS, st.floats(0.0, 1.0), st.booleans()), max_size=60),
)
def test_the_sum_of_the_costs_never_passes_it(limit_usd: float, asked: list[tuple[float, float, bool]]) -> None:
    budget, spent, open_ones = Budget(limit_usd), Fraction(0), []
    for most_usd, share, settles_one in asked:
        if budget.allows(most_usd):
            budget.reserve(most_usd)
            open_ones.append((most_usd, most_usd * share))
        if settles_one and open_ones:
            reserved_usd, cost_usd = open_ones.pop(0)
            budget.settle(reserved_usd, cost_usd)
            spent += Fraction(cost_usd)
    for reserved_usd, cost_usd in open_ones:
        budget.settle(reserved_usd, cost_usd)
        spent += Fraction(cost_usd)
    assert spent <= Fraction(limit_usd)


def test_what_was_not_spent_is_there_again() -> None:
    budget = Budget(1.0)
    budget.reserve(1.0)
    assert not budget.allows(0.1)
    budget.settle(1.0, 0.7)
    assert budget.allows(0.3)
    assert not budget.allows(0.30001)


def test_ten_tenths_fit_into_one() -> None:
    budget = Budget(1.0)
    for _ in range(10):
        assert budget.allows(0.1)
        budget.reserve(0.1)
    assert not budget.allows(1e-9)


def test_what_costs_more_than_was_reserved_counts() -> None:
    budget = Budget(1.0)
    budget.reserve(0.5)
    budget.settle(0.5, 2.0)
    assert not budget.allows(1e-9)
    assert not budget.allows(0.0)
