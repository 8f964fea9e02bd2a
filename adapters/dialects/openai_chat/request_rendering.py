"""Requests: canonical → wire."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.leftovers import foreign_losses, refuse_foreign
from adapters.dialects.openai_chat import reasoning_effort
from adapters.dialects.openai_chat.history import render_messages, repaired
from adapters.dialects.openai_chat.members import FAMILY, NAME, left_over
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.reasoning_models import refused_parameters
from adapters.dialects.openai_chat.request import render_service_tier
from adapters.dialects.openai_chat.tools import render_tool_choice, render_tools
from domain.chat.content import ToolCall
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Effort, ResponseFormat, Tool
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON

_PLAIN_SAMPLING: Final = MappingProxyType(
    {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0}
)
"""Values that ask for nothing: leaving them out loses nothing."""


def render_request(request: ChatRequest, target: Target, quirks: ChatQuirks) -> RenderedRequest:
    """The request for an upstream that speaks Chat Completions. Raises UnsupportedFeature where it cannot."""
    refuse_foreign(request.ext, FAMILY)
    names = ToolNames.fitting(_tool_names(request))
    told, repairs = (request.messages, ()) if request.source == NAME else repaired(request.messages)
    messages, losses = render_messages(told, target, names, quirks)
    tools, tool_losses = render_tools(request.tools, names, quirks)
    effort, effort_losses = reasoning_effort.render(request.reasoning, target.profile)
    body: dict[str, JSON] = {"model": target.model, "messages": messages, **tools}
    gathered = [*repairs, *losses, *tool_losses, *effort_losses]
    gathered.extend(_add_choice(body, request, names, quirks))
    gathered.extend(_add_limit(body, request, target, quirks))
    gathered.extend(_add_sampling(body, request, target, effort, quirks))
    body.update(_plain_members(request))
    if effort is not None:
        body["reasoning_effort"] = effort.value
    if request.stream:
        body["stream"] = True
        if quirks.stream_usage:
            body["stream_options"] = {"include_usage": True}
    gathered.extend(_add_leftovers(body, request))
    gathered.extend(_drop_unsupported(body, quirks))
    custom = frozenset(
        names.wire(tool.name) for tool in request.tools if isinstance(tool, Tool) and tool.kind == "custom"
    )
    return RenderedRequest(
        body=body,
        losses=tuple(gathered),
        tool_names=names,
        custom_tools=frozenset() if quirks.custom_tools else custom,
    )


def _tool_names(request: ChatRequest) -> Iterator[str]:
    for tool in request.tools:
        if isinstance(tool, Tool):
            yield tool.name
    for message in request.messages:
        for part in message.parts:
            if isinstance(part, ToolCall):
                yield part.name
    if request.tool_choice is not None:
        yield from request.tool_choice.names


def _add_choice(
    body: dict[str, JSON], request: ChatRequest, names: ToolNames, quirks: ChatQuirks
) -> Iterator[Loss]:
    """The API refuses `tool_choice` and `parallel_tool_calls` without tools."""
    asked = request.tool_choice is not None or request.parallel_tool_calls is not None
    if "tools" not in body:
        if asked:
            yield Loss("dropped_param", "/tool_choice", "there are no tools", LossKind.HINT)
        return
    if request.tool_choice is not None:
        tools = request.tools if quirks.custom_tools else ()
        body["tool_choice"] = render_tool_choice(request.tool_choice, tools, names)
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _add_limit(body: dict[str, JSON], request: ChatRequest, target: Target, quirks: ChatQuirks) -> Iterator[Loss]:
    limit, most = request.max_output_tokens, target.profile.max_output_tokens
    if limit is None:
        return
    if most is not None and limit > most:
        yield Loss("max_tokens_clamped", "/max_completion_tokens", f"{target.model} generates at most {most}")
        limit = most
    body[quirks.max_tokens_field] = limit


def _add_sampling(
    body: dict[str, JSON], request: ChatRequest, target: Target, effort: Effort | None, quirks: ChatQuirks
) -> Iterator[Loss]:
    """Models that reason take no sampling parameters, some of them only while they do reason."""
    refused = refused_parameters(target.profile, reasons=effort is not Effort.NONE)
    if not quirks.top_k:
        refused |= {"top_k"}
    for name, value in _sampling_members(request).items():
        if name not in refused:
            body[name] = value
        elif _PLAIN_SAMPLING.get(name) != value:
            yield Loss("dropped_param", f"/{name}", f"{target.model} does not take it", LossKind.PARAMETER)


def _sampling_members(request: ChatRequest) -> dict[str, JSON]:
    sampling = request.sampling
    members: dict[str, JSON] = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
        "logit_bias": dict(sampling.logit_bias) or None,
        "stop": list(sampling.stop) or None,
        "logprobs": True if request.logprobs is not None else None,
        "top_logprobs": request.logprobs or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _plain_members(request: ChatRequest) -> dict[str, JSON]:
    named = {"safety_identifier", "user"} & left_over(request.ext).keys()
    members: dict[str, JSON] = {
        "n": request.candidates if request.candidates > 1 else None,
        "response_format": _render_response_format(request.response_format),
        "modalities": list(request.modalities) or None,
        "audio": request.audio_output,
        "prediction": request.prediction,
        "verbosity": request.verbosity,
        "service_tier": None if request.service_tier is None else render_service_tier(request.service_tier),
        "user": None if named else request.end_user,
        "prompt_cache_key": request.cache_key,
        "store": request.store,
        "metadata": dict(request.metadata) or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _render_response_format(wanted: ResponseFormat | None) -> JSON:
    if wanted is None or wanted.kind == "text":
        return None
    if wanted.kind == "json_object":
        return {"type": "json_object"}
    name = wanted.name or "response"
    schema: dict[str, JSON] = {"name": ToolNames.fitting((name,)).wire(name)}
    members = {"description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
    schema.update({member: value for member, value in members.items() if value is not None})
    return {"type": "json_schema", "json_schema": schema}


def _add_leftovers(body: dict[str, JSON], request: ChatRequest) -> Iterator[Loss]:
    """Members of this wire that the canonical form has no word for go back where they stood."""
    for name, value in left_over(request.ext).items():
        there = body.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            body[name] = _merged(there, value)
        elif name not in body and (name != "stream_options" or request.stream):
            body[name] = value
    yield from foreign_losses(request.ext, FAMILY)


def _merged(there: dict[str, JSON], more: Mapping[str, JSON]) -> dict[str, JSON]:
    merged = dict(there)
    for name, value in more.items():
        inner = merged.get(name)
        merged[name] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    return merged


def _drop_unsupported(body: dict[str, JSON], quirks: ChatQuirks) -> Iterator[Loss]:
    for name in sorted(quirks.unsupported & body.keys()):
        del body[name]
        yield Loss("dropped_param", f"/{name}", "the upstream does not take it", LossKind.PARAMETER)
