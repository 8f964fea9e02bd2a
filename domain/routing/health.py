"""Whether a deployment is asked: a circuit breaker as a value, and the waits that upstreams ask for.

closed:    it is asked.
open:      it is not, until a probe is due.
half open: one call, the probe, is being answered; it closes the breaker or opens it again.

Beside that a rate limit keeps it from being asked until it is over, and leaves no doubt behind.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Final

PROBE_GAP_S: Final = 2.0
LONGEST_PROBE_GAP_S: Final = 10.0
"""Probes are 2 s apart for the first 30 s that a deployment is left alone, and ever further, up to 10 s."""
_EAGER_S: Final = 30.0


class Breaker(StrEnum):
    """The states of the breaker."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


@dataclass(frozen=True, slots=True)
class Health:
    """How a deployment stands. Times are monotonic seconds; none of them ever goes back while it stands open.

    opened_s:  when it was left alone first, since it last was well.
    probe_s:   when the next probe is due; -inf while it is well.
    limited_s: until when its upstream wants to be left alone.
    why:       why it is left alone, in a few words; "" while it is well.
    """

    breaker: Breaker = Breaker.CLOSED
    opened_s: float = -inf
    probe_s: float = -inf
    limited_s: float = -inf
    why: str = ""

    def answers(self, now_s: float) -> bool:
        """Whether it may be asked like any other."""
        return self.breaker is Breaker.CLOSED and self.limited_s <= now_s

    def probe_is_due(self, now_s: float) -> bool:
        """Whether the next call may be its probe."""
        return self.breaker is Breaker.OPEN and max(self.probe_s, self.limited_s) <= now_s

    def waits_s(self, now_s: float) -> float:
        """For how long it is not asked yet; 0 = it may be asked now, be it as a probe."""
        return max(0.0, self.probe_s - now_s, self.limited_s - now_s)


WELL: Final = Health()


def tripped(health: Health, now_s: float, *, cooldown_s: float | None, why: str = "") -> Health:
    """After a failure too many or a failed probe: left alone for `cooldown_s`, by default until the next probe."""
    opened_s = now_s if health.breaker is Breaker.CLOSED else health.opened_s
    gap_s = _gap_s(now_s - opened_s) if cooldown_s is None else cooldown_s
    probe_s = max(health.probe_s, now_s + gap_s)
    return replace(health, breaker=Breaker.OPEN, opened_s=opened_s, probe_s=probe_s, why=why)


def limited(health: Health, until_s: float) -> Health:
    """After an upstream asked to be left alone until `until_s`; a longer wait asked for before stands."""
    return replace(health, limited_s=max(health.limited_s, until_s))


def probing(health: Health, now_s: float, *, cooldown_s: float | None = None) -> Health:
    """While its probe is being answered, which began at `now_s`."""
    gap_s = PROBE_GAP_S if cooldown_s is None else cooldown_s
    return replace(health, breaker=Breaker.HALF_OPEN, probe_s=max(health.probe_s, now_s + gap_s))


def abandoned(health: Health) -> Health:
    """After a probe that ended without an answer of its own making, such as a caller's leaving."""
    return replace(health, breaker=Breaker.OPEN)


def recovered(health: Health) -> Health:
    """After a good probe; a rate limit stands."""
    return Health(limited_s=health.limited_s)


def has_opened(before: Health, after: Health) -> bool:
    """Whether a deployment that was asked is left alone from now on."""
    return before.breaker is Breaker.CLOSED and after.breaker is not Breaker.CLOSED


def has_been_limited(before: Health, after: Health, now_s: float) -> bool:
    """Whether a rate limit begins; one that grows longer is none."""
    return before.limited_s <= now_s < after.limited_s


def _gap_s(open_for_s: float) -> float:
    return min(LONGEST_PROBE_GAP_S, max(PROBE_GAP_S, PROBE_GAP_S * open_for_s / _EAGER_S))
