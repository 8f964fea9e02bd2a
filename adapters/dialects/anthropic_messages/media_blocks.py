"""Pictures and documents as content blocks.

Source: https://platform.claude.com/docs/en/build-with-claude/vision and …/pdf-support (2026-11).
"""

import base64
from typing import Final, assert_never

from adapters.dialects.anthropic_messages.vocabulary import Block, with_left_over
from adapters.dialects.media import sniff
from domain.chat.content import Document, Family, FileRef, Image, Inline, Media, PlainText, Url
from domain.errors import UnsupportedFeature

_IMAGE_TYPES: Final = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
_PDF: Final = "application/pdf"
_TEXTUAL: Final = frozenset({"application/json", "application/xml", "application/x-yaml"})


def image_block(image: Image, family: Family) -> Block:
    """An image block. Raises UnsupportedFeature where its type, address or owner cannot travel."""
    return with_left_over({"type": "image", "source": _image_source(image.source, family)}, image.ext)


def document_block(document: Document, family: Family) -> Block:
    """A document block, or an image block where the file is a picture; raises as `image_block` does."""
    source = document.source
    if isinstance(source, Inline) and _media_type(source) in _IMAGE_TYPES:
        return {"type": "image", "source": _image_source(source, family)}
    block: Block = {"type": "document", "source": _document_source(source, family)}
    title = document.title or document.filename
    if title:
        block["title"] = title
    return with_left_over(block, document.ext)


def _image_source(source: Media, family: Family) -> Block:
    match source:
        case Inline():
            media_type = _media_type(source)
            if media_type not in _IMAGE_TYPES:
                raise UnsupportedFeature(
                    f"expected a JPEG, PNG, GIF or WebP image; got {media_type or 'no media type'}. "
                    "Convert it to one of these."
                )
            return {"type": "base64", "media_type": media_type, "data": source.base64}
        case Url() | FileRef():
            return _reference(source, family)
        case PlainText():
            raise UnsupportedFeature("expected an image; got plain text. Send it as text.")
    assert_never(source)


def _document_source(source: Media, family: Family) -> Block:
    match source:
        case Inline():
            media_type = _media_type(source)
            if media_type == _PDF:
                return {"type": "base64", "media_type": _PDF, "data": source.base64}
            return _text_source(_decoded(source, media_type))
        case Url() | FileRef():
            return _reference(source, family)
        case PlainText(text=text):
            return _text_source(text)
    assert_never(source)


def _reference(source: Url | FileRef, family: Family) -> Block:
    if isinstance(source, Url):
        if not source.url.lower().startswith("https://"):
            raise UnsupportedFeature("expected an https address; got another scheme. Send the bytes as base64.")
        return {"type": "url", "url": source.url}
    if source.family != family:
        raise UnsupportedFeature(
            f"expected a file uploaded to {family}; this one is {source.family}'s. "
            "Upload it there, or send its bytes.",
            code="foreign_file_ref",
        )
    return {"type": "file", "file_id": source.file_id}


def _text_source(text: str) -> Block:
    return {"type": "text", "media_type": "text/plain", "data": text}


def _decoded(source: Inline, media_type: str) -> str:
    if not media_type.startswith("text/") and media_type not in _TEXTUAL:
        raise UnsupportedFeature(
            f"expected a PDF or a text document; got {media_type or 'no media type'}. Convert it to one of these."
        )
    try:
        return base64.b64decode(source.base64).decode()
    except ValueError:
        raise UnsupportedFeature("expected a text document in UTF-8; got other bytes. Convert it.") from None


def _media_type(source: Inline) -> str:
    """What the first bytes say; the API refuses media whose declared type differs."""
    return sniff(source.base64) or source.media_type
