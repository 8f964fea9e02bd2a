"""Upstreams that fail as real ones do, by chance and by the clock."""

import asyncio
from bisect import bisect
from dataclasses import dataclass
from math import ceil, exp, inf
from random import Random
from typing import Final

from application.ports.clock import Clock
from domain.errors import ErrorKind, UpstreamRejected, UpstreamUnavailable

REFUSED_AFTER_S: Final = 0.001
ERROR_AFTER_S: Final = 0.1
BROWN_OUT: Final = 10.0
"""So many times as long a first token takes in a brown-out."""
_SPREAD: Final = 0.4
"""Of the logarithm of first-token times: 1 % take two and a half times as long as half of them do."""
_NEVER: Final = (inf, inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How an upstream behaves. Times are seconds; those of a clock count from the beginning of the simulation.

    first_token_s: what half of the answers stay within. answer_s: how long an answer takes after that.
    error_share:   of the calls that are answered with 500.
    outages:       from, until: when it is not reached, in their order. Who waits for a first token then is cut off.
    brown_out:     from, until: when it is slow.
    per_s:         how many calls a second it answers, a second's worth at once; others get a 429 with the wait.
    """

    first_token_s: float = 0.5
    answer_s: float = 1.0
    error_share: float = 0.0
    outages: tuple[tuple[float, float], ...] = ()
    brown_out: tuple[float, float] = _NEVER
    per_s: float = inf


class Upstream:
    """Behaves so.

    failed: tries that came to nothing. asked_in_vain: those that began in an outage, by outage, without probes.
    probes_in_vain: the probes that did.
    """

    def __init__(self, behaviour: Behaviour, clock: Clock, chance: Random) -> None:
        self.failed = 0
        self.probes_in_vain = 0
        self.asked_in_vain = [0] * len(behaviour.outages)
        self._behaviour = behaviour
        self._clock = clock
        self._chance = chance
        self._began_s = clock.monotonic_s()
        self._ends_s = [until_s for _, until_s in behaviour.outages]
        self._left = behaviour.per_s
        self._left_at_s = 0.0

    async def answer(self, *, is_probe: bool) -> float:
        """Return when the first token is there, with the seconds that the rest will take. Raises UpstreamErrors."""
        try:
            await self._answer(is_probe=is_probe)
        except BaseException:
            self.failed += 1
            raise
        return self._behaviour.answer_s

    async def _answer(self, *, is_probe: bool) -> None:
        now_s = self._clock.monotonic_s() - self._began_s
        behaviour, chance = self._behaviour, self._chance
        from_s, _ = self._outage(now_s)
        if from_s <= now_s:
            await self._refuse(now_s, is_probe=is_probe)
        if behaviour.per_s < inf:
            await self._limit(now_s)
        if behaviour.error_share and chance.random() < behaviour.error_share:
            await asyncio.sleep(ERROR_AFTER_S)
            raise UpstreamRejected("it failed", kind=ErrorKind.SERVER)
        took_s = behaviour.first_token_s * exp(_SPREAD * chance.gauss(0.0, 1.0))
        if behaviour.brown_out[0] <= now_s < behaviour.brown_out[1]:
            took_s *= BROWN_OUT
        if now_s + took_s <= from_s:
            await asyncio.sleep(took_s)
        else:
            await asyncio.sleep(from_s - now_s)
            raise UpstreamUnavailable("it went away")

    def _outage(self, now_s: float) -> tuple[float, float]:
        """The one that is, or the next."""
        index = bisect(self._ends_s, now_s)
        return _NEVER if index == len(self._ends_s) else self._behaviour.outages[index]

    async def _refuse(self, now_s: float, *, is_probe: bool) -> None:
        if is_probe:
            self.probes_in_vain += 1
        else:
            self.asked_in_vain[bisect(self._ends_s, now_s)] += 1
        await asyncio.sleep(REFUSED_AFTER_S)
        raise UpstreamUnavailable("nobody is there")

    async def _limit(self, now_s: float) -> None:
        per_s = self._behaviour.per_s
        self._left = min(per_s, self._left + per_s * (now_s - self._left_at_s))
        self._left_at_s = now_s
        if self._left < 1.0:
            await asyncio.sleep(REFUSED_AFTER_S)
            wait_s = ceil((1.0 - self._left) / per_s)
            raise UpstreamRejected("too many", kind=ErrorKind.RATE_LIMIT, retry_after_s=wait_s)
        self._left -= 1.0
