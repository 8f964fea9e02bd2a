"""What became of a batch so far, in numbers."""

from domain.batch.latencies import Latencies
from domain.batch.line import LineOutcome
from domain.errors import FeatherGateError


class Tally:
    """Counts outcomes, in constant space.

    Tokens and money are those of every asking, repeated ones included; `cached_tokens` are a part of
    `prompt_tokens`, `unpriced` is how many answers cost what nobody knows. `failures` counts lines that failed for
    good and `retries` askings that were repeated, both by the label of their error. `latencies` are those of the
    lines that succeeded.
    """

    __slots__ = (
        "cached_tokens",
        "completion_tokens",
        "cost_usd",
        "failed",
        "failures",
        "latencies",
        "prompt_tokens",
        "retried",
        "retries",
        "succeeded",
        "unpriced",
    )

    def __init__(self) -> None:
        self.succeeded = 0
        self.failed = 0
        self.retried = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cached_tokens = 0
        self.cost_usd = 0.0
        self.unpriced = 0
        self.failures: dict[str, int] = {}
        self.retries: dict[str, int] = {}
        self.latencies = Latencies()

    @property
    def finished_lines(self) -> int:
        """How many lines have their result."""
        return self.succeeded + self.failed

    @property
    def tokens(self) -> int:
        """Of prompts and answers together."""
        return self.prompt_tokens + self.completion_tokens

    def finished(self, outcome: LineOutcome) -> None:
        """A line has its result."""
        error = outcome.error
        if error is None:
            self.succeeded += 1
            self.latencies.add(outcome.duration_s)
        else:
            self.failed += 1
            self.failures[error.label] = self.failures.get(error.label, 0) + 1
        self._consumed(outcome)

    def retrying(self, outcome: LineOutcome, error: FeatherGateError) -> None:
        """A line failed with this error, and will be asked again."""
        self.retried += 1
        self.retries[error.label] = self.retries.get(error.label, 0) + 1
        self._consumed(outcome)

    def _consumed(self, outcome: LineOutcome) -> None:
        usage = outcome.usage
        if usage is not None:
            self.prompt_tokens += usage.prompt_tokens or 0
            self.completion_tokens += usage.completion_tokens or 0
            self.cached_tokens += usage.cache_read_tokens or 0
        if outcome.cost_usd is not None:
            self.cost_usd += outcome.cost_usd
        elif outcome.error is None:
            self.unpriced += 1
