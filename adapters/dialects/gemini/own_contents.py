"""What a client of this dialect said, as systemInstruction and contents: the inverse of `content_parsing`."""

from collections.abc import Sequence
from typing import assert_never

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.media_parts import file_data, guessed_type
from adapters.dialects.gemini.members import left_over, merged
from adapters.dialects.gemini.part_parsing import is_minted
from adapters.dialects.gemini.result_parsing import json_object
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.places import Places
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    PlainText,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from domain.chat.request import Message, Role
from domain.json_types import JSON


def render_own_contents(messages: Sequence[Message], losses: Losses) -> dict[str, JSON]:
    """The members `systemInstruction` and `contents`.

    Nothing is mended. Left out is only what another vendor's model thought and signed: no vendor gets that.
    """
    members: dict[str, JSON] = {"contents": []}
    places = Places(messages)
    for message in messages:
        foreign = [part for part in message.parts if _is_foreign(part)]
        for part in foreign:
            losses.change("dropped_reasoning", places.pointer(part), f"not signed by {FAMILY}")
        parts = [_part(part) for part in message.parts if not _is_foreign(part)]
        if foreign and not parts:
            continue
        content: dict[str, JSON] = {"parts": parts} if parts else {}
        if message.standing:
            members["systemInstruction"] = {**content, **left_over(message.ext)}
        else:
            role = "model" if message.role is Role.ASSISTANT else "user"
            members["contents"].append({"role": role, **content, **left_over(message.ext)})
    return members


def _is_foreign(part: Part) -> bool:
    return isinstance(part, Reasoning) and part.signature is not None and part.signature.family != FAMILY


def _part(part: Part) -> JSON:
    match part:
        case Text(text=text, signature=signature):
            return {"text": text, **_signed(signature), **left_over(part.ext)}
        case Reasoning(text=text, signature=signature):
            return {"text": text, "thought": True, **_signed(signature), **left_over(part.ext)}
        case Refusal(text=text):
            return {"text": text}
        case Image() | Document() | Audio():
            return merged(_media(part), left_over(part.ext))
        case ToolCall():
            return merged(_call(part), left_over(part.ext))
        case ToolResult():
            return merged(_result(part), left_over(part.ext))
        case OpaquePart(raw=raw):
            return raw
    assert_never(part)


def _signed(signature: Opaque | None) -> dict[str, JSON]:
    own = signature is not None and signature.family == FAMILY
    return {"thoughtSignature": signature.value} if signature is not None and own else {}


def _media(part: Image | Document | Audio) -> dict[str, JSON]:
    named = {"displayName": part.filename} if isinstance(part, Document) and part.filename is not None else {}
    source = part.source
    match source:
        case Inline(media_type=media_type, base64=payload):
            return {"inlineData": {"mimeType": media_type, "data": payload, **named}}
        case FileRef(file_id=uri, media_type=known):
            return merged(file_data(uri, known), {"fileData": named})
        case Url(url=url):
            return merged(file_data(url, guessed_type(url)), {"fileData": named})
        case PlainText(text=text):
            return {"text": text}
    assert_never(source)


def _call(call: ToolCall) -> dict[str, JSON]:
    rendered: dict[str, JSON] = {} if is_minted(call.id) else {"id": call.id}
    rendered["name"] = call.name
    if call.raw:
        rendered["args"] = call.arguments
    return {"functionCall": rendered, **_signed(call.signature)}


def _result(result: ToolResult) -> dict[str, JSON]:
    rendered: dict[str, JSON] = {} if is_minted(result.call_id) else {"id": result.call_id}
    if result.name is not None:
        rendered["name"] = result.name
    text = "".join(part.text for part in result.parts if isinstance(part, Text))
    shown = json_object(text)
    rendered["response"] = {"error" if result.is_error else "output": text} if shown is None else shown
    media = [
        merged(_media(part), left_over(part.ext)) for part in result.parts if isinstance(part, (Image, Document))
    ]
    if media:
        rendered["parts"] = media
    return {"functionResponse": rendered}
