"""Parts of messages as content blocks.

Source: https://platform.claude.com/docs/en/api/messages (2026-11).
"""

from collections.abc import Callable, Sequence
from typing import Final, TypeAlias, assert_never

from adapters.dialects.anthropic_messages.cache_hints import CacheMarks
from adapters.dialects.anthropic_messages.media_blocks import document_block, image_block
from adapters.dialects.anthropic_messages.thoughts import signed_block
from adapters.dialects.anthropic_messages.vocabulary import (
    CUSTOM_INPUT,
    FAMILY,
    RAW_ARGUMENTS,
    Block,
    text_block,
    with_left_over,
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
from domain.chat.loss import LossKind
from domain.chat.request import Role
from domain.chat.tool_names import ToolNames
from domain.errors import UnsupportedFeature
from domain.values import dataclass

_SHOWING: Final = frozenset({Role.USER, Role.TOOL})
"""Whose turns may hold pictures and documents."""

Lost: TypeAlias = Callable[[str, Part, str, LossKind], None]
"""Called with a loss's code, the part it befell, a short clause, and how much it weighs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockRenderer:
    """Renders the parts of one request. `family`: whose opaque values may travel. `marks` grows by cache hints."""

    family: Family
    names: ToolNames
    marks: CacheMarks
    lost: Lost

    def add(
        self, part: Part, blocks: list[Block], *, role: Role = Role.USER, earlier: Sequence[Block] = ()
    ) -> None:
        """Append the block of `part` to `blocks`; what renders to nothing leaves its cache hint to its neighbour.

        role: of whose turn the part is. earlier: the blocks of the turn before.
        Raises UnsupportedFeature where the part cannot be expressed at all.
        """
        block = self._block(part, role)
        hint = cache_of(part)
        if block is None:
            self.marks.carry(blocks or earlier, hint, part)
        else:
            self.marks.put(block, hint, part)
            blocks.append(block)

    def _block(self, part: Part, role: Role) -> Block | None:
        match part:
            case Text():
                return self._text(part, role)
            case Refusal(text=text):
                return None if self._is_blank(part) else text_block(text)
            case Reasoning(signature=signature):
                return None if signature is None else signed_block(part, signature.value)
            case ToolCall():
                return self._tool_use(part)
            case ToolResult():
                return self._tool_result(part)
            case OpaquePart():
                if part.family == self.family and isinstance(part.raw, dict):
                    return dict(part.raw)
                self.lost(
                    "dropped_opaque_part", part, f"only {part.family} understands {part.kind}", LossKind.CHANGE
                )
                return None
            case Image() | Document() | Audio():
                if role not in _SHOWING:
                    self.lost("dropped_media", part, "only the user shows media", LossKind.CHANGE)
                    return None
                return self._media(part)
        assert_never(part)

    def _text(self, part: Text, role: Role) -> Block | None:
        if self._is_blank(part):
            return None
        block = text_block(part.text)
        if part.citations:
            block |= self._citations(part, role)
        return with_left_over(block, part.ext)

    def _is_blank(self, part: Text | Refusal) -> bool:
        """Whether the API would refuse the text; white space that is left out is named."""
        if part.text.strip():
            return False
        if part.text:
            self.lost("dropped_blank_text", part, "the API refuses text of white space", LossKind.HINT)
        return True

    def _citations(self, part: Text, role: Role) -> Block:
        """The member with a text's citations, which the API takes back in assistants' texts only."""
        own = [
            citation.ext[FAMILY]
            for citation in part.citations
            if role is Role.ASSISTANT and FAMILY in citation.ext
        ]
        if len(own) < len(part.citations):
            self.lost("dropped_citation", part, "the API takes back only those it gave", LossKind.HINT)
        return {"citations": own} if own else {}

    def _media(self, part: Image | Document | Audio) -> Block | None:
        match part:
            case Image():
                if part.detail is not None:
                    self.lost("dropped_detail", part, "pictures have no detail here", LossKind.HINT)
                return image_block(part, self.family)
            case Document():
                block = document_block(part, self.family)
                return None if _is_blank_document(block) else block
            case Audio():
                raise UnsupportedFeature("expected text, images or documents; got audio. Send a transcript.")
        assert_never(part)

    def _tool_use(self, call: ToolCall) -> Block:
        block = {"type": "tool_use", "id": call.id, "name": self.names.wire(call.name), "input": self._input(call)}
        return with_left_over(block, call.ext)

    def _input(self, call: ToolCall) -> Block:
        if call.kind == "custom":
            return {CUSTOM_INPUT: call.raw}
        arguments = call.arguments if isinstance(call.arguments, dict) else parse_arguments(call.raw)
        if isinstance(arguments, dict):
            return arguments
        why = f"the arguments are no JSON object; they travel as {RAW_ARGUMENTS}"
        self.lost("wrapped_arguments", call, why, LossKind.CHANGE)
        return {RAW_ARGUMENTS: call.raw}

    def _tool_result(self, result: ToolResult) -> Block:
        rendered = (self._block(part, Role.TOOL) for part in result.parts)
        content = [block for block in rendered if block is not None]
        block = with_left_over({"type": "tool_result", "tool_use_id": result.call_id}, result.ext)
        for part in result.parts:  # a breakpoint inside a result marks the same prefix as one on it
            self.marks.put(block, part.cache, part)
        if content:
            block["content"] = content
        if result.is_error:
            block["is_error"] = True
        return block


def cache_of(part: Part) -> CacheHint | None:
    """The cache hint of a part, of those that can have one."""
    return None if isinstance(part, (Reasoning, Refusal, OpaquePart)) else part.cache


def _is_blank_document(block: Block) -> bool:
    source = block["source"]
    return source["type"] == "text" and not source["data"].strip()
