"""A client's generateContent request (ai.google.dev/api/generate-content, 2026-11).

`own_request` renders the inverse, except for these normal forms: members are in camelCase; nulls and defaults
(`candidateCount: 1`, `responseMimeType: text/plain`, `thought: false`) are left out; a text where a Content
belongs is one; base64 is the standard alphabet under the media type that the bytes have; contents of no role are
the user's; neighbouring contents of the model are one, and results stand in a content of their own; functions in
several tools that follow each other are in one; OpenAPI schemas are JSON Schemas.
"""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.gemini.content_parsing import parse_contents
from adapters.dialects.gemini.generation_parsing import parse_generation
from adapters.dialects.gemini.members import Members
from adapters.dialects.gemini.tool_parsing import parse_tool_choice, parse_tools
from adapters.dialects.gemini.vocabulary import NAME
from domain.chat.request import ChatRequest
from domain.json_types import JSON

_TIERS: Final = frozenset({"standard", "flex", "priority"})


def parse_request(body: Mapping[str, JSON]) -> ChatRequest:
    """A request. Raises MalformedRequest with the path of what is wrong.

    `model` and `stream`, which the API has in the URL, are members of `body`.
    """
    request = Members(body, "")
    model, stream = request.need_text("model"), request.take_flag("stream") or False
    asked, generation_left = parse_generation(request)
    tool_choice, tool_config_left = parse_tool_choice(request)
    return ChatRequest(
        model=model,
        messages=parse_contents(request),
        tools=parse_tools(request),
        tool_choice=tool_choice,
        service_tier=_tier(request) if "serviceTier" in request else None,
        stream=stream,
        include_usage=True,
        source=NAME,
        **asked,
        ext=request.leftovers(generationConfig=generation_left, toolConfig=tool_config_left),
    )


def _tier(request: Members) -> str | None:
    """The tier, where it is one that other vendors have too; any other word is left over."""
    word = request.take_text("serviceTier")
    if word is None or word.lower() in _TIERS:
        return None if word is None else word.lower()
    request.put_back("serviceTier", word)
    return None
