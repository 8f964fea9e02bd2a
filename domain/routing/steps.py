"""What routing tells a call to do next."""

from dataclasses import field
from math import inf
from typing import TypeAlias

from domain.errors import FeatherGateError
from domain.routing.group import Member, Needs
from domain.routing.roster import NO_NEEDS, Group
from domain.routing.selection import Selection
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes
from domain.values import dataclass

NO_DEADLINE = inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What routing must know of a call.

    model:      the name that the client asked for.
    began_s, deadline_s: when the call came, and when the caller's time is over (monotonic seconds).
    wishes:     what it asks of routing. needs: what it needs of a deployment.
    call_id:    what the log knows it by.
    """

    model: str
    began_s: float
    deadline_s: float = NO_DEADLINE
    wishes: RoutingWishes = NO_WISHES
    needs: Needs = field(default=NO_NEEDS)
    call_id: str = ""


@dataclass(slots=True)
class Try:
    """Ask `member`, chosen from `selection`.

    target:   the fallback that led to its group; None = the model asked for.
    is_probe: it is to prove that it is well again.
    has_others: somebody else, of its group or of another, may still answer in its place.
    """

    member: Member
    group: Group
    selection: Selection
    target: FallbackTarget | None = None
    is_probe: bool = False
    has_others: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait, and ask for the next step then.

    for_slot: or as soon as a call to one of these is over, of whose group nobody else may be asked.
    group, selection: that group, and why.
    """

    seconds: float
    for_slot: tuple[Member, ...] = ()
    group: Group | None = None
    selection: Selection | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Nobody answers; the call fails with this."""

    error: FeatherGateError


@dataclass(frozen=True, slots=True)
class Failure:
    """A try that came to nothing, after `took_s` where that is known; `member` is None where nobody was asked.

    group, selection: the group of which nobody could be asked, and why.
    """

    member: Member | None
    error: FeatherGateError
    took_s: float | None = None
    group: Group | None = None
    selection: Selection | None = None

    def told(self) -> str:
        """Who failed, and how."""
        if self.member is None:
            return self.error.label
        deployment = self.member.deployment
        return f"{deployment.provider}/{deployment.model} ({deployment.id}): {self.error.label}"


Step: TypeAlias = Try | Wait | GiveUp
Event: TypeAlias = Try | Wait | Failure
