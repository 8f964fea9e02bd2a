"""The one loop of tries: over deployments, retries, waits and fallbacks, within the caller's time."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Generic, Self, TypeAlias, TypeVar, assert_never

from application.hedging import Hedging
from application.ports.clock import Clock
from application.ports.routing_watch import RoutingWatch
from application.slots import Slots
from domain.errors import FeatherGateError
from domain.routing.group import Draw, Member
from domain.routing.lease import Lease
from domain.routing.plan import Plan
from domain.routing.roster import Roster
from domain.routing.steps import NO_DEADLINE, Course, GiveUp, Step, Try, Wait
from domain.routing.strategy import picker

_Answer = TypeVar("_Answer")

Attempt: TypeAlias = Callable[[Try], Awaitable[_Answer]]
"""Asks one deployment. Raises FeatherGateErrors; its cancellation closes what it opened."""

Discard: TypeAlias = Callable[[_Answer], Awaitable[None]]
"""Closes an answer that nobody wants."""


class Served(Generic[_Answer]):
    """A deployment that is asked, then the answer it gives; holds the deployment until `ended`.

    As a context it surrounds the asking: standing and plan are told of a failure, which goes on its way.

    tried:    who is asked, and what led to it. answer: what is set within the context.
    opened_s: when the answer proved good (monotonic seconds).
    """

    __slots__ = ("_attempts", "_began_s", "_lease", "_plan", "answer", "opened_s", "tried")

    answer: _Answer

    def __init__(self, attempts: "Attempts", plan: Plan, tried: Try, now_s: float) -> None:
        self.tried = tried
        self.opened_s = 0.0
        self._attempts = attempts
        self._plan = plan
        self._began_s = now_s
        self._lease = Lease(attempts.roster, tried.member, now_s, is_probe=tried.is_probe, group=tried.group)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        if failure is None:
            self.opened_s = now_s = self._attempts.clock.monotonic_s()
            self._lease.opened(now_s)
            return
        if isinstance(failure, FeatherGateError):
            deployment = self.tried.member.deployment
            failure.provider = failure.provider or deployment.provider
            failure.model = failure.model or deployment.model
            now_s = self._attempts.clock.monotonic_s()
            self._lease.failed(failure, now_s)
            self._plan.failed(self.tried, failure, now_s - self._began_s)
        self.ended()

    def broke(self, error: FeatherGateError) -> None:
        """The answer failed after it had proved good."""
        self._lease.broke(error, self._attempts.clock.monotonic_s())

    def ended(self, tokens: int = 0) -> None:
        """The answer is over, and used so many tokens. Idempotent."""
        attempts = self._attempts
        self._lease.ended(tokens, attempts.clock.monotonic_s() if tokens else 0.0)
        if attempts.slots.are_awaited:
            attempts.slots.freed(self.tried.member)


class Attempts:
    """Tries what a Plan says until somebody answers or it gives up. `draw` gives numbers in [0, 1)."""

    def __init__(self, roster: Roster, clock: Clock, draw: Draw, watch: RoutingWatch) -> None:
        self.roster = roster
        self.clock = clock
        self.slots = Slots()
        self._draw = draw
        self._watch = watch
        self._pick = picker(roster.policy.strategy)
        hedging = roster.policy.hedging
        self._hedging = Hedging(hedging, clock) if hedging.enabled else None

    def run(
        self, course: Course, attempt: Attempt[_Answer], discard: Discard[_Answer] | None = None
    ) -> Coroutine[None, None, Served[_Answer]]:
        """The first good answer to a call.

        Calls that can `discard` an answer are hedged where the policy says so. Raises UnknownModel where nobody
        has the model's name; DeadlineExceeded where the caller's time runs out before anything failed; otherwise
        the first failure, which tells of the others.
        """
        plan = Plan(self.roster, course, self._pick, self._draw)
        answering = self._drive(plan, attempt, discard)
        if course.deadline_s == NO_DEADLINE:
            return answering
        return self._in_time(answering, plan)

    async def _drive(
        self, plan: Plan, attempt: Attempt[_Answer], discard: Discard[_Answer] | None
    ) -> Served[_Answer]:
        """Do what `plan` says."""
        hedging = None if discard is None else self._hedging
        freed: Member | None = None
        try:
            while True:
                now_s = self.clock.monotonic_s()
                step = plan.next(now_s)
                if freed is not None:
                    self._pass_on(freed, step)
                    freed = None
                match step:
                    case Try():
                        try:
                            if hedging is not None and discard is not None and not step.is_probe:
                                served = await self._race(hedging, step, plan, attempt, discard)
                            else:
                                served = Served(self, plan, step, now_s)
                                with served:
                                    served.answer = await attempt(step)
                        except FeatherGateError as error:
                            error.let_go()  # the plan keeps it
                            continue
                        plan.answered = served.tried
                        return served
                    case Wait():
                        freed = await self._wait(step)
                    case GiveUp():
                        raise step.error
                    case _:
                        assert_never(step)
        finally:
            if plan.course.deadline_s == NO_DEADLINE:
                self._watch.routed(plan)

    async def _in_time(self, answering: Awaitable[Served[_Answer]], plan: Plan) -> Served[_Answer]:
        """What `answering` gives within the caller's time. Raises what failed till then."""
        limit = asyncio.timeout(plan.course.deadline_s - self.clock.monotonic_s())
        try:
            async with limit:
                return await answering
        except TimeoutError:
            if not limit.expired():
                raise
            raise plan.late() from None
        finally:
            self._watch.routed(plan)

    async def _wait(self, wait: Wait) -> Member | None:
        """Wait; the one whose slot this call was handed, if it waited for one."""
        if wait.for_slot:
            return await self.slots.wait(wait.for_slot, wait.seconds)
        await asyncio.sleep(wait.seconds)
        return None

    def _pass_on(self, freed: Member, step: Step) -> None:
        """A slot that was waited for is for the next who waits, where `step` does not take it."""
        if not (isinstance(step, Try) and step.member.standing is freed.standing):
            self.slots.freed(freed)

    async def _race(
        self, hedging: Hedging, step: Try, plan: Plan, attempt: Attempt[_Answer], discard: Discard[_Answer]
    ) -> Served[_Answer]:
        """Ask one deployment, and maybe another one beside it."""
        asked: list[Served[_Answer]] = []
        won: Served[_Answer] | None = None

        def ask(one: Try) -> Awaitable[Served[_Answer]]:
            # Held before its task begins: another call could take the slot meanwhile.
            asked.append(Served(self, plan, one, self.clock.monotonic_s()))
            return _answered(asked[-1], attempt)

        async def throw_away(served: Served[_Answer]) -> None:
            await discard(served.answer)

        try:
            won = await hedging.race(step, plan, ask, throw_away)
            return won
        finally:
            for served in asked:  # one whose task was cancelled before it began among them
                if served is not won:
                    served.ended()


async def _answered(served: Served[_Answer], attempt: Attempt[_Answer]) -> Served[_Answer]:
    with served:
        served.answer = await attempt(served.tried)
    return served
