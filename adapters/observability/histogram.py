"""A histogram as plain integers: one `bisect` and two additions per observation."""

from bisect import bisect_left
from typing import Final

DURATION_BOUNDS_S: Final = (
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
)  # fmt: skip
"""For whole answers and first tokens: from cached or local answers to long reasoning."""

OVERHEAD_BOUNDS_S: Final = (
    0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0,
)  # fmt: skip
"""For the gateway's own share of the time, which is counted in microseconds."""


class Histogram:
    """Counts observations by upper bound. `bounds` rise; a value equal to a bound is within it."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count `value`, in the unit of the bounds."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value
