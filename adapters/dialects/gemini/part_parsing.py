"""One part of a client's Content → a canonical part (ai.google.dev/api/caching#Part, 2026-11)."""

import re
from types import MappingProxyType
from typing import Final

from adapters.dialects import json_codec, media
from adapters.dialects.gemini.media_parts import guessed_type, is_readable
from adapters.dialects.gemini.members import Members
from adapters.dialects.gemini.signatures import take_signature
from adapters.dialects.gemini.vocabulary import DECORATIONS, FAMILY
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    OpaquePart,
    Part,
    Reasoning,
    Text,
    ToolCall,
    Url,
)
from domain.errors import MalformedRequest
from domain.json_types import JSON

_NUMBER: Final = re.compile(r"\d+")
_MINTED: Final = re.compile(r"call_g\d+_\d+")
_PAYLOADS: Final = ("text", "inlineData", "fileData", "functionCall", "functionResponse")
_AUDIO_FORMATS: Final = MappingProxyType(
    {"mpeg": "mp3", "mp3": "mp3", "wav": "wav", "x-wav": "wav", "vnd.wave": "wav"}
)


def minted_id(path: str) -> str:
    """The id of a call or result that brings none, by its place: the same each time the conversation returns."""
    return "call_g" + "_".join(_NUMBER.findall(path))


def is_minted(call_id: str) -> bool:
    """Whether an id was made by `minted_id`."""
    return _MINTED.fullmatch(call_id) is not None


def plain_text(value: JSON) -> Text | None:
    """The text of a part that is nothing else, which most are; None for every other part."""
    text = value.get("text") if isinstance(value, dict) and len(value) == 1 else None
    return Text(text) if isinstance(text, str) else None


def parse_part(part: Members, value: JSON) -> Part:
    """Any part but a functionResponse; `value` is the part as it came."""
    if "text" in part:
        return _text(part, part.take_text("text") or "")
    call = part.take_object("functionCall")
    if call is not None:
        return _call(part, call)
    shown = _media(part)
    if shown is not None:
        return shown
    kind = next((name for name in part if name not in DECORATIONS), None)
    if kind is not None:
        return OpaquePart(family=FAMILY, kind=kind, raw=value)
    if "thoughtSignature" in part:
        return _text(part, "")
    raise MalformedRequest(
        f"{part.path}: expected a part with one of {', '.join(_PAYLOADS)}, got none of them.", param=part.path
    )


def _text(part: Members, text: str) -> Part:
    sealed = take_signature(part)
    if part.take_flag("thought"):
        return Reasoning(text=text, signature=sealed.signature, redacted=sealed.redacted, ext=part.leftovers())
    return Text(text, signature=sealed.signature, ext=part.leftovers())


def _call(part: Members, call: Members) -> Part:
    call_id, name = call.take_text("id"), call.need_text("name")
    arguments = call.take_mapping("args")
    return ToolCall(
        id=call_id or minted_id(part.path),
        name=name,
        raw="" if arguments is None else json_codec.encode(arguments).decode(),
        arguments={} if arguments is None else arguments,
        signature=take_signature(part).signature,
        ext=part.leftovers(functionCall=call.left()),
    )


def _media(part: Members) -> Image | Document | Audio | None:
    """The picture, document or sound of a part; None, with the part untouched, where it is none of these."""
    for name, parse in (("inlineData", _inline), ("fileData", _file)):
        value = part.take_mapping(name)
        if value is not None:
            shown = None if part.take_flag("thought") else parse(part, Members(value, part.at(name)))
            if shown is None:
                part.put_back(name, value)
            return shown
    return None


def parse_media(part: Members) -> Image | Document | None:
    """The picture or document in a part of a functionResponse; None where it is something else."""
    shown = _media(part)
    return None if isinstance(shown, Audio) else shown


def _inline(part: Members, blob: Members) -> Image | Document | Audio | None:
    media_type, payload = blob.need_text("mimeType"), blob.take_text("data") or ""
    try:
        source = media.inline(media_type, payload)
    except ValueError as refused:
        path = blob.at("data")
        raise MalformedRequest(f"{path}: {refused}.", param=path) from None
    if _medium(source.media_type) == "audio":
        # Linear PCM tells its rate in the type.
        source = Inline(media_type=media_type, base64=source.base64)
    return _shown(source, source.media_type, part, blob, "inlineData")


def _file(part: Members, file: Members) -> Image | Document | Audio | None:
    uri, media_type = file.need_text("fileUri"), file.take_text("mimeType")
    guessed = guessed_type(uri)
    if is_readable(uri):
        return _shown(
            FileRef(family=FAMILY, file_id=uri, media_type=media_type),
            media_type or guessed or "",
            part,
            file,
            "fileData",
        )
    if media_type is not None and media_type != guessed:
        file.put_back("mimeType", media_type)
    return _shown(Url(url=uri), media_type or guessed or "", part, file, "fileData")


def _shown(
    source: Inline | FileRef | Url, media_type: str, part: Members, owner: Members, name: str
) -> Image | Document | Audio | None:
    medium = _medium(media_type)
    if medium == "document":
        filename = owner.take_text("displayName")
        return Document(source=source, filename=filename, ext=part.leftovers(**{name: owner.left()}))
    ext = part.leftovers(**{name: owner.left()})
    if medium == "image":
        return Image(source=source, ext=ext)
    if medium == "audio":
        subtype = media_type.partition(";")[0].partition("/")[2].strip().lower()
        return Audio(source=source, audio_format=_AUDIO_FORMATS.get(subtype, subtype), ext=ext)
    return None


def _medium(media_type: str) -> str | None:
    kind = media_type.partition("/")[0].lower()
    return {"image": "image", "audio": "audio", "text": "document", "application": "document"}.get(kind)
