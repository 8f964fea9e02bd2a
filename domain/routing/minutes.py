"""Amounts of the last minute, in constant space."""

from typing import Final

MINUTE_S: Final = 60.0


class Minutes:
    """An amount per minute: all of the running minute, and of the last one what a sliding minute still covers.

    Exact at a minute's end, off by at most the unevenness of the last minute between; two numbers, whatever the
    traffic.
    """

    __slots__ = ("_before", "_minute", "_now")

    def __init__(self) -> None:
        self._minute = 0
        self._now = 0.0
        self._before = 0.0

    def add(self, amount: float, now_s: float) -> None:
        """So much more, at `now_s` (monotonic seconds)."""
        minute = int(now_s // MINUTE_S)
        if minute != self._minute:
            self._turn(minute)
        self._now += amount

    def last(self, now_s: float) -> float:
        """The amount of the minute that ends at `now_s`."""
        minute = int(now_s // MINUTE_S)
        if minute != self._minute:
            self._turn(minute)
        return self._now + self._before * (1.0 - now_s % MINUTE_S / MINUTE_S)

    def _turn(self, minute: int) -> None:
        self._before = self._now if minute == self._minute + 1 else 0.0
        self._now = 0.0
        self._minute = minute
