"""Which deployment has the prompt cache that is warm for a call.

By rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998): every pair
of a deployment and a key has a score, and the deployment of the highest is the key's. All processes and replicas
agree without telling each other, and where a deployment leaves or comes only its own keys move. As in "Consistent
Hashing with Bounded Loads" (Mirrokni, Thorup and Zadimoghaddam, 2018) one that is too busy passes keys on.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final

from domain.routing.group import Member

BUSY_FACTOR: Final = 2
BUSY_SLACK: Final = 2
"""A member is too busy with more than twice what the others have in flight on average and two more."""


def warm_first(members: Sequence[Member], affinity: str) -> tuple[Member, ...]:
    """The members, those first whose caches are likely to be warm for calls of this affinity."""
    key = blake2b(affinity.encode(), digest_size=16).digest()
    return tuple(sorted(members, key=lambda member: _score(member.deployment.id, key), reverse=True))


def warmest(members: Sequence[Member], affinity: str) -> Member:
    """The first of `warm_first` that is not too busy. `members` are never none; one of them is never too busy."""
    if len(members) == 1:
        return members[0]
    in_flight = sum(member.standing.in_flight for member in members)
    others = len(members) - 1
    return next(
        member
        for member in warm_first(members, affinity)
        if (member.standing.in_flight - BUSY_SLACK) * others
        <= BUSY_FACTOR * (in_flight - member.standing.in_flight)
    )


def _score(deployment_id: str, key: bytes) -> bytes:
    return blake2b(key + deployment_id.encode(), digest_size=8).digest()
