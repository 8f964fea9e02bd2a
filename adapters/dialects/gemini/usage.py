"""usageMetadata (ai.google.dev/api/generate-content#UsageMetadata, 2026-11)."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Final

from adapters.dialects.gemini.wire import member, objects
from domain.chat.usage import Usage
from domain.json_types import JSON

_COUNTS: Final = frozenset({"promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "totalTokenCount"})


def counts_tokens(counts: Mapping[str, JSON]) -> bool:
    """Whether anything is counted: the first chunks of a stream may only say what kind of traffic it is."""
    return not _COUNTS.isdisjoint(counts)


def parse_usage(counts: Mapping[str, JSON]) -> Usage:
    """The tokens of an answer; the wire leaves zeros out, so an absent total of a side is 0.

    Gemini counts thoughts and tool-use prompts beside its candidates and prompt; here they are parts of them.
    Some builds count thoughts among the candidates as well: where the sum contradicts `totalTokenCount`, the
    total is right.
    """
    tool_prompt = member(counts, "toolUsePromptTokenCount", int)
    thoughts = member(counts, "thoughtsTokenCount", int)
    prompt = (member(counts, "promptTokenCount", int) or 0) + (tool_prompt or 0)
    completion = (member(counts, "candidatesTokenCount", int) or 0) + (thoughts or 0)
    total = member(counts, "totalTokenCount", int)
    if total is not None and total >= prompt:
        completion = total - prompt
    if counts.keys() <= _COUNTS and thoughts is None:
        return Usage(prompt_tokens=prompt, completion_tokens=completion)
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=member(counts, "cachedContentTokenCount", int),
        reasoning_tokens=None if thoughts is None else min(thoughts, completion),
        audio_prompt_tokens=_of_modality(counts, "promptTokensDetails", "AUDIO"),
        image_prompt_tokens=_of_modality(counts, "promptTokensDetails", "IMAGE"),
        audio_completion_tokens=_of_modality(counts, "candidatesTokensDetails", "AUDIO"),
        tool_prompt_tokens=tool_prompt,
    )


_told_parts: Final = attrgetter(
    "tool_prompt_tokens",
    "reasoning_tokens",
    "cache_read_tokens",
    "audio_prompt_tokens",
    "image_prompt_tokens",
    "audio_completion_tokens",
)
"""The parts that the wire tells, where they are not zero."""


def render_usage(usage: Usage) -> dict[str, JSON]:
    """The tokens for a client; zeros are left out, as the wire does, and totals of which half is not known."""
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    if not any(_told_parts(usage)) and prompt is not None and completion is not None:
        return {
            "promptTokenCount": prompt,
            "candidatesTokenCount": completion,
            "totalTokenCount": prompt + completion,
        }
    tool_prompt = _part(usage.tool_prompt_tokens, prompt)
    reasoning = _part(usage.reasoning_tokens, completion)
    counts: dict[str, JSON] = {
        "promptTokenCount": None if prompt is None else prompt - tool_prompt,
        "cachedContentTokenCount": usage.cache_read_tokens or None,
        "candidatesTokenCount": None if completion is None else completion - reasoning,
        "toolUsePromptTokenCount": tool_prompt or None,
        "thoughtsTokenCount": reasoning or None,
        "totalTokenCount": usage.total_tokens,
        "promptTokensDetails": _by_modality(AUDIO=usage.audio_prompt_tokens, IMAGE=usage.image_prompt_tokens),
        "candidatesTokensDetails": _by_modality(AUDIO=usage.audio_completion_tokens),
    }
    return {name: count for name, count in counts.items() if count is not None}


def _part(count: int | None, whole: int | None) -> int:
    """What is counted apart of a whole, at most all of it: the wire's counts add up to its total."""
    return (count or 0) if whole is None else min(count or 0, whole)


def _by_modality(**counts: int | None) -> list[JSON] | None:
    told = [{"modality": name, "tokenCount": count} for name, count in counts.items() if count]
    return told or None


def _of_modality(counts: Mapping[str, JSON], details: str, modality: str) -> int | None:
    found = [
        member(each, "tokenCount", int) or 0
        for each in objects(counts, details)
        if each.get("modality") == modality
    ]
    return sum(found) if found else None
