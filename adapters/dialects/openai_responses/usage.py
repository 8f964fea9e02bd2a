"""Token counts: wire ↔ canonical (ResponseUsage of the openai package 3.54, 2026-11)."""

from types import MappingProxyType
from typing import Final

from domain.chat.usage import Usage
from domain.json_types import JSON

_TTL_COUNTS: Final = MappingProxyType({"30m": "ttl_30m_tokens", "12h": "ttl_12h_tokens"})


def parse_usage(usage: JSON) -> Usage | None:
    """The counts of an answer, or None where `usage` holds none.

    Where a server leaves reasoning out of `output_tokens` but not of the total, the total tells.
    """
    if not isinstance(usage, dict):
        return None
    prompt, completion = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    if prompt is None and completion is None:
        return None
    total = _count(usage, "total_tokens")
    if prompt is not None and total is not None and total > prompt + (completion or 0):
        completion = total - prompt
    read, written = _object(usage, "input_tokens_details"), _object(usage, "output_tokens_details")
    return Usage(
        prompt_tokens=prompt,
        completion_tokens=completion,
        cache_read_tokens=_count(read, "cached_tokens"),
        cache_write_tokens=_count(read, "cache_write_tokens"),
        cache_write_tokens_by_ttl=_by_ttl(read) if "cache_write_tokens_details" in read else {},
        reasoning_tokens=_count(written, "reasoning_tokens"),
        audio_prompt_tokens=_count(read, "audio_tokens"),
        audio_completion_tokens=_count(written, "audio_tokens"),
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


def _by_ttl(read: dict[str, JSON]) -> dict[str, int]:
    written = _object(read, "cache_write_tokens_details")
    counts = ((ttl, _count(written, name)) for ttl, name in _TTL_COUNTS.items())
    return {ttl: count for ttl, count in counts if count is not None}


def _object(owner: dict[str, JSON], name: str) -> dict[str, JSON]:
    value = owner.get(name)
    return value if isinstance(value, dict) else {}


def _count(owner: dict[str, JSON], name: str) -> int | None:
    value = owner.get(name)
    if value is None or (type(value) is int and 0 <= value < 2**63):  # nearly always; a boolean is none
        return value
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 <= value < 2**63 else None
