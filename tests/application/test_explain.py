"""Dry runs and reports, over standings that calls left behind."""

from application.call_record import CallRecord
from application.explain import Explain, Explanation
from application.router_state import NOT_CONFIGURED, DeploymentState, RouterState
from domain.errors import ErrorKind
from domain.routing.fleet import Deployment
from domain.routing.health import Health, limited, probing, tripped
from domain.routing.policy import RetryPolicy, RoutingPolicy
from domain.routing.roster import Roster
from domain.routing.wishes import FallbackTarget, RoutingWishes
from tests.application.fakes import ManualClock, chat_call
from tests.application.routed import attempts_over, courses_over

WELL = Health()


def deployment(ident: str, **fields: object) -> Deployment:
    return Deployment(id=ident, group="g", provider="openai", model="m", **fields)  # type: ignore[arg-type] # any field


def roster_of(*deployments: Deployment) -> tuple[Roster, Explain, RouterState, ManualClock]:
    clock = ManualClock()
    attempts = attempts_over(deployments, clock, RoutingPolicy(retry=RetryPolicy(retries=2)))
    roster = attempts.roster
    return roster, Explain(roster, courses_over(attempts), clock), RouterState(roster, clock), clock


def explained(explain: Explain, clock: ManualClock, **fields: object) -> Explanation:
    call = chat_call("g", **fields)
    call.record.received_s = clock.now_s
    return explain.run(call, 1)


def states(report: RouterState) -> dict[str, DeploymentState]:
    return {one.deployment.id: one for group in report.run().groups.values() for one in group}


def set_health(roster: Roster, ident: str, health: Health) -> None:
    member = next(member for member in roster.standings() if member.deployment.id == ident)
    roster.change(member, health)


def test_a_probe_that_is_due_is_told_but_not_taken() -> None:
    roster, explain, _, clock = roster_of(deployment("a"), deployment("b"))
    health = tripped(WELL, clock.now_s - 5.0, cooldown_s=None, why="provider_server")
    set_health(roster, "a", health)
    found = explained(explain, clock)
    assert [one.id for one in found.probes] == ["a"]
    assert [one.id for one in found.candidates] == ["b"]
    assert found.choice is not None
    assert found.choice.id == "a"
    assert "probe: a" in found.text
    assert next(roster.standings()).standing.health == health


def test_a_wait_for_a_free_slot_is_told() -> None:
    roster, explain, report, clock = roster_of(deployment("a", max_parallel_requests=1))
    next(roster.standings()).standing.in_flight = 1
    found = explained(explain, clock)
    assert (found.choice, found.error, found.wait_s) == (None, None, 60.0)
    assert [one.member.deployment.id for one in found.skipped] == ["a"]
    assert states(report)["a"].in_flight == 1


def test_the_number_of_retries_is_the_callers_the_deployments_or_the_policys() -> None:
    _, explain, _, clock = roster_of(deployment("a", retries=4))
    assert explained(explain, clock).retries == 4
    assert explained(explain, clock, wishes=RoutingWishes(retries=7)).retries == 7
    _, explain, _, clock = roster_of(deployment("a"))
    assert explained(explain, clock).retries == 2


def test_a_dry_run_with_nobody_to_ask_tells_the_error() -> None:
    roster, explain, _, clock = roster_of(deployment("a"))
    set_health(roster, "a", tripped(WELL, clock.now_s, cooldown_s=None))
    found = explained(explain, clock, wishes=RoutingWishes(mock_failure=ErrorKind.SERVER))
    assert found.error is not None
    assert (found.error.label, found.candidates, found.skipped) == ("provider_server", (), ())
    found = explained(explain, clock)
    assert found.error is not None
    assert found.error.label == "gateway_no_deployment"
    assert len(found.skipped) == 1


def test_the_report_tells_each_state() -> None:
    roster, _, report, clock = roster_of(
        *(deployment(ident) for ident in "abc"), deployment("d", unready="set KEY")
    )
    set_health(roster, "a", limited(WELL, clock.now_s + 7.0))
    set_health(roster, "b", tripped(WELL, clock.now_s, cooldown_s=None, why="provider_timeout; 5 in a row"))
    set_health(roster, "c", probing(tripped(WELL, clock.now_s, cooldown_s=None, why="x"), clock.now_s))
    for count, member in zip((1, 3, 0, 0), roster.standings(), strict=True):
        member.standing.requests.add(count, clock.now_s)
    clock.now_s += 1.0
    told = states(report)
    assert {ident: one.state for ident, one in told.items()} == {
        "a": "closed",
        "b": "open",
        "c": "half-open",
        "d": NOT_CONFIGURED,
    }
    assert (told["a"].why, told["a"].rate_limited_s) == ("its upstream asked to be left alone", 6.0)
    assert (told["b"].why, told["b"].since_s, told["b"].next_probe_s) == ("provider_timeout; 5 in a row", 1.0, 1.0)
    assert (told["c"].next_probe_s, told["d"].why) == (None, "set KEY")
    assert [told[ident].share for ident in "abcd"] == [0.25, 0.75, 0.0, 0.0]


def test_a_record_counts_retries_and_fallbacks_of_failing_calls_too() -> None:
    record = CallRecord(request_id="r", route="/x", received_s=0.0)
    first, second = FallbackTarget(model="x"), FallbackTarget(model="y")
    for ident, target in (("a", None), ("b", None), ("c", first), ("c", first), ("d", second)):
        record.asked(deployment(ident), target)
    assert (record.attempts, record.retries, record.fallbacks, record.fallback) == (5, 2, 2, "y")


def test_a_fallback_may_be_the_first_that_is_asked() -> None:
    record = CallRecord(request_id="r", route="/x", received_s=0.0)
    record.asked(deployment("a"), FallbackTarget(model="x"))
    assert (record.attempts, record.retries, record.fallbacks) == (1, 0, 1)
