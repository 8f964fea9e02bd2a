"""Requests: canonical → wire.

A request that was written in this format goes back as it was parsed. One of another dialect is repaired, asks for
nothing to be stored unless its client said so, and names what it loses.
"""

from collections.abc import Iterator, Mapping

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.leftovers import refuse_foreign
from adapters.dialects.openai_responses import parameters, reasoning_settings
from adapters.dialects.openai_responses.items import render_conversation
from adapters.dialects.openai_responses.tool_rendering import (
    choice_members,
    render_choice,
    render_own_tools,
    render_tools,
)
from adapters.dialects.openai_responses.vocabulary import FAMILY, NAME, OPENAI
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest, Effort
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON, NO_EXT


def render_request(request: ChatRequest, target: Target) -> RenderedRequest:
    """The request for an upstream that speaks Responses. Raises UnsupportedFeature where it cannot be told."""
    return _own(request, target) if request.source == NAME else _translated(request, target)


def _translated(request: ChatRequest, target: Target) -> RenderedRequest:
    rare = not request.is_simple
    if rare:
        parameters.refuse_impossible(request)
        refuse_foreign(request.ext, FAMILY, OPENAI)
    names = ToolNames.of(request)
    said = render_conversation(request.messages, target, names, own=False)
    tools, tool_losses = render_tools(request.tools, names)
    reasoning, effort, effort_losses = reasoning_settings.render(request.reasoning, target.profile)
    sampling, sampling_losses = parameters.sampling_members(request, target, effort)
    limit, limit_losses = parameters.limit_members(request, target)
    # Nothing is stored unless the client asked for it.
    body = {"model": target.model, "input": said.items, **sampling, **limit, "store": bool(request.store)}
    optional = {"instructions": said.instructions, "tools": tools, "reasoning": reasoning}
    body |= {name: value for name, value in optional.items() if value}
    losses = [*said.losses, *tool_losses, *effort_losses, *sampling_losses, *limit_losses]
    if rare:
        losses.extend(_add_rare(body, request, target, names, effort))
    if parameters.wants_encrypted_reasoning(body, target):
        body["include"] = [*body.get("include", ()), parameters.ENCRYPTED_REASONING]
    if request.stream:
        body["stream"], body["stream_options"] = True, {"include_obfuscation": False}
    if request.ext is not NO_EXT:
        body |= parameters.kept_leftovers(request)
    losses.extend(parameters.leftover_losses(request))
    return RenderedRequest(body=body, losses=tuple(losses), tool_names=names)


def _add_rare(
    body: dict[str, JSON], request: ChatRequest, target: Target, names: ToolNames, effort: Effort | None
) -> Iterator[Loss]:
    """What few requests ask for."""
    choice, choice_losses = choice_members(request, body.get("tools", []), names)
    logprobs, logprob_losses = parameters.logprob_members(request, target, effort)
    text, text_losses = parameters.render_text(request.response_format, request.verbosity)
    body |= {**choice, **logprobs, **parameters.rare_members(request)}
    if text:
        body["text"] = text
    yield from choice_losses
    yield from logprob_losses
    yield from parameters.dropped_parameters(request)
    yield from text_losses


def _own(request: ChatRequest, target: Target) -> RenderedRequest:
    """The inverse of parsing; only the model's name is another, and no other vendor's signature is sent."""
    said = render_conversation(request.messages, target, ToolNames(), own=True)
    sampling = request.sampling
    members: dict[str, JSON] = {
        "model": target.model,
        "instructions": said.instructions,
        "tools": render_own_tools(request.tools) or None,
        "tool_choice": None
        if request.tool_choice is None
        else render_choice(request.tool_choice, request.tools, ToolNames()),
        "parallel_tool_calls": request.parallel_tool_calls,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_logprobs": request.logprobs or None,
        "max_output_tokens": request.max_output_tokens,
        "reasoning": None if request.reasoning is None else reasoning_settings.render_own(request.reasoning),
        "text": _own_text(request) or None,
        "service_tier": None
        if request.service_tier is None
        else parameters.render_service_tier(request.service_tier),
        "prompt_cache_key": request.cache_key,
        "store": request.store,
        "metadata": dict(request.metadata) or None,
        "stream": request.stream or None,
    }
    body = {name: value for name, value in members.items() if value is not None}
    if said.items:
        body["input"] = said.items
    if request.logprobs is not None:
        body["include"] = [parameters.LOGPROBS]
    kept = {**request.ext.get(OPENAI, {}), **request.ext.get(FAMILY, {})}
    if not kept.keys() & {"user", "safety_identifier"} and request.end_user is not None:
        body["user"] = request.end_user
    return RenderedRequest(body=_laid_over(body, kept), losses=said.losses)


def _own_text(request: ChatRequest) -> dict[str, JSON]:
    text: dict[str, JSON] = {} if request.verbosity is None else {"verbosity": request.verbosity}
    wanted = request.response_format
    if wanted is None:
        return text
    members = {
        "type": wanted.kind,
        "name": wanted.name,
        "description": wanted.description,
        "schema": wanted.schema,
        "strict": wanted.strict,
    }
    return {**text, "format": {name: value for name, value in members.items() if value is not None}}


def _laid_over(body: dict[str, JSON], leftovers: Mapping[str, JSON]) -> dict[str, JSON]:
    """`body` with the leftovers of its own client; those of nested objects are added to them."""
    laid = dict(body)
    for name, value in leftovers.items():
        there = laid.get(name)
        if name in ("metadata", "reasoning", "text") and isinstance(there, dict) and isinstance(value, dict):
            laid[name] = _laid_over_format(there, value)
        else:
            laid[name] = value
    return laid


def _laid_over_format(there: dict[str, JSON], value: dict[str, JSON]) -> dict[str, JSON]:
    inner, more = there.get("format"), value.get("format")
    if isinstance(inner, dict) and isinstance(more, dict):
        return {**there, **value, "format": {**inner, **more}}
    return {**there, **value}
