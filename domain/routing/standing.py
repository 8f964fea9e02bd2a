"""How one deployment stands: what is known of it beyond its configuration. Changed by calls, read by routing."""

from typing import Final

from domain.routing.failure import ErrorClass
from domain.routing.health import WELL, Breaker, Health
from domain.routing.minutes import Minutes

MEMORY_S: Final = 30.0
"""A latency counts half as much after so many seconds without a new one."""
_NEWEST: Final = 0.2
"""The share of the newest latency in the average."""


class Standing:
    """One deployment's standing in this process.

    health:    whether it is asked.
    in_flight: how many of its calls are being answered. promised: how many of its free slots are kept for calls
               that waited for one.
    row:       failures since its last success; row_at_s: when the first of them was.
    requests, tokens: amounts of the last minute. successes, failures: the same, since it last recovered.
    open_s:    decaying average of the seconds until its answers prove good; None = nobody knows. open_at_s: when
               it was last told.
    """

    __slots__ = (
        "_by_class",
        "failures",
        "health",
        "in_flight",
        "open_at_s",
        "open_s",
        "promised",
        "requests",
        "row",
        "row_at_s",
        "successes",
        "tokens",
    )

    def __init__(self) -> None:
        self.health: Health = WELL
        self.in_flight = 0
        self.promised = 0
        self.row = 0
        self.row_at_s = 0.0
        self.requests = Minutes()
        self.tokens = Minutes()
        self.successes = Minutes()
        self.failures = Minutes()
        self.open_s: float | None = None
        self.open_at_s = 0.0
        self._by_class: dict[ErrorClass, Minutes] = {}

    @property
    def is_well(self) -> bool:
        """Whether its breaker is closed."""
        return self.health.breaker is Breaker.CLOSED

    def began(self, now_s: float) -> None:
        """A call goes to it."""
        self.in_flight += 1
        requests = self.requests
        if now_s >= requests.turns_at_s:
            requests.turn(now_s)
        requests.now += 1

    def ended(self, tokens: int = 0, now_s: float = 0.0) -> None:
        """A call to it is over, however it ended; its answer used so many tokens."""
        self.in_flight -= 1
        if tokens:
            used = self.tokens
            if now_s >= used.turns_at_s:
                used.turn(now_s)
            used.now += tokens

    def opened(self, took_s: float, now_s: float) -> None:
        """An answer proved good after `took_s`."""
        self.row = 0
        successes = self.successes
        if now_s >= successes.turns_at_s:
            successes.turn(now_s)
        successes.now += 1
        known = self.open_s
        self.open_s = took_s if known is None else known + _NEWEST * (took_s - known)
        self.open_at_s = now_s

    def failed(self, error_class: ErrorClass, now_s: float) -> None:
        """A call failed through no fault of its caller."""
        if not self.row:
            self.row_at_s = now_s
        self.row += 1
        self.failures.add(1, now_s)
        self._by_class.setdefault(error_class, Minutes()).add(1, now_s)

    def broke(self, error_class: ErrorClass, now_s: float) -> None:
        """An answer failed after it had proved good."""
        self.successes.add(-1, now_s)
        self.failed(error_class, now_s)

    def failures_of(self, error_class: ErrorClass, now_s: float) -> float:
        """How many failures of one class the last minute saw."""
        counted = self._by_class.get(error_class)
        return 0.0 if counted is None else counted.last(now_s)

    def forget_failures(self) -> None:
        """It recovered: what was before counts no more."""
        self.row = 0
        self.successes, self.failures = Minutes(), Minutes()
        self._by_class.clear()
