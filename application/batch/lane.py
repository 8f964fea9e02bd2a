"""The lines of one model on their way to their results, and how many of them may be asked at a time."""

from collections import deque
from math import inf
from typing import Final

from domain.batch.allowance import Need
from domain.batch.line import BatchLine, LineOutcome
from domain.batch.pacing import AT_ONCE_S, PATIENCE_S, THROTTLING, ConcurrencyWindow, closing_s
from domain.errors import FeatherGateError

MOST_WAITING: Final = 1_000
"""While so many failed lines of a model wait, none is asked for the first time."""

LEAST_IN_A_ROW: Final = 8
"""Fewer in a row that failed, or were turned away, did so for reasons of their own."""


class Asking:
    """A line on its way to its result.

    asked:       how often it was, those times apart when it was turned away: nobody was asked for it.
    turned_away: how often that was; turned_away_s: when it was first.
    asked_s:     when it was asked last. Times are monotonic.
    need:        what it will take; None = nothing depends on it.
    """

    __slots__ = ("asked", "asked_s", "lane", "line", "need", "turned_away", "turned_away_s")

    def __init__(self, line: BatchLine, lane: "Lane") -> None:
        self.line = line
        self.lane = lane
        self.need: Need | None = None
        self.asked = 0
        self.asked_s = 0.0
        self.turned_away = 0
        self.turned_away_s = inf

    def turn_away(self, now_s: float) -> None:
        """Nobody was asked after all."""
        self.asked -= 1
        self.turned_away += 1
        self.turned_away_s = min(self.turned_away_s, now_s)


class Lane:
    """The lines of one model that are held: those that are due again, in the order of their times, then new ones.

    in_flight: how many are being asked. waiting: how many failed, and are not due yet.
    is_listed: whether the queue will look whether one may be asked.
    """

    __slots__ = (
        "_ahead",
        "_answered_s",
        "_closed_s",
        "_due",
        "_failed_in_a_row",
        "_in_flight_then",
        "_turned_away_in_a_row",
        "_window",
        "in_flight",
        "is_listed",
        "waiting",
    )

    def __init__(self, most: int) -> None:
        self._window = ConcurrencyWindow(most)
        self._due: deque[Asking] = deque()
        self._ahead: deque[Asking] = deque()
        self._closed_s = -inf
        self._answered_s = -inf
        self._failed_in_a_row = 0
        self._turned_away_in_a_row = 0
        self._in_flight_then = 0
        self.in_flight = 0
        self.waiting = 0
        self.is_listed = False

    @property
    def holds_any(self) -> bool:
        """Whether there are lines that are due, or new."""
        return bool(self._due or self._ahead)

    @property
    def held(self) -> tuple[Asking, ...]:
        """Those lines."""
        return (*self._due, *self._ahead)

    def admits(self, now_s: float) -> bool:
        """Whether a line that comes from the source may be asked at once."""
        return (
            self.in_flight < self._window.limit
            and self._closed_s <= now_s
            and not self._ahead
            and (not self.waiting or self._takes_new())
        )

    def first(self, now_s: float) -> Asking | None:
        """The next line, which stays here; None = none may be asked now."""
        if self.in_flight >= self._window.limit or self._closed_s > now_s:
            return None
        if self._due:
            return self._due[0]
        return self._ahead[0] if self._ahead and (not self.waiting or self._takes_new()) else None

    def take_first(self) -> None:
        """Remove the line that `first` told."""
        (self._due or self._ahead).popleft()

    def hold(self, asking: Asking) -> None:
        """Keep a new line until it may be asked."""
        self._ahead.append(asking)

    def due(self, asking: Asking) -> None:
        """A line that waited is due."""
        self.waiting -= 1
        self._due.append(asking)

    def succeeded(self, asking: Asking, outcome: LineOutcome) -> None:
        """A line was answered, and is in flight no more."""
        self._failed_in_a_row = 0
        self._turned_away_in_a_row = 0
        self._answered_s = asking.asked_s + outcome.duration_s
        self._window.succeeded(self.in_flight + 1)

    def failed(self, asking: Asking, outcome: LineOutcome, error: FeatherGateError, now_s: float) -> None:
        """A line failed, and is in flight no more."""
        self._failed_in_a_row += 1
        if outcome.attempts:
            self._turned_away_in_a_row = 0
        if error.kind in THROTTLING and (outcome.attempts or outcome.duration_s > AT_ONCE_S):
            self._window.throttled(asking.asked_s, now_s)

    def is_patient(self, asking: Asking, now_s: float) -> bool:
        """Whether a line that was turned away just waits: it has not for long, and its model answered lately."""
        return now_s - self._answered_s < PATIENCE_S and now_s - asking.turned_away_s < PATIENCE_S

    def turned_away(self, now_s: float, wait_s: float) -> float | None:
        """A line was turned away for so long; when the lane opens again, if that closes it, or for longer.

        It does once several were in a row, and none between them was taken; fewer may have been for reasons of
        their own, such as a long prompt.
        """
        taken = self.in_flight > self._in_flight_then
        self._in_flight_then = self.in_flight
        self._turned_away_in_a_row = 1 if taken else self._turned_away_in_a_row + 1
        beyond = self._turned_away_in_a_row - LEAST_IN_A_ROW
        if beyond < 0:
            return None
        opens_s = now_s + closing_s(beyond + 1, wait_s)
        if opens_s <= self._closed_s:
            return None
        self._closed_s = opens_s
        return opens_s

    def _takes_new(self) -> bool:
        """Whether lines may be asked for the first time while others wait.

        None are while many wait, or while as many failed in a row as are asked at a time: in an outage few lines
        use up their askings.
        """
        return self._failed_in_a_row < max(self._window.limit, LEAST_IN_A_ROW) and self.waiting < MOST_WAITING
