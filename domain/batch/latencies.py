"""How long many things took, in constant space."""

from bisect import bisect_left
from itertools import accumulate
from math import ceil, exp, log
from typing import Final

SHORTEST_S: Final = 1e-4
_GROWTH: Final = log(1.05)
_PER_LOG: Final = 1.0 / _GROWTH
_COUNTS: Final = ceil(log(1e9) / _GROWTH) + 1
"""From a tenth of a millisecond to a day, each count for what is up to a twentieth longer than the one before."""


class Latencies:
    """Counts durations by how long they were; a quantile is told within 3 %."""

    __slots__ = ("_counts", "count", "longest_s")

    def __init__(self) -> None:
        self._counts = [0] * _COUNTS
        self.count = 0
        self.longest_s = 0.0

    def add(self, seconds: float) -> None:
        """One more."""
        at = int(log(seconds / SHORTEST_S) * _PER_LOG) if seconds > SHORTEST_S else 0
        self._counts[min(at, _COUNTS - 1)] += 1
        self.count += 1
        self.longest_s = max(self.longest_s, seconds)

    def quantile(self, share: float) -> float | None:
        """The seconds within which a share (0 to 1) of them were; None = there were none."""
        if not self.count:
            return None
        rank = max(1, ceil(share * self.count))
        at = bisect_left(tuple(accumulate(self._counts)), rank)
        return min(SHORTEST_S * exp((at + 0.5) * _GROWTH), self.longest_s)
