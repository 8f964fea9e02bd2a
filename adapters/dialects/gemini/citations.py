"""groundingMetadata and citationMetadata as citations of a text (ai.google.dev, 2026-11)."""

from collections.abc import Iterator, Mapping

from adapters.dialects.gemini.wire import member, objects
from domain.chat.content import Citation
from domain.json_types import JSON


def parse_grounding(metadata: Mapping[str, JSON], text: str, *, preceding_bytes: int) -> Iterator[Citation]:
    """The sources of `text`, the last block of a candidate, which `preceding_bytes` of other text precede.

    Sources that support no segment are citations of the whole. Raises MalformedResponse.
    """
    sources = [_source(chunk) for chunk in objects(metadata, "groundingChunks")]
    supports = objects(metadata, "groundingSupports")
    if not supports:
        yield from (source for source in sources if source is not None)
    for support in supports:
        segment = member(support, "segment", dict) or {}
        span = _span(segment, text, preceding_bytes=preceding_bytes)
        for index in member(support, "groundingChunkIndices", list) or []:
            source = sources[index] if isinstance(index, int) and 0 <= index < len(sources) else None
            if source is not None:
                yield _spanning(source, span, member(segment, "text", str))


def parse_citations(metadata: Mapping[str, JSON], text: str, *, preceding_bytes: int) -> Iterator[Citation]:
    """The works that `text` recites (`citationMetadata`); those without an address are left out."""
    for source in objects(metadata, "citationSources") or objects(metadata, "citations"):
        url = member(source, "uri", str)
        if url:
            cited = Citation(kind="url", url=url, title=member(source, "title", str))
            yield _spanning(cited, _span(source, text, preceding_bytes=preceding_bytes), None)


def _source(chunk: Mapping[str, JSON]) -> Citation | None:
    for kind in ("web", "retrievedContext", "maps", "image"):
        found = member(chunk, kind, dict)
        if found is not None:
            url = member(found, "uri", str) or member(found, "sourceUri", str)
            title = member(found, "title", str)
            if url:
                return Citation(kind="url", url=url, title=title)
            return Citation(kind="file", title=title) if title else None
    return None


def _spanning(source: Citation, span: tuple[int, int] | None, quoted: str | None) -> Citation:
    start, end = span if span is not None else (None, None)
    return Citation(kind=source.kind, url=source.url, title=source.title, cited_text=quoted, start=start, end=end)


def _span(segment: Mapping[str, JSON], text: str, *, preceding_bytes: int) -> tuple[int, int] | None:
    """Where the segment lies in `text`, in code points.

    The wire counts UTF-8 bytes, from the start of the answer's text or of its part, and sometimes miscounts:
    where the segment's own text is known, it decides.
    """
    start, end = member(segment, "startIndex", int) or 0, member(segment, "endIndex", int)
    quoted = member(segment, "text", str)
    encoded = text.encode("utf-8", "replace")
    for origin in (preceding_bytes, 0):
        if end is None or not 0 <= start - origin <= end - origin <= len(encoded):
            continue
        head = encoded[: start - origin].decode("utf-8", "ignore")
        inside = encoded[start - origin : end - origin].decode("utf-8", "ignore")
        if quoted is None or inside == quoted:
            return len(head), len(head) + len(inside)
    at = text.find(quoted) if quoted else -1
    return (at, at + len(quoted)) if quoted and at >= 0 else None
