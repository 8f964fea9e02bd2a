"""The ledger: every call is counted, and leaves a line in the access log."""

from adapters.observability.access_log import AccessLog
from adapters.observability.counting import CallCounts
from application.call_record import CallRecord


class CallBook:
    """Books calls in the counts and in the access log."""

    __slots__ = ("_counts", "_log")

    def __init__(self, counts: CallCounts, log: AccessLog) -> None:
        self._counts = counts
        self._log = log

    def opened(self) -> None:
        self._counts.opened()

    def book(self, record: CallRecord) -> None:
        self._counts.book(record)
        self._log.call(record)
