"""Embeddings: texts in, one vector for each out."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from domain.chat.usage import Usage
from domain.json_types import NO_EXT, Ext

TokenIds: TypeAlias = tuple[int, ...]
"""A text as the ids of its tokens, in the vocabulary of the model that is asked."""

Vector: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingRequest:
    """What is to be embedded, each input for itself and in this order.

    dimensions: the wanted length of the vectors; None = the model's own.
    encoding:   how the client reads vectors: numbers, or base64 of little-endian 32-bit floats.
    ext:        leftover members by vendor family, as in chat requests.
    """

    model: str
    inputs: tuple[str | TokenIds, ...]
    dimensions: int | None = None
    encoding: Literal["float", "base64"] = "float"
    end_user: str | None = None
    ext: Ext = NO_EXT


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingResponse:
    """A vector for every input, in the inputs' order; `usage` counts the prompt alone."""

    vectors: tuple[Vector, ...]
    usage: Usage | None = None
