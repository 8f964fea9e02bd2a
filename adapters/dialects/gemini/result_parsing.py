"""functionResponse parts → tool results (ai.google.dev/gemini-api/docs/function-calling, 2026-11).

A response that only has an `output` or only an `error` in text is that text; any other object is its JSON. So
text that is itself a JSON object is what `response` was, and `own_contents` can write back exactly what came.
"""

from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.gemini.members import Members, not_one_of
from adapters.dialects.gemini.part_parsing import parse_media
from domain.chat.content import Document, Image, Text, ToolResult
from domain.json_types import JSON

_PARTS: Final = ("inlineData", "fileData")


def parse_result(part: Members, response: Members, call_id: str) -> ToolResult:
    """The result of the call `call_id`; the response's `id` was taken before."""
    given = response.take_mapping("response") or {}
    parts: list[Text | Image | Document] = [Text(_said(given))]
    for inner in response.take_objects("parts"):
        shown = parse_media(inner)
        if shown is None:
            raise not_one_of(inner.path, _PARTS, next(iter(inner), None))
        parts.append(shown)
    name = response.take_text("name")
    return ToolResult(
        call_id=call_id,
        name=name,
        parts=tuple(parts),
        is_error=_is_error(given),
        ext=part.leftovers(functionResponse=response.left()),
    )


def json_object(text: str) -> dict[str, JSON] | None:
    """The object that `text` is in JSON; None where it is anything else."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json_codec.decode(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _said(response: dict[str, JSON]) -> str:
    if len(response) == 1:
        text = response.get("output", response.get("error"))
        if isinstance(text, str) and json_object(text) is None:
            return text
    return json_codec.encode(response).decode()


def _is_error(response: dict[str, JSON]) -> bool:
    """Whether it reports an error, by the name that the documentation gives to errors."""
    reports = bool(response.get("error")) and response.keys().isdisjoint({"output", "result"})
    return reports or response.keys() == {"error"}
