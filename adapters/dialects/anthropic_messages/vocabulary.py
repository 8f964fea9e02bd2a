"""The words of the wire that more than one module uses."""

import re
from typing import Final, TypeAlias

from adapters.dialects import json_codec
from domain.chat.content import Family
from domain.json_types import JSON

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


def compact(value: JSON) -> str:
    """`value` as compact JSON text."""
    return json_codec.encode(value).decode()


def text_block(text: str) -> Block:
    """A text block."""
    return {"type": "text", "text": text}
