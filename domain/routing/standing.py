"""How one deployment stands: what is known of it beyond its configuration. Changed by calls, read by routing."""

from typing import Final

from domain.routing.health import WELL, Breaker, Health
from domain.routing.minutes import Minutes

MEMORY_S: Final = 30.0
"""An old latency counts half as much after so many seconds without a new one."""
_NEWEST: Final = 0.2
"""The share of the newest latency in the average."""


class Standing:
    """One deployment's standing in this process.

    health:    whether it is asked.
    in_flight: how many of its calls are being answered.
    row:       failures since its last success.
    requests, tokens, failures: amounts of the last minute.
    open_s:    decaying average of the seconds until its answers prove good; None = nobody knows.
    """

    __slots__ = ("failures", "health", "in_flight", "open_at_s", "open_s", "requests", "row", "tokens")

    def __init__(self) -> None:
        self.health: Health = WELL
        self.in_flight = 0
        self.row = 0
        self.requests = Minutes()
        self.tokens = Minutes()
        self.failures = Minutes()
        self.open_s: float | None = None
        self.open_at_s = 0.0

    @property
    def is_well(self) -> bool:
        """Whether its breaker is closed."""
        return self.health.breaker is Breaker.CLOSED

    def began(self, now_s: float) -> None:
        """A call goes to it."""
        self.in_flight += 1
        self.requests.add(1, now_s)

    def ended(self) -> None:
        """A call to it is over, however it ended."""
        self.in_flight -= 1

    def opened(self, took_s: float, now_s: float) -> None:
        """An answer proved good after `took_s`."""
        self.row = 0
        known = self.open_s
        self.open_s = took_s if known is None else known + _NEWEST * (took_s - known)
        self.open_at_s = now_s

    def failed(self, now_s: float) -> None:
        """A call failed through no fault of its caller."""
        self.row += 1
        self.failures.add(1, now_s)

    def consumed(self, tokens: int, now_s: float) -> None:
        """An answer used so many tokens."""
        self.tokens.add(tokens, now_s)
