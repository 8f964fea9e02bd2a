"""What a batch may spend."""

from math import ceil
from typing import Final

_IN_ONE: Final = 10**12
"""Money is counted in whole trillionths of a dollar, rounded up, so that adding and taking away is exact."""


class Budget:
    """Money of which parts are reserved before they are spent, so that the sum never passes the limit.

    That holds as long as nothing costs more than was reserved for it.
    """

    __slots__ = ("_limit", "_used")

    def __init__(self, limit_usd: float) -> None:
        self._limit = int(limit_usd * _IN_ONE)
        self._used = 0

    def allows(self, cost_usd: float) -> bool:
        """Whether so much could still be reserved."""
        return self._used + _counted(cost_usd) <= self._limit

    def reserve(self, cost_usd: float) -> None:
        """Keep so much for something that is about to be asked."""
        self._used += _counted(cost_usd)

    def settle(self, reserved_usd: float, cost_usd: float) -> None:
        """What `reserved_usd` was kept for cost so much."""
        self._used += _counted(cost_usd) - _counted(reserved_usd)


def _counted(usd: float) -> int:
    return ceil(usd * _IN_ONE)
