"""What a request says in one vendor's own words, on its way to another: refused, dropped, or no loss."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from domain.chat.loss import Loss, LossKind
from domain.errors import UnsupportedFeature
from domain.json_types import JSON, Ext

_REFUSED: Final = MappingProxyType(
    {
        "previous_response_id": "an earlier response is kept by the account that gave it",
        "conversation": "a conversation is kept by the account it was opened with",
        "prompt": "a stored prompt is kept by the account it was written in",
        "background": "an answer in the background is kept by its vendor",
        "container": "a container lives at the vendor that opened it",
        "cachedContent": "cached content is kept by the account that cached it",
        "continuationToken": "a continuation is known to the vendor that paused",
        "mcp_servers": "MCP servers are reached by the vendor itself",
    }
)
_NOTHING: Final[tuple[JSON, ...]] = (None, "", [], {})
_NO_EFFECT: Final = frozenset(
    {
        "cache_control",
        "diagnostics",
        "include",
        "include_obfuscation",
        "inference_geo",
        "labels",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "stream_options",
        "user",
    }
)
"""Members whose loss changes nothing that a caller could see in the answer."""


def refuse_foreign(ext: Ext, *families: str) -> None:
    """Raise UnsupportedFeature where top-level members that are not of `families` cannot be done without."""
    for family, members in ext.items():
        if family in families:
            continue
        for name in members:
            if name in _REFUSED and members[name] not in (None, False):
                raise UnsupportedFeature(
                    f"expected a request that any vendor can answer; got {name}, and {_REFUSED[name]}. Leave it "
                    "out, or ask for a model that is reached in the request's own dialect.",
                    param=name,
                )


def foreign_losses(ext: Ext, *families: str, at: str = "") -> Iterator[Loss]:
    """A loss for each member that `ext`, found at the pointer `at`, holds for other formats than `families`.

    Members that say nothing are none: nulls, what is empty, and beneath the top level what is switched off.
    """
    for family, members in ext.items():
        if family in families:
            continue
        for name, value in members.items():
            if value in _NOTHING or (at and value is False):
                continue
            kind = LossKind.HINT if not at and name in _NO_EFFECT else LossKind.PARAMETER
            yield Loss("dropped_ext", f"{at}/{name}", "no such member here", kind)
