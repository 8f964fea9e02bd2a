"""Pictures, documents and sound as Gemini's parts (ai.google.dev/api/caching#Part, 2026-11)."""

import re
from typing import Final, assert_never

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.vocabulary import FAMILY
from domain.chat.content import Audio, Document, FileRef, Image, Inline, PlainText, Url
from domain.chat.loss import path_of
from domain.errors import UnsupportedFeature
from domain.json_types import JSON

_FILES_API: Final = "https://generativelanguage.googleapis.com/v1beta/"
_READABLE: Final = re.compile(
    r"gs://.+"
    r"|https://generativelanguage\.googleapis\.com/(?:upload/)?v[^/]+/files/.+"
    r"|https://(?:www\.|m\.)?youtube\.com/(?:watch\?|shorts/|live/|embed/).+"
    r"|https://youtu\.be/.+"
)
"""Addresses that Gemini reads itself: Cloud Storage, its Files API, YouTube."""
_IN_RESULT: Final = re.compile(r"/content/\d+(/content/\d+)$")
_IMAGE_TYPES: Final = frozenset(f"image/{name}" for name in ("png", "jpeg", "webp", "heic", "heif", "gif", "avif"))
_EXTENSIONS: Final = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
    "heic": "image/heic",
    "gif": "image/gif",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "csv": "text/csv",
    "md": "text/markdown",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
}


def is_readable(uri: str) -> bool:
    """Whether Gemini itself reads what stands at `uri`: Cloud Storage, its Files API, YouTube."""
    return _READABLE.fullmatch(uri) is not None or "://" not in uri


def guessed_type(url: str) -> str | None:
    """The media type that the ending of an address tells, if any."""
    return _EXTENSIONS.get(url.partition("?")[0].rpartition(".")[2].lower())


def _path(place: str) -> str:
    """A pointer as a path for errors. In the chat format what a result shows is the content of its own message."""
    return path_of(_IN_RESULT.sub(r"\1", place))


def render_media(part: Image | Document | Audio, place: str, *, losses: Losses) -> dict[str, JSON]:
    """The part as inlineData, fileData or text. Raises UnsupportedFeature where Gemini cannot get at it."""
    if isinstance(part, Audio) and isinstance(part.source, FileRef) and part.transcript is not None:
        # Another vendor's sound, spoken earlier in the conversation: its words can go on.
        losses.change("audio_as_text", place, "only the transcript can be sent")
        return {"text": part.transcript}
    if isinstance(part, Image) and part.detail is not None:
        losses.hint("dropped_image_detail", place, "Gemini chooses the resolution itself")
    source = part.source
    match source:
        case Inline():
            return render_inline(source, place)
        case PlainText(text=text):
            return {"text": text}
        case Url(url=url):
            return _file_at(url, place)
        case FileRef():
            return _file(source, place)
    assert_never(source)


def render_inline(source: Inline, place: str) -> dict[str, JSON]:
    """The bytes as inlineData. Raises UnsupportedFeature for pictures of a type that Gemini does not read."""
    if source.media_type.startswith("image/") and source.media_type not in _IMAGE_TYPES:
        raise UnsupportedFeature(
            f"expected a PNG, JPEG, WebP, HEIC or HEIF image at {_path(place)}; got {source.media_type}, which "
            "Gemini does not read. Convert it.",
            param=_path(place),
        )
    return {"inlineData": {"mimeType": source.media_type, "data": source.base64}}


def _file(source: FileRef, place: str) -> dict[str, JSON]:
    if _READABLE.fullmatch(source.file_id):
        return _file_at(source.file_id, place, media_type=source.media_type)
    if source.family != FAMILY:
        raise UnsupportedFeature(
            f"expected a file that Gemini can read at {_path(place)}; the id belongs to {source.family}. Send "
            "the bytes as a data URL instead.",
            param=_path(place),
            code="foreign_file_ref",
        )
    uri = _FILES_API + source.file_id if source.file_id.startswith("files/") else source.file_id
    return file_data(uri, source.media_type)


def _file_at(url: str, place: str, *, media_type: str | None = None) -> dict[str, JSON]:
    if not _READABLE.fullmatch(url):
        raise UnsupportedFeature(
            f"expected inline data, a gs:// or Files API address, or a YouTube link at {_path(place)}; got "
            "another address. Gemini does not fetch it, and remote images are off here: send the bytes as a data "
            "URL.",
            param=_path(place),
        )
    return file_data(url, media_type or guessed_type(url))


def file_data(uri: str, media_type: str | None) -> dict[str, JSON]:
    """A file by its address."""
    return {"fileData": {"fileUri": uri} | ({"mimeType": media_type} if media_type else {})}
