"""Counting the tokens of a request (platform.claude.com/docs/en/api/messages-count-tokens, 2026-11)."""

from typing import Final

from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.contract import RenderedRequest
from domain.errors import MalformedResponse
from domain.json_types import JSON

_COUNTED: Final = (
    "model",
    "messages",
    "system",
    "tools",
    "tool_choice",
    "thinking",
    "output_config",
    "cache_control",
    "context_management",
    "mcp_servers",
    "speed",
)
"""The members that the counting endpoint takes, those of its beta among them."""


def render_count_request(rendered: RenderedRequest) -> Block:
    """The body that has the tokens of a rendered request counted."""
    return {name: rendered.body[name] for name in _COUNTED if name in rendered.body}


def parse_count(body: JSON) -> int:
    """The tokens that an answer of the counting endpoint tells. Raises MalformedResponse where it tells none."""
    count = body.get("input_tokens") if isinstance(body, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise MalformedResponse("expected the number of input_tokens; the upstream counted none")
    return count


def render_count(tokens: int) -> Block:
    """The answer to a client who had `tokens` counted."""
    return {"input_tokens": tokens}
