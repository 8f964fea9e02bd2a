"""The use case: tell how a call would be routed now, without making it."""

import random
from dataclasses import dataclass

from application.chat_call import ChatCall
from application.course import ChatCourses
from application.ports.clock import Clock
from domain.errors import FeatherGateError
from domain.routing.explanation import explain
from domain.routing.failure import FallbackKind
from domain.routing.fallbacks import fallbacks_for
from domain.routing.fleet import Deployment
from domain.routing.group import Member, Skipped
from domain.routing.plan import Plan
from domain.routing.roster import Roster
from domain.routing.selection import Selection
from domain.routing.steps import Course, GiveUp, Try, Wait
from domain.routing.strategy import picker

_SEEDS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """How a call would be routed.

    text:       the same as the log would tell.
    candidates, probes: of the group that was chosen from; skipped: everybody who was left out till then.
    choice:     who would be asked; None where nobody would be, or not yet.
    wait_s:     how long at most a free slot would be waited for before; None = not at all.
    error:      what the caller would be told; None where somebody would be asked.
    seed:       chance; the same one gives the same choice as long as nothing else changes.
    fallbacks:  names of the models that would be asked in place of this one, by what went wrong with it.
    retries:    how often its group would be tried again, where no rule for a class of errors says otherwise.
    """

    text: str
    candidates: tuple[Deployment, ...]
    probes: tuple[Deployment, ...]
    skipped: tuple[Skipped, ...]
    choice: Deployment | None
    wait_s: float | None
    error: FeatherGateError | None
    seed: int
    fallbacks: dict[FallbackKind, tuple[str, ...]]
    retries: int


class Explain:
    """Plans a call's first step by the standings of this moment, and changes none of them."""

    def __init__(self, roster: Roster, courses: ChatCourses, clock: Clock) -> None:
        self._roster = roster
        self._courses = courses
        self._clock = clock
        self._pick = picker(roster.policy.strategy)

    def run(self, call: ChatCall, seed: int | None) -> Explanation:
        """Raises UnknownModel, and what ChatCourses raises; without a seed one is drawn."""
        if seed is None:
            seed = random.randrange(_SEEDS)
        course = self._courses.of(call)
        plan = Plan(self._roster, course, self._pick, random.Random(seed).random)
        step = plan.next(self._clock.monotonic_s())
        chosen = step.member if isinstance(step, Try) else None
        selections = [event.selection for event in plan.story if event.selection is not None] or [Selection()]
        return Explanation(
            text=explain(plan),
            candidates=_deployments(selections[-1].candidates),
            probes=_deployments(selections[-1].probes),
            skipped=tuple(skipped for selection in selections for skipped in selection.skipped),
            choice=None if chosen is None else chosen.deployment,
            wait_s=step.seconds if isinstance(step, Wait) else None,
            error=step.error if isinstance(step, GiveUp) else None,
            seed=seed,
            fallbacks=self._fallbacks(course),
            retries=self._retries(course, chosen),
        )

    def _fallbacks(self, course: Course) -> dict[FallbackKind, tuple[str, ...]]:
        names = (course.model, self._roster.group(course.model).name)
        policy = self._roster.policy.fallbacks
        return {
            kind: tuple(target.model for target in fallbacks_for(names, kind, policy, course.wishes))
            for kind in FallbackKind
            if kind is not FallbackKind.NONE
        }

    def _retries(self, course: Course, chosen: Member | None) -> int:
        if course.wishes.retries is not None:
            return course.wishes.retries
        own = None if chosen is None else chosen.deployment.retries
        return self._roster.policy.retry.retries if own is None else own


def _deployments(members: tuple[Member, ...]) -> tuple[Deployment, ...]:
    return tuple(member.deployment for member in members)
