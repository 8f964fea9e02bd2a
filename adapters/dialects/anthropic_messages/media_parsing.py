"""Pictures and documents of requests → canonical parts.

Source: https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support (2026-11).
"""

from adapters.dialects import media
from adapters.dialects.anthropic_messages.members import Members, malformed
from adapters.dialects.anthropic_messages.vocabulary import FAMILY
from domain.chat.content import CacheHint, Document, FileRef, Image, Inline, Media, PlainText, Url
from domain.errors import MalformedRequest
from domain.json_types import JSON


def parse_image(block: Members, cache: CacheHint | None) -> Image | None:
    """A picture; None where its source is of a kind that came after this was written."""
    source = Members(block.need_object("source"), block.at("source"))
    found = _source(source)
    return None if found is None else Image(source=found, cache=cache, ext=block.leftovers(source=source.left()))


def parse_document(block: Members, cache: CacheHint | None) -> Document | None:
    """A document; None as for pictures. One made of blocks is their text, and its source is left over as it is."""
    written = block.need_object("source")
    source = Members(written, block.at("source"))
    title = block.take_text("title")
    if written.get("type") == "content":
        text = _text_of(source.take("content"), source.at("content"))
        return Document(source=PlainText(text=text), title=title, cache=cache, ext=block.leftovers(source=written))
    found = _source(source)
    if found is None:
        return None
    return Document(source=found, title=title, cache=cache, ext=block.leftovers(source=source.left()))


def _source(source: Members) -> Media | None:
    kind = source.take_text("type")
    match kind:
        case "base64":
            return _inline(source)
        case "url":
            return Url(url=source.need_text("url"))
        case "file":
            return FileRef(family=FAMILY, file_id=source.need_text("file_id"))
        case "text":
            media_type = source.take_text("media_type")
            if media_type not in (None, "text/plain"):
                source.put_back("media_type", media_type)
            return PlainText(text=source.need_text("data"))
        case None:
            raise malformed(source.at("type"), "a string", None)
        case _:
            return None


def _inline(source: Members) -> Inline:
    media_type, data = source.need_text("media_type"), source.need_text("data")
    try:
        return media.inline(media_type, data)
    except ValueError as refused:
        path = source.at("data")
        raise MalformedRequest(f"{path}: {refused}.", param=path) from None


def _text_of(content: JSON, path: str) -> str:
    """The words of a document's own content; pictures in it have none."""
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        raise malformed(path, "a string or a list of content blocks", content)
    texts = [Members(block, f"{path}[{index}]").take_text("text") for index, block in enumerate(content)]
    return "\n\n".join(text for text in texts if text)
