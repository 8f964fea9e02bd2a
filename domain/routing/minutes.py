"""Amounts of the last minute, in constant space."""

from math import inf
from typing import Final

MINUTE_S: Final = 60.0


class Minutes:
    """An amount per minute: all of the running minute, and of the last one what a sliding minute still covers.

    Exact at a minute's end, off by at most the unevenness of the last minute between; two numbers, whatever the
    traffic.

    now:        the amount of the running minute, which ends at `turns_at_s`. Who counts calls adds to it in place,
                once it has called `turn` where the minute is over.
    """

    __slots__ = ("_before", "now", "turns_at_s")

    def __init__(self) -> None:
        self._before = 0.0
        self.now = 0.0
        self.turns_at_s = -inf

    def add(self, amount: float, now_s: float) -> None:
        """So much more, at `now_s` (monotonic seconds)."""
        if now_s >= self.turns_at_s:
            self.turn(now_s)
        self.now += amount

    def last(self, now_s: float) -> float:
        """The amount of the minute that ends at `now_s`."""
        if now_s >= self.turns_at_s:
            self.turn(now_s)
        return self.now + self._before * (1.0 - now_s % MINUTE_S / MINUTE_S)

    def turn(self, now_s: float) -> None:
        """Begin the minute of `now_s`."""
        self._before = self.now if now_s < self.turns_at_s + MINUTE_S else 0.0
        self.now = 0.0
        self.turns_at_s = (now_s // MINUTE_S + 1.0) * MINUTE_S
