"""One request for embeddings on its way through the gateway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from application.call_record import CallRecord
from domain.chat.loss import Loss, LossPolicy
from domain.embeddings import EmbeddingRequest
from domain.routing.fleet import Deployment


class EmbeddingDocument(Protocol):
    """The request as the client wrote it. Only a provider of the same format looks at the bytes inside."""

    def canonical(self) -> EmbeddingRequest:
        """What it means; parsed when first asked for. Raises MalformedRequest with the path of a mistake."""
        ...


@dataclass(slots=True, kw_only=True)
class EmbeddingCall:
    """One request; the fields mean what those of a ChatCall mean."""

    request_id: str
    model: str
    document: EmbeddingDocument
    record: CallRecord
    timeout_s: float | None = None
    drop_params: bool | None = None
    strict: bool = False
    losses: list[Loss] = field(default_factory=list)
    upstream_headers: Mapping[str, str] = field(default_factory=dict)

    def accept(self, losses: Sequence[Loss], deployment: Deployment) -> None:
        """Take note of `losses`. Raises UnsupportedFeature where caller or operator does not accept them."""
        operator = deployment.loss_policy
        policy = LossPolicy(
            drop_params=operator.drop_params if self.drop_params is None else self.drop_params,
            strict=operator.strict or self.strict,
        )
        policy.check(losses, provider=deployment.provider, model=deployment.model)
        self.losses.extend(losses)
