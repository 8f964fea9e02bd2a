"""One rule at a time, of the loop of tries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorKind, FeatherGateError, UnsupportedFeature
from domain.routing.failure import ErrorClass
from domain.routing.fleet import Deployment
from domain.routing.health import Breaker
from domain.routing.policy import FallbackPolicy, HedgingPolicy, RetryPolicy, RoutingPolicy
from tests.application.faulty_fleet import CLIENTS, GOOD, FaultyFleet, Turn, turns

_LATE = Turn("good", after_s=5.0)
_SERVER = Turn("fails", kind=ErrorKind.SERVER)


def _deployment(ident: str = "one", **configured: object) -> Deployment:
    return Deployment(id=ident, group="a", provider="p", model="m", **configured)  # type: ignore[arg-type]  # any


def _limited(retry_after_s: float) -> Turn:
    return Turn("fails", kind=ErrorKind.RATE_LIMIT, retry_after_s=retry_after_s)


def _asked(fleet: FaultyFleet) -> list[str]:
    return [asked.deployment.id for asked in fleet.asked]


def _trip(fleet: FaultyFleet) -> None:
    """Let the only deployment fail until it is left alone."""
    for _ in range(10):
        fleet.start("a", [_SERVER], again=True)
        fleet.loop.pass_time(1.0)
    assert _breaker(fleet) is Breaker.OPEN


def _breaker(fleet: FaultyFleet) -> Breaker:
    (member,) = fleet.roster.standings()
    return member.standing.health.breaker


def test_what_is_never_sent_is_refused_once_by_each() -> None:
    """However often failures of its class are to be tried again."""
    policy = RoutingPolicy(retry=RetryPolicy(by_class={ErrorClass.BAD_REQUEST: 3}))
    fleet = FaultyFleet([_deployment("one"), _deployment("two")], policy)
    call = fleet.start("a", [Turn("fails", kind=ErrorKind.UNSUPPORTED)], again=True)
    fleet.loop.pass_time(1_000.0)
    assert sorted(_asked(fleet)) == ["one", "two"]
    with pytest.raises(UnsupportedFeature):
        call.task.result()


def test_a_probe_that_was_never_sent_proves_nothing() -> None:
    fleet = FaultyFleet([_deployment()], RoutingPolicy())
    _trip(fleet)
    fleet.loop.pass_time(12.0)
    fleet.start("a", [Turn("fails", kind=ErrorKind.UNSUPPORTED)])
    fleet.loop.pass_time(0.0)
    assert _breaker(fleet) is Breaker.OPEN
    fleet.loop.pass_time(12.0)
    fleet.start("a", [Turn("fails", kind=ErrorKind.INVALID_REQUEST)])
    fleet.loop.pass_time(0.0)
    assert _breaker(fleet) is Breaker.CLOSED


@given(
    st.lists(
        st.tuples(
            st.sampled_from([Turn("good", 0.3), *(Turn("fails", 0.3, kind) for kind in CLIENTS), _LATE]),
            st.sampled_from([None, 0.2, 2.0]),
            st.sampled_from([False, False, True]),
            st.sampled_from([0.0, 0.1, 1.0]),
        ),
        max_size=30,
    )
)
def test_what_its_callers_do_never_hurts_a_deployment(
    calls: list[tuple[Turn, float | None, bool, float]],
) -> None:
    fleet = FaultyFleet([_deployment("one"), _deployment("two")], RoutingPolicy())
    for turn, timeout_s, leaves, gap_s in calls:
        call = fleet.start("a", [turn], timeout_s=timeout_s, again=True)
        fleet.loop.pass_time(gap_s)
        if leaves:
            fleet.cancel(call)
    fleet.loop.pass_time(100.0)
    assert fleet.changes == []


@given(
    st.integers(1, 3), st.lists(st.tuples(st.floats(0.0, 3.0), st.floats(0.1, 5.0), st.booleans()), max_size=25)
)
def test_slots_are_given_in_the_order_of_coming(most: int, calls: list[tuple[float, float, bool]]) -> None:
    """Never more than there are; nobody is overtaken; who leaves while waiting lets the next one in."""
    fleet = FaultyFleet([_deployment(max_parallel_requests=most)], RoutingPolicy())
    (member,) = fleet.roster.standings()
    made = []
    for gap_s, takes_s, leaves in calls:
        call = fleet.start("a", [Turn("good", after_s=takes_s)])
        made.append(call)
        fleet.loop.call_later(takes_s + 4.0 if not leaves else 0.5, call.task.cancel)
        call.task.add_done_callback(lambda _, call=call: fleet.loop.call_soon(fleet.close, call))  # type: ignore[misc]  # binds early
        fleet.loop.pass_time(gap_s)
        assert member.standing.in_flight <= most
    fleet.loop.pass_time(500.0)
    order = [int(asked.call_id) for asked in fleet.asked]
    assert order == sorted(order)
    assert member.standing.in_flight == 0
    later = fleet.start("a", [GOOD])
    fleet.loop.pass_time(0.0)
    assert later.task.done()


@pytest.mark.parametrize("by_deadline", [True, False])
def test_a_slot_that_comes_as_its_waiting_call_ends_is_for_the_next(*, by_deadline: bool) -> None:
    fleet = FaultyFleet([_deployment(max_parallel_requests=1)], RoutingPolicy())
    holder = fleet.start("a", [GOOD])
    fleet.loop.pass_time(0.0)
    fleet.loop.call_later(5.0, fleet.close, holder)
    first = fleet.start("a", [GOOD], timeout_s=5.0 if by_deadline else None)
    if not by_deadline:
        fleet.loop.call_later(5.0, first.task.cancel)
    second = fleet.start("a", [GOOD])
    fleet.loop.pass_time(6.0)
    assert second.task.done()
    assert [asked.call_id for asked in fleet.asked] == [holder.ident, second.ident]
    assert not first.is_answered


def test_calls_that_may_be_hedged_keep_to_the_slots_too() -> None:
    policy = RoutingPolicy(hedging=HedgingPolicy(enabled=True, share=1.0))
    fleet = FaultyFleet([_deployment(ident, max_parallel_requests=1) for ident in ("one", "two")], policy)
    for _ in range(30):
        known = fleet.start("a", [Turn("good", 0.3)])
        fleet.loop.pass_time(1.0)
        fleet.close(known)
    for _ in range(4):
        fleet.start("a", [Turn("good", 1.0)])
    fleet.loop.pass_time(0.0)
    assert [member.standing.in_flight for member in fleet.roster.standings()] == [1, 1]
    for call in fleet.calls:
        fleet.loop.pass_time(3.0)
        fleet.close(call)
    assert [member.standing.in_flight for member in fleet.roster.standings()] == [0, 0]


def test_a_slot_that_nobody_may_use_lets_everybody_know() -> None:
    policy = RoutingPolicy(retry=RetryPolicy(retries=0))
    fleet = FaultyFleet([_deployment(max_parallel_requests=1)], policy)
    calls = [fleet.start("a", [Turn("fails", 1.0, ErrorKind.RATE_LIMIT, 30.0)]) for _ in range(4)]
    fleet.loop.pass_time(1.0)
    assert len(fleet.asked) == 1
    for call in calls:
        error = call.task.exception()
        assert isinstance(error, FeatherGateError)
        assert error.retry_after_s == 30.0


def test_nobody_takes_the_slot_that_another_was_woken_for() -> None:
    fleet = FaultyFleet([_deployment(max_parallel_requests=1)], RoutingPolicy())
    holder = fleet.start("a", [GOOD])
    fleet.loop.pass_time(0.0)
    waiting = fleet.start("a", [GOOD])
    fleet.loop.pass_time(0.0)
    fleet.loop.call_later(1.0, fleet.close, holder)
    fleet.loop.call_later(1.0, lambda: fleet.start("a", [GOOD]))
    fleet.loop.pass_time(2.0)
    assert waiting.task.done()
    assert [asked.call_id for asked in fleet.asked] == ["0", "1"]


def test_a_busy_deployment_is_waited_for_before_it_is_tried_again() -> None:
    fleet = FaultyFleet([_deployment(max_parallel_requests=1)], RoutingPolicy())
    unlucky = fleet.start("a", [Turn("fails", 1.0, ErrorKind.SERVER)])
    fleet.loop.pass_time(0.0)
    lucky = fleet.start("a", [GOOD])
    fleet.loop.pass_time(3.0)
    assert lucky.task.done()
    fleet.finish(lucky)
    fleet.loop.pass_time(3.0)
    assert unlucky.task.done()
    assert unlucky.task.exception() is None


def test_those_of_a_later_order_are_asked_before_a_call_fails() -> None:
    fleet = FaultyFleet([_deployment("one", order=1), _deployment("two", order=2)], RoutingPolicy())
    call = fleet.start("a", [_SERVER])
    fleet.loop.pass_time(0.0)
    assert _asked(fleet) == ["one", "two"]
    assert call.task.exception() is None


@pytest.mark.parametrize("wait_s", [0.2, 3.0, 40.0])
def test_a_lone_deployment_is_asked_again_when_it_said(wait_s: float) -> None:
    fleet = FaultyFleet([_deployment()], RoutingPolicy())
    call = fleet.start("a", [_limited(wait_s)], timeout_s=50.0)
    fleet.loop.pass_time(50.0)
    assert call.task.exception() is None
    assert fleet.asked[1].at_s - fleet.asked[0].at_s >= wait_s


def test_a_wait_that_does_not_fit_is_not_begun() -> None:
    fleet = FaultyFleet([_deployment()], RoutingPolicy())
    call = fleet.start("a", [_limited(8.0)], timeout_s=7.0)
    fleet.loop.pass_time(0.1)
    assert isinstance(call.task.exception(), FeatherGateError)


def test_what_one_deployment_asked_for_is_nothing_to_another() -> None:
    policy = RoutingPolicy(retry=RetryPolicy(retries=3))
    fleet = FaultyFleet([_deployment("one"), _deployment("two")], policy)
    call = fleet.start("a", [_SERVER, _limited(40.0)])
    fleet.loop.pass_time(2.0)
    assert call.task.exception() is None


def test_content_that_was_refused_on_the_way_goes_no_further() -> None:
    """Not to the general fallbacks that an earlier failure led to either."""
    groups = ("a", "b", "c")
    policy = RoutingPolicy(retry=RetryPolicy(retries=0), fallbacks=FallbackPolicy(general={"a": ("b", "c")}))
    deployments = [Deployment(id=group, group=group, provider="p", model="m") for group in groups]
    fleet = FaultyFleet(deployments, policy)
    call = fleet.start("a", [_SERVER, Turn("fails", kind=ErrorKind.CONTENT_POLICY)])
    fleet.loop.pass_time(0.0)
    assert _asked(fleet) == ["a", "b"]
    assert call.task.exception() is fleet.asked[0].error


@given(st.lists(turns(), max_size=6), st.floats(0.0, 40.0), st.integers(0, 5))
def test_every_call_ends_in_time(script: list[Turn], timeout_s: float, retries: int) -> None:
    policy = RoutingPolicy(retry=RetryPolicy(retries=retries))
    fleet = FaultyFleet([_deployment("one"), _deployment("two")], policy)
    call = fleet.start("a", script, timeout_s=timeout_s, again=True)
    fleet.loop.pass_time(timeout_s + 1e-6)
    assert call.task.done()
