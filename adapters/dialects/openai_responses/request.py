"""Requests: wire → canonical.

Rendering is the inverse of parsing, except for these normal forms: nulls, `top_logprobs: 0`, `stream: false`,
empty instructions, and empty objects and lists where they say nothing are left out; `input` is a list of items,
whose `type: message` may be left out where the item has no further members; a list of one plain text is a string;
`generate_summary` is called `summary`; media are standard base64 under the type they have.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from adapters.dialects.openai_responses.input_items import Told, parse_conversation
from adapters.dialects.openai_responses.members import Members, malformed, not_one_of
from adapters.dialects.openai_responses.tools import parse_tool_choice, parse_tools
from adapters.dialects.openai_responses.vocabulary import FAMILY, NAME, OPENAI
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Effort,
    ReasoningSettings,
    ResponseFormat,
    Sampling,
    Tool,
)
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT, Ext

ECHOED: Final = frozenset(
    {
        "background",
        "instructions",
        "max_output_tokens",
        "max_tool_calls",
        "metadata",
        "parallel_tool_calls",
        "previous_response_id",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning",
        "safety_identifier",
        "service_tier",
        "store",
        "temperature",
        "text",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "truncation",
        "user",
    }
)
"""Members of the request that its answer repeats."""

_RARE: Final = frozenset(
    {
        "tool_choice",
        "parallel_tool_calls",
        "text",
        "include",
        "top_logprobs",
        "reasoning",
        "service_tier",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "metadata",
    }
)
"""Members that many requests do without: they are looked for one by one only where any of them is there."""
_LOGPROBS: Final = "message.output_text.logprobs"
_SHARED: Final = frozenset(
    {"moderation", "prompt_cache_options", "prompt_cache_retention", "safety_identifier", "stream_options", "user"}
)
"""Leftovers that Chat Completions knows by the same name."""
_WITHOUT_INPUT: Final = ("prompt", "previous_response_id", "conversation")
"""Members that hold something to answer, so that `input` may be absent."""
_FORMATS: Final = ("text", "json_object", "json_schema")
_TIERS: Final = MappingProxyType({"default": "standard"})
_DEFAULT_SUMMARY: Final = "auto"


def parse_request(body: Mapping[str, JSON]) -> ChatRequest:
    """A request. Raises MalformedRequest with the path of what is wrong (`input[2].content[0].type`)."""
    request = Members(body, "")
    tools = parse_tools(request)
    said = _parse_conversation(request, tools)
    nested: dict[str, JSON] = {}
    rare = _parse_rare(request, nested) if request.has_any(_RARE) else {}
    return ChatRequest(
        model=request.need_text("model"),
        messages=tuple([message for message, _, _ in said]),
        tools=tools,
        sampling=Sampling(temperature=request.take_number("temperature"), top_p=request.take_number("top_p")),
        max_output_tokens=request.take_integer("max_output_tokens"),
        store=request.take_flag("store"),
        stream=request.take_flag("stream") or False,
        include_usage=True,
        source=NAME,
        **rare,
        ext=_leftovers(request, nested),
    )


def _parse_rare(request: Members, nested: dict[str, JSON]) -> dict[str, Any]:
    """The canonical members that few requests have; `nested` gets what is left over inside of theirs."""
    text = request.take_object("text") or Members({}, "text")
    metadata = request.take_object("metadata") or Members({}, "metadata")
    tier = request.take_text("service_tier")
    rare = {
        "tool_choice": parse_tool_choice(request),
        "parallel_tool_calls": request.take_flag("parallel_tool_calls"),
        "response_format": _parse_format(text),
        "logprobs": _parse_logprobs(request),
        "reasoning": _parse_reasoning(request),
        "verbosity": text.take_text("verbosity"),
        "service_tier": None if tier is None else _TIERS.get(tier, tier),
        "end_user": _parse_end_user(request),
        "cache_key": request.take_text("prompt_cache_key"),
        "metadata": _take_texts(metadata),
    }
    nested |= {"text": text.left(), "metadata": metadata.left()}
    return rare


def placed_conversation(body: Mapping[str, JSON]) -> list[Told]:
    """The conversation of a request, every part beside its place. Raises MalformedRequest as `parse_request`."""
    request = Members(body, "")
    return _parse_conversation(request, parse_tools(request))


def _parse_conversation(request: Members, tools: tuple[Tool | BuiltinTool, ...]) -> list[Told]:
    said = parse_conversation(request, {tool.name for tool in tools if isinstance(tool, Tool)})
    if all(message.standing for message, _, _ in said) and not any(name in request for name in _WITHOUT_INPUT):
        raise MalformedRequest("input: expected a string or at least one item, got none.", param="input")
    return said


def _parse_format(text: Members) -> ResponseFormat | None:
    wanted = text.take_object("format")
    if wanted is None:
        return None
    kind = wanted.take("type")
    if kind not in _FORMATS:
        raise not_one_of(wanted.at("type"), _FORMATS, kind)
    parsed = ResponseFormat(kind=kind)
    if kind == "json_schema":
        parsed = ResponseFormat(
            kind=kind,
            name=wanted.take_text("name"),
            description=wanted.take_text("description"),
            strict=wanted.take_flag("strict"),
            schema=wanted.take("schema"),
        )
    left = wanted.left()
    if left:
        text.keep("format", left)
    return parsed


def _parse_logprobs(request: Members) -> int | None:
    """Log probabilities are asked for in `include`, which is left over where it asks for more."""
    include, alternatives = request.take("include"), request.take_integer("top_logprobs")
    if include is not None and not isinstance(include, list):
        raise malformed("include", "a list", include)
    if include and include != [_LOGPROBS]:
        request.keep("include", include)
    if include and _LOGPROBS in include:
        return alternatives or 0
    request.keep("top_logprobs", alternatives or None)
    return None


def _parse_reasoning(request: Members) -> ReasoningSettings | None:
    wanted = request.take_object("reasoning")
    if wanted is None:
        return None
    effort, deprecated = wanted.take_word("effort", Effort), wanted.take_text("generate_summary")
    summary = wanted.take_text("summary") or deprecated
    if summary is not None and summary != _DEFAULT_SUMMARY:
        wanted.keep("summary", summary)
    ext = wanted.leftovers()
    if effort is None and summary is None and ext is NO_EXT:
        return None
    return ReasoningSettings(effort=effort, visible=None if summary is None else True, ext=ext)


def _parse_end_user(request: Members) -> str | None:
    user, identifier = request.take_text("user"), request.take_text("safety_identifier")
    if identifier is None:
        return user
    request.keep("safety_identifier", identifier)
    request.keep("user", user)
    return identifier


def _take_texts(metadata: Members) -> dict[str, str]:
    return {name: metadata.take(name) for name, value in metadata.left().items() if isinstance(value, str)}


def _leftovers(request: Members, nested: Mapping[str, JSON]) -> Ext:
    """What nobody took, of the request and of the objects in it, apart by who else knows it."""
    left = request.left() | {name: inner for name, inner in nested.items() if inner}
    if not left:
        return NO_EXT
    shared = {name: value for name, value in left.items() if name in _SHARED}
    own = {name: value for name, value in left.items() if name not in _SHARED}
    return {family: members for family, members in ((OPENAI, shared), (FAMILY, own)) if members}
