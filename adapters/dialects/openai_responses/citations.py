"""Sources of a text: annotations of `output_text` ↔ Citations.

A Citation keeps what its own fields do not say under `ext[FAMILY]`; of kinds other than `url_citation` that is all
but the offsets and the file's name.
"""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat.content import Citation
from domain.json_types import JSON, NO_EXT

_URL: Final = "url_citation"
_FIELDS: Final = frozenset({"start_index", "end_index"})
_OF_URL: Final = _FIELDS | {"type", "url", "title"}
_OF_FILE: Final = _FIELDS | {"filename"}


def parse_annotation(annotation: Mapping[str, JSON]) -> Citation:
    """The source that an annotation names; offsets count code points of the annotated text."""
    is_url = annotation.get("type") == _URL
    named = annotation.get("title" if is_url else "filename")
    url, fields = annotation.get("url"), _OF_URL if is_url else _OF_FILE
    left = {name: value for name, value in annotation.items() if name not in fields}
    return Citation(
        kind="url" if is_url else "file",
        url=url if is_url and isinstance(url, str) else None,
        title=named if isinstance(named, str) else None,
        start=_offset(annotation.get("start_index")),
        end=_offset(annotation.get("end_index")),
        ext={FAMILY: left} if left else NO_EXT,
    )


def render_annotation(citation: Citation, length: int) -> dict[str, JSON] | None:
    """The annotation of a text of `length` code points, None for sources that the wire has no word for.

    A source without a place in the text is the whole text's.
    """
    own = dict(citation.ext.get(FAMILY, {}))
    if citation.kind == "url":
        return {
            "type": _URL,
            "start_index": citation.start or 0,
            "end_index": length if citation.end is None else citation.end,
            "title": citation.title or "",
            "url": citation.url or "",
            **own,
        }
    if "type" not in own:
        return None
    placed = {"start_index": citation.start, "end_index": citation.end, "filename": citation.title}
    return {**own, **{name: value for name, value in placed.items() if value is not None}}


def _offset(value: JSON) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
