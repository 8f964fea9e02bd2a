"""The lines of a batch that are to be asked: new ones from the source, and failed ones whose time comes again."""

from collections import deque
from heapq import heappop, heappush
from itertools import count
from typing import Final

from application.batch.lane import Asking, Lane
from application.ports.batch import LineSource
from domain.batch.line import BatchLine

MOST_HELD: Final = 2_048
MOST_HELD_BYTES: Final = 64 * 1024 * 1024
"""While so many lines are held, or lines of so many bytes, none are taken from the source."""

MOST_READ_AT_ONCE: Final = 64
"""So many lines are taken from the source before others have their turn."""

MOST_MODELS: Final = 256
LONGEST_NAME: Final = 256
"""Further models, and those whose names are longer, share what one model has."""


class LineQueue:
    """Tells which line is next: failed ones that are due, then the source's, in its order.

    Each model has a lane of its own, with so many lines asked at a time as it answers. Where the next line's model
    may not be asked, the line is held and those of other models behind it come first, so far as the number of
    lines that are held allows. Lanes that hold lines take turns, and come before the source, whose lines were all
    behind theirs.
    """

    def __init__(self, source: LineSource, most: int) -> None:
        """most: how many lines of a model may be asked at a time, at most."""
        self._source = source
        self._most = most
        self._lanes: dict[str, Lane] = {}
        self._listed: deque[Lane] = deque()
        self._timers: list[tuple[float, int, Lane, Asking | None]] = []
        """When a line is due, or (None) a lane opens; ordered by time, then by when it was set."""
        self._set = count()
        self._new: Asking | None = None
        self._exhausted = False
        self._held = 0
        self._held_bytes = 0

    @property
    def next_due_s(self) -> float | None:
        """When something changes by itself: a failed line is due, or a model may be asked; None = nothing will."""
        return self._timers[0][0] if self._timers else None

    @property
    def reads_on(self) -> bool:
        """Whether `first` would look further in the source if it were asked once more."""
        return not self._exhausted and self._held < MOST_HELD and self._held_bytes < MOST_HELD_BYTES

    def first(self, now_s: float) -> Asking | None:
        """The next line, which stays here; None = none may be asked now, of those that were looked at.

        Raises OSError where the source cannot be read.
        """
        timers, listed = self._timers, self._listed
        while timers and timers[0][0] <= now_s:
            _, _, lane, asking = heappop(timers)
            if asking is not None:
                lane.due(asking)
            self._list(lane)
        while listed:
            first = listed[0].first(now_s)
            if first is not None:
                return first
            listed.popleft().is_listed = False
        new = self._new
        if new is not None:
            if new.lane.admits(now_s):
                return new
            self._hold(new)
        return self._read(now_s)

    def take(self, asking: Asking) -> None:
        """The line that `first` told is asked."""
        lane = asking.lane
        lane.in_flight += 1
        if asking is self._new:
            self._new = None
            return
        lane.take_first()
        self._listed.rotate(-1)
        self._held -= 1
        self._held_bytes -= len(asking.line.body)

    def ended(self, lane: Lane) -> None:
        """A line of it is in flight no more; others that it holds may be asked in its place."""
        self._list(lane)

    def wait(self, asking: Asking, due_s: float) -> None:
        """A line failed and is to be asked again then (monotonic)."""
        asking.lane.waiting += 1
        self._held += 1
        self._held_bytes += len(asking.line.body)
        heappush(self._timers, (due_s, next(self._set), asking.lane, asking))

    def turned_away(self, lane: Lane, now_s: float, wait_s: float) -> None:
        """A line of it was turned away for so long; where that goes on, none of it is asked for a while."""
        opens_s = lane.turned_away(now_s, wait_s)
        if opens_s is not None:
            heappush(self._timers, (opens_s, next(self._set), lane, None))

    def first_left(self) -> BatchLine | None:
        """The first line of the input that is held or was not taken; None = there is none. Raises like `first`."""
        left = [asking.line for _, _, _, asking in self._timers if asking is not None]
        left.extend(asking.line for lane in self._lanes.values() for asking in lane.held)
        if self._new is not None:
            left.append(self._new.line)
        if left:
            return min(left, key=lambda line: line.number)
        return None if self._exhausted else self._source.next_line()

    def _read(self, now_s: float) -> Asking | None:
        """The first of the source's next lines that may be asked; those before it are held."""
        most_held = min(MOST_HELD, self._held + MOST_READ_AT_ONCE)
        while self._held < most_held and self._held_bytes < MOST_HELD_BYTES and not self._exhausted:
            line = self._source.next_line()
            if line is None:
                self._exhausted = True
                break
            lane = self._lanes.get(line.model) or self._lane(line.model)
            asking = Asking(line, lane)
            if lane.admits(now_s):
                self._new = asking
                return asking
            self._hold(asking)
        return None

    def _hold(self, asking: Asking) -> None:
        self._new = None
        asking.lane.hold(asking)
        self._held += 1
        self._held_bytes += len(asking.line.body)

    def _list(self, lane: Lane) -> None:
        if not lane.is_listed:
            lane.is_listed = True
            self._listed.append(lane)

    def _lane(self, model: str) -> Lane:
        """The lane of a model that has none yet."""
        if len(self._lanes) >= MOST_MODELS or len(model) > LONGEST_NAME:
            model = ""
        if model not in self._lanes:
            self._lanes[model] = Lane(self._most)
        return self._lanes[model]
