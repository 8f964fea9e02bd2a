from domain.batch.line import BatchLine, LineOutcome


class Unwatched:
    """The BatchWatch that tells nobody."""

    def asking(self, line: BatchLine) -> None: ...

    def retrying(self, line: BatchLine, outcome: LineOutcome, wait_s: float) -> None: ...

    def finished(self, line: BatchLine, outcome: LineOutcome) -> None: ...
