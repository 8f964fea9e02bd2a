"""One request for embeddings on its way through the gateway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from application.call_record import CallRecord
from domain.chat.loss import Loss, LossPolicy
from domain.embeddings import EmbeddingRequest
from domain.json_types import JSON
from domain.routing.fleet import Deployment
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes


class EmbeddingDocument(Protocol):
    """The request as the client wrote it. Only a provider of the same format looks at the bytes inside."""

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "EmbeddingDocument":
        """The request to another model, whose name its answer bears, with some members changed."""
        ...

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
    wishes: RoutingWishes = NO_WISHES
    drop_params: bool | None = None
    strict: bool = False
    losses: list[Loss] = field(default_factory=list)
    upstream_headers: Mapping[str, str] = field(default_factory=dict)

    def again(self, target: FallbackTarget | None) -> "EmbeddingCall":
        """The same call for a further try, of which nothing is known yet; `target`: to another model."""
        call = replace(self, losses=[], upstream_headers={})
        if target is not None:
            call.model, call.document = target.model, self.document.changed(target.model, target.changes)
        return call

    def accept(self, losses: Sequence[Loss], deployment: Deployment) -> None:
        """Take note of `losses`. Raises UnsupportedFeature where caller or operator does not accept them."""
        operator = deployment.loss_policy
        policy = LossPolicy(
            drop_params=operator.drop_params if self.drop_params is None else self.drop_params,
            strict=operator.strict or self.strict,
        )
        policy.check(losses, provider=deployment.provider, model=deployment.model)
        self.losses.extend(losses)
        self.record.losses = len(self.losses)
