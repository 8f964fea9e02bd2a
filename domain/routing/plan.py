"""The course of one call over the groups that may answer it: who is asked next, and when to give up."""

from dataclasses import replace

from domain.errors import DeadlineExceeded, FeatherGateError, UnknownModel, UpstreamRejected
from domain.routing.chance import Chance
from domain.routing.failure import FallbackKind, consequence_of
from domain.routing.fallbacks import fallbacks_for
from domain.routing.group import Draw, Pick
from domain.routing.retry import LONGEST_BACKOFF_S
from domain.routing.roster import Roster
from domain.routing.steps import Course, Event, Failure, GiveUp, Step, Try, Wait
from domain.routing.visit import Visit
from domain.routing.wishes import FallbackTarget


class Plan:
    """Answers `next` with what to do, until it gives up; is told by `failed` what came to nothing.

    A call visits each group once, and so many groups at most as the policy says. Raises UnknownModel where nobody
    has the name that was asked for.

    tries: all that were made. failures: all that came to nothing, in the order in which they were told.
    story: both with the waits between them, in the order of their time.
    answered: the try that gave a good answer. error: what the caller is told, once nobody gives one.
    """

    __slots__ = (
        "_chance",
        "_pick",
        "_queue",
        "_roster",
        "_visit",
        "_visited",
        "answered",
        "course",
        "error",
        "failures",
        "story",
        "tries",
    )

    def __init__(self, roster: Roster, course: Course, pick: Pick, draw: Draw) -> None:
        self.course = course
        self._roster = roster
        self._pick = pick
        self._chance = Chance(draw)
        self._queue: list[FallbackTarget] = []
        self.failures: list[Failure] = []
        self.tries: list[Try] = []
        self.story: list[Event] = []
        self.answered: Try | None = None
        self.error: FeatherGateError | None = None
        self._visit = Visit(roster, None, course, pick, self._chance)
        self._visited = [self._visit.group.identity]

    def next(self, now_s: float) -> Step:
        """What to do at `now_s`."""
        if now_s >= self.course.deadline_s:
            return GiveUp(self.late())
        mock = self.course.wishes.mock_failure
        if mock is not None and not self.failures:
            error = UpstreamRejected("the caller asked for a failure, to see what follows", kind=mock)
            return self._fall_back(Failure(None, error), now_s)
        step = self._visit.next(now_s)
        if isinstance(step, Failure):
            return self._fall_back(step, now_s)
        if isinstance(step, Wait):
            return self._worth_it(step, now_s)
        step.has_others = not step.group.is_alone or self._may_fall_back(FallbackKind.GENERAL)
        self.tries.append(step)
        self.story.append(step)
        return step

    def beside(self, now_s: float) -> Try | None:
        """Somebody to ask beside the one who is being asked, if there is."""
        step = self._visit.beside(now_s)
        if step is not None:
            step.has_others = True
            self.tries.append(step)
            self.story.append(step)
        return step

    def failed(self, tried: Try, error: FeatherGateError, took_s: float | None = None) -> None:
        """`tried` came to nothing, after `took_s` where that is known."""
        self._fails(self._visit.failed(tried, error, took_s))

    @property
    def drawn(self) -> tuple[float, ...]:
        """The numbers that chance gave."""
        return self._chance.drawn

    @property
    def went_smoothly(self) -> bool:
        """Whether nobody failed, and nobody was left out for a reason that passes."""
        tries = self.tries
        return self.error is None and not self.failures and len(tries) == 1 and not tries[0].selection.hindered

    @property
    def fallbacks(self) -> int:
        """How many groups were visited beside the one that was asked for."""
        return len(self._visited) - 1

    def _fails(self, failure: Failure) -> None:
        self.failures.append(failure)
        self.story.append(failure)

    def _worth_it(self, wait: Wait, now_s: float) -> Step:
        """`wait`, unless it is too long, or longer than anyone need wait whom somebody else could answer."""
        kind = consequence_of(self.failures[-1].error).fallback if self.failures else FallbackKind.GENERAL
        longest_s = self._roster.policy.patience.longest_wait_s
        if self._may_fall_back(kind):
            longest_s = min(longest_s, LONGEST_BACKOFF_S)
        if wait.for_slot:
            wait = replace(wait, seconds=min(wait.seconds, self.course.began_s + longest_s - now_s))
            is_worth_it = wait.seconds > 0
        else:
            is_worth_it = wait.seconds <= longest_s and now_s + wait.seconds < self.course.deadline_s
        if not is_worth_it:
            return self._fall_back(self._visit.given_up(now_s), now_s)
        self.story.append(wait)
        return wait

    def _may_fall_back(self, kind: FallbackKind) -> bool:
        """Whether another group may still answer where this one fails so."""
        policy = self._roster.policy.fallbacks
        if not (self._queue or policy.general or policy.context_window or self.course.wishes.fallbacks):
            return False  # nearly always where nobody else of the group is left to ask
        if self.fallbacks >= policy.most:
            return False
        return any(self._leads_on(target) for target in (*self._targets(kind), *self._queue))

    def _leads_on(self, target: FallbackTarget) -> bool:
        """Whether it is a group that was not visited yet."""
        try:
            return self._roster.group(target.model).identity not in self._visited
        except UnknownModel:
            return False

    def _fall_back(self, failure: Failure, now_s: float) -> Step:
        """The first step in the next group after `failure` ended a visit, if there is one."""
        if not self.failures or self.failures[-1] is not failure:
            self._fails(failure)
        kind = consequence_of(failure.error).fallback
        if kind is FallbackKind.NONE or kind is FallbackKind.CONTENT_POLICY:
            self._queue.clear()  # what a rule of content refused is not asked of others by another rule
        self._queue[:0] = self._targets(kind)
        while self._queue and self.fallbacks < self._roster.policy.fallbacks.most:
            target = self._queue.pop(0)
            try:
                visit = Visit(self._roster, target, self.course, self._pick, self._chance)
            except UnknownModel as error:
                self._fails(Failure(None, error))
                continue
            if visit.group.identity in self._visited:
                continue
            self._visit = visit
            self._visited.append(visit.group.identity)
            return self.next(now_s)
        self.error = self._first_error()
        return GiveUp(self.error)

    def _targets(self, kind: FallbackKind) -> tuple[FallbackTarget, ...]:
        course, visit = self.course, self._visit
        asked = course.model if visit.target is None else visit.target.model
        wishes = course.wishes if visit.target is None else None
        return fallbacks_for((asked, visit.group.name), kind, self._roster.policy.fallbacks, wishes)

    def _first_error(self) -> FeatherGateError:
        """The first error, which no later one hides, with the story of all."""
        error = self.failures[0].error
        if len(self.failures) > 1:
            error.attempts = tuple(failure.told() for failure in self.failures)
        if len(self.tries) > 1 and error.retry_after_s is None:
            error.retryable = False  # clients that try again by themselves would repeat all this
        return error

    def late(self) -> FeatherGateError:
        """The error of a call whose caller's time is over."""
        if self.failures:
            self.error = self._first_error()
        else:
            message = "the caller's time limit ran out before the model answered; allow it more time"
            self.error = DeadlineExceeded(message)
        return self.error
