"""The use case: embed texts."""

from dataclasses import dataclass

from application.attempts import Attempts
from application.course import deadline_s
from application.embedding_call import EmbeddingCall
from application.metering import PriceOf
from application.ports.clock import Clock
from application.ports.embedder import Embedder, RelayedEmbeddings
from domain.embeddings import EmbeddingResponse
from domain.pricing.cost import cost_usd
from domain.routing.fleet import Deployment
from domain.routing.group import Needs
from domain.routing.steps import Course, Try


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The vectors, who gave them, and the call as it was made to them."""

    call: EmbeddingCall
    deployment: Deployment
    answer: EmbeddingResponse | RelayedEmbeddings


class Embed:
    """Has the inputs of a call embedded by whom routing finds; usage and cost go into the record."""

    def __init__(self, attempts: Attempts, embedder: Embedder, clock: Clock, price_of: PriceOf) -> None:
        self._attempts = attempts
        self._embedder = embedder
        self._clock = clock
        self._price_of = price_of

    async def run(self, call: EmbeddingCall) -> Embedded:
        """Raises what Attempts raises, RequestErrors and UpstreamErrors; booking is the caller's."""
        record, made = call.record, call

        async def ask(tried: Try) -> EmbeddingResponse | RelayedEmbeddings:
            deployment = tried.member.deployment
            nonlocal made
            made = call.again(tried.target) if record.attempts or tried.target else call
            record.asked(deployment, tried.target)
            return await self._embedder.embed(deployment, made)

        began_s = record.received_s
        course = Course(
            model=call.model,
            began_s=began_s,
            deadline_s=deadline_s(began_s, call.timeout_s),
            wishes=call.wishes,
            needs=Needs(tags=call.wishes.tags),
            call_id=call.request_id,
        )
        asked_s = self._clock.monotonic_s()
        try:
            served = await self._attempts.run(course, ask)
        finally:
            record.upstream_s += self._clock.monotonic_s() - asked_s
        answer, deployment = served.answer, served.tried.member.deployment
        record.usage = answer.usage
        price = self._price_of(deployment)
        if price is not None and answer.usage is not None:
            record.cost_usd = cost_usd(answer.usage, price)
        served.ended(0 if answer.usage is None else answer.usage.prompt_tokens or 0)
        return Embedded(call=made, deployment=deployment, answer=answer)
