"""A request for embeddings as the client wrote it."""

from collections.abc import Mapping

from adapters.dialects.embeddings.openai import parse_request
from adapters.dialects.envelope import Envelope
from domain.embeddings import EmbeddingRequest
from domain.json_types import JSON


class EmbeddingsDocument:
    """An envelope in OpenAI's format, without the gateway's own members, and what it means once somebody asks."""

    __slots__ = ("_canonical", "envelope")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self._canonical: EmbeddingRequest | None = None

    def canonical(self) -> EmbeddingRequest:
        """The request, parsed when first asked for. Raises MalformedRequest with the path of a mistake."""
        if self._canonical is None:
            self._canonical = parse_request(self.envelope.document())
        return self._canonical

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "EmbeddingsDocument":
        """The request to another model with other members."""
        return EmbeddingsDocument(self.envelope.with_members({**changes, "model": model}))

    def with_envelope(self, envelope: Envelope) -> "EmbeddingsDocument":
        """The same request with other members."""
        return self if envelope is self.envelope else EmbeddingsDocument(envelope)
