"""`:countTokens`, from both sides (ai.google.dev/api/tokens, 2026-11)."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.members import camel_case, malformed
from domain.errors import MalformedRequest, MalformedResponse
from domain.json_types import JSON

_WHOLE: Final = "generateContentRequest"
_COLLECTIONS: Final = ("models/", "tunedModels/")


def parse_count_request(body: Mapping[str, JSON]) -> dict[str, JSON]:
    """What a client wants counted, as the body of a generateContent request, without a model.

    That is `contents` alone, or a whole request under `generateContentRequest`. Raises MalformedRequest where it
    is neither or both.
    """
    members = {camel_case(name): value for name, value in body.items() if value is not None}
    whole = members.get(_WHOLE)
    if (whole is None) is (members.get("contents") is None):
        got = "neither" if whole is None else "both"
        raise MalformedRequest(f"{_WHOLE}: expected either contents or {_WHOLE}, got {got}.", param=_WHOLE)
    if whole is None:
        return {"contents": members["contents"]}
    if not isinstance(whole, dict):
        raise malformed(_WHOLE, "an object", whole)
    return {name: value for name, value in whole.items() if name != "model"}


def render_count_request(rendered: RenderedRequest, model: str) -> dict[str, JSON]:
    """The body that has `rendered` counted for `model`, which the API wants inside too, as its URL names it."""
    name = model if model.startswith(_COLLECTIONS) else f"models/{model}"
    return {_WHOLE: {"model": name, **rendered.body}}


def parse_count(body: JSON) -> int:
    """The tokens that an upstream counted. Raises MalformedResponse where it tells no number."""
    counted = body.get("totalTokens") if isinstance(body, dict) else None
    if isinstance(counted, bool) or not isinstance(counted, int) or counted < 0:
        raise MalformedResponse("expected totalTokens, a number, in the upstream's count of tokens")
    return counted


def render_count(tokens: int) -> dict[str, JSON]:
    """A count for a client."""
    return {"totalTokens": tokens}
