"""Parts of messages as content blocks.

Source: https://platform.claude.com/docs/en/api/messages (2026-11).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from adapters.dialects.anthropic_messages.cache_hints import carry_cache, set_cache
from adapters.dialects.anthropic_messages.media_blocks import document_block, image_block
from adapters.dialects.anthropic_messages.vocabulary import (
    CUSTOM_INPUT,
    FAMILY,
    RAW_ARGUMENTS,
    Block,
    text_block,
)
from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    Family,
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
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature

Lost: TypeAlias = Callable[[str, Part, str], None]
"""Called with a loss's code, the part it befell, and a short clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRenderer:
    """Renders the parts of one request. `family`: whose opaque values may travel."""

    family: Family
    names: ToolNames
    lost: Lost

    def add(
        self, part: Part, blocks: list[Block], *, assistant: bool = False, earlier: Sequence[Block] = ()
    ) -> None:
        """Append the block of `part` to `blocks`; what renders to nothing leaves its cache hint to its neighbour.

        assistant: the part is of an assistant's turn. earlier: the blocks of the turn before.
        Raises UnsupportedFeature where the part cannot be expressed at all.
        """
        block = self._block(part, assistant=assistant)
        hint = cache_of(part)
        if block is None:
            carry_cache(blocks or earlier, hint)
        else:
            set_cache(block, hint)
            blocks.append(block)

    def _block(self, part: Part, *, assistant: bool) -> Block | None:
        match part:
            case Text():
                return _text(part, assistant=assistant)
            case Refusal(text=text):
                return text_block(text) if text.strip() else None
            case Reasoning():
                return _thinking(part)
            case ToolCall():
                return self._tool_use(part)
            case ToolResult():
                return self._tool_result(part)
            case OpaquePart():
                if part.family == self.family and isinstance(part.raw, dict):
                    return dict(part.raw)
                self.lost("dropped_opaque_part", part, f"only {part.family} understands {part.kind}")
                return None
            case Image() | Document() | Audio():
                if assistant:
                    self.lost("dropped_media", part, "assistant turns hold no media")
                    return None
                return self._media(part)
        assert_never(part)

    def _media(self, part: Image | Document | Audio) -> Block | None:
        match part:
            case Image():
                return image_block(part, self.family)
            case Document():
                block = document_block(part, self.family)
                return None if _is_blank_document(block) else block
            case Audio():
                raise UnsupportedFeature("expected text, images or documents; got audio. Send a transcript.")
        assert_never(part)

    def _tool_use(self, call: ToolCall) -> Block:
        return {
            "type": "tool_use",
            "id": call.id,
            "name": self.names.wire(call.name),
            "input": self._input(call),
            **call.ext.get(FAMILY, {}),
        }

    def _input(self, call: ToolCall) -> Block:
        if call.kind == "custom":
            return {CUSTOM_INPUT: call.raw}
        arguments = call.arguments if isinstance(call.arguments, dict) else parse_arguments(call.raw)
        if isinstance(arguments, dict):
            return arguments
        self.lost("wrapped_arguments", call, f"the arguments are no JSON object; they travel as {RAW_ARGUMENTS}")
        return {RAW_ARGUMENTS: call.raw}

    def _tool_result(self, result: ToolResult) -> Block:
        rendered = (self._block(part, assistant=False) for part in result.parts)
        content = [block for block in rendered if block is not None]
        block: Block = {"type": "tool_result", "tool_use_id": result.call_id, **result.ext.get(FAMILY, {})}
        for part in result.parts:  # a breakpoint inside a result marks the same prefix as one on it
            set_cache(block, part.cache)
        if content:
            block["content"] = content
        if result.is_error:
            block["is_error"] = True
        return block


def cache_of(part: Part) -> CacheHint | None:
    """The cache hint of a part, of those that can have one."""
    return None if isinstance(part, (Reasoning, Refusal, OpaquePart)) else part.cache


def _text(part: Text, *, assistant: bool) -> Block | None:
    if not part.text.strip():
        return None
    block = text_block(part.text)
    if assistant:  # the API refuses citations in user text
        citations = [dict(citation.ext[FAMILY]) for citation in part.citations if FAMILY in citation.ext]
        if citations:
            block["citations"] = citations
    return block


def _thinking(part: Reasoning) -> Block | None:
    if part.signature is None:
        return None
    if part.redacted:
        return {"type": "redacted_thinking", "data": part.signature.value}
    return {"type": "thinking", "thinking": part.text, "signature": part.signature.value}


def _is_blank_document(block: Block) -> bool:
    source = block["source"]
    return source["type"] == "text" and not source["data"].strip()
