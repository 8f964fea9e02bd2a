"""Tool results as functionResponse parts (ai.google.dev/gemini-api/docs/function-calling, 2026-11)."""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.media_parts import render_media
from adapters.dialects.places import Places
from domain.chat.content import Document, Image, Inline, Text, ToolResult
from domain.json_types import JSON

_RESPONSE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "application/pdf", "text/plain"})
"""What `functionResponse.parts` may hold."""


def render_result(
    result: ToolResult, places: Places, *, name: str, losses: Losses, media: bool
) -> tuple[dict[str, JSON], list[JSON]]:
    """The functionResponse (without id) and the parts that must follow in a Content of their own.

    `media`: the model takes pictures and PDFs inside the response.
    """
    texts = [part.text for part in result.parts if isinstance(part, Text)]
    response: dict[str, JSON] = {"name": name, "response": _response("\n".join(texts), is_error=result.is_error)}
    inside: list[JSON] = []
    after: list[JSON] = []
    for part in result.parts:
        if isinstance(part, Text):
            continue
        rendered = render_media(part, places.pointer(part), losses=losses)
        (inside if media and _fits_inside(part) else after).append(rendered)
    if inside:
        response["parts"] = inside
    if after:
        after.insert(0, {"text": f"[attached to the result of {name}]"})
    return response, after


def _fits_inside(part: Image | Document) -> bool:
    return isinstance(part.source, Inline) and part.source.media_type in _RESPONSE_TYPES


def _response(text: str, *, is_error: bool) -> dict[str, JSON]:
    """The result as an object: what is one already stays, unless it has a `$ref`, which Gemini resolves itself."""
    if is_error:
        return {"error": text}
    if text.lstrip().startswith("{"):
        try:
            value = json_codec.decode(text.encode("utf-8", "surrogatepass"))
        except ValueError:
            value = None
        if isinstance(value, dict) and not _refers(value):
            return value
    return {"output": text}


def _refers(value: JSON) -> bool:
    pending: list[JSON] = [value]
    while pending:
        each = pending.pop()
        if isinstance(each, dict):
            if "$ref" in each:
                return True
            pending.extend(each.values())
        elif isinstance(each, list):
            pending.extend(each)
    return False
