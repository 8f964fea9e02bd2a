"""Parts of a request that was written in this dialect, as the blocks they were: the inverse of parsing them."""

from typing import assert_never

from adapters.dialects.anthropic_messages.cache_hints import cache_control
from adapters.dialects.anthropic_messages.thoughts import signed_block
from adapters.dialects.anthropic_messages.vocabulary import (
    FAMILY,
    RAW_ARGUMENTS,
    Block,
    is_marked,
    text_block,
    with_left_over,
)
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Media,
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
from domain.errors import UnsupportedFeature
from domain.json_types import JSON


def restore_content(parts: tuple[Part, ...]) -> JSON:
    """The content of a message: a string where it was one, else a list of blocks."""
    if len(parts) == 1 and isinstance(parts[0], Text) and is_marked(parts[0].ext):
        return parts[0].text
    return [_block(part) for part in parts]


def restore_arguments(call: ToolCall) -> Block:
    """The input of a call; a text that is no object stands in one under a name of the gateway's."""
    return call.arguments if isinstance(call.arguments, dict) else {RAW_ARGUMENTS: call.raw}


def _block(part: Part) -> Block:
    match part:
        case Text():
            block = text_block(part.text)
            if part.citations:
                block["citations"] = [citation.ext[FAMILY] for citation in part.citations]
        case ToolCall():
            block = {"type": "tool_use", "id": part.id, "name": part.name, "input": restore_arguments(part)}
        case ToolResult():
            block = _tool_result(part)
        case Image():
            block = {"type": "image", "source": _source(part.source)}
        case Document(title=title):
            named = {} if title is None else {"title": title}
            block = {"type": "document", "source": _source(part.source), **named}
        case Reasoning() | OpaquePart() | Refusal() | Audio():
            return _without_cache(part)
        case _:
            assert_never(part)
    return with_left_over({**block, **cache_control(part.cache)}, part.ext)


def _without_cache(part: Reasoning | OpaquePart | Refusal | Audio) -> Block:
    match part:
        case Reasoning(signature=signature):
            return with_left_over(signed_block(part, "" if signature is None else signature.value), part.ext)
        case OpaquePart():
            return dict(part.raw)
        case Refusal(text=text):
            return text_block(text)
        case Audio():
            raise UnsupportedFeature("expected text, images or documents; got audio. Send a transcript.")
    assert_never(part)


def _tool_result(result: ToolResult) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": result.call_id}
    if result.parts:
        block["content"] = restore_content(result.parts)
    if result.is_error:
        block["is_error"] = True
    return block


def _source(source: Media) -> Block:
    match source:
        case Inline(media_type=media_type, base64=data):
            return {"type": "base64", "media_type": media_type, "data": data}
        case Url(url=url):
            return {"type": "url", "url": url}
        case FileRef(file_id=file_id):
            return {"type": "file", "file_id": file_id}
        case PlainText(text=text):
            return {"type": "text", "media_type": "text/plain", "data": text}
    assert_never(source)
