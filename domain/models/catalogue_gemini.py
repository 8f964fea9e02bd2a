"""Google's models on the Gemini API (ai.google.dev/gemini-api/docs/models and /thinking, 2026-11)."""

from dataclasses import replace
from typing import Final

from domain.chat.request import Effort
from domain.models.profile import ModelProfile, Thinking
from domain.models.rules import Catalogue, Rule, table

_E = Effort

_PLAIN: Final = ModelProfile(
    context_tokens=1_048_576,
    max_output_tokens=8_192,
    json_schema_with_tools=False,
    call_ids=False,
    builtin_tools_with_functions=False,
    result_media=False,
)
_FLASH_2_5: Final = replace(
    _PLAIN, max_output_tokens=65_536, thinking=Thinking.BUDGET, min_thinking_tokens=0, max_thinking_tokens=24_576
)
_FLASH_LITE_2_5: Final = replace(_FLASH_2_5, min_thinking_tokens=512)
_PRO_2_5: Final = replace(_FLASH_2_5, min_thinking_tokens=128, max_thinking_tokens=32_768, thinking_optional=False)


def _generation_3(*levels: Effort, sampling: bool = True) -> ModelProfile:
    return ModelProfile(
        context_tokens=1_048_576,
        max_output_tokens=65_536,
        sampling=sampling,
        prefill=sampling,
        thinking=Thinking.LEVEL,
        efforts=levels,
        thinking_optional=False,
        signed_calls=True,
    )


# Since 3.5 Flash-Lite and 3.6 Flash custom sampling is not supported, and the last turn must not be the model's.
_NEWEST: Final = _generation_3(_E.LOW, _E.MEDIUM, _E.HIGH, sampling=False)
_WITH_MINIMAL: Final = _generation_3(_E.MINIMAL, _E.LOW, _E.MEDIUM, _E.HIGH, sampling=False)

GEMINI: Final = Catalogue(
    rules=(
        Rule.of(r"gemma|learnlm|gemini-(1|2\.0|exp|pro$)", _PLAIN),
        Rule.of(r"gemini-2\.5-pro", _PRO_2_5),
        Rule.of(r"gemini-2\.5-flash-lite", _FLASH_LITE_2_5),
        Rule.of(r"gemini-2", _FLASH_2_5),
        Rule.of(r"gemini-3-pro", _generation_3(_E.LOW, _E.HIGH)),
        Rule.of(r"gemini-3\.[0-5]-pro", _generation_3(_E.LOW, _E.MEDIUM, _E.HIGH)),
        Rule.of(r"gemini-(3\.5-flash-lite|3\.6-flash|flash-lite-latest)", _WITH_MINIMAL),
        Rule.of(r"gemini-3(\.[0-5])?-", _generation_3(_E.MINIMAL, _E.LOW, _E.MEDIUM, _E.HIGH)),
    ),
    known=table(
        ("gemini-4-argon", 1_048_576, None),
        ("gemini-3.8-flash", 1_048_576, 65_536),
        ("gemini-3.7-flash", 1_048_576, 65_536),
        ("gemini-3.6-flash", 1_048_576, 65_536),
        ("gemini-3.5-flash", 1_048_576, 65_536),
        ("gemini-3.5-flash-lite", 1_048_576, 65_536),
        ("gemini-3.1-pro-preview", 1_048_576, 65_536),
        ("gemini-3.1-flash-lite", 1_048_576, 65_536),
        ("gemini-3-flash-preview", 1_048_576, 65_536),
        ("gemini-2.5-pro", 1_048_576, 65_536),
        ("gemini-2.5-flash", 1_048_576, 65_536),
        ("gemini-2.5-flash-lite", 1_048_576, 65_536),
        ("gemini-2.0-flash", 1_048_576, 8_192),
        ("gemini-1.5-pro", 2_097_152, 8_192),
        ("gemini-1.5-flash", 1_048_576, 8_192),
        ("gemini-pro-latest", 1_048_576, 65_536),
        ("gemini-flash-latest", 1_048_576, 65_536),
        ("gemini-flash-lite-latest", 1_048_576, 65_536),
        ("gemma-4-31b-it", 262_144, 32_768),
    ),
    otherwise=_NEWEST,
)
"""Unknown ids behave as the newest generation."""
