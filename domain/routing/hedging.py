"""When a second deployment is asked beside a slow first one, and how often at most."""

from math import ceil
from typing import Final

REMEMBERED: Final = 128
"""So many of the newest first-token times count."""
FEWEST: Final = 20
"""So many must be known before anything is said of them."""
_NEWS: Final = 8
"""A quantile is worked out again after so many new times."""

_EARNED_IN: Final = 1_000_000
"""Budgets count in millionths of a hedge, so that adding them up is exact."""


class FirstTokens:
    """How long a group's answers took to their first token lately, in constant space."""

    __slots__ = ("_at", "_known", "_news", "_quantiles")

    def __init__(self) -> None:
        self._known: list[float] = []
        self._at = 0
        self._news = 0
        self._quantiles: dict[float, float] = {}

    def add(self, seconds: float) -> None:
        """One more."""
        if len(self._known) < REMEMBERED:
            self._known.append(seconds)
        else:
            self._known[self._at] = seconds
            self._at = (self._at + 1) % REMEMBERED
        self._news += 1
        if self._news >= _NEWS:
            self._quantiles.clear()
            self._news = 0

    def quantile(self, q: float) -> float | None:
        """The seconds that a share `q` of them stayed within; None = too few are known.

        It may be behind by a few times.
        """
        if len(self._known) < FEWEST:
            return None
        found = self._quantiles.get(q)
        if found is None:
            rank = max(1, ceil(q * len(self._known)))
            found = self._quantiles[q] = sorted(self._known)[rank - 1]
        return found


class HedgeBudget:
    """Lets a share of the calls be hedged, and no more than `burst` of them in a row; at first none."""

    __slots__ = ("_left", "_most", "_per_call")

    def __init__(self, share: float, burst: int = 10) -> None:
        self._per_call = round(share * _EARNED_IN)
        self._most = burst * _EARNED_IN
        self._left = 0

    def earn(self) -> None:
        """A call came."""
        self._left = min(self._most, self._left + self._per_call)

    def spend(self) -> bool:
        """Whether a call may be hedged; if so it is taken to be."""
        if self._left < _EARNED_IN:
            return False
        self._left -= _EARNED_IN
        return True
