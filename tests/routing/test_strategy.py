from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.fleet import Deployment
from domain.routing.strategy import simple_shuffle
from tests.strategies.fleets import deployment, equals

_DRAWS = st.floats(0.0, 1.0, exclude_max=True)


def _shares(members: tuple[Deployment, ...]) -> list[float]:
    for field in ("weight", "rpm", "tpm"):
        shares = [getattr(member, field) or 0.0 for member in members]
        if sum(shares) > 0:
            return shares
    return [1.0] * len(members)


@given(equals(), _DRAWS)
def test_the_chosen_one_is_of_the_group_and_has_a_share(members: tuple[Deployment, ...], draw: float) -> None:
    chosen = simple_shuffle(members, lambda: draw)
    assert chosen in members
    if len(members) > 1:
        assert _shares(members)[members.index(chosen)] > 0


@given(st.lists(st.integers(0, 9), min_size=1, max_size=5).filter(any))
def test_even_draws_give_each_exactly_its_share(weights: list[int]) -> None:
    members = tuple(deployment(ident=str(index), weight=float(weight)) for index, weight in enumerate(weights))
    total = sum(weights)
    steps = [(Fraction(step) + Fraction(1, 2)) / total for step in range(total)]
    counted = Counter(simple_shuffle(members, lambda at=at: float(at)).id for at in steps)  # type: ignore[misc]  # a default argument makes mypy see a lambda of one parameter
    assert counted == Counter({str(index): weight for index, weight in enumerate(weights) if weight})


@given(equals())
def test_the_ends_of_the_range_are_served(members: tuple[Deployment, ...]) -> None:
    for draw in (0.0, 1.0 - 2**-53):
        assert simple_shuffle(members, lambda draw=draw: draw) in members  # type: ignore[misc]  # as above


def test_rpm_counts_where_nobody_has_a_weight_and_tpm_where_nobody_has_rpm() -> None:
    by_rpm = (deployment(ident="a", rpm=1, tpm=9), deployment(ident="b", rpm=3, tpm=1))
    assert [simple_shuffle(by_rpm, lambda: 0.2).id, simple_shuffle(by_rpm, lambda: 0.3).id] == ["a", "b"]
    by_tpm = (deployment(ident="a", tpm=1), deployment(ident="b"))
    assert simple_shuffle(by_tpm, lambda: 0.99).id == "a"


def test_a_single_deployment_answers_whatever_its_weight() -> None:
    only = deployment(weight=0.0)
    assert simple_shuffle((only,), lambda: 0.5) is only
