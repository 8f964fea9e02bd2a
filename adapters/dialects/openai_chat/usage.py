"""Token counts: wire ↔ canonical. A count that the wire does not give stays unknown."""

from typing import Final

from domain.chat.usage import Usage
from domain.json_types import JSON

_TTL_PREFIX: Final = "ephemeral_"
_TTL_SUFFIX: Final = "_input_tokens"
_COUNTS: Final = 2**63
"""Larger numbers count nothing."""
_TOTALS: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})


def parse_usage(usage: JSON) -> Usage | None:
    """The counts of an answer, or None where `usage` holds none.

    Beside OpenAI's members it reads DeepSeek's and litellm's. Some servers (xAI, Gemini's compatibility layer)
    leave reasoning out of `completion_tokens` but not of the total: then the total tells.
    """
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    if prompt is None and completion is None:
        return None
    total = _count(usage, "total_tokens")
    if prompt is not None and total is not None and total > prompt + (completion or 0):
        completion = total - prompt
    if usage.keys() <= _TOTALS:
        return Usage(prompt_tokens=prompt, completion_tokens=completion)
    prompt_details = _object(usage, "prompt_tokens_details")
    completion_details = _object(usage, "completion_tokens_details")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=_first(
            _count(prompt_details, "cached_tokens"),
            _count(usage, "cache_read_input_tokens"),
            _count(usage, "prompt_cache_hit_tokens"),
        ),
        cache_write_tokens=_first(
            _count(prompt_details, "cache_write_tokens"),
            _count(prompt_details, "cache_creation_tokens"),
            _count(usage, "cache_creation_input_tokens"),
        ),
        cache_write_tokens_by_ttl=_by_ttl(prompt_details),
        reasoning_tokens=_count(completion_details, "reasoning_tokens"),
        audio_prompt_tokens=_count(prompt_details, "audio_tokens"),
        audio_completion_tokens=_count(completion_details, "audio_tokens"),
        image_prompt_tokens=_count(prompt_details, "image_tokens"),
        accepted_prediction_tokens=_count(completion_details, "accepted_prediction_tokens"),
        rejected_prediction_tokens=_count(completion_details, "rejected_prediction_tokens"),
        server_tool_calls=_counts(_object(usage, "server_tool_use")),
    )


def render_usage(usage: Usage) -> dict[str, JSON]:
    """The counts on the wire; `cache_…_input_tokens` as litellm's clients read them."""
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    totals = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    return {**totals, **_render_details(usage)} if usage.has_details else totals


def _render_details(usage: Usage) -> dict[str, JSON]:
    prompt_details = _known(
        cached_tokens=usage.cache_read_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        cache_creation_tokens=usage.cache_write_tokens,
        audio_tokens=usage.audio_prompt_tokens,
        image_tokens=usage.image_prompt_tokens,
        cache_creation_token_details={
            f"{_TTL_PREFIX}{ttl}{_TTL_SUFFIX}": tokens for ttl, tokens in usage.cache_write_tokens_by_ttl.items()
        }
        or None,
    )
    completion_details = _known(
        reasoning_tokens=usage.reasoning_tokens,
        audio_tokens=usage.audio_completion_tokens,
        accepted_prediction_tokens=usage.accepted_prediction_tokens,
        rejected_prediction_tokens=usage.rejected_prediction_tokens,
    )
    return _known(
        prompt_tokens_details=prompt_details or None,
        completion_tokens_details=completion_details or None,
        cache_read_input_tokens=usage.cache_read_tokens,
        cache_creation_input_tokens=usage.cache_write_tokens,
        server_tool_use=dict(usage.server_tool_calls) or None,
    )


def _known(**members: JSON) -> dict[str, JSON]:
    return {name: value for name, value in members.items() if value is not None}


def _object(owner: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _count(owner: dict[str, JSON], name: str) -> int | None:
    value = owner.get(name)
    if type(value) is int and 0 <= value < _COUNTS:  # nearly always; a boolean is none
        return value
    if value is None or isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < _COUNTS else None


def _counts(owner: dict[str, JSON]) -> dict[str, int]:
    return {name: count for name in owner if (count := _count(owner, name)) is not None}


def _first(*counts: int | None) -> int | None:
    for count in counts:
        if count is not None:
            return count
    return None


def _by_ttl(details: dict[str, JSON]) -> dict[str, int]:
    if "cache_creation_token_details" not in details:
        return {}
    counts = _counts(_object(details, "cache_creation_token_details"))
    return {
        name.removeprefix(_TTL_PREFIX).removesuffix(_TTL_SUFFIX): count
        for name, count in counts.items()
        if name.startswith(_TTL_PREFIX)
    }
