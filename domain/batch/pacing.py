"""How many lines may be asked at a time, how many in a minute, and how long one that failed should wait."""

from math import inf
from typing import Final

from domain.batch.line import LineOutcome
from domain.errors import KINDS, ErrorKind, FeatherGateError

THROTTLING: Final = frozenset({ErrorKind.RATE_LIMIT, ErrorKind.OVERLOADED, ErrorKind.NO_DEPLOYMENT})
"""Errors that say: fewer at a time. NO_DEPLOYMENT is said where every deployment is full, or left alone."""

AT_ONCE_S: Final = 1.0
"""Who is refused sooner, and without anybody being asked, comes while all are left alone, however few they are."""

FIRST_LIMIT: Final = 32
"""So many lines are asked at a time before anything is known of who answers them."""
BURST_LEAVES: Final = 0.7
REFUSAL_TAKES: Final = 2.0
SUCCESS_ADDS: Final = 1.0 / 16.0

MINUTE_S: Final = 60.0

FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 60.0
LONGEST_ASKED_WAIT_S: Final = 3_600.0
"""A wait that was asked for is kept up to an hour; a day's quota is asked after once an hour."""

FIRST_TURNED_AWAY_S: Final = 0.1
LONGEST_TURNED_AWAY_S: Final = 5.0
LATE_S: Final = 1.0
PATIENCE_S: Final = 3_600.0
"""So long a line may be turned away, by a model that answered within as long; from then on it counts as asked."""


class ConcurrencyWindow:
    """How many lines may be asked at a time: as many as are answered, found by trying.

    Each success adds to it (additive increase): one until somebody is refused, so that it doubles in the time of
    an answer; a sixteenth from then on. A refusal takes two away, and a burst of them, all asked before the first
    came back, leaves at least seven tenths (multiplicative decrease, once for a burst). So it settles where three
    in a hundred are refused, and fewer than these, by chance, do not keep it small. Never below 1, never above
    `most`, and it does not grow beyond twice what is used of it.
    """

    __slots__ = ("_burst_s", "_least", "_limit", "_most", "_step", "_used", "limit")

    def __init__(self, most: int, first: int = FIRST_LIMIT) -> None:
        self._most = most
        self._limit = float(min(most, first))
        self._step = 1.0
        self._burst_s = -inf
        self._least = 1.0
        self._used = 0
        self.limit = int(self._limit)

    def succeeded(self, in_flight: int) -> None:
        """One was answered, when so many were in flight, itself among them."""
        self._used = max(self._used, in_flight)
        if self.limit >= min(2 * self._used, self._most):
            return
        self._limit = min(self._limit + self._step, float(self._most))
        self.limit = int(self._limit)

    def throttled(self, asked_s: float, now_s: float) -> None:
        """One that was asked at `asked_s` was refused at `now_s` (monotonic), since there were too many."""
        if asked_s > self._burst_s:
            self._burst_s = now_s
            self._least = max(1.0, self._limit * BURST_LEAVES)
            self._used = 0
            self._step = SUCCESS_ADDS
        self._limit = max(self._least, self._limit - REFUSAL_TAKES)
        self.limit = int(self._limit)


class RateLimit:
    """At most `per_minute` (requests, tokens) in any minute, evenly: a bucket that holds a second's worth.

    What is taken within 60 s, less what is given back in them, is at most `per_minute`. More than a second's worth
    at once (a long prompt) may be taken when the bucket is full, and the next one waits until it is paid off:
    within 60 s it may be more by what the last amount was beyond a second's worth, rounded up.
    """

    __slots__ = ("_empty_s", "_full_s", "_most", "_per_s")

    def __init__(self, per_minute: float) -> None:
        self._most = max(1.0, per_minute / MINUTE_S)
        self._per_s = (per_minute - self._most + 1.0) / MINUTE_S
        self._full_s = self._most / self._per_s
        self._empty_s = -inf
        """When the bucket was empty, or will be: it fills from then on."""

    def wait_s(self, now_s: float, amount: float) -> float:
        """How long until so much may be taken; 0 = now."""
        return max(0.0, self._empty_s + min(amount, self._most) / self._per_s - now_s)

    def take(self, now_s: float, amount: float) -> None:
        """So much is used."""
        self._empty_s = max(self._empty_s, now_s - self._full_s) + amount / self._per_s

    def give_back(self, amount: float) -> None:
        """So much less was used than was taken; below 0: more."""
        self._empty_s -= amount / self._per_s


def may_succeed_later(error: FeatherGateError) -> bool:
    """Whether a line that failed so may be answered when it is asked again after a while.

    The error of a call that tried several deployments says that it is not retryable, so that clients do not repeat
    all of that at once; a batch has the time.
    """
    return error.retryable or (bool(error.attempts) and KINDS[error.kind].retryable)


def retry_wait_s(asked: int, draw: float, asked_wait_s: float | None) -> float:
    """The wait after a line failed for the time number `asked` (from 1); `draw` is chance in [0, 1).

    A second, doubling up to a minute, a half of it by chance; or what the error asks for (up to an hour) and that
    half, so that those who were refused together do not come back together.
    """
    backoff_s = min(FIRST_WAIT_S * 2.0 ** min(asked - 1, 16), LONGEST_WAIT_S)
    jitter_s = backoff_s / 2.0 * draw
    return jitter_s + max(backoff_s / 2.0, min(asked_wait_s or 0.0, LONGEST_ASKED_WAIT_S))


def turned_away_for_s(outcome: LineOutcome) -> float | None:
    """In how long somebody can be asked, where nobody was; None = somebody was, or nobody knows."""
    return None if outcome.error is None or outcome.attempts else outcome.error.retry_after_s


def turned_away_wait_s(times: int, asked_wait_s: float) -> float:
    """The wait after a line was turned away for the time number `times` (from 1).

    What was asked for, up to an hour; at least a tenth of a second, doubling up to five: nothing was used up.
    """
    return max(_turned_away_backoff_s(times), min(asked_wait_s, LONGEST_ASKED_WAIT_S))


def closing_s(times: int, asked_wait_s: float) -> float:
    """How long no line of a model is asked, which turned lines away for the time number `times` (from 1) in a row.

    A tenth of a second, doubling up to five, and a second at most beyond what was asked for: other lines of the
    model may well be answered meanwhile (shorter ones, by another deployment).
    """
    return min(_turned_away_backoff_s(times), max(LATE_S, asked_wait_s))


def _turned_away_backoff_s(times: int) -> float:
    return min(FIRST_TURNED_AWAY_S * 2.0 ** min(times - 1, 16), LONGEST_TURNED_AWAY_S)
