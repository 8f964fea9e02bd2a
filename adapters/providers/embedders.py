"""Embedders: every deployment's vectors from whom they are meant to come."""

from application.embedding_call import EmbeddingCall
from application.ports.embedder import Embedder, RelayedEmbeddings
from domain.embeddings import EmbeddingResponse
from domain.routing.fleet import Deployment


class Embedders:
    """The Embedder of the whole fleet: what has a route (`http`) is reached over HTTP, echo answers the rest."""

    def __init__(self, http: Embedder, echo: Embedder, *, routed: frozenset[str]) -> None:
        self._http = http
        self._echo = echo
        self._routed = routed

    async def embed(self, deployment: Deployment, call: EmbeddingCall) -> EmbeddingResponse | RelayedEmbeddings:
        """The vectors of the call's inputs; raises what the one that is asked raises."""
        embedder = self._http if deployment.id in self._routed else self._echo
        return await embedder.embed(deployment, call)
