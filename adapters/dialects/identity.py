"""Ids of answers in the form a wire wants, made from the upstream's: the same each time, streamed and buffered."""

import hashlib
from typing import Final

_LENGTH: Final = 24


def minted(prefix: str, upstream_id: str) -> str:
    """The upstream's own id where it begins with `prefix`, else one made from it, always the same."""
    if upstream_id.startswith(prefix):
        return upstream_id
    return prefix + hashlib.sha256(upstream_id.encode("utf-8", "surrogatepass")).hexdigest()[:_LENGTH]
