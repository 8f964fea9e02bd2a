"""`POST /v1/embeddings`, OpenAI's and its copies' (platform.openai.com/docs/api-reference/embeddings, 2026-11)."""

import array
import base64
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from adapters.dialects.envelope import Envelope
from adapters.dialects.upstream_errors import excerpt
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse, TokenIds, Vector
from domain.errors import MalformedRequest, MalformedResponse
from domain.json_types import JSON, NO_EXT

_OPENAI: Final = "openai"
_GOOGLE: Final = "google"
_KNOWN: Final = frozenset({"model", "input", "dimensions", "encoding_format", "user"})
_GOOGLES_OWN: Final = MappingProxyType({"task_type": "taskType", "taskType": "taskType", "title": "title"})
"""Members that say to Gemini what the vectors are for, in the spellings of its clients."""


def parse_request(body: Mapping[str, JSON]) -> EmbeddingRequest:
    """A request. Raises MalformedRequest with the path of what is wrong (`input[2]`)."""
    model = body.get("model")
    if not isinstance(model, str) or not model:
        raise MalformedRequest("model: expected the name of a model.", param="model")
    left = {name: value for name, value in body.items() if name not in _KNOWN and value is not None}
    google = {_GOOGLES_OWN[name]: left.pop(name) for name in tuple(left) if name in _GOOGLES_OWN}
    ext = {family: members for family, members in ((_OPENAI, left), (_GOOGLE, google)) if members}
    return EmbeddingRequest(
        model=model,
        inputs=_parse_inputs(body.get("input")),
        dimensions=_parse_dimensions(body.get("dimensions")),
        encoding=_parse_encoding(body.get("encoding_format")),
        end_user=_parse_user(body.get("user")),
        ext=ext or NO_EXT,
    )


def render_response(response: EmbeddingResponse, request: EmbeddingRequest) -> dict[str, JSON]:
    """An answer to `request`, under the name the client asked for."""
    written = encode_vector if request.encoding == "base64" else list
    vectors = [
        {"object": "embedding", "index": index, "embedding": written(vector)}
        for index, vector in enumerate(response.vectors)
    ]
    prompt = response.usage.prompt_tokens or 0 if response.usage is not None else 0
    usage = {"prompt_tokens": prompt, "total_tokens": prompt}
    return {"object": "list", "data": vectors, "model": request.model, "usage": usage}


def relay_answer(body: bytes, model: str) -> tuple[bytes, Usage | None]:
    """An upstream's answer for a client of this format: its values keep their bytes, the model's name is `model`.

    Raises MalformedResponse where it is no answer.
    """
    try:
        envelope = Envelope.decode(body)
        usage = envelope.value("usage")
    except MalformedRequest:
        raise MalformedResponse(f"expected embeddings in JSON from the upstream; got {excerpt(body)}") from None
    if "data" not in envelope:
        raise MalformedResponse("expected embeddings under data in the upstream's answer; it has no such member")
    counted = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    known = isinstance(counted, int) and not isinstance(counted, bool) and counted >= 0
    told = Usage(prompt_tokens=counted, completion_tokens=0) if known else None
    return envelope.with_members({"model": model}).encode(), told


def encode_vector(vector: Vector) -> str:
    """Base64 of the numbers as little-endian 32-bit floats: what the official clients ask for and decode."""
    numbers = array.array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers).decode("ascii")


def _parse_inputs(value: JSON) -> tuple[str | TokenIds, ...]:
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, list) or not value:
        raise MalformedRequest(
            "input: expected a text, a list of texts, a list of token ids, or a list of such lists.", param="input"
        )
    if all(_is_token(item) for item in value):
        return (tuple(value),)
    return tuple(_parse_input(item, f"input[{index}]") for index, item in enumerate(value))


def _parse_input(value: JSON, path: str) -> str | TokenIds:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(_is_token(item) for item in value):
        return tuple(value)
    raise MalformedRequest(f"{path}: expected a text or a list of token ids.", param=path)


def _is_token(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _parse_dimensions(value: JSON) -> int | None:
    if value is None:
        return None
    if _is_token(value) and value > 0:
        return int(value)
    raise MalformedRequest("dimensions: expected a number above zero.", param="dimensions")


def _parse_encoding(value: JSON) -> Literal["float", "base64"]:
    match value:
        case None | "float":
            return "float"
        case "base64":
            return "base64"
        case _:
            raise MalformedRequest("encoding_format: expected float or base64.", param="encoding_format")


def _parse_user(value: JSON) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise MalformedRequest("user: expected a text.", param="user")
