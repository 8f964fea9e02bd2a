"""What the operator wants done to every Chat Completions body of a deployment, whichever way it travels."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.envelope import Envelope
from adapters.providers.route import Route
from domain.json_types import JSON

_LIMITS: Final = frozenset({"max_tokens", "max_completion_tokens"})
"""Two names of one limit, which the API refuses side by side."""


def fitted(envelope: Envelope, route: Route) -> Envelope:
    """The caller's body without `additional_drop_params`, and with request defaults where it is silent."""
    if route.dropped:
        envelope = envelope.without(route.dropped)
    limited = any(name in envelope for name in _LIMITS)
    missing = {
        name: value
        for name, value in route.defaults.items()
        if name not in envelope and not (limited and name in _LIMITS)
    }
    return envelope.with_members(missing) if missing else envelope


def merged(body: Mapping[str, JSON], more: Mapping[str, JSON]) -> dict[str, JSON]:
    """`body` with `more` set in it; objects are merged member by member."""
    out = dict(body)
    for name, value in more.items():
        there = out.get(name)
        out[name] = merged(there, value) if isinstance(there, dict) and isinstance(value, dict) else value
    return out
