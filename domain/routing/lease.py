"""A call's hold on a deployment, from the moment it is asked until its answer is over."""

from domain.errors import FeatherGateError
from domain.routing.cooling import after_failure, cooldown_of
from domain.routing.failure import Cooling, consequence_of
from domain.routing.group import Member
from domain.routing.health import Breaker, Health, abandoned, probing, recovered
from domain.routing.roster import Group, Roster


class Lease:
    """Marks a member's standing as its call goes on, until `ended`, which may be called more than once.

    group: whose call it is; the others of it may be able to answer instead. Times are monotonic seconds.
    """

    __slots__ = ("_began_s", "_group", "_held", "_is_probe", "_roster", "member")

    def __init__(self, roster: Roster, member: Member, now_s: float, *, is_probe: bool, group: Group) -> None:
        self.member = member
        self._roster = roster
        self._began_s = now_s
        self._is_probe = is_probe
        self._group = group
        self._held = True
        member.standing.began(now_s)
        if is_probe:
            cooldown_s = cooldown_of(member.deployment, roster.policy.cooldown)
            roster.change(member, probing(member.standing.health, now_s, cooldown_s=cooldown_s))

    def opened(self, now_s: float) -> None:
        """The answer proved good."""
        standing = self.member.standing
        standing.opened(now_s - self._began_s, now_s)
        if self._is_probe:
            self._is_probe = False
            self._change(recovered(standing.health))

    def failed(self, error: FeatherGateError, now_s: float) -> None:
        """There was no good answer."""
        consequence = consequence_of(error)
        if consequence.cools is not Cooling.NEVER:
            self.member.standing.failed(consequence.error_class, now_s)
        self._suffer(error, now_s)
        self.ended()

    def broke(self, error: FeatherGateError, now_s: float) -> None:
        """The answer failed after it had proved good."""
        consequence = consequence_of(error)
        if consequence.cools is not Cooling.NEVER:
            self.member.standing.broke(consequence.error_class, now_s)
            self._suffer(error, now_s)

    def ended(self, tokens: int = 0, now_s: float = 0.0) -> None:
        """The call is over; the answer used so many tokens."""
        if not self._held:
            return
        self._held = False
        standing = self.member.standing
        standing.ended(tokens, now_s)
        if self._is_probe and standing.health.breaker is Breaker.HALF_OPEN:
            self._change(abandoned(standing.health))

    def _suffer(self, error: FeatherGateError, now_s: float) -> None:
        member = self.member
        health = after_failure(
            member.standing,
            member.deployment,
            error,
            consequence_of(error),
            self._roster.policy.cooldown,
            now_s=now_s,
            alone=not self._group.can_spare(member, now_s),
            is_probe=self._is_probe,
        )
        self._change(health)

    def _change(self, health: Health) -> None:
        standing = self.member.standing
        if health.breaker is Breaker.CLOSED and not standing.is_well:
            standing.forget_failures()
        self._roster.change(self.member, health)
