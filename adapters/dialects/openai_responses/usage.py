"""Token counts: wire ↔ canonical (ResponseUsage of the openai package 3.54, 2026-11)."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.counts import counts
from domain.chat.usage import Usage
from domain.json_types import JSON

_TTL_COUNTS: Final = MappingProxyType({"30m": "ttl_30m_tokens", "12h": "ttl_12h_tokens"})


def parse_usage(usage: JSON) -> Usage | None:
    """The counts of an answer, or None where `usage` holds none.

    Where a server leaves reasoning out of `output_tokens` but not of the total, the total tells.
    """
    if not isinstance(usage, dict):
        return None
    totals = counts(usage)
    prompt, completion = totals.get("input_tokens"), totals.get("output_tokens")
    if prompt is None and completion is None:
        return None
    total = totals.get("total_tokens")
    if prompt is not None and total is not None and total > prompt + (completion or 0):
        completion = total - prompt
    details = usage.get("input_tokens_details")
    read, written = counts(details), counts(usage.get("output_tokens_details"))
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=read.get("cached_tokens"),
        cache_write_tokens=read.get("cache_write_tokens"),
        cache_write_tokens_by_ttl=_by_ttl(details),
        reasoning_tokens=written.get("reasoning_tokens"),
        audio_prompt_tokens=read.get("audio_tokens"),
        audio_completion_tokens=written.get("audio_tokens"),
    )


def render_usage(usage: Usage) -> dict[str, JSON]:
    """The counts on the wire, where every one that the type knows must be there: unknown ones are 0."""
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    read: dict[str, JSON] = {
        "cached_tokens": usage.cache_read_tokens or 0,
        "cache_write_tokens": usage.cache_write_tokens or 0,
    }
    by_ttl = usage.cache_write_tokens_by_ttl
    if not by_ttl.keys().isdisjoint(_TTL_COUNTS):
        read["cache_write_tokens_details"] = {name: by_ttl.get(ttl, 0) for ttl, name in _TTL_COUNTS.items()}
    if usage.audio_prompt_tokens is not None:
        read["audio_tokens"] = usage.audio_prompt_tokens
    written: dict[str, JSON] = {"reasoning_tokens": usage.reasoning_tokens or 0}
    if usage.audio_completion_tokens is not None:
        written["audio_tokens"] = usage.audio_completion_tokens
    return {
        "input_tokens": prompt,
        "input_tokens_details": read,
        "output_tokens": completion,
        "output_tokens_details": written,
        "total_tokens": prompt + completion,
    }


def _by_ttl(details: JSON) -> dict[str, int]:
    if not isinstance(details, dict) or "cache_write_tokens_details" not in details:
        return {}
    by_ttl = counts(details["cache_write_tokens_details"])
    return {ttl: by_ttl[name] for ttl, name in _TTL_COUNTS.items() if name in by_ttl}
