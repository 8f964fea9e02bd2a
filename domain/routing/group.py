"""A group with the standing of its members: what routing chooses from."""

from collections.abc import Sequence
from typing import Protocol

from domain.routing.fleet import Deployment
from domain.routing.standing import Standing
from domain.values import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A deployment and its standing, which concrete models of one wildcard deployment share."""

    deployment: Deployment
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A member that was not a candidate, and why, in a few words (`cooling down for 1.8 s`)."""

    member: Member
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a call needs of the deployment that answers it.

    tags:          of the deployments that it asks for.
    prompt_tokens: estimated length of its prompt; 0 = not looked at, since nothing depends on it.
    affinity:      the same for calls that begin alike; "" = no matter.
    """

    tags: tuple[str, ...] = ()
    prompt_tokens: int = 0
    affinity: str = ""


class Pick(Protocol):
    """A strategy: one of `members`, which are never none; `draw` gives numbers in [0, 1)."""

    def __call__(self, members: Sequence[Member], now_s: float, draw: "Draw") -> Member: ...


class Draw(Protocol):
    """Chance: a number in [0, 1)."""

    def __call__(self) -> float: ...
