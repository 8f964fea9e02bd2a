"""Outcomes of batch lines."""

from domain.batch.line import LineOutcome
from domain.chat.usage import Usage
from domain.errors import FeatherGateError


def outcome(
    error: FeatherGateError | None = None,
    *,
    usage: Usage | None = None,
    cost_usd: float | None = None,
    attempts: int = 1,
    duration_s: float = 1.0,
) -> LineOutcome:
    return LineOutcome(
        status=200 if error is None else error.status,
        body=b"{}",
        request_id="req",
        error=error,
        usage=usage,
        cost_usd=cost_usd,
        attempts=attempts,
        duration_s=duration_s,
    )
