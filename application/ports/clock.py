"""Time, from outside."""

from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def monotonic_s(self) -> float:
        """Seconds on a clock that never goes back, for durations."""
        ...

    def unix_s(self) -> float:
        """Seconds since 1970, for dates."""
        ...
