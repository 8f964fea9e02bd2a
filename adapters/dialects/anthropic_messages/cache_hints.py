"""Cache breakpoints: how they look, and how many the wire takes.

Source: https://platform.claude.com/docs/en/build-with-claude/prompt-caching (2026-11).
"""

from collections.abc import Iterable
from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.places import Places
from domain.chat.content import CacheHint, Part
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


class CacheMarks:
    """The breakpoints of one request: on which block each stands, and what is lost of those asked for."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._owners: dict[int, Part | str] = {}
        self.losses: list[Loss] = []

    def put(self, block: Block, hint: CacheHint | None, owner: Part | str) -> None:
        """Mark `block` as the end of a reusable prefix where `hint` says so. `owner`: a part, a tool's pointer."""
        if hint is None:
            return
        before = self._owners.get(id(block))
        if before is not None:
            self._lose("dropped_cache_hint", before, "the next one ends the same prefix")
        self._owners[id(block)] = owner
        block["cache_control"] = {"type": "ephemeral", **({"ttl": _LONG} if hint.ttl in _LONG_TTLS else {})}

    def carry(self, blocks: Iterable[Block], hint: CacheHint | None, owner: Part) -> None:
        """Mark the last of `blocks` that can carry a breakpoint, in place of a part that was left out."""
        if hint is None:
            return
        carrier = next((block for block in reversed(list(blocks)) if block["type"] not in _CANNOT_CARRY), None)
        if carrier is None:
            self._lose("dropped_cache_hint", owner, "it stood on nothing that is sent")
        else:
            self.put(carrier, hint, owner)

    def limit(self, blocks: Iterable[Block]) -> tuple[Loss, ...]:
        """Keep the last four of `blocks`, which are in prompt order, and no long one after a short one.

        What is lost of all the hints of the request is given back.
        """
        marked = [block for block in blocks if block.get("cache_control") is not None]
        for surplus in marked[:-_MOST]:
            del surplus["cache_control"]
            self._lose("dropped_cache_hint", self._owner(surplus), f"the API takes {_MOST} at most")
        short_seen = False
        for block in marked[-_MOST:]:
            is_long = block["cache_control"].get("ttl") == _LONG
            if short_seen and is_long:
                block["cache_control"] = {"type": "ephemeral"}
                self._lose(
                    "cache_ttl_shortened",
                    self._owners.get(id(block), "/messages"),
                    "a shorter one stands before it",
                )
            short_seen = short_seen or not is_long
        return tuple(self.losses)

    def _owner(self, block: Block) -> Part | str:
        return self._owners.get(id(block), "/messages")

    def _lose(self, code: str, owner: Part | str, why: str) -> None:
        where = owner if isinstance(owner, str) else self._places.pointer(owner)
        self.losses.append(Loss(code, where, why, LossKind.HINT))
