"""What lines may take of the minute and of the money."""

from math import inf
from typing import Final

from domain.batch.budget import Budget
from domain.batch.line import LineEstimate, LineOutcome
from domain.batch.pacing import RateLimit
from domain.values import dataclass

TOKENS_OF_A_FIRST_ANSWER: Final = 256
"""What an answer is taken to have before any is known."""


@dataclass(frozen=True, slots=True)
class Need:
    """What a line will take: tokens of the minute, and money; inf = nobody knows how much."""

    tokens: float
    cost_usd: float


NOTHING: Final = Need(0.0, 0.0)


class Allowance:
    """Requests and tokens per minute, and a budget; None = as many as there are.

    Money is reserved for the dearest answer that a line can have. Tokens are taken for the answer that it will
    probably have: as long as answers were on average so far, at most as long as it may be; most requests allow far
    more than they get. When the answer is there, its own tokens count.
    """

    def __init__(self, *, rpm: float | None, tpm: float | None, budget_usd: float | None) -> None:
        self._requests = None if rpm is None else RateLimit(rpm)
        self._tokens = None if tpm is None else RateLimit(tpm)
        self._budget = None if budget_usd is None else Budget(budget_usd)
        self._answers = 0
        self._answer_tokens = 0

    @property
    def wants_estimates(self) -> bool:
        """Whether anything depends on what a line will take."""
        return self._tokens is not None or self._budget is not None

    def need(self, estimate: LineEstimate) -> Need:
        """What a line of this estimate will take."""
        usual = self._answer_tokens / self._answers if self._answers else TOKENS_OF_A_FIRST_ANSWER
        answer_tokens = usual if estimate.answer_tokens is None else min(usual, estimate.answer_tokens)
        cost_usd = inf if estimate.cost_usd is None else estimate.cost_usd
        return Need(estimate.prompt_tokens + answer_tokens, cost_usd)

    def affords(self, need: Need) -> bool:
        """Whether the money is there."""
        return self._budget is None or (need.cost_usd < inf and self._budget.allows(need.cost_usd))

    def wait_s(self, now_s: float, need: Need) -> float:
        """How long until the minute has room for it; 0 = now."""
        wait_s = 0.0 if self._requests is None else self._requests.wait_s(now_s, 1.0)
        return wait_s if self._tokens is None else max(wait_s, self._tokens.wait_s(now_s, need.tokens))

    def take(self, now_s: float, need: Need) -> None:
        """A line is asked."""
        if self._requests is not None:
            self._requests.take(now_s, 1.0)
        if self._tokens is not None:
            self._tokens.take(now_s, need.tokens)
        if self._budget is not None:
            self._budget.reserve(need.cost_usd)

    def settle(self, need: Need, outcome: LineOutcome) -> None:
        """What it took after all: where nobody says, as much as was thought; a failure then cost nothing."""
        usage = outcome.usage
        if usage is not None and usage.completion_tokens:
            self._answers += 1
            self._answer_tokens += usage.completion_tokens
        if self._tokens is not None and usage is not None and usage.total_tokens is not None:
            self._tokens.give_back(need.tokens - usage.total_tokens)
        if self._budget is not None:
            unsaid_usd = need.cost_usd if outcome.error is None else 0.0
            self._budget.settle(need.cost_usd, unsaid_usd if outcome.cost_usd is None else outcome.cost_usd)
