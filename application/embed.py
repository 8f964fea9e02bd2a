"""The use case: embed texts."""

from dataclasses import dataclass

from application.choosing import Chooser
from application.embedding_call import EmbeddingCall
from application.ports.clock import Clock
from application.ports.embedder import Embedder, RelayedEmbeddings
from domain.embeddings import EmbeddingResponse
from domain.errors import FeatherGateError
from domain.routing.fleet import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedded:
    """The vectors, and who gave them."""

    deployment: Deployment
    answer: EmbeddingResponse | RelayedEmbeddings


class Embed:
    """Has one deployment embed the inputs of a call; its usage goes into the record."""

    def __init__(self, chooser: Chooser, embedder: Embedder, clock: Clock) -> None:
        self._chooser = chooser
        self._embedder = embedder
        self._clock = clock

    async def run(self, call: EmbeddingCall) -> Embedded:
        """Raises UnknownModel, NotConfigured, RequestErrors and UpstreamErrors; booking is the caller's."""
        record = call.record
        deployment = self._chooser.choose(call.model, record)
        asked_s = self._clock.monotonic_s()
        try:
            answer = await self._embedder.embed(deployment, call)
        except FeatherGateError as error:
            error.provider = error.provider or deployment.provider
            error.model = error.model or deployment.model
            raise
        finally:
            record.upstream_s += self._clock.monotonic_s() - asked_s
        record.usage = answer.usage
        return Embedded(deployment=deployment, answer=answer)
