"""The fleet with the standing of every deployment: what routing chooses from, and calls leave their mark on."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from math import inf
from typing import Final, TypeAlias

from domain.routing.fleet import WILDCARD, Deployment, Fleet
from domain.routing.group import Member, Needs
from domain.routing.health import Health
from domain.routing.policy import RoutingPolicy
from domain.routing.selection import Selection, is_plain, next_change_s, select
from domain.routing.standing import Standing

_MAX_GROUPS: Final = 1_024
"""So many names that aliases and wildcards answer are kept at a time."""

OnChange: TypeAlias = Callable[[Deployment, Health, Health], None]
"""Told of every change of a deployment's health: what it was and what it is."""

NO_NEEDS: Final = Needs()


class Group:
    """The deployments that serve one name.

    name:     as it is configured; clients, and fallbacks, may name it otherwise.
    is_alone: it has one deployment that can be called, so that nobody else of it can answer instead.
    identity: the same for all names that mean the same deployments and models.
    """

    __slots__ = (
        "_kept",
        "_kept_epoch",
        "_kept_until_s",
        "_plain",
        "_roster",
        "identity",
        "is_alone",
        "members",
        "name",
    )

    def __init__(self, name: str, members: tuple[Member, ...], roster: "Roster") -> None:
        self.name = name
        self.members = members
        self._roster = roster
        self._plain = is_plain(members, roster.policy)
        self._kept: Selection | None = None
        self._kept_epoch = -1
        self._kept_until_s = -inf
        self.identity = frozenset((member.deployment.id, member.deployment.model) for member in members)
        self.is_alone = sum(member.deployment.unready is None for member in members) < 2

    def can_spare(self, member: Member, now_s: float) -> bool:
        """Whether somebody else of it may be asked now like any other."""
        return any(
            other.standing is not member.standing
            and other.deployment.unready is None
            and other.standing.health.answers(now_s)
            for other in self.members
        )

    def selection(self, needs: Needs, now_s: float) -> Selection:
        """Who may answer now; kept, where it depends on health alone, until a standing or the time changes it."""
        kept = self._kept
        if kept is not None and self._kept_epoch == self._roster.epoch and now_s < self._kept_until_s:
            return kept
        found = select(self.members, needs, self._roster.policy, now_s)
        if self._plain:
            self._kept, self._kept_epoch = found, self._roster.epoch
            self._kept_until_s = next_change_s(self.members, now_s)
        return found


class Roster:
    """Every group and every standing of one process. `on_change` is told when a deployment's health changes."""

    def __init__(self, fleet: Fleet, policy: RoutingPolicy, on_change: OnChange) -> None:
        self.policy = policy
        self.epoch = 0
        self._fleet = fleet
        self._on_change = on_change
        self._standings: dict[str, Standing] = {}
        self._further = lru_cache(maxsize=_MAX_GROUPS)(self._made)
        self._groups = {name: self._made(name) for name in fleet.groups if WILDCARD not in name}

    def group(self, name: str) -> Group:
        """The group that `name` means. Raises UnknownModel."""
        return self._groups.get(name) or self._further(name)

    def standings(self) -> Iterator[Member]:
        """Every configured deployment, with its standing."""
        for members in self._fleet.groups.values():
            for deployment in members:
                yield Member(deployment, self._standing(deployment))

    def change(self, member: Member, health: Health) -> None:
        """Give a member another health."""
        before = member.standing.health
        if health == before:
            return
        member.standing.health = health
        self.epoch += 1
        self._on_change(member.deployment, before, health)

    def _made(self, name: str) -> Group:
        deployments = self._fleet.deployments(name)
        members = tuple(Member(deployment, self._standing(deployment)) for deployment in deployments)
        return Group(deployments[0].group, members, self)

    def _standing(self, deployment: Deployment) -> Standing:
        return self._standings.setdefault(deployment.id, Standing())
