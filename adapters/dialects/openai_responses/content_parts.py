"""Content parts of items → canonical parts."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects import media
from adapters.dialects.openai_responses.citations import parse_annotation
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from adapters.dialects.openai_responses.vocabulary import OPENAI
from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    FileRef,
    Image,
    Inline,
    Media,
    Part,
    Refusal,
    Text,
    Url,
)
from domain.errors import MalformedRequest
from domain.json_types import JSON

INPUT_TEXT: Final = "input_text"
OUTPUT_TEXT: Final = "output_text"
_AUDIO_TYPES: Final = MappingProxyType({"mp3": "audio/mpeg", "wav": "audio/wav"})
_PDF: Final = "application/pdf"


def parse_content(value: JSON, path: str, text_type: str = INPUT_TEXT) -> tuple[Part, ...]:
    """What an item says: a string, or a list of parts. Empty strings are no part.

    text_type: what texts are called in such an item; one that is called otherwise keeps its type.
    """
    if isinstance(value, str):
        return (Text(value),) if value else ()
    if not isinstance(value, list):
        raise malformed(path, "a string or a list of parts", value)
    return tuple(_parse_part(Members(part, f"{path}[{index}]"), text_type) for index, part in enumerate(value))


def _parse_part(part: Members, text_type: str) -> Part:
    kind = part.take("type")
    if kind in (INPUT_TEXT, OUTPUT_TEXT):
        return _parse_text(part, None if kind == text_type else kind)
    parse = _PARSERS.get(kind) if isinstance(kind, str) else None
    if parse is None:
        raise not_one_of(part.at("type"), (INPUT_TEXT, OUTPUT_TEXT, *_PARSERS), kind)
    return parse(part)


def _parse_text(part: Members, unusual_type: str | None) -> Part:
    text = part.need_text("text")
    citations = tuple(parse_annotation(annotation.left()) for annotation in part.take_objects("annotations"))
    if unusual_type is not None:
        part.keep("type", unusual_type)
    logprobs = part.take("logprobs")
    if logprobs:
        part.keep("logprobs", logprobs)
    return Text(text, citations=citations, cache=_parse_cache_hint(part), ext=part.leftovers())


def _parse_refusal(part: Members) -> Part:
    return Refusal(text=part.need_text("refusal"), ext=part.leftovers())


def _parse_image(part: Members) -> Part:
    url = part.take_text("image_url")
    source: Media
    if url is not None:
        source = _parse_address(url, part.at("image_url"))
    else:
        source = FileRef(family=OPENAI, file_id=_need_file_id(part, "image_url or file_id"))
    detail, cache = part.take_text("detail"), _parse_cache_hint(part)
    return Image(source=source, detail=detail, cache=cache, ext=part.leftovers())


def _parse_file(part: Members) -> Part:
    payload, url = part.take_text("file_data"), part.take_text("file_url")
    source: Media
    if payload is not None:
        source = _parse_file_data(payload, part.at("file_data"))
        part.keep("file_url", url)
    elif url is not None:
        source = _parse_address(url, part.at("file_url"))
    else:
        source = FileRef(family=OPENAI, file_id=_need_file_id(part, "file_data, file_url or file_id"))
    filename, cache = part.take_text("filename"), _parse_cache_hint(part)
    return Document(source=source, filename=filename, cache=cache, ext=part.leftovers())


def _parse_audio(part: Members) -> Part:
    audio = part.take_object("input_audio")
    if audio is None:
        raise malformed(part.at("input_audio"), "an object", None)
    audio_format, payload = audio.need_text("format"), audio.need_text("data")
    source = Inline(
        media_type=_AUDIO_TYPES.get(audio_format, f"audio/{audio_format}"),
        base64=_standard(payload, audio.at("data")),
    )
    return Audio(source=source, audio_format=audio_format, cache=_parse_cache_hint(part), ext=part.leftovers())


def _need_file_id(part: Members, expected: str) -> str:
    file_id = part.take_text("file_id")
    if file_id is None:
        raise malformed(part.path, expected, None)
    return file_id


def _parse_cache_hint(part: Members) -> CacheHint | None:
    """The end of a reusable prefix (`prompt_cache_breakpoint`)."""
    marked = part.take_object("prompt_cache_breakpoint")
    return None if marked is None else CacheHint(ttl=marked.take_text("ttl"))


def _parse_file_data(payload: str, path: str) -> Inline:
    """A data URL, as the API wants it, or the bare base64 of what is taken for a PDF unless it says otherwise."""
    try:
        return media.parse_data_url(payload) or media.inline(_PDF, payload)
    except ValueError as refused:
        raise MalformedRequest(f"{path}: {refused}.", param=path) from None


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
        "refusal": _parse_refusal,
        "input_image": _parse_image,
        "input_file": _parse_file,
        "input_audio": _parse_audio,
    }
)
