"""generationConfig (ai.google.dev/api/generate-content#GenerationConfig, 2026-11)."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.gemini.reasoning import render_thinking
from adapters.dialects.gemini.schema import adapt_schema
from adapters.dialects.leftovers import refuse_no_answer
from domain.chat.request import ChatRequest, ResponseFormat, Sampling
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_FORMAT: Final = "/response_format/json_schema"
_MAX_STOPS: Final = 5
_SEED_SPAN: Final = 2**32


def render_generation(
    request: ChatRequest, profile: ModelProfile, *, rare: bool, losses: Losses
) -> dict[str, JSON]:
    """Sampling, limits, shape of the answer and thinking; empty where nothing was asked for.

    rare: the request is not a simple one.
    """
    config = _sampling(request.sampling, profile, losses=losses) | _limits(request, profile, losses=losses)
    if not rare:
        return config
    config |= _format(request, profile, losses=losses) | _modalities(request, losses)
    thinking = render_thinking(request.reasoning, profile, losses=losses)
    return config if thinking is None else config | {"thinkingConfig": thinking}


def _sampling(sampling: Sampling, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON]:
    drawn = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "frequency_penalty": sampling.frequency_penalty,
        "presence_penalty": sampling.presence_penalty,
    }
    if not profile.sampling:
        # Of these the newest models ignore the first three and refuse the penalties.
        for name, value in drawn.items():
            if value is not None:
                losses.parameter(name, "this model chooses its sampling itself")
        drawn = dict.fromkeys(drawn)
    if sampling.logit_bias:
        losses.parameter("logit_bias")
    wanted: dict[str, JSON] = {
        "temperature": drawn["temperature"],
        "topP": drawn["top_p"],
        "topK": drawn["top_k"],
        "seed": _seed(sampling.seed, losses),
        "frequencyPenalty": drawn["frequency_penalty"],
        "presencePenalty": drawn["presence_penalty"],
        "stopSequences": _stops(sampling.stop, losses) or None if sampling.stop else None,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _seed(seed: int | None, losses: Losses) -> int | None:
    """The seed as the int32 that the wire takes."""
    if seed is None:
        return None
    folded = (seed + _SEED_SPAN // 2) % _SEED_SPAN - _SEED_SPAN // 2
    if folded != seed:
        losses.change("seed_folded", "/seed", "Gemini's seeds have 32 bits")
    return folded


def _stops(stops: tuple[str, ...], losses: Losses) -> list[JSON]:
    given = [stop for stop in stops if stop]
    if len(given) < len(stops):
        losses.hint("dropped_param", "/stop", "nothing stops at an empty text")
    if len(given) > _MAX_STOPS:
        losses.change("stop_truncated", "/stop", f"Gemini takes {_MAX_STOPS} stop sequences")
    return given[:_MAX_STOPS]


def _limits(request: ChatRequest, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON]:
    config: dict[str, JSON] = {}
    limit, most = request.max_output_tokens, profile.max_output_tokens
    if limit is not None:
        refuse_no_answer(limit)
    if limit is not None and most is not None and limit > most:
        losses.change("max_tokens_clamped", "/max_tokens", f"the model generates at most {most} tokens")
        limit = most
    if limit is not None:
        config["maxOutputTokens"] = limit
    if request.candidates > 1:
        config["candidateCount"] = request.candidates
    if request.logprobs is not None:
        config["responseLogprobs"] = True
        if request.logprobs > 0:
            config["logprobs"] = request.logprobs
    return config


def _format(request: ChatRequest, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON]:
    wanted = request.response_format
    if wanted is None:
        return {}
    if wanted.kind == "text":
        losses.hint("dropped_param", "/response_format", "an answer is text where nothing else is asked")
        return {}
    if not profile.json_schema or (request.tools and not profile.json_schema_with_tools):
        beside = " beside tools" if profile.json_schema else ""
        losses.change("dropped_response_format", "/response_format", f"this model cannot be held to JSON{beside}")
        return {}
    config: dict[str, JSON] = {"responseMimeType": "application/json"}
    if isinstance(wanted.schema, dict):
        config["responseJsonSchema"] = _schema(wanted, wanted.schema, losses)
    described = None if "responseJsonSchema" in config else wanted.description
    for name, value in (("name", wanted.name), ("strict", wanted.strict), ("description", described)):
        if value is not None:
            losses.hint("dropped_param", f"{_FORMAT}/{name}", "an answer is held to its schema, which has no name")
    return config


def _schema(wanted: ResponseFormat, schema: Mapping[str, JSON], losses: Losses) -> dict[str, JSON]:
    """The schema; what the format says of itself is what its schema says where that says nothing."""
    adapted = adapt_schema(schema, "response_format.json_schema.schema", losses)
    if wanted.description and "description" in adapted:
        losses.hint("dropped_param", f"{_FORMAT}/description", "the schema has a description of its own")
    elif wanted.description:
        adapted["description"] = wanted.description
    return adapted


def _modalities(request: ChatRequest, losses: Losses) -> dict[str, JSON]:
    config: dict[str, JSON] = {}
    if set(request.modalities) - {"text"}:
        config["responseModalities"] = [modality.upper() for modality in request.modalities]
    elif request.modalities:
        losses.hint("dropped_param", "/modalities", "an answer is text where nothing else is asked")
    if isinstance(request.audio_output, dict):
        voice = request.audio_output.get("voice")
        if isinstance(voice, str):
            config["speechConfig"] = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": voice}}}
        elif voice is not None:
            losses.parameter("audio/voice", "Gemini's voices have names")
        for name in sorted(request.audio_output.keys() - {"voice"}):
            losses.parameter(f"audio/{name}", "Gemini sends linear PCM")
    return config
