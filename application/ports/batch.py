"""What running a batch needs of the world."""

from typing import Protocol

from domain.batch.line import BatchLine, LineEstimate, LineOutcome


class LineAsker(Protocol):
    """Has lines answered."""

    async def ask(self, line: BatchLine) -> LineOutcome:
        """What the line's asking led to, once. Raises nothing but CancelledError."""
        ...

    def estimate(self, line: BatchLine) -> LineEstimate:
        """What the line will take at most. Raises RequestErrors where the request cannot be understood."""
        ...


class LineSource(Protocol):
    """The lines of a batch that are still to be asked, in the input's order."""

    def next_line(self) -> BatchLine | None:
        """The next one; None when there are no more. Raises OSError where the input cannot be read."""
        ...


class ResultSink(Protocol):
    """Where results go."""

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        """Keep the result for good, as a whole. Raises OSError where that is impossible (a full disk)."""
        ...


class BatchWatch(Protocol):
    """Who is told how a batch goes on."""

    def asking(self, line: BatchLine) -> None:
        """A line is asked, for the first time or again."""
        ...

    def retrying(self, line: BatchLine, outcome: LineOutcome, wait_s: float) -> None:
        """A line failed and will be asked again after `wait_s`."""
        ...

    def finished(self, line: BatchLine, outcome: LineOutcome) -> None:
        """A line has its result, written already."""
        ...
