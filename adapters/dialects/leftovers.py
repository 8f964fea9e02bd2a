"""What a request says in one vendor's own words, on its way to another: refused, dropped, or no loss."""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from adapters.dialects.places import Places
from domain.chat.content import OpaquePart, ToolResult
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Message, Tool
from domain.errors import UnsupportedFeature
from domain.json_types import JSON, NO_EXT, Ext

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
AS_WRITTEN: Final = "#block"
"""The leftover that holds a whole part as it was written, beside a canonical part that tells it as text."""

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

_NO_EFFECT_INSIDE: Final = frozenset(
    {
        "annotations",
        "behavior",
        "cache_control",
        "caller",
        "id",
        "name",
        "phase",
        "prompt_cache_breakpoint",
        "provider_specific_fields",
        "status",
        "type",
    }
)
"""The same beneath the top level: what an answer's parts were called there, and where they came from."""

_CONTAINERS: Final = frozenset(
    {
        "custom",
        "file",
        "fileData",
        "format",
        "function",
        "functionCall",
        "functionCallingConfig",
        "functionResponse",
        "generationConfig",
        "image_url",
        "inlineData",
        "input_audio",
        "item",
        "json_schema",
        "metadata",
        "namespace",
        "output_config",
        "reasoning",
        "response_format",
        "speechConfig",
        "stream_options",
        "text",
        "toolConfig",
    }
)
"""Objects that are known themselves: what is left over is only what stands in them."""


def refuse_foreign(ext: Ext, *families: str) -> None:
    """Raise UnsupportedFeature where top-level members that are not of `families` cannot be done without."""
    if ext is NO_EXT:
        return
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


def refuse_no_answer(limit: int) -> None:
    """Raise UnsupportedFeature where no token is to be generated, by which Anthropic's clients warm its cache."""
    if limit == 0:
        raise UnsupportedFeature(
            "expected a limit of at least one token; got 0, which warms a cache at Anthropic alone. Ask for one "
            "token, or for a model that is reached in the request's own dialect.",
            param="max_tokens",
        )


def foreign_losses(ext: Ext, *families: str, at: str = "") -> Iterator[Loss]:
    """A loss for each member that `ext`, found at the pointer `at`, holds for other formats than `families`.

    Members that say nothing are none: nulls, what is empty, and beneath the top level what is switched off.
    """
    for family, members in ext.items():
        if family not in families:
            yield from _losses(members, at)


def _losses(members: Mapping[str, JSON], at: str) -> Iterator[Loss]:
    for name, value in members.items():
        if value in _NOTHING or (at and value is False):
            continue
        if name == AS_WRITTEN:
            yield Loss("block_as_text", f"{at}/{name}", "no such block here; it is told as text")
            continue
        if name in _CONTAINERS and isinstance(value, dict):
            yield from _losses(value, f"{at}/{name}")
            continue
        kind = LossKind.HINT if name in (_NO_EFFECT_INSIDE if at else _NO_EFFECT) else LossKind.PARAMETER
        yield Loss("dropped_ext", f"{at}/{name}", "no such member here", kind)


def lost_leftovers(request: ChatRequest, *families: str) -> list[Loss]:
    """A loss for each leftover member of the request and its tools that only other formats than `families` know.

    What is left over in its messages is told by `lost_in_messages`.
    """
    losses = list(foreign_losses(request.ext, *families)) if request.ext is not NO_EXT else []
    if request.reasoning is not None and request.reasoning.ext is not NO_EXT:
        losses.extend(foreign_losses(request.reasoning.ext, *families, at="/thinking"))
    for index, tool in enumerate(request.tools):
        if isinstance(tool, Tool) and tool.ext is not NO_EXT:
            losses.extend(foreign_losses(tool.ext, *families, at=f"/tools/{index}"))
    return losses


def lost_in_messages(messages: Sequence[Message], *families: str) -> Iterator[Loss]:
    """A loss for each leftover member of messages and their parts that only other formats than `families` know."""
    places = Places(messages)
    for message in messages:
        if message.plain_text is not None:
            continue
        parts = [part for part in message.parts if not isinstance(part, OpaquePart)]
        shown = [inner for part in parts if isinstance(part, ToolResult) for inner in part.parts]
        for one in (message, *parts, *shown):
            if one.ext is not NO_EXT:
                yield from foreign_losses(one.ext, *families, at=places.pointer(one))
