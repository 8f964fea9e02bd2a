"""What of a Response stands around its output; the same in every event of a stream and in a buffered answer."""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.identity import minted
from adapters.dialects.openai_responses.finish import FAILED, render_finish
from adapters.dialects.openai_responses.output_items import IN_PROGRESS, declines
from adapters.dialects.openai_responses.usage import render_usage
from domain.chat.response import Finish
from domain.chat.usage import Usage
from domain.json_types import JSON

_ID_PREFIX: Final = "resp_"
_TIERS: Final = frozenset({"auto", "default", "flex", "scale", "priority", "fast", "ultrafast"})
_UNASKED: Final[MappingProxyType[str, JSON]] = MappingProxyType(
    {
        "background": False,
        "instructions": None,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "safety_identifier": None,
        "service_tier": None,
        "store": False,
        "temperature": None,
        "tool_choice": "auto",
        "top_logprobs": 0,
        "top_p": None,
        "truncation": "disabled",
        "user": None,
    }
)
"""What an answer says of members that its request lacks. `store`: another vendor's answer is kept nowhere."""


def answer_id(upstream_id: str) -> str:
    """The upstream's own id where it has this wire's form, else one made from it, always the same."""
    return minted(_ID_PREFIX, upstream_id)


def render_frame(
    upstream_id: str, reply: Reply, *, created_unix_s: int | None = None, service_tier: str | None = None
) -> dict[str, JSON]:
    """A Response of which nothing is told yet but what the request asked for."""
    echo = {name: value for name, value in reply.echo.items() if value is not None}
    tier = "default" if service_tier == "standard" else service_tier
    frame: dict[str, JSON] = {
        "id": answer_id(upstream_id),
        "object": "response",
        "created_at": created_unix_s or reply.created_unix_s,
        "status": IN_PROGRESS,
        "error": None,
        "incomplete_details": None,
        "model": reply.model,
        "output": [],
        "usage": None,
        **_UNASKED.copy(),
        **echo,
        "metadata": echo.get("metadata", {}),
        "reasoning": {"effort": None, "summary": None, **echo.get("reasoning", {})},
        "text": {"format": {"type": "text"}, **echo.get("text", {})},
        "tools": echo.get("tools", []),
    }
    return {**frame, "service_tier": tier} if tier in _TIERS else frame


def render_ended(
    frame: dict[str, JSON], output: list[JSON], finish: Finish, usage: Usage | None
) -> dict[str, JSON]:
    """The Response of a complete answer."""
    status, incomplete_details = render_finish(finish, refused=declines(finish, output))
    return {
        **frame,
        "status": status,
        "incomplete_details": incomplete_details,
        "output": output,
        "usage": None if usage is None else render_usage(usage),
    }


def render_failed(
    frame: dict[str, JSON], output: Sequence[JSON], usage: Usage | None, error: dict[str, JSON]
) -> dict[str, JSON]:
    """The Response of an answer that broke after `output`."""
    return {
        **frame,
        "status": FAILED,
        "error": error,
        "output": list(output),
        "usage": None if usage is None else render_usage(usage),
    }
