"""Where calls are booked."""

from typing import Protocol

from application.call_record import CallRecord


class Ledger(Protocol):
    """Counts calls. Every call opened is booked exactly once."""

    def opened(self) -> None:
        """A call is in flight."""
        ...

    def book(self, record: CallRecord) -> None:
        """A call is over."""
        ...
