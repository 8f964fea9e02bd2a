"""A deadline that costs almost nothing to move."""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from math import inf


class Alarm:
    """Calls `ring` when the deadline has passed; times are those of `loop.time()`, `inf` means no deadline.

    Most deadlines move on before they are reached, so moving one later only stores a number: the loop's timer is
    touched when it must fire sooner, or when it fired too soon.
    """

    __slots__ = ("_deadline", "_fires_at", "_loop", "_ring", "_timer")

    def __init__(self, loop: AbstractEventLoop, ring: Callable[[], None]) -> None:
        self._loop = loop
        self._ring = ring
        self._deadline = inf
        self._timer: TimerHandle | None = None
        self._fires_at = inf

    def set(self, deadline: float) -> None:
        self._deadline = deadline
        if deadline < self._fires_at:
            self._arm(deadline)

    def stop(self) -> None:
        """Forget the deadline and whom to call, for good, and release the loop's timer."""
        self._ring = _nobody
        self._deadline = self._fires_at = inf
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self, at: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._fires_at = at
        self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self._timer = None
        self._fires_at = inf
        if self._deadline == inf:
            return
        if self._deadline > self._loop.time():
            self._arm(self._deadline)
            return
        self._deadline = inf
        self._ring()


def _nobody() -> None:
    """Who is called when it is too late to call anybody."""
