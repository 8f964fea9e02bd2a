"""Anthropic's models (platform.claude.com/docs/en/models-overview and the What's new pages, 2026-11)."""

from dataclasses import replace
from typing import Final

from domain.chat.request import Effort
from domain.models.profile import ModelProfile, Thinking
from domain.models.rules import Catalogue, Rule, table

_E = Effort

# Each profile says what changed since the one before it.
_CLAUDE_3: Final = ModelProfile(context_tokens=200_000, max_output_tokens=4_096, json_schema=False)
_CLAUDE_3_5: Final = replace(_CLAUDE_3, max_output_tokens=8_192)
_MANUAL: Final = replace(
    _CLAUDE_3,
    max_output_tokens=64_000,
    thinking=Thinking.BUDGET,
    min_thinking_tokens=1_024,
    max_thinking_tokens=63_999,
    forced_tools_with_thinking=False,
)
_OPUS_4: Final = replace(_MANUAL, max_output_tokens=32_000, max_thinking_tokens=31_999)
_OPUS_4_1: Final = replace(_OPUS_4, json_schema=True)
_CLAUDE_4_5: Final = replace(_MANUAL, json_schema=True)
_CLAUDE_4_6: Final = replace(
    _CLAUDE_4_5,
    context_tokens=1_000_000,
    max_output_tokens=128_000,
    thinking=Thinking.ADAPTIVE,
    efforts=(_E.LOW, _E.MEDIUM, _E.HIGH, _E.MAX),
    forced_tools_with_thinking=True,
    prefill=False,
)
_OPUS_4_7: Final = replace(_CLAUDE_4_6, sampling=False, efforts=(_E.LOW, _E.MEDIUM, _E.HIGH, _E.XHIGH, _E.MAX))
_OPUS_4_8: Final = replace(_OPUS_4_7, mid_system=True)
_ALWAYS_THINKING: Final = replace(
    _OPUS_4_8, thinking_optional=False, forced_tools=False, forced_tools_with_thinking=False
)

ANTHROPIC: Final = Catalogue(
    rules=(
        Rule.of(r"claude-(instant|[12])(?!\d)", replace(_CLAUDE_3, context_tokens=100_000)),
        Rule.of(r"claude-3-7|claude-(sonnet|haiku)-3-7", _MANUAL),
        Rule.of(r"claude-3-5|claude-(sonnet|haiku)-3-5", _CLAUDE_3_5),
        Rule.of(r"claude-3(?!\d)", _CLAUDE_3),
        Rule.of(r"claude-opus-4-1(?!\d)", _OPUS_4_1),
        Rule.of(r"claude-[a-z]+-4-5(?!\d)", _CLAUDE_4_5),
        Rule.of(r"claude-[a-z]+-4-6(?!\d)", _CLAUDE_4_6),
        Rule.of(r"claude-[a-z]+-4-7(?!\d)", _OPUS_4_7),
        Rule.of(r"claude-[a-z]+-4-[89](?!\d)", _OPUS_4_8),
        Rule.of(r"claude-opus-4(?!-\d{1,2}(?!\d))", _OPUS_4),
        Rule.of(r"claude-(sonnet|haiku)-4(?!-\d{1,2}(?!\d))", _MANUAL),
        Rule.of(r"claude-(opus|sonnet)-5(?!-\d{1,2}(?!\d))|claude-haiku-5", _OPUS_4_8),
        Rule.of(r"claude-", _ALWAYS_THINKING),
    ),
    known=table(
        ("claude-opus-5-5", 1_000_000, 128_000),
        ("claude-sonnet-5-5", 1_000_000, 128_000),
        ("claude-haiku-5-5", 1_000_000, 128_000),
        ("claude-fable-5-1", 1_000_000, 128_000),
        ("claude-mythos-5-1", 1_000_000, 128_000),
        ("claude-opus-5", 1_000_000, 128_000),
        ("claude-sonnet-5", 1_000_000, 128_000),
        ("claude-fable-5", 1_000_000, 128_000),
        ("claude-mythos-5", 1_000_000, 128_000),
        ("claude-opus-4-8", 1_000_000, 128_000),
        ("claude-opus-4-7", 1_000_000, 128_000),
        ("claude-opus-4-6", 1_000_000, 128_000),
        ("claude-sonnet-4-6", 1_000_000, 128_000),
        ("claude-opus-4-5", 200_000, 64_000),
        ("claude-sonnet-4-5", 200_000, 64_000),
        ("claude-haiku-4-5", 200_000, 64_000),
        ("claude-opus-4-1", 200_000, 32_000),
        ("claude-opus-4-0", 200_000, 32_000),
        ("claude-sonnet-4-0", 200_000, 64_000),
        ("claude-3-7-sonnet-latest", 200_000, 64_000),
        ("claude-3-5-haiku-latest", 200_000, 8_192),
        ("claude-3-haiku-20240307", 200_000, 4_096),
    ),
    otherwise=_ALWAYS_THINKING,
)
"""From Opus 5.5, Sonnet 5.5, Fable 5 and Mythos 5 on thinking cannot be turned off and a call cannot be forced;
unknown newer ids are taken for such."""
