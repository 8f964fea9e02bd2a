"""The course of a call over groups: who else may answer, and what follows from that."""

from dataclasses import replace

import pytest

from domain.errors import ErrorKind, UpstreamRejected
from domain.routing.failure import consequence_of
from domain.routing.fleet import Alias, Deployment, Fleet
from domain.routing.group import Needs
from domain.routing.health import limited
from domain.routing.lease import Lease
from domain.routing.plan import Plan
from domain.routing.policy import FallbackPolicy, PatiencePolicy, RetryPolicy, RoutingPolicy
from domain.routing.roster import Roster
from domain.routing.steps import Course, GiveUp, Try, Wait
from domain.routing.strategy import picker
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes
from tests.strategies.fleets import deployment

_NOW_S = 1_000.0
_AWAY = UpstreamRejected("away", kind=ErrorKind.SERVER)
_CLASS = consequence_of(_AWAY).error_class


def _roster(*deployments: Deployment, policy: RoutingPolicy, aliases: tuple[Alias, ...] = ()) -> Roster:
    return Roster(Fleet.of(deployments, aliases), policy, lambda *_: None)


def _plan(roster: Roster, model: str, wishes: RoutingWishes = NO_WISHES, needs: Needs | None = None) -> Plan:
    course = Course(model=model, began_s=_NOW_S, wishes=wishes, needs=needs or Needs())
    return Plan(roster, course, picker(roster.policy.strategy), lambda: 0.0)


def _general(**targets: list[str]) -> RoutingPolicy:
    named = {name.replace("any", "*"): tuple(models) for name, models in targets.items()}
    return RoutingPolicy(fallbacks=FallbackPolicy(general=named), retry=RetryPolicy(retries=0))


@pytest.mark.parametrize(
    ("policy", "wishes", "others"),
    [
        (_general(a=["b"]), NO_WISHES, True),
        (_general(any=["b"]), NO_WISHES, True),
        (_general(), NO_WISHES, False),
        (_general(any=["a"]), NO_WISHES, False),
        (_general(a=["nobody"]), NO_WISHES, False),
        (_general(a=[]), NO_WISHES, False),
        (_general(a=["b"]), RoutingWishes(disable_fallbacks=True), False),
        (_general(a=["b"]), RoutingWishes(fallbacks=()), False),
        (_general(), RoutingWishes(fallbacks=(FallbackTarget(model="b"),)), True),
        (replace(_general(a=["b"]), fallbacks=FallbackPolicy(general={"a": ("b",)}, most=0)), NO_WISHES, False),
    ],
)
def test_a_lone_deployment_has_others_where_a_group_may_still_fall_in(
    policy: RoutingPolicy, wishes: RoutingWishes, others: bool
) -> None:
    keyless = deployment("a", ident="keyless", unready="set KEY")
    roster = _roster(deployment("a", ident="a"), keyless, deployment("b", ident="b"), policy=policy)
    step = _plan(roster, "a", wishes).next(_NOW_S)
    assert isinstance(step, Try)
    assert step.has_others is others


def test_what_is_queued_counts_for_a_group_that_was_fallen_back_to() -> None:
    roster = _roster(*(deployment(name, ident=name) for name in "abc"), policy=_general(a=["b", "c"]))
    plan = _plan(roster, "a")
    asked = []
    step = plan.next(_NOW_S)
    while isinstance(step, Try):
        asked.append((step.member.deployment.id, step.has_others))
        plan.failed(step, _AWAY)
        step = plan.next(_NOW_S)
    assert asked == [("a", True), ("b", True), ("c", False)]


def test_a_group_is_visited_once_by_whatever_name() -> None:
    aliases = (Alias(name="x", target="a"),)
    roster = _roster(
        deployment("a", ident="a1"),
        deployment("b", ident="b1"),
        policy=_general(a=["b"], b=["a", "a1", "x"]),
        aliases=aliases,
    )
    plan = _plan(roster, "x")
    asked = []
    step = plan.next(_NOW_S)
    while isinstance(step, Try):
        asked.append(step.member.deployment.id)
        plan.failed(step, _AWAY)
        step = plan.next(_NOW_S)
    assert asked == ["a1", "b1"]
    assert isinstance(step, GiveUp)


@pytest.mark.parametrize(("wishes", "seconds"), [(NO_WISHES, 8.0), (RoutingWishes(disable_fallbacks=True), 60.0)])
def test_a_slot_is_waited_for_longer_where_nobody_else_may_answer(wishes: RoutingWishes, seconds: float) -> None:
    full = replace(deployment("a", ident="a"), max_parallel_requests=1)
    roster = _roster(full, deployment("b", ident="b"), policy=_general(a=["b"]))
    next(roster.standings()).standing.began(_NOW_S)
    plan = _plan(roster, "a", wishes)
    step = plan.next(_NOW_S)
    assert isinstance(step, Wait)
    assert step.seconds == seconds
    later = plan.next(_NOW_S + seconds)
    assert isinstance(later, Try if wishes is NO_WISHES else GiveUp)


def test_those_who_can_never_serve_a_call_say_nothing_of_when_to_come_back() -> None:
    wanted = replace(deployment("a", ident="wanted"), tags=("x",))
    other = replace(deployment("a", ident="other"), tags=("y",))
    roster = _roster(wanted, other, policy=RoutingPolicy(tag_filtering=True, patience=PatiencePolicy()))
    member = next(roster.standings())
    roster.change(member, limited(member.standing.health, _NOW_S + 600.0))
    step = _plan(roster, "a", needs=Needs(tags=("x",))).next(_NOW_S)
    assert isinstance(step, GiveUp)
    assert (step.error.status, step.error.retry_after_s) == (429, 600.0)


@pytest.mark.parametrize(
    "kind", [ErrorKind.SERVER, ErrorKind.INVALID_REQUEST, ErrorKind.RATE_LIMIT, ErrorKind.AUTH]
)
def test_what_becomes_of_older_calls_says_nothing_of_a_probe(kind: ErrorKind) -> None:
    roster = _roster(deployment("a", ident="a"), deployment("a", ident="b"), policy=RoutingPolicy())
    group = roster.group("a")
    member = group.members[0]
    old = [Lease(roster, member, _NOW_S, is_probe=False, group=group) for _ in range(7)]
    for lease in old[:6]:
        lease.failed(_AWAY, _NOW_S)
    assert not member.standing.is_well
    probe = Lease(roster, member, _NOW_S + 3.0, is_probe=True, group=group)
    probing = member.standing.health
    old[6].failed(UpstreamRejected("late", kind=kind), _NOW_S + 3.1)
    assert member.standing.health.breaker is probing.breaker
    probe.opened(_NOW_S + 3.2)
    assert member.standing.is_well


def test_retries_by_group_are_found_by_the_name_that_was_asked_for() -> None:
    policy = RoutingPolicy(
        retry=RetryPolicy(retries=0, by_group={"x": {_CLASS: 1}}, backoff_s=0.0),
    )
    roster = _roster(deployment("a", ident="a1"), policy=policy, aliases=(Alias(name="x", target="a"),))
    plan = _plan(roster, "x")
    step = plan.next(_NOW_S)
    assert isinstance(step, Try)
    plan.failed(step, _AWAY)
    assert isinstance(plan.next(_NOW_S), Wait)


@pytest.mark.parametrize(("tokens", "too_long"), [(100, False), (101, True)])
def test_a_prompt_that_no_minute_has_room_for_is_not_told_to_come_again(tokens: int, too_long: bool) -> None:
    members = [
        replace(deployment("a", ident=ident), tpm=tpm) for ident, tpm in (("small", 10.0), ("large", 100.0))
    ]
    roster = _roster(*members, policy=replace(_general(), pre_call_checks=True))
    step = _plan(roster, "a", needs=Needs(prompt_tokens=tokens)).next(_NOW_S)
    if not too_long:
        assert isinstance(step, Try)
        return
    assert isinstance(step, GiveUp)
    assert step.error.kind is ErrorKind.CONTEXT_LENGTH
    assert not step.error.retryable
    assert "at most 100 tokens" in step.error.message
