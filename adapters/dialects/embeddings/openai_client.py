"""OpenAI's embeddings as a client asks for them (platform.openai.com/docs/api-reference/embeddings, 2026-11)."""

import array
import base64
import binascii
import sys
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.upstream_errors import excerpt
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse, Vector
from domain.errors import MalformedResponse
from domain.json_types import JSON

_OPENAI: Final = "openai"
_GOOGLE: Final = "google"


def render_request(request: EmbeddingRequest) -> dict[str, JSON]:
    """The body of `request`; what it does not say is left out."""
    inputs: list[JSON] = [one if isinstance(one, str) else list(one) for one in request.inputs]
    body: dict[str, JSON] = {"model": request.model, "input": inputs, "encoding_format": request.encoding}
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.end_user is not None:
        body["user"] = request.end_user
    return {**request.ext.get(_OPENAI, {}), **request.ext.get(_GOOGLE, {}), **body}


def parse_response(body: bytes, usage: Usage | None) -> EmbeddingResponse:
    """The vectors of an answer, numbers or base64, in the inputs' order. Raises MalformedResponse."""
    try:
        document = json_codec.decode(body)
        rows = sorted(document["data"], key=lambda row: row["index"])
        return EmbeddingResponse(vectors=tuple([_vector(row["embedding"]) for row in rows]), usage=usage)
    except (ValueError, TypeError, KeyError, RecursionError):
        raise MalformedResponse(
            f"expected embeddings under data in the upstream's answer, each with its index; got {excerpt(body)}"
        ) from None


def _vector(value: JSON) -> Vector:
    if not isinstance(value, str):
        return tuple([float(number) for number in value])
    return _decode_vector(value)


def _decode_vector(text: str) -> Vector:
    """Little-endian 32-bit floats in base64. Raises ValueError."""
    try:
        numbers = array.array("f", base64.b64decode(text, validate=True))
    except binascii.Error as broken:
        raise ValueError(str(broken)) from None
    if sys.byteorder == "big":
        numbers.byteswap()
    return tuple(numbers)
