"""`:batchEmbedContents` of Gemini (ai.google.dev/api/embeddings, 2026-11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from domain.chat.loss import Loss, LossKind
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse, TokenIds, Vector
from domain.errors import MalformedResponse, UnsupportedFeature
from domain.json_types import JSON
from domain.models.token_estimate import estimate_text

_FAMILY: Final = "google"
_NUMBERS: Final = (int, float)
_COLLECTIONS: Final = ("models/", "tunedModels/")


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedEmbeddings:
    """A request as the upstream's JSON document, and what was lost on the way."""

    body: dict[str, JSON]
    losses: tuple[Loss, ...] = ()


def render_request(request: EmbeddingRequest, model: str) -> RenderedEmbeddings:
    """The request for `model`. Raises UnsupportedFeature for token ids, which mean nothing in its vocabulary.

    What `ext["google"]` holds (`taskType`, `title`) goes with every input.
    """
    shared: dict[str, JSON] = {
        "model": model if model.startswith(_COLLECTIONS) else f"models/{model}",
        **request.ext.get(_FAMILY, {}),
    }
    if request.dimensions is not None:
        shared["outputDimensionality"] = request.dimensions
    contents = ({"parts": [{"text": _text(value, index)}]} for index, value in enumerate(request.inputs))
    return RenderedEmbeddings(
        body={"requests": [{**shared, "content": content} for content in contents]}, losses=tuple(_losses(request))
    )


def parse_response(body: JSON, request: EmbeddingRequest, model: str) -> EmbeddingResponse:
    """An answer to `request`; its usage is estimated where `model` does not tell it.

    Raises MalformedResponse where it has not one vector for every input.
    """
    embeddings = body.get("embeddings") if isinstance(body, dict) else None
    if not isinstance(embeddings, list) or len(embeddings) != len(request.inputs):
        raise MalformedResponse(f"expected {len(request.inputs)} embeddings from the upstream; got others")
    return EmbeddingResponse(
        vectors=tuple(_vector(embedding) for embedding in embeddings),
        usage=Usage(prompt_tokens=_counted(body) or _estimated(request, model), completion_tokens=0),
    )


def _text(value: str | TokenIds, index: int) -> str:
    if isinstance(value, str):
        return value
    raise UnsupportedFeature(
        f"input[{index}]: expected a text; token ids mean nothing to Gemini's models. Send the text itself.",
        param=f"input[{index}]",
    )


def _losses(request: EmbeddingRequest) -> Iterator[Loss]:
    if request.end_user is not None:
        yield Loss("dropped_param", "/user", "Gemini has no such member", LossKind.HINT)
    for family, members in request.ext.items():
        if family != _FAMILY:
            for name in members:
                yield Loss("dropped_ext", f"/{name}", "Gemini has no such member", LossKind.PARAMETER)


def _vector(embedding: JSON) -> Vector:
    values = embedding.get("values") if isinstance(embedding, dict) else None
    try:
        if isinstance(values, list) and all(type(value) in _NUMBERS for value in values):
            return tuple(map(float, values))
    except OverflowError:
        pass
    raise MalformedResponse("expected numbers under values in each of the upstream's embeddings")


def _counted(body: dict[str, JSON]) -> int | None:
    usage = body.get("usageMetadata")
    counted = usage.get("promptTokenCount") if isinstance(usage, dict) else None
    return counted if isinstance(counted, int) and not isinstance(counted, bool) and counted >= 0 else None


def _estimated(request: EmbeddingRequest, model: str) -> int:
    return sum(estimate_text(value, _FAMILY, model) for value in request.inputs if isinstance(value, str))
