"""One chat call on its way through the gateway."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from application.call_record import CallRecord
from application.ports.passage import Passage
from domain.chat.loss import Loss, LossPolicy
from domain.chat.request import ChatRequest
from domain.json_types import JSON
from domain.routing.fleet import Deployment
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes


class ClientDocument(Protocol):
    """The request as the client wrote it. Only a provider of the same dialect looks at the bytes inside."""

    @property
    def dialect(self) -> str:
        """The name of the dialect it is written in."""
        ...

    def canonical(self) -> ChatRequest:
        """What it means; parsed when first asked for. Raises MalformedRequest with the path of a mistake."""
        ...

    def asks_to_reason(self) -> bool:
        """Whether it asks the model to think first. Cheap: nothing is parsed for it."""
        ...

    def opening(self) -> str:
        """The same for requests that begin alike, as a prompt cache sees them. Cheap likewise."""
        ...

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "ClientDocument":
        """The request to another model, whose name its answer bears, with some members changed."""
        ...

    def place(self, where: str) -> str:
        """A loss's JSON pointer, in the canonical request's names, in the names of the client's own request."""
        ...


@dataclass(slots=True, kw_only=True)
class ChatCall:
    """One call: what the client asked, and what became known on the way.

    model:         the name the client asked for.
    timeout_s:     the caller's own limit for the whole call, all its tries together.
    first_event_s: how long an attempt at a stream waits for the upstream's first sign of life; None = as long
                   as for any answer.
    wishes:        what the caller asks of routing.
    mock_response: a canned answer to give instead of asking any upstream.
    headers:       the client's headers that may travel upstream, lower-case names.
    query:         the client's query parameters that may travel to an upstream of its dialect, encoded.
    stateful:      the request refers to what its upstream account keeps (an earlier response, a conversation).
    losses:        what translation dropped or changed so far.
    upstream_headers: what the upstream's answer said about itself and the client may see.
    passage:       takes bytes of the answer past its pieces; None = all have to come as pieces.
    """

    request_id: str
    model: str
    stream: bool
    document: ClientDocument
    record: CallRecord
    timeout_s: float | None = None
    first_event_s: float | None = None
    wishes: RoutingWishes = NO_WISHES
    mock_response: str | None = None
    drop_params: bool | None = None
    strict: bool = False
    query: str = ""
    stateful: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    upstream_headers: Mapping[str, str] = field(default_factory=dict)
    passage: Passage | None = None

    def again(self, target: FallbackTarget | None = None) -> "ChatCall":
        """The same call for a further try, of which nothing is known yet; `target`: to another model."""
        call = replace(self, losses=[], upstream_headers={})
        if target is not None:
            call.model, call.document = target.model, self.document.changed(target.model, target.changes)
        return call

    def accept(self, losses: Sequence[Loss], deployment: Deployment) -> None:
        """Take note of `losses`. Raises UnsupportedFeature where caller or operator does not accept them.

        The caller's `drop_params` beats the deployment's; strictness of either counts.
        """
        if not losses:
            return
        losses = [replace(loss, where=self.document.place(loss.where)) for loss in losses]
        operator = deployment.loss_policy
        policy = LossPolicy(
            drop_params=operator.drop_params if self.drop_params is None else self.drop_params,
            strict=operator.strict or self.strict,
        )
        policy.check(losses, provider=deployment.provider, model=deployment.model)
        self.losses.extend(losses)
        self.record.losses = len(self.losses)

    def lose(self, loss: Loss) -> None:
        """Take note of a loss in the answer, which nobody can refuse any more; once, however often it happens."""
        if loss not in self.losses:
            self.losses.append(loss)
            self.record.losses = len(self.losses)
