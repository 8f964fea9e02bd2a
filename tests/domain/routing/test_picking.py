"""Every strategy, by what it must and must not do."""

from collections import Counter
from collections.abc import Sequence
from math import sqrt
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.pricing.price import Price
from domain.routing.group import Member
from domain.routing.policy import Strategy
from domain.routing.room import used_up
from domain.routing.standing import MEMORY_S
from domain.routing.strategy import picker
from tests.domain.routing.members import NOW_S, groups, member

_DRAWS = 4_000
_EVERY = pytest.mark.parametrize("strategy", list(Strategy))


def _picked(strategy: Strategy, members: Sequence[Member], now_s: float = NOW_S, draws: int = 40) -> Counter[str]:
    chance = Random(7)
    pick = picker(strategy)
    return Counter(pick(members, now_s, chance.random).deployment.id for _ in range(draws))


def _is_share(count: int, share: float, draws: int = _DRAWS) -> bool:
    """Whether a count is within five standard deviations of what its share makes likely."""
    return abs(count - draws * share) <= 5 * sqrt(draws * share * (1 - share))


@_EVERY
@given(members=groups(), seed=st.integers(0, 9))
def test_the_picked_one_is_one_of_the_members(strategy: Strategy, members: tuple[Member, ...], seed: int) -> None:
    assert picker(strategy)(members, NOW_S, Random(seed).random) in members


@_EVERY
@given(members=groups(), draw=st.sampled_from([0.0, 0.5, 1.0 - 2**-53]))
def test_the_ends_of_chance_pick_members_too(strategy: Strategy, members: tuple[Member, ...], draw: float) -> None:
    assert picker(strategy)(members, NOW_S, lambda: draw) in members


@_EVERY
def test_a_single_member_is_picked_without_chance(strategy: Strategy) -> None:
    only = member(weight=0.0, rpm=0.0, in_flight=9)

    def no_draw() -> float:
        pytest.fail("chance was asked")

    assert picker(strategy)((only,), NOW_S, no_draw) is only


@_EVERY
def test_what_is_alike_gets_alike(strategy: Strategy) -> None:
    members = [member(ident) for ident in "abcd"]
    counted = _picked(strategy, members, draws=_DRAWS)
    assert all(_is_share(counted[ident], 1 / 4) for ident in "abcd")


@given(st.lists(st.integers(0, 9), min_size=2, max_size=5).filter(any), st.sampled_from(["weight", "rpm", "tpm"]))
def test_shuffling_gives_each_its_share(shares: list[int], field: str) -> None:
    configured: list[dict[str, Any]] = [{field: float(share)} for share in shares]
    members = [member(str(index), **each) for index, each in enumerate(configured)]
    counted = _picked(Strategy.SIMPLE_SHUFFLE, members, draws=1_000)
    assert all(_is_share(counted[str(index)], share / sum(shares), 1_000) for index, share in enumerate(shares))


@given(st.lists(st.integers(0, 9), min_size=2, max_size=5).filter(any))
def test_even_draws_give_each_exactly_its_share(weights: list[int]) -> None:
    members = [member(str(index), weight=float(weight)) for index, weight in enumerate(weights)]
    draws = iter([(step + 0.5) / sum(weights) for step in range(sum(weights))])
    pick = picker(Strategy.SIMPLE_SHUFFLE)
    counted = Counter(pick(members, NOW_S, draws.__next__).deployment.id for _ in range(sum(weights)))
    assert counted == Counter({str(index): weight for index, weight in enumerate(weights) if weight})


@given(groups(min_size=2), st.floats(0.0, 1.0, exclude_max=True))
def test_shuffling_picks_nobody_without_a_share(members: tuple[Member, ...], draw: float) -> None:
    chosen = picker(Strategy.SIMPLE_SHUFFLE)(members, NOW_S, lambda: draw).deployment
    for field in ("weight", "rpm", "tpm"):
        if any(getattr(each.deployment, field) for each in members):
            assert getattr(chosen, field)
            break


def test_weight_counts_before_rpm_and_rpm_before_tpm() -> None:
    by_weight = [member("a", weight=1.0, rpm=1.0), member("b", rpm=9.0)]
    by_rpm = [member("a", rpm=1.0, tpm=1.0), member("b", tpm=9.0)]
    assert set(_picked(Strategy.SIMPLE_SHUFFLE, by_weight)) == {"a"}
    assert set(_picked(Strategy.SIMPLE_SHUFFLE, by_rpm)) == {"a"}


@given(groups())
def test_the_least_busy_has_the_fewest_calls_in_flight(members: tuple[Member, ...]) -> None:
    fewest = min(each.standing.in_flight for each in members)
    least = {each.deployment.id for each in members if each.standing.in_flight == fewest}
    assert set(_picked(Strategy.LEAST_BUSY, members, draws=200)) == least


@given(st.lists(st.floats(0.01, 20.0), min_size=2, max_size=2), st.integers(0, 5))
def test_of_two_idle_ones_the_faster_is_picked(latencies: list[float], in_flight: int) -> None:
    members = [member(str(index), open_s=s, in_flight=in_flight) for index, s in enumerate(sorted(latencies))]
    assert "0" in _picked(Strategy.LATENCY, members)
    assert latencies[0] == latencies[1] or "1" not in _picked(Strategy.LATENCY, members)


@given(st.floats(0.01, 20.0), st.floats(0.01, 20.0))
def test_calls_in_flight_weigh_against_the_fastest(fast_s: float, slow_s: float) -> None:
    crowd = int(slow_s / fast_s) + 1
    members = [member("crowded", open_s=fast_s, in_flight=crowd), member("idle", open_s=slow_s)]
    assert set(_picked(Strategy.LATENCY, members)) == {"idle"}


@given(st.floats(0.01, 20.0))
def test_an_idle_one_of_unknown_latency_is_tried_first_and_not_by_a_crowd(known_s: float) -> None:
    known = member("known", open_s=known_s)
    assert set(_picked(Strategy.LATENCY, [known, member("new")])) == {"new"}
    awaited = member("new", in_flight=int(known_s) + 1)
    assert set(_picked(Strategy.LATENCY, [known, awaited])) == {"known"}


@given(st.floats(0.1, 1.0), st.floats(1.1, 20.0))
def test_what_was_slow_once_is_tried_again_by_one_call(fast_s: float, slow_s: float) -> None:
    later_s = NOW_S + MEMORY_S * 9
    fast, slow = member("fast", open_s=fast_s, open_at_s=later_s), member("slow", open_s=slow_s)
    assert set(_picked(Strategy.LATENCY, [fast, slow], later_s)) == {"slow"}
    slow.standing.in_flight = 1
    assert set(_picked(Strategy.LATENCY, [fast, slow], later_s)) == {"fast"}


def test_latency_spreads_a_crowd_by_speed_and_herds_nobody() -> None:
    """A minute of 50 requests/s over latencies of 0.2, 0.4 and 0.8 s, each answered after exactly that time."""
    latencies = {"fast": 0.2, "middle": 0.4, "slow": 0.8}
    members = [member(ident, open_at_s=0.0) for ident in latencies]
    pick, chance = picker(Strategy.LATENCY), Random(3)
    awaited: list[tuple[float, Member]] = []
    counted: Counter[str] = Counter()
    for step in range(3_000):
        now_s = NOW_S + step / 50
        for done_s, done in [each for each in awaited if each[0] <= now_s]:
            done.standing.ended()
            done.standing.opened(latencies[done.deployment.id], done_s)
        awaited = [each for each in awaited if each[0] > now_s]
        chosen = pick(members, now_s, chance.random)
        chosen.standing.began(now_s)
        counted[chosen.deployment.id] += 1
        awaited.append((now_s + latencies[chosen.deployment.id], chosen))
    assert counted["fast"] > counted["middle"] > counted["slow"] > 150
    assert counted["fast"] < 2_130, "more than the two in three that are drawn"


def test_the_cheapest_is_picked_and_an_unknown_price_comes_last() -> None:
    cheap = [member(ident, price=Price(input_usd=1e-6, output_usd=2e-6)) for ident in "ab"]
    dear = member("c", price=Price(input_usd=2e-6, output_usd=2e-6))
    assert set(_picked(Strategy.COST, [*cheap, dear, member("d")])) == {"a", "b"}
    assert set(_picked(Strategy.COST, [member("d"), dear])) == {"c"}
    assert set(_picked(Strategy.COST, [member("d"), member("e")])) == {"d", "e"}


def test_usage_is_a_share_of_the_limit_where_all_have_one_and_an_amount_where_not() -> None:
    large, small = member("large", tpm=1_000.0, tokens=300), member("small", tpm=100.0, tokens=50)
    unlimited = member("unlimited", tokens=200)
    for strategy in (Strategy.USAGE, Strategy.USAGE_V2):
        assert set(_picked(strategy, [large, small])) == {"large"}
        assert set(_picked(strategy, [large, unlimited])) == {"unlimited"}


def test_usage_v2_looks_at_the_nearer_limit() -> None:
    one = member("requests", rpm=10.0, tpm=1_000.0, requests=8, tokens=10)
    other = member("tokens", rpm=10.0, tpm=1_000.0, requests=1, tokens=700)
    assert set(_picked(Strategy.USAGE, [one, other])) == {"requests"}
    assert set(_picked(Strategy.USAGE_V2, [one, other])) == {"tokens"}


def test_usage_v2_goes_by_requests_where_only_these_are_limited() -> None:
    one, other = member("a", rpm=10.0, requests=5, tokens=1), member("b", rpm=100.0, requests=6, tokens=900)
    assert set(_picked(Strategy.USAGE_V2, [one, other])) == {"b"}


def test_calls_in_flight_are_taken_to_use_tokens_like_those_before_them() -> None:
    awaited, idle = member("awaited", requests=8, tokens=400), member("idle", requests=7, tokens=700)
    awaited.standing.in_flight = 2
    assert set(_picked(Strategy.USAGE, [awaited, idle])) == {"awaited"}
    awaited.standing.in_flight = 4
    assert set(_picked(Strategy.USAGE, [awaited, idle])) == {"idle"}


@pytest.mark.parametrize("strategy", [Strategy.LATENCY, Strategy.COST, Strategy.USAGE, Strategy.USAGE_V2])
@given(members=groups())
def test_what_is_used_up_is_passed_by_while_others_are_left(
    strategy: Strategy, members: tuple[Member, ...]
) -> None:
    chosen = picker(strategy)(members, NOW_S, Random(1).random)
    if used_up(chosen, NOW_S) is not None:
        assert all(used_up(each, NOW_S) is not None for each in members)
