"""Token counts: wire ↔ canonical. A count that the wire does not give stays unknown."""

from typing import Final

from adapters.dialects.counts import counts
from domain.chat.usage import Usage
from domain.json_types import JSON

_TTL_PREFIX: Final = "ephemeral_"
_TTL_SUFFIX: Final = "_input_tokens"
_TOTALS: Final = frozenset({"prompt_tokens", "completion_tokens", "total_tokens"})


def parse_usage(usage: JSON) -> Usage | None:
    """The counts of an answer, or None where `usage` holds none.

    Beside OpenAI's members it reads DeepSeek's and litellm's. Some servers (xAI, Gemini's compatibility layer)
    leave reasoning out of `completion_tokens` but not of the total: then the total tells.
    """
    if not isinstance(usage, dict):
        return None
    totals = counts(usage)
    prompt, completion = totals.get("prompt_tokens"), totals.get("completion_tokens")
    if prompt is None and completion is None:
        return None
    total = totals.get("total_tokens")
    if prompt is not None and total is not None and total > prompt + (completion or 0):
        completion = total - prompt
    if usage.keys() <= _TOTALS:
        return Usage(prompt_tokens=prompt, completion_tokens=completion)
    prompt_parts = counts(usage.get("prompt_tokens_details"))
    completion_parts = counts(usage.get("completion_tokens_details"))
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=prompt_parts.get(
            "cached_tokens", totals.get("cache_read_input_tokens", totals.get("prompt_cache_hit_tokens"))
        ),
        cache_write_tokens=prompt_parts.get(
            "cache_write_tokens",
            prompt_parts.get("cache_creation_tokens", totals.get("cache_creation_input_tokens")),
        ),
        cache_write_tokens_by_ttl=_by_ttl(usage.get("prompt_tokens_details")),
        reasoning_tokens=completion_parts.get("reasoning_tokens"),
        audio_prompt_tokens=prompt_parts.get("audio_tokens"),
        audio_completion_tokens=completion_parts.get("audio_tokens"),
        image_prompt_tokens=prompt_parts.get("image_tokens"),
        accepted_prediction_tokens=completion_parts.get("accepted_prediction_tokens"),
        rejected_prediction_tokens=completion_parts.get("rejected_prediction_tokens"),
        server_tool_calls=counts(usage.get("server_tool_use")),
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


def _by_ttl(details: JSON) -> dict[str, int]:
    if not isinstance(details, dict) or "cache_creation_token_details" not in details:
        return {}
    by_ttl = counts(details["cache_creation_token_details"])
    return {
        name.removeprefix(_TTL_PREFIX).removesuffix(_TTL_SUFFIX): count
        for name, count in by_ttl.items()
        if name.startswith(_TTL_PREFIX)
    }
