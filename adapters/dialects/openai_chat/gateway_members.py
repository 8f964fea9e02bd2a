"""Body members that are addressed to the gateway and never reach an upstream (litellm's proxy, 2026-11)."""

from collections.abc import Collection
from typing import Final

from adapters.dialects.envelope import Envelope
from domain.json_types import JSON

GATEWAY_MEMBERS: Final = frozenset(
    {
        "additional_drop_params",
        "allowed_openai_params",
        "cache",
        "caching",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "disable_fallbacks",
        "drop_params",
        "fallbacks",
        "guardrails",
        "max_retries",
        "mock_delay",
        "mock_response",
        "mock_tool_calls",
        "no-log",
        "num_retries",
        "request_timeout",
        "stream_timeout",
        "tags",
        "timeout",
    }
)
_GATEWAY_PREFIXES: Final = ("mock_testing_", "litellm_")


def is_gateway_member(name: str) -> bool:
    """Whether the top-level member `name` is the gateway's own."""
    return name in GATEWAY_MEMBERS or name.startswith(_GATEWAY_PREFIXES)


def split_gateway_members(
    envelope: Envelope, *, vendors_own: Collection[str] = ()
) -> tuple[Envelope, dict[str, JSON]]:
    """The body for the upstream, and what in it was for the gateway.

    `vendors_own` names members that a format's vendor knows by the same name: they stay, unless they are lists
    of plain names, as only the gateway has them. Of `metadata` only `tags` is the gateway's (it comes as
    `{"metadata": {"tags": …}}`); where nothing else is in it the upstream gets no `metadata`. An envelope without
    any of these is returned as it is.
    """
    taken: dict[str, JSON] = {
        name: value
        for name in envelope
        if is_gateway_member(name) and (_are_names(value := envelope.value(name)) or name not in vendors_own)
    }
    clean = envelope.without(taken) if taken else envelope
    metadata = clean.value("metadata")
    if not isinstance(metadata, dict) or "tags" not in metadata:
        return clean, taken
    taken["metadata"] = {"tags": metadata["tags"]}
    kept = {name: value for name, value in metadata.items() if name != "tags"}
    return clean.with_members({"metadata": kept}) if kept else clean.without({"metadata"}), taken


def _are_names(value: JSON) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value)
