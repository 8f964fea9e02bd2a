"""Amounts of the last minute against the true ones."""

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.minutes import MINUTE_S, Minutes

_EVENTS = st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(0, 100)), max_size=60)


def _true(events: list[tuple[float, int]], after_s: float, until_s: float) -> int:
    return sum(amount for at_s, amount in events if after_s <= at_s <= until_s)


@given(_EVENTS, st.floats(0.0, 1e6), st.floats(0.0, 200.0))
def test_it_is_within_what_the_running_and_the_last_minute_saw(
    steps: list[tuple[float, int]], began_s: float, later_s: float
) -> None:
    """A sliding minute holds all of the running clock minute, and some of the last one; so does the estimate."""
    minutes, now_s = Minutes(), began_s
    events: list[tuple[float, int]] = []
    for passed_s, amount in steps:
        now_s += passed_s
        minutes.add(amount, now_s)
        events.append((now_s, amount))
    for at_s in (now_s, now_s + later_s):
        begin_s = at_s // MINUTE_S * MINUTE_S
        running = _true(events, begin_s, at_s)
        both = _true(events, begin_s - MINUTE_S, at_s)
        assert running - 1e-6 <= minutes.last(at_s) <= both + 1e-6


@given(_EVENTS, st.integers(0, 10_000))
def test_it_is_exact_at_a_minutes_end(steps: list[tuple[float, int]], minute: int) -> None:
    minutes, end_s = Minutes(), (minute + 1) * MINUTE_S
    at_s, total = minute * MINUTE_S, 0
    for passed_s, amount in steps:
        at_s += passed_s
        if at_s < end_s:
            minutes.add(amount, at_s)
            total += amount
    assert minutes.last(end_s) == total


@given(st.integers(1, 100), st.integers(1, 200))
def test_even_traffic_is_told_evenly(per_second: int, seconds: int) -> None:
    minutes = Minutes()
    for second in range(120 + seconds):
        minutes.add(per_second, float(second))
    told = minutes.last(120.0 + seconds)
    assert abs(told - 60 * per_second) <= per_second


@given(_EVENTS)
def test_all_is_forgotten_after_two_minutes(steps: list[tuple[float, int]]) -> None:
    minutes, now_s = Minutes(), 0.0
    for passed_s, amount in steps:
        now_s += passed_s
        minutes.add(amount, now_s)
    assert minutes.last(now_s + 2 * MINUTE_S) == 0.0


def test_a_clock_read_before_the_minute_turned_loses_nothing() -> None:
    minutes = Minutes()
    minutes.add(5, 60.0)
    minutes.add(2, 59.9)
    assert minutes.last(59.9) == minutes.last(60.0) == 7
