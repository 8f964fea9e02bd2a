"""A call's tries within one group."""

from collections.abc import Sequence
from math import inf

from domain.errors import FeatherGateError
from domain.routing.affinity import warmest
from domain.routing.failure import ErrorClass, consequence_of
from domain.routing.group import Draw, Member, Pick
from domain.routing.retry import backoff_s
from domain.routing.roster import Roster
from domain.routing.selection import Selection
from domain.routing.steps import Course, Failure, Try, Wait
from domain.routing.unserved import unserved
from domain.routing.wishes import FallbackTarget


class Visit:
    """Says who of `group` is asked next, until a failure means that nobody else of it should be.

    A first failure is followed by others who are well, at once, and where there are none by the same, after a
    while. Every try uses up one of the group's number but a probe's, which is on the gateway, and one that was
    refused before anything was sent; these two are each made once for a member, so that a visit ends.
    """

    __slots__ = ("_course", "_draw", "_last", "_pick", "_policy", "_tried", "_used", "_waited", "group", "target")

    def __init__(
        self, roster: Roster, target: FallbackTarget | None, course: Course, pick: Pick, draw: Draw
    ) -> None:
        """To the group of `target`, or of the model asked for. Raises UnknownModel where nobody has its name."""
        self.group = roster.group(course.model if target is None else target.model)
        self.target = target
        self._policy = roster.policy
        self._course = course
        self._pick = pick
        self._draw = draw
        self._tried: list[Member] = []
        self._used = 0
        self._last: Failure | None = None
        self._waited = False

    def next(self, now_s: float) -> Try | Wait | Failure:
        """What to do at `now_s`; the failure that counts where there is no more to do here."""
        selection = self.group.selection(self._course.needs, now_s)
        if self._last is None:
            return self._first(selection, now_s)
        return self._further(self._last, selection, now_s) or self._last

    def beside(self, now_s: float) -> Try | None:
        """Somebody to ask beside the one who is being asked, if there is."""
        selection = self.group.selection(self._course.needs, now_s)
        others = self._untried(selection.candidates)
        return self._try(selection, self._chosen(others, now_s)) if others else None

    def failed(self, tried: Try, error: FeatherGateError, took_s: float | None = None) -> Failure:
        """`tried` came to nothing, after `took_s` where that is known."""
        self._last = Failure(tried.member, error, took_s)
        if not tried.is_probe and error.origin == "provider":
            self._used += 1
        return self._last

    def _first(self, selection: Selection, now_s: float) -> Try | Wait | Failure:
        if selection.probes:
            return self._try(selection, selection.probes[0], is_probe=True)
        candidates = selection.candidates
        if candidates:
            member = candidates[0] if len(candidates) == 1 else self._chosen(candidates, now_s)
            self._tried.append(member)
            return Try(member, self.group, selection, self.target)
        wait = self._for_slot(selection, now_s)
        return self._unserved(selection, now_s) if wait is None else wait

    def given_up(self, now_s: float) -> Failure:
        """The failure that counts where it is not worth it to wait."""
        return self._last or self._unserved(self.group.selection(self._course.needs, now_s), now_s)

    def _unserved(self, selection: Selection, now_s: float) -> Failure:
        error = unserved(self.group, selection, self._course.needs, now_s)
        return Failure(None, error, group=self.group, selection=selection)

    def _for_slot(self, selection: Selection, now_s: float) -> Wait | None:
        until_s = min(self._course.began_s + self._policy.patience.longest_wait_s, self._course.deadline_s)
        if not selection.full or now_s >= until_s:
            return None
        return Wait(until_s - now_s, selection.full, self.group, selection)

    def _further(self, last: Failure, selection: Selection, now_s: float) -> Try | Wait | None:
        consequence = consequence_of(last.error)
        most, asked_for = self._retries(consequence.error_class)
        if self._used > most:
            return None
        asked_for = asked_for and last.error.origin == "provider"
        if consequence.elsewhere or asked_for:
            fresh = self._untried(selection.candidates) or self._next_in_order(selection)
            if fresh:
                return self._try(selection, self._chosen(fresh, now_s))
            probes = self._untried(selection.probes)
            if probes:
                return self._try(selection, probes[0], is_probe=True)
        if not (consequence.again or asked_for):
            return None
        if not selection.candidates:
            return self._until_one_is_free(selection, now_s)
        others = [member for member in selection.candidates if member is not last.member]
        if self._waited:
            return self._try(selection, self._chosen(others or selection.candidates, now_s))
        return self._back_off(0.0 if others else last.error.retry_after_s or 0.0)

    def _back_off(self, asked_for_s: float) -> Wait:
        """The wait before the same deployments are asked again: the upstream's word, or the policy's."""
        retry = self._policy.retry
        wait_s = backoff_s(
            max(0, self._used - 1), self._draw(), first_s=retry.backoff_s, least_s=retry.least_wait_s
        )
        self._waited = True
        return Wait(max(wait_s, asked_for_s))

    def _until_one_is_free(self, selection: Selection, now_s: float) -> Wait | None:
        """The wait for a slot, or else until a rate limit is over."""
        self._waited = True
        if selection.full:
            return self._for_slot(selection, now_s)
        waits_s = [
            member.standing.health.waits_s(now_s)
            for member in self.group.members
            if member.deployment.unready is None and member.standing.is_well
        ]
        wait_s = min((wait_s for wait_s in waits_s if wait_s > 0), default=inf)
        return Wait(wait_s) if wait_s < inf else None

    def _retries(self, error_class: ErrorClass) -> tuple[int, bool]:
        """How often the group may be tried again; whether that was asked for, for this very class of errors."""
        retry = self._policy.retry
        if self._course.wishes.retries is not None:
            return self._course.wishes.retries, False
        asked = self._course.model if self.target is None else self.target.model
        of_group = retry.by_group.get(asked, retry.by_group.get(self.group.name))
        for numbers in (of_group, retry.by_class):
            if numbers is not None and error_class in numbers:
                return numbers[error_class], numbers[error_class] > 0
        own = next((one.deployment.retries for one in self._tried if one.deployment.retries is not None), None)
        return retry.retries if own is None else own, False

    def _untried(self, members: Sequence[Member]) -> list[Member]:
        return [member for member in members if all(member is not tried for tried in self._tried)]

    def _next_in_order(self, selection: Selection) -> list[Member]:
        """Those who serve after the candidates, all of which were tried."""
        fresh = self._untried(selection.later)
        return [member for member in fresh if member.deployment.order == fresh[0].deployment.order]

    def _chosen(self, members: Sequence[Member], now_s: float) -> Member:
        if len(members) == 1:
            return members[0]
        affinity = self._course.needs.affinity
        return warmest(members, affinity) if affinity else self._pick(members, now_s, self._draw)

    def _try(self, selection: Selection, member: Member, *, is_probe: bool = False) -> Try:
        self._tried.append(member)
        self._waited = False
        return Try(member, self.group, selection, self.target, is_probe)
