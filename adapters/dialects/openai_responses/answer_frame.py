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
_FRAME: Final[MappingProxyType[str, JSON]] = MappingProxyType(
    {
        "id": "",
        "object": "response",
        "created_at": 0,
        "status": IN_PROGRESS,
        "error": None,
        "incomplete_details": None,
        "model": "",
        "output": None,
        "usage": None,
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
        "metadata": None,
        "reasoning": None,
        "text": None,
        "tools": None,
    }
)
"""The members of a Response in their order, and what it says of those that its request lacks.

`store`: another vendor's answer is kept nowhere.
"""
_LAID_OVER: Final = frozenset({"reasoning", "text"})
"""Objects of which the answer tells also what the request's lack."""


def answer_id(upstream_id: str) -> str:
    """The upstream's own id where it has this wire's form, else one made from it, always the same."""
    return minted(_ID_PREFIX, upstream_id)


def render_frame(
    upstream_id: str, reply: Reply, *, created_unix_s: int | None = None, service_tier: str | None = None
) -> dict[str, JSON]:
    """A Response of which nothing is told yet but what the request asked for."""
    frame = _FRAME.copy()
    frame["id"] = answer_id(upstream_id)
    frame["created_at"] = created_unix_s or reply.created_unix_s
    frame["model"] = reply.model
    frame["output"], frame["metadata"], frame["tools"] = [], {}, []
    frame["reasoning"] = {"effort": None, "summary": None}
    frame["text"] = {"format": {"type": "text"}}
    for name, value in reply.echo.items():
        if value is not None:
            frame[name] = {**frame[name], **value} if name in _LAID_OVER else value
    tier = "default" if service_tier == "standard" else service_tier
    if tier in _TIERS:
        frame["service_tier"] = tier
    return frame


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
