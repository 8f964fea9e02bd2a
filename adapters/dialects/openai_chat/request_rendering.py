"""Requests: canonical → wire."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.leftovers import lost_leftovers, refuse_foreign, refuse_no_answer
from adapters.dialects.openai_chat import reasoning_effort
from adapters.dialects.openai_chat.history import render_messages
from adapters.dialects.openai_chat.members import FAMILY, NAME, left_over
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.reasoning_models import refused_parameters
from adapters.dialects.openai_chat.request import render_service_tier
from adapters.dialects.openai_chat.tools import render_tool_choice, render_tools
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Effort, ResponseFormat, Tool
from domain.chat.tool_names import ToolNames
from domain.json_types import JSON

_PCM: Final = "pcm16"
_PLAIN_SAMPLING: Final = MappingProxyType(
    {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0}
)
"""Values that ask for nothing: leaving them out changes no answer."""


def render_request(request: ChatRequest, target: Target, quirks: ChatQuirks) -> RenderedRequest:
    """The request for an upstream that speaks Chat Completions. Raises UnsupportedFeature where it cannot."""
    names = ToolNames.of(request)
    messages, losses = render_messages(request.messages, target, names, quirks, own=request.source == NAME)
    tools, tool_losses = render_tools(request.tools, names, quirks)
    body: dict[str, JSON] = {"model": target.model, "messages": messages, **tools}
    effort, effort_losses = reasoning_effort.render(request.reasoning, target.profile)
    gathered = [*losses, *tool_losses, *effort_losses]
    gathered.extend(_add_limit(body, request, target, quirks))
    gathered.extend(_add_sampling(body, request, target, effort, quirks))
    if effort is not None:
        body["reasoning_effort"] = effort.value
    if request.store is not None:
        body["store"] = request.store
    if request.stream:
        body["stream"] = True
        if quirks.stream_usage:
            body["stream_options"] = {"include_usage": True}
    if not request.is_simple:
        gathered.extend(_add_rare(body, request, names, quirks))
    gathered.extend(lost_leftovers(request, FAMILY))
    gathered.extend(_drop_unsupported(body, quirks))
    return RenderedRequest(
        body=body, losses=tuple(gathered), tool_names=names, custom_tools=_custom_tools(request, names, quirks)
    )


def _add_rare(body: dict[str, JSON], request: ChatRequest, names: ToolNames, quirks: ChatQuirks) -> Iterator[Loss]:
    """What few requests ask for. Raises UnsupportedFeature where it cannot be done without."""
    refuse_foreign(request.ext, FAMILY)
    yield from _add_choice(body, request, names, quirks)
    body.update(_rare_members(request))
    if request.response_format is not None and request.response_format.kind == "text":
        yield Loss("dropped_param", "/response_format", "an answer is text anyway", LossKind.HINT)
    _add_leftovers(body, request)


def _custom_tools(request: ChatRequest, names: ToolNames, quirks: ChatQuirks) -> frozenset[str]:
    """The wire names of the tools that functions stand for."""
    if quirks.custom_tools:
        return frozenset()
    custom = [tool.name for tool in request.tools if isinstance(tool, Tool) and tool.kind == "custom"]
    return frozenset(map(names.wire, custom))


def _add_choice(
    body: dict[str, JSON], request: ChatRequest, names: ToolNames, quirks: ChatQuirks
) -> Iterator[Loss]:
    """The API refuses `tool_choice` and `parallel_tool_calls` without tools."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if "tools" not in body and request.source != NAME:
        for name, asked in (("tool_choice", choice), ("parallel_tool_calls", parallel)):
            if asked is not None:
                yield Loss("dropped_param", f"/{name}", "there are no functions", LossKind.HINT)
        return
    if choice is not None and choice.builtin is not None:
        yield Loss("dropped_tool_choice", "/tool_choice", "the vendor's own tools cannot be demanded here")
    elif choice is not None:
        tools = request.tools if quirks.custom_tools else ()
        body["tool_choice"] = render_tool_choice(choice, tools, names)
    if parallel is not None:
        body["parallel_tool_calls"] = parallel


def _add_limit(body: dict[str, JSON], request: ChatRequest, target: Target, quirks: ChatQuirks) -> Iterator[Loss]:
    limit, most = request.max_output_tokens, target.profile.max_output_tokens
    if limit is None:
        return
    if request.source != NAME:
        refuse_no_answer(limit)
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
        else:
            kind = LossKind.HINT if _PLAIN_SAMPLING.get(name) == value else LossKind.PARAMETER
            yield Loss("dropped_param", f"/{name}", f"{target.model} does not take it", kind)


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


def _rare_members(request: ChatRequest) -> dict[str, JSON]:
    named = {"safety_identifier", "user"} & left_over(request.ext).keys()
    members: dict[str, JSON] = {
        "n": request.candidates if request.candidates > 1 else None,
        "response_format": _render_response_format(request.response_format),
        "modalities": list(request.modalities) or None,
        "audio": _render_audio(request.audio_output),
        "prediction": request.prediction,
        "verbosity": request.verbosity,
        "service_tier": None if request.service_tier is None else render_service_tier(request.service_tier),
        "user": None if named else request.end_user,
        "prompt_cache_key": request.cache_key,
        "metadata": dict(request.metadata) or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _render_audio(wanted: JSON) -> JSON:
    """The answer's voice and format. Gemini's clients say no format: theirs is always linear PCM."""
    return {"format": _PCM, **wanted} if isinstance(wanted, dict) and "voice" in wanted else wanted


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


def _add_leftovers(body: dict[str, JSON], request: ChatRequest) -> None:
    """Members of this wire that the canonical form has no word for go back where they stood."""
    for name, value in left_over(request.ext).items():
        there = body.get(name)
        if isinstance(there, dict) and isinstance(value, dict):
            body[name] = _merged(there, value)
        elif name not in body and (name != "stream_options" or request.stream):
            body[name] = value


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
