"""The lines of a batch that are to be asked: new ones from the source, and failed ones whose time comes again."""

from heapq import heappop, heappush
from typing import Final

from application.ports.batch import LineSource
from domain.batch.allowance import Need
from domain.batch.line import BatchLine

MOST_WAITING: Final = 1_000
MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
"""While so many failed lines wait, or lines of so many bytes, none are taken from the source."""

LEAST_IN_A_ROW: Final = 8
"""Fewer failures in a row are the lines' own, however few are asked at a time."""


class Asking:
    """A line on its way to its result.

    asked: how often it was asked. asked_s: when it was last (monotonic). need: what it will take; None = nothing
    depends on it.
    """

    __slots__ = ("asked", "asked_s", "line", "need")

    def __init__(self, line: BatchLine) -> None:
        self.line = line
        self.need: Need | None = None
        self.asked = 0
        self.asked_s = 0.0


class LineQueue:
    """Tells which line is next: failed ones that are due, then the source's, in its order.

    Holds the lines that wait for another asking and at most one new one. New lines are taken only while few wait,
    and none while as many failed in a row as are asked at a time: in an outage few lines use up their askings.
    """

    def __init__(self, source: LineSource) -> None:
        self._source = source
        self._new: Asking | None = None
        self._exhausted = False
        self._waiting: list[tuple[float, int, Asking]] = []
        self._waiting_bytes = 0
        self._failed_in_a_row = 0

    @property
    def next_due_s(self) -> float | None:
        """When the next failed line is due; None = none waits."""
        return self._waiting[0][0] if self._waiting else None

    def first(self, now_s: float, at_a_time: int) -> Asking | None:
        """The next line, which stays here; None = none may be asked now, of which so many are asked at a time.

        Raises OSError where the source cannot be read.
        """
        waiting = self._waiting
        if waiting:
            if waiting[0][0] <= now_s:
                return waiting[0][2]
            if (
                self._failed_in_a_row >= max(at_a_time, LEAST_IN_A_ROW)
                or len(waiting) >= MOST_WAITING
                or self._waiting_bytes >= MOST_WAITING_BYTES
            ):
                return None
        return self._new or self._next_new()

    def take(self, asking: Asking) -> None:
        """Remove the line that `first` told."""
        if asking is self._new:
            self._new = None
        else:
            heappop(self._waiting)
            self._waiting_bytes -= len(asking.line.body)

    def wait(self, asking: Asking, due_s: float) -> None:
        """A line failed and is to be asked again then (monotonic)."""
        heappush(self._waiting, (due_s, asking.line.number, asking))
        self._waiting_bytes += len(asking.line.body)
        self._failed_in_a_row += 1

    def succeeded(self) -> None:
        """A line was answered."""
        self._failed_in_a_row = 0

    def first_left(self) -> BatchLine | None:
        """The first line of the input that waits or was not taken; None = there is none. Raises like `first`."""
        new = self._new or self._next_new()
        left = [asking.line for _, _, asking in self._waiting]
        if new is not None:
            left.append(new.line)
        return min(left, key=lambda line: line.number, default=None)

    def _next_new(self) -> Asking | None:
        if self._exhausted:
            return None
        line = self._source.next_line()
        if line is None:
            self._exhausted = True
            return None
        self._new = Asking(line)
        return self._new
