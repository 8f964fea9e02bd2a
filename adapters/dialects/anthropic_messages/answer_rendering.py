"""A buffered answer for a client: what the format shows of the first candidate."""

from collections.abc import Iterator
from typing import assert_never

from adapters.dialects.anthropic_messages import answer_shape
from adapters.dialects.anthropic_messages.thoughts import carrier, is_own, sealed_signature, signed_block
from adapters.dialects.anthropic_messages.vocabulary import CUSTOM_INPUT, FAMILY, RAW_ARGUMENTS, Block, text_block
from adapters.dialects.contract import Reply
from domain.chat.content import (
    Audio,
    Document,
    Image,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from domain.chat.json_arguments import parse_arguments
from domain.chat.response import ChatResponse


def render_response(response: ChatResponse, reply: Reply) -> Block:
    """The message that `response` is to a client who knows of one candidate."""
    first = response.candidates[0]
    content = [block for part in first.parts for block in _blocks(part)]
    declined = any(isinstance(part, Refusal) for part in first.parts)
    return {
        **answer_shape.message(response.id, reply, content),
        **answer_shape.ending(first.finish, declined=declined),
        "usage": {**answer_shape.usage(response.usage), **answer_shape.service_tier(response.service_tier)},
    }


def call_input(raw: str, *, custom: bool) -> Block:
    """The input of a call, which must be an object: free text and what is no JSON object stand in one."""
    if custom:
        return {CUSTOM_INPUT: raw}
    arguments = parse_arguments(raw)
    return arguments if isinstance(arguments, dict) else {RAW_ARGUMENTS: raw}


def _blocks(part: Part) -> Iterator[Block]:
    match part:
        case Text():
            return _text(part)
        case Refusal(text=text):
            return _text(Text(text))
        case Reasoning():
            return _thought(part)
        case ToolCall():
            return _call(part)
        case OpaquePart(family=family, raw=raw):
            return iter((raw,) if family == FAMILY and isinstance(raw, dict) else ())
        case Image() | Audio() | Document() | ToolResult():
            return iter(())  # the format has no place for them in answers, as `answer_losses` says
    assert_never(part)


def _text(part: Text) -> Iterator[Block]:
    if part.text:
        block = text_block(part.text)
        cited = [shown for one in part.citations if (shown := answer_shape.citation(one)) is not None]
        if cited:
            block["citations"] = cited
        yield block
    if part.signature is not None:
        yield carrier(part.signature, "text")


def _thought(part: Reasoning) -> Iterator[Block]:
    signature = part.signature
    if signature is not None and is_own(signature):
        yield signed_block(part, signature.value)
    elif part.text or signature is not None:
        sealed = sealed_signature(signature, redacted=part.redacted)
        yield {"type": "thinking", "thinking": part.text, "signature": sealed}


def _call(call: ToolCall) -> Iterator[Block]:
    if call.signature is not None:
        yield carrier(call.signature, "call")
    yield answer_shape.tool_use(call.id, call.name, call_input(call.raw, custom=call.kind == "custom"))
