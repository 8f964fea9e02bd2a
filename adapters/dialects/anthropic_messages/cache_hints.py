"""Cache breakpoints: how they look, and how many the wire takes.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11).
"""

from collections.abc import Iterable
from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import Block
from domain.chat.content import CacheHint
from domain.chat.loss import Loss, LossKind

_MOST: Final = 4
_LONG: Final = "1h"
_LONG_TTLS: Final = frozenset({"30m", "1h", "12h"})
_CANNOT_CARRY: Final = frozenset({"thinking", "redacted_thinking"})


def cache_control(hint: CacheHint | None) -> Block:
    """The breakpoint of `hint` as a client of this wire wrote it, as a member."""
    if hint is None:
        return {}
    return {"cache_control": {"type": "ephemeral", **({} if hint.ttl is None else {"ttl": hint.ttl})}}


def set_cache(block: Block, hint: CacheHint | None) -> None:
    """Mark `block` as the end of a reusable prefix where `hint` says so."""
    if hint is not None:
        long = {"ttl": _LONG} if hint.ttl in _LONG_TTLS else {}
        block["cache_control"] = {"type": "ephemeral", **long}


def carry_cache(blocks: Iterable[Block], hint: CacheHint | None) -> bool:
    """Mark the last of `blocks` that can carry a breakpoint, in place of a block that was left out.

    Whether there was one, or nothing to mark.
    """
    if hint is None:
        return True
    carrier = next((block for block in reversed(list(blocks)) if block["type"] not in _CANNOT_CARRY), None)
    if carrier is None:
        return False
    set_cache(carrier, hint)
    return True


def limit_cache(blocks: Iterable[Block]) -> tuple[Loss, ...]:
    """Keep the last four breakpoints of `blocks`, which are in prompt order, and no long one after a short one."""
    marked = [block for block in blocks if block.get("cache_control") is not None]
    for surplus in marked[:-_MOST]:
        del surplus["cache_control"]
    short_seen = False
    for block in marked[-_MOST:]:
        if short_seen and block["cache_control"].get("ttl") == _LONG:
            block["cache_control"] = {"type": "ephemeral"}
        short_seen = short_seen or block["cache_control"].get("ttl") != _LONG
    if len(marked) <= _MOST:
        return ()
    return (Loss("dropped_cache_hint", "/messages", f"the API takes {_MOST} at most", LossKind.HINT),)
