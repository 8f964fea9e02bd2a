"""One request of a batch, and what became of it."""

from dataclasses import dataclass
from enum import StrEnum

from domain.chat.usage import Usage
from domain.errors import FeatherGateError


class LineShape(StrEnum):
    """How a line was written, and so how its result is: as OpenAI or Anthropic batch lines, or as a bare body."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    BARE = "bare"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLine:
    """A request of a batch.

    number:    which line of the input it is, from 1.
    custom_id: what its author calls it; unique in the batch, never empty.
    path:      of the gateway's route that answers it (`/v1/chat/completions`).
    model:     that is asked, as the request names it; "" where it names none.
    body:      the request, as JSON.
    """

    number: int
    custom_id: str
    shape: LineShape
    path: str
    model: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class LineEstimate:
    """What a line will take at most, as far as can be told before it is asked.

    prompt_tokens: estimated. answer_tokens: the most its answer may have; None = the request sets no limit and
    none is known of its model. cost_usd: of both; None = the price, or the most tokens, are not known.
    """

    prompt_tokens: int
    answer_tokens: int | None
    cost_usd: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOutcome:
    """What one asking of a line led to.

    status:     the HTTP status of the answer. body: the answer, or the error, as JSON in the request's dialect.
    error:      why it failed; None = it succeeded.
    cost_usd:   of the answer; None = not known.
    attempts:   how many deployments were asked, one after the other.
    duration_s: from the asking to the end of the answer.
    """

    status: int
    body: bytes
    request_id: str
    error: FeatherGateError | None
    usage: Usage | None
    cost_usd: float | None
    attempts: int
    duration_s: float
