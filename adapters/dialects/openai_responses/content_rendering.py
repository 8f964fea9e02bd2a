"""Canonical parts → content parts of message items and results.

Source: https://platform.openai.com/docs/api-reference/responses/create (2026-11).
"""

import base64
from collections.abc import Callable, Iterable
from dataclasses import field
from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects import media
from adapters.dialects.openai_responses.citations import render_annotation
from adapters.dialects.openai_responses.vocabulary import FAMILY, ITEM, OPENAI
from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    Family,
    FileRef,
    Image,
    Inline,
    Media,
    Part,
    PlainText,
    Text,
    Url,
)
from domain.chat.loss import Loss, LossKind, path_of
from domain.errors import UnsupportedFeature
from domain.json_types import JSON, NO_EXT
from domain.values import dataclass

_IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
_UNREAD: Final = ("audio/", "video/")
_PLAIN_TEXT: Final = "text/plain"
_EXTENSIONS: Final = MappingProxyType({"application/pdf": ".pdf", _PLAIN_TEXT: ".txt"})
_TTLS: Final[MappingProxyType[str, str | None]] = MappingProxyType({"5m": None, "1h": "12h"})
"""Anthropic's lifetimes as the nearest of OpenAI's; None inherits the request's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentRenderer:
    """Writes what people and tools say.

    own: the request was written in this very format, and goes back as it was. hints: the model takes cache
    breakpoints. pointer: where a part stands in the canonical request. `losses` grows, and `marked` by whose
    breakpoint each content part bears, by identity.
    """

    family: Family
    own: bool
    hints: bool
    pointer: Callable[[Part], str]
    losses: list[Loss] = field(default_factory=list)
    marked: dict[int, Part] = field(default_factory=dict)

    def content(self, parts: Iterable[Text | Image | Document | Audio]) -> JSON:
        """A string where plain text is all there is, else a list of parts."""
        rendered = [self.part(part) for part in parts]
        return plain_text(rendered) if rendered else ""

    def part(self, part: Text | Image | Document | Audio) -> dict[str, JSON]:
        """The part as input. Raises UnsupportedFeature, with its path, where it cannot be told the model."""
        own = {} if part.ext is NO_EXT else part.ext.get(FAMILY, {})
        rendered = {**self._shown(part), **own}
        if part.cache is not None:
            self.mark(rendered, part.cache, part)
        return rendered

    def _shown(self, part: Text | Image | Document | Audio) -> dict[str, JSON]:
        match part:
            case Text(text=text):
                return {"type": "input_text", "text": text}
            case Image():
                return self._image(part)
            case Document():
                return self._document(part)
            case Audio():
                return self._audio(part)
        assert_never(part)

    def output_text(self, text: Text, *, annotated: bool) -> dict[str, JSON]:
        """The assistant's own words; `annotated`: the type demands annotations, if need be none."""
        own = {name: value for name, value in text.ext.get(FAMILY, {}).items() if name != ITEM}
        rendered: dict[str, JSON] = {"type": "output_text", "text": text.text}
        sources = (render_annotation(citation, len(text.text)) for citation in text.citations)
        annotations = [source for source in sources if source is not None]
        if annotations or annotated:
            rendered["annotations"] = annotations
        return {**rendered, **own}

    def mark(self, rendered: dict[str, JSON], hint: CacheHint, part: Part) -> None:
        """Mark a content part as the end of a reusable prefix, where the model takes that; `hint` is of `part`."""
        if not (self.own or self.hints):
            self.lose("dropped_cache_hint", part, "the model finds reusable prefixes itself", LossKind.HINT)
            return
        if id(rendered) in self.marked:
            self.lose("dropped_cache_hint", self.marked[id(rendered)], "another ends the prefix", LossKind.HINT)
        self.marked[id(rendered)] = part
        ttl = None if hint.ttl is None else _TTLS.get(hint.ttl, hint.ttl)
        rendered["prompt_cache_breakpoint"] = {"mode": "explicit", **({} if ttl is None else {"ttl": ttl})}

    def lose(self, code: str, part: Part, detail: str, kind: LossKind = LossKind.CHANGE) -> None:
        """Note that something of `part` is not sent."""
        self.losses.append(Loss(code, self.pointer(part), detail, kind))

    def _image(self, image: Image) -> dict[str, JSON]:
        detail = image.detail if self.own else image.detail or "auto"
        rendered: dict[str, JSON] = {"type": "input_image", **({} if detail is None else {"detail": detail})}
        source = image.source
        if isinstance(source, Inline) and not self.own and source.media_type not in _IMAGE_TYPES:
            raise self._unsupported(
                image, "a PNG, JPEG, WebP or GIF picture", source.media_type or "no media type"
            )
        match source:
            case Inline():
                return {**rendered, "image_url": media.data_url(source)}
            case Url(url=url):
                return {**rendered, "image_url": url}
            case FileRef():
                return {**rendered, "file_id": self._file_id(image, source)}
            case PlainText():
                raise self._unsupported(image, "a picture", "plain text")
        assert_never(source)

    def _document(self, document: Document) -> dict[str, JSON]:
        source = document.source
        if isinstance(source, Inline) and not self.own:
            if source.media_type.startswith(_UNREAD):
                raise self._unsupported(document, "a document that is read", source.media_type)
            if source.media_type in _IMAGE_TYPES:
                return self._image(Image(source=source))
        named = {} if document.filename is None else {"filename": document.filename}
        file = self._file(document, source, named)
        if not self.own:
            self._lose_names(document, file.get("filename"))
        return {"type": "input_file", **file}

    def _lose_names(self, document: Document, told: JSON) -> None:
        """Note which names of a document are not `told`: a file has one at most."""
        if document.filename is not None and document.filename != told:
            self.lose("dropped_filename", document, "a file that is not inline has no name here", LossKind.HINT)
        if document.title is not None and document.title != told:
            self.lose("dropped_title", document, "files have names here, but no titles", LossKind.HINT)

    def _file(self, document: Document, source: Media, named: dict[str, JSON]) -> dict[str, JSON]:
        match source:
            case Inline():
                named = named if self.own else {"filename": _filename(document, source.media_type)}
                return {**named, "file_data": media.data_url(source)}
            case PlainText(text=text):
                encoded = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
                inline = Inline(media_type=_PLAIN_TEXT, base64=encoded)
                return {"filename": _filename(document, _PLAIN_TEXT), "file_data": media.data_url(inline)}
            case Url(url=url):
                return {"file_url": url, **(named if self.own else {})}
            case FileRef():
                return {"file_id": self._file_id(document, source), **(named if self.own else {})}
        assert_never(source)

    def _file_id(self, part: Image | Document, source: FileRef) -> str:
        if source.family not in (OPENAI, self.family):
            refused = self._unsupported(part, "a file uploaded to this upstream", f"one of {source.family}'s")
            refused.code = "foreign_file_ref"
            raise refused
        return source.file_id

    def _audio(self, audio: Audio) -> dict[str, JSON]:
        if not self.own or not isinstance(audio.source, Inline):
            raise self._unsupported(audio, "text, pictures and documents", "sound")
        sound = {"data": audio.source.base64, "format": audio.audio_format}
        return {"type": "input_audio", "input_audio": sound}

    def _unsupported(self, part: Part, expected: str, got: str) -> UnsupportedFeature:
        path = path_of(self.pointer(part))
        return UnsupportedFeature(
            f"expected {expected} at {path}; got {got}, which this upstream does not take. Convert it, or leave "
            "it out.",
            param=path,
        )


def plain_text(rendered: list[dict[str, JSON]]) -> JSON:
    """The only text's string where it says nothing more, else the list."""
    if len(rendered) == 1 and rendered[0].keys() == {"type", "text"}:
        return rendered[0]["text"]
    return rendered


def _filename(document: Document, media_type: str) -> str:
    """The API wants a name for bytes."""
    return document.filename or document.title or f"document{_EXTENSIONS.get(media_type, '')}"
