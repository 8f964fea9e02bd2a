"""A request that a client of this dialect wrote, for an upstream of it: the inverse of `request_parsing`.

It is what goes out where the client's bytes cannot go on as they are. Nothing is mended or fitted to the model,
but that calls which another vendor's model made are signed where the model demands it.
"""

from itertools import groupby
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.generation_parsing import LEVELS
from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.members import left_over, merged
from adapters.dialects.gemini.own_contents import render_own_contents
from adapters.dialects.gemini.signatures import sign_current_turn
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    ReasoningSettings,
    ResponseFormat,
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_LEVELS: Final = MappingProxyType({effort: level for level, effort in LEVELS.items()})
_MODES: Final = MappingProxyType(
    {ToolMode.AUTO: "AUTO", ToolMode.NONE: "NONE", ToolMode.REQUIRED: "ANY", ToolMode.NAMED: "ANY"}
)


def render_own_request(request: ChatRequest, profile: ModelProfile) -> RenderedRequest:
    """The JSON body; the model stands in the URL."""
    losses = Losses()
    said = render_own_contents(request.messages, losses)
    if profile.signed_calls:
        sign_current_turn(said["contents"], losses)
    wanted: dict[str, JSON] = {
        **said,
        "tools": _tools(request),
        "toolConfig": _tool_config(request.tool_choice),
        "generationConfig": _generation(request),
        "serviceTier": request.service_tier,
    }
    body = {name: value for name, value in wanted.items() if value}
    return RenderedRequest(body=merged(body, left_over(request.ext)), losses=losses.noted())


def _tools(request: ChatRequest) -> list[JSON]:
    rendered: list[JSON] = []
    for are_functions, run in groupby(request.tools, lambda tool: isinstance(tool, Tool)):
        if are_functions:
            rendered.append({"functionDeclarations": [_function(tool) for tool in run if isinstance(tool, Tool)]})
        else:
            rendered.extend({tool.native_type: tool.options} for tool in run if isinstance(tool, BuiltinTool))
    return rendered


def _function(tool: Tool) -> dict[str, JSON]:
    said = {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}
    return {**{name: value for name, value in said.items() if value is not None}, **left_over(tool.ext)}


def _tool_config(choice: ToolChoice | None) -> dict[str, JSON]:
    if choice is None:
        return {}
    if not choice.names:
        return {"functionCallingConfig": {"mode": _MODES[choice.mode]}}
    mode = "VALIDATED" if choice.mode is ToolMode.AUTO else _MODES[choice.mode]
    return {"functionCallingConfig": {"mode": mode, "allowedFunctionNames": list(choice.names)}}


def _generation(request: ChatRequest) -> dict[str, JSON]:
    sampling = request.sampling
    voice = request.audio_output.get("voice") if isinstance(request.audio_output, dict) else None
    config: dict[str, JSON] = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "topK": sampling.top_k,
        "seed": sampling.seed,
        "frequencyPenalty": sampling.frequency_penalty,
        "presencePenalty": sampling.presence_penalty,
        "stopSequences": list(sampling.stop) or None,
        "maxOutputTokens": request.max_output_tokens,
        "candidateCount": request.candidates if request.candidates > 1 else None,
        "responseLogprobs": None if request.logprobs is None else True,
        "logprobs": request.logprobs or None,
        "responseModalities": [modality.upper() for modality in request.modalities] or None,
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}} if voice else None,
        "thinkingConfig": _thinking(request.reasoning),
        **_format(request.response_format),
    }
    return {name: value for name, value in config.items() if value is not None}


def _thinking(settings: ReasoningSettings | None) -> dict[str, JSON] | None:
    if settings is None:
        return None
    said = {
        "thinkingLevel": None if settings.effort is None else _LEVELS.get(settings.effort),
        "thinkingBudget": settings.budget_tokens,
        "includeThoughts": settings.visible or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _format(wanted: ResponseFormat | None) -> dict[str, JSON]:
    if wanted is None or wanted.kind == "text":
        return {}
    schema = {} if wanted.schema is None else {"responseJsonSchema": wanted.schema}
    return {"responseMimeType": "application/json", **schema}
