"""What an answer says as parts, for buffered and streamed answers alike."""

from typing import assert_never

from adapters.dialects.gemini.signatures import render_signature
from adapters.dialects.gemini.vocabulary import FAMILY
from adapters.dialects.sealed import Bearer
from domain.chat.content import (
    Audio,
    Document,
    Image,
    Inline,
    Media,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.json_types import JSON


def render_part(part: Part) -> dict[str, JSON] | None:
    """The part for a client; None where this dialect has no word for it."""
    match part:
        case Text(text=text, signature=signature):
            return {"text": text, **signed(signature, "text")}
        case Reasoning(text=text, signature=signature, redacted=redacted):
            return {"text": text, "thought": True, **signed(signature, "reasoning", redacted=redacted)}
        case Refusal(text=text):
            return {"text": text}
        case ToolCall(signature=signature):
            return {"functionCall": _call(part), **signed(signature, "call")}
        case Image(source=source) | Audio(source=source):
            return inline_part(source)
        case OpaquePart():
            return opaque_part(part)
        case Document() | ToolResult():
            return None  # parts of requests
    assert_never(part)


def signed(signature: Opaque | None, bearer: Bearer, *, redacted: bool = False) -> dict[str, JSON]:
    """The member that carries a signature; nothing where there is none."""
    return (
        {} if signature is None else {"thoughtSignature": render_signature(signature, bearer, redacted=redacted)}
    )


def inline_part(source: Media) -> dict[str, JSON] | None:
    """A picture or sound; None where its bytes are elsewhere."""
    if not isinstance(source, Inline):
        return None
    return {"inlineData": {"mimeType": source.media_type, "data": source.base64}}


def opaque_part(part: OpaquePart) -> dict[str, JSON] | None:
    """What Gemini itself made and its clients know; None for what other vendors made."""
    return part.raw if part.family == FAMILY and isinstance(part.raw, dict) else None


def _call(call: ToolCall) -> dict[str, JSON]:
    """The call; arguments that are no object stand under a name of their own, so that nothing is lost."""
    arguments = call.arguments
    if call.kind == "custom":
        arguments = {"input": call.raw}
    elif not isinstance(arguments, dict):
        arguments = {"__raw__": call.raw}
    return {**({"id": call.id} if call.id else {}), "name": call.name, "args": arguments}
