"""Requests: wire → canonical.

Rendering is the inverse of parsing, except for these normal forms: nulls and defaults (`n: 1`, `stream: false`,
`response_format: text`) are left out, a list of one plain text is a string, `stop` is a list, `functions` are
`tools`, tool messages have no `name`, `max_tokens` is called as the upstream calls it, and media are standard
base64 under the type they have.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from adapters.dialects.openai_chat import reasoning_effort
from adapters.dialects.openai_chat.members import NAME, Members, malformed, not_one_of
from adapters.dialects.openai_chat.messages import parse_messages
from adapters.dialects.openai_chat.tools import parse_tool_choice, parse_tools
from domain.chat.request import ChatRequest, ResponseFormat, Sampling
from domain.json_types import JSON

_FORMATS: Final = ("text", "json_object", "json_schema")
_TIERS: Final = MappingProxyType({"default": "standard"})
_WIRE_TIERS: Final = MappingProxyType({ours: wire for wire, ours in _TIERS.items()})
_RARE: Final = frozenset(
    {
        "stream_options",
        "response_format",
        "metadata",
        "parallel_tool_calls",
        "n",
        "logprobs",
        "top_logprobs",
        "reasoning_effort",
        "thinking",
        "modalities",
        "audio",
        "prediction",
        "verbosity",
        "service_tier",
        "user",
        "safety_identifier",
        "prompt_cache_key",
        "store",
    }
)
"""Members that most requests do without: they are looked for one by one only where any of them is there."""


def parse_request(body: Mapping[str, JSON]) -> ChatRequest:
    """A request. Raises MalformedRequest with the path of what is wrong."""
    request = Members(body, "")
    legacy = bool(body.get("functions")) or body.get("function_call") is not None
    nested: dict[str, JSON] = {}
    rare = _parse_rare(request, nested) if request.has_any(_RARE) else {}
    return ChatRequest(
        model=request.need_text("model"),
        messages=parse_messages(request),
        tools=parse_tools(request),
        tool_choice=parse_tool_choice(request),
        sampling=Sampling(**{name: _SAMPLING[name](request, name) for name in request.present(_SAMPLING.keys())}),
        max_output_tokens=_parse_max_tokens(request),
        legacy_functions=legacy and not body.get("tools"),
        stream=request.take_flag("stream") or False,
        source=NAME,
        **rare,
        ext=request.leftovers(**nested),
    )


def _parse_rare(request: Members, nested: dict[str, JSON]) -> dict[str, Any]:
    """The canonical members that few requests have; `nested` gets what is left over inside of theirs."""
    stream_options = request.take_object("stream_options") or Members({}, "stream_options")
    response_format, format_left = _parse_response_format(request)
    metadata, metadata_left = _parse_metadata(request)
    include_usage = stream_options.take_flag("include_usage") or False
    nested |= {"stream_options": stream_options.left(), "response_format": format_left, "metadata": metadata_left}
    return {
        "parallel_tool_calls": request.take_flag("parallel_tool_calls"),
        "response_format": response_format,
        "candidates": request.take_integer("n", at_least=1) or 1,
        "logprobs": _parse_logprobs(request),
        "reasoning": reasoning_effort.parse(request),
        "modalities": _parse_words(request, "modalities"),
        "audio_output": request.take("audio"),
        "prediction": request.take("prediction"),
        "verbosity": request.take_text("verbosity"),
        "service_tier": parse_service_tier(request.take_text("service_tier")),
        "end_user": _parse_end_user(request),
        "cache_key": request.take_text("prompt_cache_key"),
        "store": request.take_flag("store"),
        "metadata": metadata,
        "include_usage": include_usage,
    }


def parse_service_tier(word: str | None) -> str | None:
    """OpenAI's `default` is what the others call `standard`."""
    return None if word is None else _TIERS.get(word, word)


def render_service_tier(tier: str) -> str:
    """The inverse of `parse_service_tier`."""
    return _WIRE_TIERS.get(tier, tier)


def _take_biases(request: Members, name: str) -> dict[str, float]:
    biases = request.take_object(name)
    return {} if biases is None else {token: biases.take_number(token) or 0 for token in biases.left()}


def _take_stops(request: Members, name: str) -> tuple[str, ...]:
    stop = request.take(name)
    stops = [stop] if isinstance(stop, str) else stop or []
    if not isinstance(stops, list) or not all(isinstance(word, str) for word in stops):
        raise malformed(request.at(name), "a string or a list of strings", stop)
    return tuple(stops)


_SAMPLING: Final = MappingProxyType[str, Callable[[Members, str], JSON]](
    {
        "temperature": Members.take_number,
        "top_p": Members.take_number,
        "top_k": Members.take_integer,
        "seed": Members.take_integer,
        "frequency_penalty": Members.take_number,
        "presence_penalty": Members.take_number,
        "logit_bias": _take_biases,
        "stop": _take_stops,
    }
)


def _parse_max_tokens(request: Members) -> int | None:
    deprecated = request.take_integer("max_tokens")
    limit = request.take_integer("max_completion_tokens")
    return limit if limit is not None else deprecated


def _parse_logprobs(request: Members) -> int | None:
    alternatives = request.take_integer("top_logprobs", at_least=0)
    return (alternatives or 0) if request.take_flag("logprobs") else None


def _parse_words(request: Members, name: str) -> tuple[str, ...]:
    values = request.take_list(name)
    for index, value in enumerate(values):
        if not isinstance(value, str):
            raise malformed(f"{request.at(name)}[{index}]", "a string", value)
    return tuple(values)


def _parse_end_user(request: Members) -> str | None:
    user, identifier = request.take_text("user"), request.take_text("safety_identifier")
    if identifier is None:
        return user
    request.put_back("safety_identifier", identifier)
    if user is not None:
        request.put_back("user", user)
    return identifier


def _parse_metadata(request: Members) -> tuple[dict[str, str], dict[str, JSON]]:
    metadata = request.take_object("metadata")
    values = {} if metadata is None else metadata.left()
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    return texts, {name: value for name, value in values.items() if name not in texts}


def _parse_response_format(request: Members) -> tuple[ResponseFormat | None, dict[str, JSON]]:
    wanted = request.take_object("response_format")
    if wanted is None:
        return None, {}
    kind = wanted.take("type")
    if kind == "text":
        return None, wanted.left()
    if kind == "json_object":
        return ResponseFormat(kind="json_object"), wanted.left()
    if kind != "json_schema":
        raise not_one_of(wanted.at("type"), _FORMATS, kind)
    schema = wanted.need_object("json_schema")
    parsed = ResponseFormat(
        kind="json_schema",
        name=schema.take_text("name"),
        description=schema.take_text("description"),
        strict=schema.take_flag("strict"),
        schema=schema.take("schema"),
    )
    inner = schema.left()
    return parsed, {**wanted.left(), **({"json_schema": inner} if inner else {})}
