"""What calls leave behind on a deployment's standing."""

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.failure import ErrorClass
from domain.routing.health import WELL, probing, tripped
from domain.routing.standing import Standing
from tests.domain.routing.members import NOW_S, error_classes


@given(st.lists(st.booleans(), max_size=30))
def test_calls_in_flight_are_those_begun_and_not_ended(begins: list[bool]) -> None:
    standing, in_flight, begun = Standing(), 0, 0
    for begin in begins:
        if begin:
            standing.began(NOW_S)
            in_flight, begun = in_flight + 1, begun + 1
        elif in_flight:
            standing.ended()
            in_flight -= 1
    assert standing.in_flight == in_flight
    assert standing.requests.last(NOW_S) == begun


@given(st.lists(st.floats(0.01, 100.0), min_size=1, max_size=50))
def test_the_average_latency_is_between_the_extremes_and_nearer_to_the_newest(latencies: list[float]) -> None:
    standing = Standing()
    for number, took_s in enumerate(latencies):
        before = standing.open_s
        assert (before is None) is (number == 0)
        standing.opened(took_s, NOW_S + number)
        assert standing.open_s is not None
        assert min(latencies) - 1e-9 <= standing.open_s <= max(latencies) + 1e-9
        assert standing.open_at_s == NOW_S + number
        if before is not None:
            assert abs(standing.open_s - took_s) <= abs(before - took_s) + 1e-9
    assert standing.successes.last(NOW_S) == len(latencies)


@given(st.lists(st.one_of(st.none(), error_classes()), max_size=30))
def test_failures_count_in_a_row_in_a_minute_and_by_class(outcomes: list[ErrorClass | None]) -> None:
    standing, row = Standing(), 0
    for error_class in outcomes:
        if error_class is None:
            standing.opened(1.0, NOW_S)
            row = 0
        else:
            standing.failed(error_class, NOW_S)
            row += 1
    failures = [each for each in outcomes if each is not None]
    assert standing.row == row
    assert standing.failures.last(NOW_S) == len(failures)
    for each in ErrorClass:
        assert standing.failures_of(each, NOW_S) == failures.count(each)


def test_an_answer_that_broke_later_is_no_success() -> None:
    standing = Standing()
    standing.opened(1.0, NOW_S)
    standing.broke(ErrorClass.INTERNAL_SERVER, NOW_S)
    assert standing.successes.last(NOW_S) == 0
    assert (standing.row, standing.failures.last(NOW_S)) == (1, 1)


def test_what_recovered_starts_anew_but_keeps_its_traffic() -> None:
    standing = Standing()
    standing.began(NOW_S)
    standing.tokens.add(7, NOW_S)
    standing.failed(ErrorClass.TIMEOUT, NOW_S)
    standing.forget_failures()
    assert standing.row == standing.failures.last(NOW_S) == standing.failures_of(ErrorClass.TIMEOUT, NOW_S) == 0
    assert (standing.requests.last(NOW_S), standing.tokens.last(NOW_S)) == (1, 7)


def test_it_is_well_while_its_breaker_is_closed() -> None:
    standing = Standing()
    assert standing.is_well
    for standing.health in (tripped(WELL, NOW_S, cooldown_s=None), probing(WELL, NOW_S)):
        assert not standing.is_well
