"""`POST /v1/responses/input_tokens`, from both sides (developers.openai.com/api/reference, 2026-11)."""

from typing import Final

from adapters.dialects.contract import RenderedRequest
from domain.errors import MalformedResponse
from domain.json_types import JSON

_OBJECT: Final = "response.input_tokens"
_COUNTED: Final = (
    "model",
    "input",
    "instructions",
    "conversation",
    "previous_response_id",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
    "personality",
    "truncation",
)
"""The members of a request that the endpoint knows; the others do not change the prompt."""


def render_count_request(rendered: RenderedRequest) -> dict[str, JSON]:
    """The body that has the prompt of `rendered` counted."""
    return {name: rendered.body[name] for name in _COUNTED if name in rendered.body}


def parse_count(body: JSON) -> int:
    """The tokens that an upstream counted. Raises MalformedResponse where it tells no number."""
    counted = body.get("input_tokens") if isinstance(body, dict) else None
    if isinstance(counted, bool) or not isinstance(counted, int) or counted < 0:
        raise MalformedResponse("expected input_tokens, a number, in the upstream's count of tokens")
    return counted


def render_count(tokens: int) -> dict[str, JSON]:
    """A count for a client."""
    return {"object": _OBJECT, "input_tokens": tokens}
