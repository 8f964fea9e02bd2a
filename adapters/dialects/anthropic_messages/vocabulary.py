"""The words of the wire that more than one module uses."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects import json_codec
from adapters.dialects.leftovers import AS_WRITTEN
from domain.chat.content import Family
from domain.json_types import JSON, NO_EXT, Ext

NAME: Final = "anthropic_messages"
"""The name of the dialect."""

FAMILY: Final[Family] = "anthropic"
"""Whose signatures, server-tool blocks and leftovers travel in this dialect."""

Block: TypeAlias = dict[str, JSON]
"""One JSON object of the wire: a content block, a tool, a choice."""

JSON_TOOL: Final = "fg_json_output"
"""The tool whose input is the answer, where structured output is emulated."""

CALL_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
TOOL_NAME: Final = re.compile(rf"(?!{JSON_TOOL}\Z)[a-zA-Z0-9_-]{{1,64}}")
"""Names a caller's tool may have on the wire; our own is taken."""

CUSTOM_INPUT: Final = "input"
"""The one property of a function that stands for a free-text tool."""

RAW_ARGUMENTS: Final = "__raw__"
"""The property that holds arguments that are no JSON object, since `input` must be one."""


_NOTHING: Final[Mapping[str, JSON]] = MappingProxyType({})

MARKED: Final[Ext] = MappingProxyType({FAMILY: MappingProxyType({})})
"""Leftovers without a member: they tell nothing to others, and this wire how something was written.

On a text: as a bare string, not as a block. On a message: as a part of the message before it.
"""


def is_marked(ext: Ext) -> bool:
    """Whether `ext` is the mark."""
    return ext is not NO_EXT and FAMILY in ext and not ext[FAMILY]


def left_over(ext: Ext) -> Mapping[str, JSON]:
    """The leftover members of this wire, to be written again at their level."""
    return _NOTHING if ext is NO_EXT else ext.get(FAMILY, _NOTHING)


def with_left_over(block: Block, ext: Ext) -> Block:
    """A rendered block with the leftover members of this wire; the block as it was written, where `ext` has it."""
    left = left_over(ext)
    if not left:
        return block
    if AS_WRITTEN in left:
        return dict(left[AS_WRITTEN])
    source = left.get("source")
    if isinstance(source, dict) and "type" not in source:
        left = {**left, "source": {**block["source"], **source}}
    return {**block, **left}


def compact(value: JSON) -> str:
    """`value` as compact JSON text."""
    return json_codec.encode(value).decode()


def text_block(text: str) -> Block:
    """A text block."""
    return {"type": "text", "text": text}
