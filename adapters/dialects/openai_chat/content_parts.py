"""Content parts of messages: what the wire's `content` lists hold ↔ canonical parts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects import media
from adapters.dialects.openai_chat.members import FAMILY, Members, left_over, malformed, not_one_of
from adapters.dialects.openai_chat.reasoning import parse_thinking_part
from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    FileRef,
    Image,
    Inline,
    Media,
    Part,
    PlainText,
    Refusal,
    Text,
    Url,
)
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.json_types import JSON

_AUDIO_TYPES: Final = MappingProxyType({"mp3": "audio/mpeg", "wav": "audio/wav"})
_AUDIO_FORMATS: Final = MappingProxyType({media_type: name for name, media_type in _AUDIO_TYPES.items()})
_HINTS: Final = frozenset({"cache_control", "prompt_cache_breakpoint"})
_LONG_TTLS: Final = frozenset({"1h", "30m", "12h"})


def parse_content(value: JSON, path: str) -> tuple[Part, ...]:
    """A message's `content`: a string, a list of parts, or nothing. Empty strings are no part."""
    if value is None or value == "":
        return ()
    if isinstance(value, str):
        return (Text(value),)
    if not isinstance(value, list):
        raise malformed(path, "a string or a list of parts", value)
    return tuple(_parse_part(Members(part, f"{path}[{index}]")) for index, part in enumerate(value))


def parse_cache_hint(members: Members) -> CacheHint | None:
    """The end of a reusable prefix, in OpenAI's spelling or in litellm's and OpenRouter's (`cache_control`)."""
    if not members.has_any(_HINTS):
        return None
    control = members.take_object("cache_control")
    breakpoint_ = members.take_object("prompt_cache_breakpoint")
    marked = breakpoint_ or control
    return None if marked is None else CacheHint(ttl=marked.take_text("ttl"))


def render_cache_hint(hint: CacheHint | None, spelling: str | None) -> dict[str, JSON]:
    """The hint's member in an upstream's spelling; nothing where there is no hint or it knows none."""
    if hint is None or spelling is None:
        return {}
    ttl = hint.ttl
    if spelling == "cache_control":
        return {spelling: {"type": "ephemeral", **({"ttl": "1h"} if ttl in _LONG_TTLS else {})}}
    ttl = {"5m": None, "1h": "12h"}.get(ttl, ttl) if ttl is not None else None
    return {spelling: {"mode": "explicit", **({"ttl": ttl} if ttl is not None else {})}}


def _parse_part(part: Members) -> Part:
    kind = part.take("type")
    parse = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parse is None:
        raise not_one_of(part.at("type"), tuple(_PARSERS), kind)
    return parse(part)


def _parse_text(part: Members) -> Part:
    text = part.need_text("text")
    return Text(text, cache=parse_cache_hint(part), ext=part.leftovers())


def _parse_image(part: Members) -> Part:
    value = part.take("image_url")
    path = part.at("image_url")
    image = Members({"url": value} if isinstance(value, str) else value, path)
    source = _parse_address(image.need_text("url"), image.at("url"))
    detail = image.take_text("detail")
    cache = parse_cache_hint(part)
    return Image(source=source, detail=detail, cache=cache, ext=part.leftovers(image_url=image.left()))


def _parse_audio(part: Members) -> Part:
    audio = part.need_object("input_audio")
    audio_format = audio.need_text("format")
    payload = _standard(audio.need_text("data"), audio.at("data"))
    return Audio(
        source=Inline(media_type=_AUDIO_TYPES.get(audio_format, f"audio/{audio_format}"), base64=payload),
        audio_format=audio_format,
        cache=parse_cache_hint(part),
        ext=part.leftovers(input_audio=audio.left()),
    )


def _parse_file(part: Members) -> Part:
    file = part.need_object("file")
    payload, file_id, media_type = file.take_text("file_data"), file.take_text("file_id"), file.take_text("format")
    source: Media
    if payload is not None:
        path = file.at("file_data")
        address = _parse_address(payload, path) if payload.startswith(("data:", "https:", "http:")) else None
        source = address or Inline(media_type=media_type or "application/pdf", base64=_standard(payload, path))
    elif file_id is not None:
        known = FileRef(family=FAMILY, file_id=file_id, media_type=media_type)
        source = Url(url=file_id) if "://" in file_id else known
    else:
        raise malformed(file.path, "file_data or file_id", None)
    return Document(
        source=source,
        filename=file.take_text("filename"),
        cache=parse_cache_hint(part),
        ext=part.leftovers(file=file.left()),
    )


def _parse_refusal(part: Members) -> Part:
    return Refusal(text=part.need_text("refusal"))


def _parse_address(url: str, path: str) -> Inline | Url:
    try:
        return media.parse_data_url(url) or Url(url=url)
    except ValueError as refused:
        raise MalformedRequest(f"{path}: {refused}.", param=path) from None


def _standard(payload: str, path: str) -> str:
    try:
        return media.standard_base64(payload)
    except ValueError as refused:
        raise MalformedRequest(f"{path}: {refused}.", param=path) from None


_PARSERS: Final[Mapping[str, Callable[[Members], Part]]] = MappingProxyType(
    {
        "text": _parse_text,
        "image_url": _parse_image,
        "input_audio": _parse_audio,
        "file": _parse_file,
        "refusal": _parse_refusal,
        "thinking": parse_thinking_part,
        "redacted_thinking": parse_thinking_part,
    }
)


def render_part(
    part: Text | Image | Document | Audio, spelling: str | None, *, own: bool = True
) -> dict[str, JSON]:
    """A user's part; `own`: it was written in this format, and goes back as it was.

    Raises UnsupportedFeature, without its path, where this wire has no word for its source.
    """
    extra = left_over(part.ext)
    cache = render_cache_hint(part.cache, spelling)
    match part:
        case Text():
            return {"type": "text", "text": part.text, **extra, **cache}
        case Image():
            image = {"url": render_image_url(part), **({"detail": part.detail} if part.detail else {})}
            return {"type": "image_url", **extra, "image_url": {**image, **extra.get("image_url", {})}, **cache}
        case Document(source=PlainText(text=text)):
            return {"type": "text", "text": text, **cache}
        case Document():
            file = {**_file(part), **extra.get("file", {})}
            return {"type": "file", **extra, "file": file, **cache}
        case Audio():
            audio = {**_audio(part, own=own), **extra.get("input_audio", {})}
            return {"type": "input_audio", **extra, "input_audio": audio, **cache}


def render_image_url(image: Image) -> str:
    """The address of a picture, a data URL where it is inline."""
    match image.source:
        case Inline() as inline:
            return media.data_url(inline)
        case Url(url=url):
            return url
        case FileRef():
            raise _unsupported("a picture inline or by its address", "an uploaded one")
        case PlainText():
            raise _unsupported("a picture", "plain text")


def _file(document: Document) -> dict[str, JSON]:
    named = {"filename": document.filename} if document.filename is not None else {}
    match document.source:
        case Inline() as inline:
            return {"file_data": media.data_url(inline), **(named or {"filename": document.title or "document"})}
        case FileRef(family=family, file_id=file_id, media_type=media_type) if family == FAMILY:
            return {"file_id": file_id, **({"format": media_type} if media_type else {}), **named}
        case FileRef(family=family):
            refused = _unsupported("a file uploaded to this upstream", f"one of {family}'s")
            refused.code = "foreign_file_ref"
            raise refused
        case Url() | PlainText():
            raise _unsupported("a file inline or by its id", "its address")


def _audio(audio: Audio, *, own: bool) -> dict[str, JSON]:
    if not isinstance(audio.source, Inline):
        raise _unsupported("sound inline", "sound by reference")
    audio_format = _AUDIO_FORMATS.get(audio.source.media_type, audio.audio_format)
    if audio_format is None or not (own or audio_format in _AUDIO_TYPES):
        raise _unsupported("sound as wav or mp3", audio.source.media_type)
    return {"data": audio.source.base64, "format": audio_format}


def _unsupported(expected: str, got: str) -> UnsupportedFeature:
    return UnsupportedFeature(
        f"expected {expected}; got {got}, which this upstream does not take. Send its bytes, or leave it out."
    )
