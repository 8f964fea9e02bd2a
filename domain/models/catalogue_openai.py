"""OpenAI's chat models (developers.openai.com/api/docs/models, 2026-11)."""

from dataclasses import replace
from typing import Final

from domain.chat.request import Effort
from domain.models.profile import ModelProfile, Thinking
from domain.models.rules import Catalogue, Rule, table

_E = Effort


def _reasoning(*efforts: Effort) -> ModelProfile:
    return ModelProfile(
        sampling=False, thinking=Thinking.EFFORT, efforts=efforts, thinking_optional=_E.NONE in efforts
    )


_CHAT: Final = ModelProfile()
_GPT_5: Final = _reasoning(_E.NONE, _E.LOW, _E.MEDIUM, _E.HIGH, _E.XHIGH)
_NEWEST: Final = replace(_reasoning(_E.NONE, _E.LOW, _E.MEDIUM, _E.HIGH, _E.XHIGH, _E.MAX), cache_breakpoints=True)

_UNLISTED: Final = ModelProfile(thinking=Thinking.EFFORT, efforts=tuple(Effort))
"""A deployment's own name tells nothing of its model: everything is passed on."""

_K: Final = 1_000

OPENAI: Final = Catalogue(
    rules=(
        Rule.of(r"(ft:)?(gpt-[34]|chatgpt-4|gpt-audio)", _CHAT),
        Rule.of(r"gpt-5(\.\d+)?-chat|gpt-5-search|chat-latest|chatgpt-", _CHAT),
        Rule.of(r"o1-(mini|preview)", ModelProfile(sampling=False)),
        Rule.of(r"(ft:)?o\d", _reasoning(_E.LOW, _E.MEDIUM, _E.HIGH)),
        Rule.of(r"gpt-5-pro", _reasoning(_E.HIGH)),
        Rule.of(r"gpt-5\.\d+-pro", _reasoning(_E.MEDIUM, _E.HIGH, _E.XHIGH)),
        Rule.of(r"gpt-5(?!\.)", _reasoning(_E.MINIMAL, _E.LOW, _E.MEDIUM, _E.HIGH)),
        Rule.of(r"gpt-5\.1(?!\d)", _reasoning(_E.NONE, _E.LOW, _E.MEDIUM, _E.HIGH)),
        Rule.of(r"gpt-5\.([6-9]|\d\d)", replace(_GPT_5, cache_breakpoints=True)),
        Rule.of(r"gpt-5\.", _GPT_5),
        Rule.of(r"gpt-(6-astra|6\.1-sol)", replace(_NEWEST, efforts=_NEWEST.efforts[1:], thinking_optional=False)),
        Rule.of(r"gpt-\d", _NEWEST),
    ),
    known=table(
        ("gpt-6.1-sol", 1_050 * _K, 128 * _K),
        ("gpt-6-astra", 1_050 * _K, 128 * _K),
        ("gpt-6-sol", 1_050 * _K, 128 * _K),
        ("gpt-6-luna", 1_050 * _K, 128 * _K),
        ("gpt-5.6", 1_050 * _K, 128 * _K),
        ("gpt-5.6-sol", 1_050 * _K, 128 * _K),
        ("gpt-5.6-terra", 1_050 * _K, 128 * _K),
        ("gpt-5.6-luna", 1_050 * _K, 128 * _K),
        ("gpt-5.5", 1_050 * _K, 128 * _K),
        ("gpt-5.4", 1_050 * _K, 128 * _K),
        ("gpt-5.4-mini", 400 * _K, 128 * _K),
        ("gpt-5.4-nano", 400 * _K, 128 * _K),
        ("gpt-5.2", 400 * _K, 128 * _K),
        ("gpt-5.2-chat-latest", 128 * _K, 16_384),
        ("gpt-5.1", 400 * _K, 128 * _K),
        ("gpt-5.1-chat-latest", 128 * _K, 16_384),
        ("gpt-5", 400 * _K, 128 * _K),
        ("gpt-5-mini", 400 * _K, 128 * _K),
        ("gpt-5-nano", 400 * _K, 128 * _K),
        ("gpt-5-chat-latest", 128 * _K, 16_384),
        ("gpt-4.1", 1_047_576, 32_768),
        ("gpt-4.1-mini", 1_047_576, 32_768),
        ("gpt-4.1-nano", 1_047_576, 32_768),
        ("gpt-4o", 128 * _K, 16_384),
        ("gpt-4o-2024-05-13", 128 * _K, 4_096),
        ("gpt-4o-mini", 128 * _K, 16_384),
        ("gpt-4o-audio-preview", 128 * _K, 16_384),
        ("gpt-4o-search-preview", 128 * _K, 16_384),
        ("gpt-4-turbo", 128 * _K, 4_096),
        ("gpt-4", 8_192, 8_192),
        ("gpt-3.5-turbo", 16_385, 4_096),
        ("chatgpt-4o-latest", 128 * _K, 16_384),
        ("o4-mini", 200 * _K, 100 * _K),
        ("o3", 200 * _K, 100 * _K),
        ("o3-mini", 200 * _K, 100 * _K),
        ("o1", 200 * _K, 100 * _K),
    ),
    otherwise=_UNLISTED,
)
"""Unknown newer `gpt-` ids behave as the newest known one; any other name as a model that takes everything."""
