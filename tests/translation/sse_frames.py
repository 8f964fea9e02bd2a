"""Server-sent events as vendors write them."""

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

Frames: TypeAlias = list[bytes]
"""The events of a stream, each with its blank line."""


def data(document: Any) -> bytes:
    """An event without a name."""
    return f"data: {json.dumps(document)}\n\n".encode()


def named(document: dict[str, Any]) -> bytes:
    """An event that is called what its type is."""
    return f"event: {document['type']}\n".encode() + data(document)


def pieces(text: str, size: int) -> Iterator[str]:
    """`text` in pieces of at most `size` characters."""
    return (text[start : start + size] for start in range(0, len(text), size))
