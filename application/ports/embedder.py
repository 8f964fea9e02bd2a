"""Who embeds texts."""

from dataclasses import dataclass
from typing import Protocol

from application.embedding_call import EmbeddingCall
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingResponse
from domain.routing.fleet import Deployment


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayedEmbeddings:
    """An answer in the client's own format, to be handed on as it is; `usage` is what it tells."""

    body: bytes
    usage: Usage | None


class Embedder(Protocol):
    """Embeds texts through a deployment."""

    async def embed(self, deployment: Deployment, call: EmbeddingCall) -> EmbeddingResponse | RelayedEmbeddings:
        """The vectors of the call's inputs.

        Raises RequestErrors where the upstream cannot be asked for them, UpstreamErrors where it fails.
        """
        ...
