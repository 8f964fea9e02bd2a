"""Any calls, under any policy, over any faults: what holds whatever happens."""

from collections import deque
from dataclasses import replace
from itertools import zip_longest

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.errors import ErrorKind, FeatherGateError
from domain.routing.failure import ErrorClass, FallbackKind, consequence_of
from domain.routing.fleet import Deployment
from domain.routing.health import Breaker
from domain.routing.plan import Plan
from domain.routing.policy import (
    CooldownPolicy,
    FallbackPolicy,
    HedgingPolicy,
    PatiencePolicy,
    RetryPolicy,
    RoutingPolicy,
    Strategy,
)
from domain.routing.steps import Failure, Try
from domain.routing.wishes import FallbackTarget, RoutingWishes
from tests.application.faulty_fleet import Asked, Call, FaultyFleet, Turn, turns

_SOON_S = 1e-6
"""As exactly as floating-point seconds add up."""
_GROUPS = ("a", "b", "c")
_TARGETS = st.lists(st.sampled_from((*_GROUPS, "nobody")), max_size=3).map(tuple)
_FALLBACKS = st.dictionaries(st.sampled_from((*_GROUPS, "*")), _TARGETS, max_size=3)
_NUMBERS = st.dictionaries(st.sampled_from(ErrorClass), st.integers(0, 3), max_size=4)
_SCRIPTS = st.one_of(st.lists(turns(), max_size=8), turns().map(lambda turn: [turn]))


def _deployments() -> st.SearchStrategy[list[Deployment]]:
    one = st.builds(
        Deployment,
        id=st.just(""),
        group=st.sampled_from(_GROUPS),
        provider=st.just("p"),
        model=st.just("m"),
        order=st.sampled_from([None, None, 1, 2]),
        max_parallel_requests=st.sampled_from([None, None, 1, 2]),
        cooldown_s=st.sampled_from([None, None, 0.0, 4.0]),
        retries=st.sampled_from([None, None, 1]),
        unready=st.sampled_from([None, None, None, None, "KEY is not set"]),
    )
    return st.lists(one, max_size=5).map(
        lambda drawn: [
            replace(deployment, id=str(at))
            for at, deployment in enumerate([Deployment(id="", group="a", provider="p", model="m"), *drawn])
        ]
    )


def _policies() -> st.SearchStrategy[RoutingPolicy]:
    return st.builds(
        RoutingPolicy,
        strategy=st.sampled_from(Strategy),
        retry=st.builds(
            RetryPolicy,
            retries=st.integers(0, 5),
            by_class=_NUMBERS,
            by_group=st.dictionaries(st.sampled_from(_GROUPS), _NUMBERS, max_size=1),
            least_wait_s=st.sampled_from([0.0, 0.0, 3.0]),
        ),
        cooldown=st.builds(
            CooldownPolicy,
            cooldown_s=st.sampled_from([None, None, 5.0]),
            allowed_fails=st.sampled_from([None, None, 0, 2]),
            allowed_by_class=_NUMBERS,
            enabled=st.sampled_from([True, True, True, False]),
        ),
        fallbacks=st.builds(
            FallbackPolicy,
            general=_FALLBACKS,
            context_window=_FALLBACKS,
            content_policy=_FALLBACKS,
            most=st.integers(0, 4),
        ),
        patience=st.builds(PatiencePolicy, longest_wait_s=st.sampled_from([0.0, 5.0, 60.0])),
        hedging=st.builds(HedgingPolicy, enabled=st.booleans(), share=st.just(1.0)),
        affinity=st.booleans(),
        guards_whole_streams=st.booleans(),
    )


def _wishes() -> st.SearchStrategy[RoutingWishes]:
    targets = st.one_of(
        st.none(), st.none(), _TARGETS.map(lambda names: tuple(FallbackTarget(model=name) for name in names))
    )
    return st.builds(
        RoutingWishes,
        fallbacks=targets,
        content_policy_fallbacks=targets,
        retries=st.one_of(st.none(), st.none(), st.integers(0, 4)),
        disable_fallbacks=st.sampled_from([False, False, True]),
        mock_failure=st.sampled_from([None, None, None, ErrorKind.RATE_LIMIT, ErrorKind.CONTENT_POLICY]),
    )


class AttemptsMachine(RuleBasedStateMachine):
    """Calls come, wait, fail, are answered, read, and left."""

    @initialize(deployments=_deployments(), policy=_policies(), seed=st.integers(0, 99))
    def configure(self, deployments: list[Deployment], policy: RoutingPolicy, seed: int) -> None:
        self.fleet = FaultyFleet(deployments, policy, seed)
        self.unread: list[Call] = []

    @rule(
        model=st.sampled_from(_GROUPS),
        script=_SCRIPTS,
        timeout_s=st.sampled_from([None, None, 0.0, 0.4, 6.0, 100.0]),
        wishes=_wishes(),
        again=st.booleans(),
    )
    def call(
        self, model: str, script: list[Turn], timeout_s: float | None, wishes: RoutingWishes, *, again: bool
    ) -> None:
        if any(member.deployment.group == model for member in self.fleet.roster.standings()):
            self.unread.append(self.fleet.start(model, script, timeout_s=timeout_s, wishes=wishes, again=again))
            self.fleet.loop.pass_time(0.0)

    @rule(times=st.integers(2, 30), turn=turns(), gap_s=st.sampled_from([0.0, 0.05, 2.0]))
    def call_often(self, times: int, turn: Turn, gap_s: float) -> None:
        for _ in range(times):
            self.unread.append(self.fleet.start("a", [turn], again=True))
            self.fleet.loop.pass_time(gap_s)

    @rule(seconds=st.sampled_from([0.0, 0.1, 1.0, 2.0, 7.0, 70.0]))
    def wait(self, seconds: float) -> None:
        self.fleet.loop.pass_time(seconds)

    @precondition(lambda self: self.unread)
    @rule(data=st.data())
    def leave(self, data: st.DataObject) -> None:
        self.fleet.cancel(data.draw(st.sampled_from(self.unread)))

    @precondition(lambda self: self.unread)
    @rule(data=st.data(), pieces=st.sampled_from([None, 0, 1]))
    def read(self, data: st.DataObject, pieces: int | None) -> None:
        call = data.draw(st.sampled_from(self.unread))
        if call.task.done():
            self.unread.remove(call)
            self.fleet.finish(call, pieces=pieces)

    @invariant()
    def nobody_is_probed_without_a_probe(self) -> None:
        for member in self.fleet.roster.standings():
            standing, most = member.standing, member.deployment.max_parallel_requests
            assert standing.in_flight >= 0
            assert most is None or standing.in_flight <= most
            if standing.health.breaker is Breaker.HALF_OPEN:
                assert standing.in_flight > 0

    def teardown(self) -> None:
        if not hasattr(self, "fleet"):
            return
        fleet = self.fleet
        for call in self.unread:
            fleet.finish(call)
        fleet.loop.pass_time(3_000.0)
        for call in self.unread:
            fleet.finish(call)
        fleet.loop.pass_time(3_000.0)
        for call in fleet.calls:
            assert call.task.done()
            fleet.finish(call)
            _check(call, fleet)
        for member in fleet.roster.standings():
            assert member.standing.in_flight == 0
            assert member.standing.health.breaker is not Breaker.HALF_OPEN
        assert fleet.opened == fleet.closed
        _check_limits(fleet)


def _check(call: Call, fleet: FaultyFleet) -> None:
    """What holds for one call that is over."""
    assert call.ended_s is not None
    if not call.was_cancelled:
        assert call.ended_s <= call.deadline_s + _SOON_S
    if call.task.cancelled():
        assert call.was_cancelled
        return
    plan = call.plan
    assert plan is not None
    error = call.task.exception()
    if error is not None:
        assert isinstance(error, FeatherGateError)
        assert not plan.failures or error is plan.failures[0].error
    _check_number(plan, call, fleet.policy)
    _check_content_policy(plan, call, fleet.policy)
    _check_others(call, fleet)


def _check_number(plan: Plan, call: Call, policy: RoutingPolicy) -> None:
    """So many groups, and so many tries of each: those that count, the probes, and those that were never sent."""
    groups = list(dict.fromkeys(each.group.name for each in plan.tries))
    assert len(groups) - 1 <= plan.fallbacks <= policy.fallbacks.most
    numbers = [policy.retry.retries, call.wishes.retries or 0, 1, *policy.retry.by_class.values()]
    numbers += [number for of_group in policy.retry.by_group.values() for number in of_group.values()]
    unsent = [each for each in plan.failures if each.member is not None and each.error.origin != "provider"]
    for name in groups:
        tries = [each for each in plan.tries if each.group.name == name]
        probed = [id(each.member) for each in tries if each.is_probe]
        refused = [id(each.member) for each in unsent if each.member in {one.member for one in tries}]
        assert len(probed) == len(set(probed))
        assert len(refused) == len(set(refused))
        hedges = len(tries) // 2 if policy.hedging.enabled else 0
        assert len(tries) - len(probed) - len(refused) - hedges <= 1 + max(numbers)


def _check_content_policy(plan: Plan, call: Call, policy: RoutingPolicy) -> None:
    """After content was refused, only those are asked whom the operator, or the caller, named for that."""
    named = {name for names in policy.fallbacks.content_policy.values() for name in names}
    named |= {target.model for target in call.wishes.content_policy_fallbacks or ()}
    refused, target = False, None
    for event in plan.story:
        if isinstance(event, Failure):
            refused = consequence_of(event.error).fallback is FallbackKind.CONTENT_POLICY
        elif isinstance(event, Try):
            assert (
                not refused or event.target is target or (event.target is not None and event.target.model in named)
            )
            target = event.target


def _check_others(call: Call, fleet: FaultyFleet) -> None:
    """Where a failure could go elsewhere, and tries were left, somebody new was asked as long as there was one."""
    retry = fleet.policy.retry
    if fleet.policy.hedging.enabled or retry.by_class or retry.by_group or call.was_cancelled:
        return
    if any(member.deployment.retries is not None for member in fleet.roster.standings()):
        return
    most = retry.retries if call.wishes.retries is None else call.wishes.retries
    assert call.plan is not None
    probes = {id(each.member.deployment): each.is_probe for each in call.plan.tries}
    tried: list[Asked] = []
    for asked, following in zip_longest(fleet.tries_of(call), fleet.tries_of(call)[1:]):
        if tried and tried[-1].deployment.group != asked.deployment.group:
            tried = []
        tried.append(asked)
        error = asked.error
        used = sum(1 for each in tried if each.error is not None and each.error.origin == "provider")
        fresh = asked.others - {each.deployment.id for each in tried}
        if error is None or not consequence_of(error).elsewhere or used > most or not fresh:
            continue
        if asked.failed_s < call.deadline_s and not any(probes.values()):
            assert following is not None
            assert following.deployment.id in fresh


def _check_limits(fleet: FaultyFleet) -> None:
    """Nobody is asked before the time that it asked for."""
    changes, until_s = deque(fleet.changes), dict[str, float]()
    for asked in fleet.asked:
        while changes and changes[0][0] < asked.at_s:
            _, ident, _, after = changes.popleft()
            until_s[ident] = after.limited_s
        assert until_s.get(asked.deployment.id, 0.0) <= asked.at_s + _SOON_S


AttemptsMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestAttempts = AttemptsMachine.TestCase
