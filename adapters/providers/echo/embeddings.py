"""Vectors without any upstream: always the same for the same text."""

import hashlib
import math
import struct
from typing import Final

from application.embedding_call import EmbeddingCall
from application.ports.embedder import RelayedEmbeddings
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingResponse, TokenIds, Vector
from domain.errors import UnsupportedFeature
from domain.routing.fleet import Deployment

DEFAULT_DIMENSIONS: Final = 16
MAX_DIMENSIONS: Final = 4_096


class EchoEmbedder:
    """Embeds into vectors of length one, `dimensions` long; equal texts have equal vectors, and that is all.

    Tokens are counted as words; token ids are as many as they are.
    """

    async def embed(self, deployment: Deployment, call: EmbeddingCall) -> EmbeddingResponse | RelayedEmbeddings:
        """The vectors. Raises MalformedRequest, UnsupportedFeature for more dimensions than 4096."""
        request = call.document.canonical()
        dimensions = request.dimensions or DEFAULT_DIMENSIONS
        if dimensions > MAX_DIMENSIONS:
            raise UnsupportedFeature(
                f"dimensions: expected at most {MAX_DIMENSIONS}, got {dimensions}.",
                param="dimensions",
                provider=deployment.provider,
                model=deployment.model,
            )
        return EmbeddingResponse(
            vectors=tuple(_vector(value, dimensions) for value in request.inputs),
            usage=Usage(prompt_tokens=sum(_words(value) for value in request.inputs), completion_tokens=0),
        )


def _vector(value: str | TokenIds, dimensions: int) -> Vector:
    seed = repr(value).encode("utf-8", "surrogatepass")
    drawn = struct.unpack(f"<{dimensions}i", hashlib.shake_128(seed).digest(4 * dimensions))
    length = math.sqrt(math.fsum(number * number for number in drawn)) or 1.0
    return tuple(number / length for number in drawn)


def _words(value: str | TokenIds) -> int:
    return len(value.split()) if isinstance(value, str) else len(value)
