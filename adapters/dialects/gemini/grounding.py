"""Citations of a candidate's texts as groundingMetadata (ai.google.dev/gemini-api/docs/grounding, 2026-11).

Segments are counted in UTF-8 bytes. Their origin is the start of the candidate's text, all of its parts joined:
so a buffered answer and a streamed one, whose parts are pieces, say the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from domain.chat.content import Citation
from domain.json_types import JSON

CITABLE: Final = frozenset({"url", "file"})
"""Kinds of sources that have a place in groundingChunks."""


@dataclass(frozen=True, slots=True)
class Cited:
    """A block of text and what it cites; most cite nothing."""

    text: str
    citations: tuple[Citation, ...]


def render_grounding(texts: Iterable[Cited]) -> dict[str, JSON] | None:
    """The sources of a candidate whose texts, in their order, are `texts`; None where they have none."""
    chunks: dict[tuple[str, str | None, str | None], int] = {}
    supports: list[JSON] = []
    preceding_bytes = 0
    for cited in texts:
        for citation in cited.citations:
            if citation.kind not in CITABLE:
                continue
            chunk = chunks.setdefault((citation.kind, citation.url, citation.title), len(chunks))
            segment = _segment(citation, cited.text, preceding_bytes)
            if segment is not None:
                supports.append({"segment": segment, "groundingChunkIndices": [chunk]})
        preceding_bytes += _bytes(cited.text)
    if not chunks:
        return None
    listed: list[JSON] = [_chunk(kind, url, title) for kind, url, title in chunks]
    return {"groundingChunks": listed, **({"groundingSupports": supports} if supports else {})}


def _segment(citation: Citation, text: str, preceding_bytes: int) -> dict[str, JSON] | None:
    """Where the cited words stand: the whole text where the citation does not say; None where there is no text."""
    start = 0 if citation.start is None else max(0, citation.start)
    words = text[start : citation.end]
    if not words:
        return None
    first = preceding_bytes + _bytes(text[:start])
    return {"startIndex": first, "endIndex": first + _bytes(words), "text": words}


def _chunk(kind: str, url: str | None, title: str | None) -> dict[str, JSON]:
    said = {name: value for name, value in (("uri", url), ("title", title)) if value is not None}
    return {"web" if kind == "url" else "retrievedContext": said}


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))
