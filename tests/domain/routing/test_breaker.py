"""Health as a value: its times, its probes, its waits."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.health import (
    LONGEST_PROBE_GAP_S,
    PROBE_GAP_S,
    WELL,
    Breaker,
    Health,
    abandoned,
    has_been_limited,
    has_opened,
    limited,
    probing,
    recovered,
    tripped,
)
from tests.domain.routing.members import NOW_S, healths

_Change: TypeAlias = Callable[[Health, float], Health]

_SECONDS = st.floats(0.0, 60.0)
_COOLDOWNS = st.one_of(st.none(), st.floats(0.0, 30.0))


def _trips() -> st.SearchStrategy[_Change]:
    return _COOLDOWNS.map(lambda cooldown_s: lambda health, now_s: tripped(health, now_s, cooldown_s=cooldown_s))


def _limits() -> st.SearchStrategy[_Change]:
    return st.floats(-10.0, 60.0).map(lambda wait_s: lambda health, now_s: limited(health, now_s + wait_s))


def _probe(health: Health, now_s: float) -> Health:
    return probing(health, now_s) if health.probe_is_due(now_s) else health


def _abandon(health: Health, now_s: float) -> Health:
    return abandoned(health) if health.breaker is Breaker.HALF_OPEN else health


def _while_ill() -> st.SearchStrategy[list[tuple[float, _Change]]]:
    changes = st.one_of(_trips(), _limits(), st.just(_probe), st.just(_abandon))
    return st.lists(st.tuples(_SECONDS, changes), max_size=30)


@given(_while_ill())
def test_no_time_goes_back_while_a_deployment_is_left_alone(steps: list[tuple[float, _Change]]) -> None:
    health, now_s = WELL, NOW_S
    for passed_s, change in steps:
        now_s += passed_s
        before, health = health, change(health, now_s)
        assert health.limited_s >= before.limited_s
        assert health.probe_s >= before.probe_s
        if before.breaker is not Breaker.CLOSED:
            assert health.breaker is not Breaker.CLOSED
            assert health.opened_s == before.opened_s


@given(healths(), st.floats(NOW_S - 10.0, NOW_S + 100.0))
def test_it_is_asked_or_probed_or_waited_for(health: Health, now_s: float) -> None:
    assert not (health.answers(now_s) and health.probe_is_due(now_s))
    if health.breaker is Breaker.HALF_OPEN:
        assert not health.answers(now_s)
        assert not health.probe_is_due(now_s)
    else:
        assert (health.answers(now_s) or health.probe_is_due(now_s)) is (health.waits_s(now_s) == 0.0)
        ready_s = now_s + health.waits_s(now_s) + 1e-6
        assert health.answers(ready_s) or health.probe_is_due(ready_s)


@given(healths())
def test_recovering_leaves_nothing_behind_but_a_rate_limit(health: Health) -> None:
    well = recovered(health)
    assert well == limited(WELL, health.limited_s)
    assert well.answers(max(health.limited_s, NOW_S))


@given(healths(), st.floats(NOW_S, NOW_S + 100.0))
def test_an_abandoned_probe_is_due_again_when_the_next_one_would_be(health: Health, now_s: float) -> None:
    if health.probe_is_due(now_s):
        assert abandoned(probing(health, now_s)) == replace(health, probe_s=now_s + PROBE_GAP_S)


@given(st.lists(st.tuples(st.floats(0.0, 5.0), st.floats(0.0, 15.0)), min_size=1, max_size=120))
def test_probes_that_all_fail_are_bounded_in_number(probes: list[tuple[float, float]]) -> None:
    """Each probe begins somewhat after it is due, takes its time, and fails."""
    health, now_s = tripped(WELL, NOW_S, cooldown_s=None), NOW_S
    last_s = NOW_S
    for late_s, took_s in probes:
        due_s = now_s + health.waits_s(now_s)
        assert due_s <= now_s + LONGEST_PROBE_GAP_S
        assert not health.probe_is_due(due_s - 1e-6)
        began_s = due_s + late_s
        assert health.probe_is_due(began_s)
        alone_s = last_s - NOW_S
        assert began_s - last_s >= min(LONGEST_PROBE_GAP_S, max(PROBE_GAP_S, alone_s / 15.0)) - 1e-6
        health, now_s, last_s = probing(health, began_s), began_s + took_s, began_s
        health = tripped(health, now_s, cooldown_s=None)


def test_probes_come_every_two_seconds_at_first_and_every_ten_in_the_end() -> None:
    health, now_s, gaps = tripped(WELL, NOW_S, cooldown_s=None), NOW_S, []
    for _ in range(60):
        gaps.append(health.waits_s(now_s))
        now_s += gaps[-1]
        health = tripped(probing(health, now_s), now_s, cooldown_s=None)
    assert gaps[:16] == [PROBE_GAP_S] * 16
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_PROBE_GAP_S
    assert sum(1 for gap in gaps if gap < LONGEST_PROBE_GAP_S) < 45


@given(_while_ill())
def test_it_opens_once_until_it_recovers(steps: list[tuple[float, _Change]]) -> None:
    health, now_s, opened = WELL, NOW_S, 0
    for passed_s, change in steps:
        now_s += passed_s
        before, health = health, change(health, now_s)
        opened += has_opened(before, health)
    assert opened == (health.breaker is not Breaker.CLOSED)
    assert not has_opened(health, recovered(health))


def test_a_rate_limit_that_grows_longer_does_not_begin_again() -> None:
    first = limited(WELL, NOW_S + 5.0)
    assert has_been_limited(WELL, first, NOW_S)
    assert not has_been_limited(first, limited(first, NOW_S + 9.0), NOW_S + 4.0)
    assert has_been_limited(first, limited(first, NOW_S + 9.0), NOW_S + 5.0)
    assert not has_been_limited(WELL, limited(WELL, NOW_S), NOW_S)


def test_why_it_is_left_alone_is_told_while_it_is() -> None:
    health = tripped(WELL, NOW_S, cooldown_s=None, why="no answer")
    assert probing(health, NOW_S).why == abandoned(probing(health, NOW_S)).why == "no answer"
    assert recovered(health).why == ""


@given(st.floats(0.0, 300.0))
def test_a_cooldown_of_the_operators_own_counts_instead(cooldown_s: float) -> None:
    health = tripped(WELL, NOW_S, cooldown_s=cooldown_s)
    assert health.probe_s == NOW_S + cooldown_s
    again = tripped(probing(health, health.probe_s, cooldown_s=cooldown_s), health.probe_s, cooldown_s=cooldown_s)
    assert again.probe_s == health.probe_s + cooldown_s
