"""How fast a batch may run, and how far."""

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLimits:
    """What a batch keeps to; None = no limit. Raises ValueError where a number makes no sense.

    concurrency:  the most lines that are asked at a time; fewer of a model while that is too many for it.
    rpm:          lines asked in any minute.
    tpm:          tokens in any minute, of prompts and answers; of answers that are under way, as many as usual.
    budget_usd:   what all lines may cost together.
    max_attempts: how often a line is asked before its failure is its result; to wait for somebody who can be
                  asked, an hour at most, is no asking.
    """

    concurrency: int
    rpm: int | None = None
    tpm: int | None = None
    budget_usd: float | None = None
    max_attempts: int = 5

    def __post_init__(self) -> None:
        for name in ("concurrency", "rpm", "tpm", "max_attempts"):
            number = getattr(self, name)
            if number is not None and number < 1:
                raise ValueError(f"expected {name} of at least 1, got {number}")
        if self.budget_usd is not None and not 0 <= self.budget_usd < inf:
            raise ValueError(f"expected a budget_usd of 0 or more, got {self.budget_usd}")
