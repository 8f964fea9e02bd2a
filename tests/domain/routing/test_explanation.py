"""Explanations of any course over any group."""

import re
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from domain.errors import ErrorKind, FeatherGateError, UpstreamRejected, UpstreamTimeout
from domain.routing.explanation import explain
from domain.routing.fleet import Deployment, Fleet
from domain.routing.group import Member, Needs
from domain.routing.health import Health
from domain.routing.plan import Plan
from domain.routing.policy import FallbackPolicy, RetryPolicy, RoutingPolicy, Strategy
from domain.routing.roster import Roster
from domain.routing.steps import Course, GiveUp, Try, Wait
from domain.routing.strategy import picker
from domain.routing.wishes import FallbackTarget, RoutingWishes
from tests.domain.routing.members import NOW_S, TAGS, groups

FAULTS = st.sampled_from([*ErrorKind]).map(lambda kind: UpstreamRejected("its message holds a prompt", kind=kind))
NAMED = re.compile(r"(\S+) \(openai/m\)")
SELECTION_LINES = ("candidates: ", "failing, a probe is due: ", "skipped ")


def ignore(deployment: Deployment, before: Health, after: Health) -> None:
    """A roster's changes are no matter here."""


def roster_of(members: tuple[Member, ...], policy: RoutingPolicy) -> Roster:
    """A roster whose deployments stand as the members do."""
    roster = Roster(Fleet.of(member.deployment for member in members), policy, ignore)
    for ours, theirs in zip(roster.standings(), members, strict=True):
        ours.standing.health = theirs.standing.health
        ours.standing.in_flight = theirs.standing.in_flight
        ours.standing.requests = theirs.standing.requests
    return roster


def plan_of(roster: Roster, course: Course, numbers: st.DataObject) -> Plan:
    def draw() -> float:
        return numbers.draw(st.floats(0.0, 1.0, exclude_max=True))

    return Plan(roster, course, picker(roster.policy.strategy), draw)


def drive(plan: Plan, faults: list[FeatherGateError]) -> None:
    """Play the plan to its end: every try takes a fault, and where there are none any more it answers."""
    now_s, left = NOW_S, list(faults)
    while True:
        step = plan.next(now_s)
        match step:
            case Try() if left:
                now_s += 0.5
                plan.failed(step, left.pop(0), 0.5)
            case Try():
                plan.answered = step
                return
            case Wait():
                now_s += step.seconds
            case GiveUp():
                return


def selections(text: str) -> list[list[str]]:
    """The ids that each selection names, in their order."""
    marked = groupby(text.splitlines(), key=lambda line: line.startswith(SELECTION_LINES))
    return [NAMED.findall("\n".join(lines)) for is_selection, lines in marked if is_selection]


@given(st.data(), groups(), st.lists(FAULTS, max_size=6), st.sampled_from(list(Strategy)))
def test_every_selection_names_every_member_once(
    data: st.DataObject, members: tuple[Member, ...], faults: list[FeatherGateError], strategy: Strategy
) -> None:
    policy = RoutingPolicy(
        strategy=strategy,
        tag_filtering=data.draw(st.booleans()),
        pre_call_checks=data.draw(st.booleans()),
        retry=RetryPolicy(retries=data.draw(st.integers(0, 3))),
    )
    needs = Needs(tags=data.draw(st.sampled_from([(), *((tag,) for tag in TAGS)])), prompt_tokens=100)
    plan = plan_of(roster_of(members, policy), Course(model="g", began_s=NOW_S, needs=needs), data)
    drive(plan, faults)
    text = explain(plan)
    told = selections(text)
    assert told
    for named in told:
        assert sorted(named) == sorted(member.deployment.id for member in members)
    assert "prompt" not in text.replace("this one has about", "").replace("takes prompts of up to", "")
    assert text.count("choice: ") + text.count("probe: ") == len(plan.tries)
    assert text.count(" failed after 0.5 s: ") == sum(failure.member is not None for failure in plan.failures)
    outcome = text.splitlines()[-1]
    assert outcome.startswith("answered by ") == (plan.answered is not None)
    assert outcome.startswith("gave up: ") == (plan.error is not None)
    assert text == explain(plan)


@given(st.data(), groups())
def test_a_plan_tells_the_numbers_that_lead_to_the_same_choice(
    data: st.DataObject, members: tuple[Member, ...]
) -> None:
    roster = roster_of(members, RoutingPolicy())
    course = Course(model="g", began_s=NOW_S)
    plan = plan_of(roster, course, data)
    drive(plan, [])
    numbers = iter(plan.drawn)
    again = Plan(roster, course, picker(roster.policy.strategy), numbers.__next__)
    drive(again, [])
    assert explain(again) == explain(plan)
    assert ("drawn: " in explain(plan)) == bool(plan.drawn)


def two_groups() -> Roster:
    names = (("a", "smart"), ("b", "smart"), ("c", "backup"))
    fleet = Fleet.of(Deployment(id=ident, group=group, provider="openai", model="m") for ident, group in names)
    general = {"smart": ("nobody", "backup")}
    return Roster(fleet, RoutingPolicy(fallbacks=FallbackPolicy(general=general)), ignore)


def course_of(course: Course, faults: list[FeatherGateError]) -> str:
    plan = Plan(two_groups(), course, picker(Strategy.SIMPLE_SHUFFLE), lambda: 0.25)
    drive(plan, faults)
    return explain(plan)


def test_a_course_with_everything_in_it() -> None:
    assert course_of(Course(model="smart", began_s=NOW_S, call_id="r"), [UpstreamTimeout("silent")] * 2) == (
        "model 'smart'\n"
        "candidates: a (openai/m), b (openai/m)\n"
        "choice: a\n"
        "a failed after 0.5 s: provider_timeout\n"
        "choice: b\n"
        "b failed after 0.5 s: provider_timeout\n"
        "no such fallback: no model is named 'nobody'; GET /v1/models lists them\n"
        "fallback: 'backup'\n"
        "candidates: c (openai/m)\n"
        "choice: c\n"
        "drawn: 0.250000\n"
        "answered by c, try 3"
    )


def test_a_failure_that_was_asked_for_is_told_as_such() -> None:
    wishes = RoutingWishes(mock_failure=ErrorKind.SERVER, fallbacks=(FallbackTarget(model="backup"),))
    assert course_of(Course(model="smart", began_s=NOW_S, wishes=wishes), []) == (
        "model 'smart'\n"
        "failed as the caller asked: provider_server\n"
        "fallback: 'backup'\n"
        "candidates: c (openai/m)\n"
        "choice: c\n"
        "answered by c, try 1"
    )


def test_a_wait_for_a_slot_tells_whose() -> None:
    only = Deployment(id="a", group="g", provider="openai", model="m", max_parallel_requests=1)
    roster = Roster(Fleet.of([only]), RoutingPolicy(), ignore)
    next(roster.standings()).standing.in_flight = 1
    plan = Plan(roster, Course(model="g", began_s=NOW_S), picker(Strategy.SIMPLE_SHUFFLE), lambda: 0.0)
    plan.next(NOW_S)
    assert explain(plan) == (
        "model 'g'\n"
        "skipped a (openai/m): answers 1 requests at a time, and that many are in flight\n"
        "wait: up to 60.0 s for a free slot of a"
    )


def test_long_names_are_cut() -> None:
    name = "x" * 400
    roster = Roster(
        Fleet.of([Deployment(id="a", group="*", provider="openai", model="m")]), RoutingPolicy(), ignore
    )
    plan = Plan(roster, Course(model=name, began_s=NOW_S), picker(Strategy.SIMPLE_SHUFFLE), lambda: 0.0)
    drive(plan, [])
    first, second, *_ = explain(plan).splitlines()
    assert first == f"model '{'x' * 200}…'"
    assert second == "group '*'"


def test_a_caller_whose_time_is_over_is_told_so() -> None:
    plan = Plan(two_groups(), Course(model="smart", began_s=NOW_S), picker(Strategy.SIMPLE_SHUFFLE), lambda: 0.0)
    plan.next(NOW_S)
    assert explain(plan).splitlines()[-1] == "drawn: 0.000000"
    plan.late()
    assert explain(plan).splitlines()[-1] == "gave up: caller_timeout"
