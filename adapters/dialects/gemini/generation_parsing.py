"""generationConfig of a client (ai.google.dev/api/generate-content#GenerationConfig, 2026-11)."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Final

from adapters.dialects.gemini.members import Members, malformed, not_one_of
from adapters.dialects.gemini.schema_parsing import parse_schema
from domain.chat.request import Effort, ReasoningSettings, ResponseFormat, Sampling
from domain.json_types import JSON

LEVELS: Final = MappingProxyType(
    {
        "MINIMAL": Effort.MINIMAL,
        "LOW": Effort.LOW,
        "MEDIUM": Effort.MEDIUM,
        "HIGH": Effort.HIGH,
        "XHIGH": Effort.XHIGH,
    }
)
_UNSPECIFIED: Final = "THINKING_LEVEL_UNSPECIFIED"
_JSON: Final = "application/json"
_ENUM: Final = "text/x.enum"
_PLAIN: Final = "text/plain"
_RARE: Final = frozenset(
    {
        "candidateCount",
        "logprobs",
        "responseJsonSchema",
        "responseLogprobs",
        "responseMimeType",
        "responseModalities",
        "responseSchema",
        "speechConfig",
        "thinkingConfig",
    }
)
"""Members that many requests do without: they are looked for one by one only where any of them is there."""
_SAMPLING: Final = MappingProxyType[str, tuple[str, Callable[[Members, str], JSON]]](
    {
        "temperature": ("temperature", Members.take_number),
        "topP": ("top_p", Members.take_number),
        "topK": ("top_k", Members.take_integer),
        "seed": ("seed", Members.take_integer),
        "frequencyPenalty": ("frequency_penalty", Members.take_number),
        "presencePenalty": ("presence_penalty", Members.take_number),
        "stopSequences": ("stop", Members.take_texts),
    }
)
"""What each member of the wire is called here, and how it is taken."""


def parse_generation(request: Members) -> tuple[dict[str, Any], JSON]:
    """What the request's generationConfig asks, by the names of a ChatRequest, and what is left over of it.

    Raises MalformedRequest.
    """
    config = request.take_object("generationConfig")
    if config is None:
        return {}, None
    nested: dict[str, JSON] = {}
    asked = _rare(config, nested) if config.has_any(_RARE) else {}
    asked["sampling"] = Sampling(**_drawn(config))
    asked["max_output_tokens"] = config.take_integer("maxOutputTokens")
    return asked, {**config.left(), **nested}


def _drawn(config: Members) -> dict[str, JSON]:
    """How tokens are to be drawn, as far as the request says so."""
    drawn: dict[str, JSON] = {}
    for name in config.present(_SAMPLING):
        ours, take = _SAMPLING[name]
        drawn[ours] = take(config, name)
    return drawn


def _rare(config: Members, nested: dict[str, JSON]) -> dict[str, Any]:
    """What few requests ask; `nested` gets what is left over inside of their members."""
    reasoning, thinking_left = _reasoning(config)
    audio_output, speech_left = _speech(config)
    left = {"thinkingConfig": thinking_left, "speechConfig": speech_left}
    nested |= {name: members for name, members in left.items() if members}
    return {
        "candidates": config.take_integer("candidateCount", at_least=1) or 1,
        "logprobs": _logprobs(config),
        "response_format": _format(config),
        "reasoning": reasoning,
        "modalities": tuple(word.lower() for word in config.take_texts("responseModalities")),
        "audio_output": audio_output,
    }


def _logprobs(config: Members) -> int | None:
    alternatives = config.take_integer("logprobs", at_least=0)
    if config.take_flag("responseLogprobs"):
        return alternatives or 0
    if alternatives is not None:
        config.put_back("logprobs", alternatives)
    return None


def _format(config: Members) -> ResponseFormat | None:
    """The shape of the answer. A list of words to choose from is a schema too, but asked for in another way."""
    media_type = config.take_text("responseMimeType")
    schema = config.take("responseJsonSchema")
    if schema is not None and not isinstance(schema, dict):
        raise malformed(config.at("responseJsonSchema"), "a JSON Schema object", schema)
    openapi = config.take("responseSchema")
    if schema is None and openapi is not None:
        schema = parse_schema(openapi, config.at("responseSchema"))
    if media_type not in (None, _JSON, _PLAIN):
        config.put_back("responseMimeType", media_type)
    if schema is not None and media_type in (None, _JSON, _ENUM):
        return ResponseFormat(kind="json_schema", schema=schema)
    if schema is not None:
        config.put_back("responseJsonSchema", schema)
    return ResponseFormat(kind="json_object") if media_type == _JSON else None


def _reasoning(config: Members) -> tuple[ReasoningSettings | None, JSON]:
    """How to think. Thoughts are shown only to those who ask for them, which is what the API does."""
    thinking = config.take_object("thinkingConfig")
    if thinking is None:
        return None, None
    level = (thinking.take_text("thinkingLevel") or _UNSPECIFIED).upper()
    if level != _UNSPECIFIED and level not in LEVELS:
        raise not_one_of(thinking.at("thinkingLevel"), tuple(LEVELS), level)
    settings = ReasoningSettings(
        effort=LEVELS.get(level),
        budget_tokens=thinking.take_integer("thinkingBudget"),
        visible=thinking.take_flag("includeThoughts") or False,
    )
    asks = settings.visible or settings.effort is not None or settings.budget_tokens is not None
    return settings if asks else None, thinking.left()


def _speech(config: Members) -> tuple[JSON, JSON]:
    """The voice, as the one member of audio output that both vendors know, and what else is said of speech."""
    speech = config.take_object("speechConfig")
    if speech is None:
        return None, None
    voice_config = speech.take_object("voiceConfig")
    if voice_config is None:
        return None, speech.left()
    prebuilt = voice_config.take_object("prebuiltVoiceConfig")
    voice = None if prebuilt is None else prebuilt.take_text("voiceName")
    if prebuilt is not None and prebuilt.left():
        voice_config.put_back("prebuiltVoiceConfig", prebuilt.left())
    if voice_config.left():
        speech.put_back("voiceConfig", voice_config.left())
    return None if voice is None else {"voice": voice}, speech.left()
