"""What the operator wants done to every Chat Completions body of a deployment, whichever way it travels."""

from typing import Final

from adapters.dialects.envelope import Envelope
from adapters.providers.route import Route

_LIMITS: Final = frozenset({"max_tokens", "max_completion_tokens"})
"""Two names of one limit, which the API refuses side by side."""


def fitted(envelope: Envelope, route: Route) -> Envelope:
    """The caller's body without `additional_drop_params`, and with request defaults where it is silent."""
    if route.dropped:
        envelope = envelope.without(route.dropped)
    if not route.defaults:
        return envelope
    limited = any(name in envelope for name in _LIMITS)
    missing = {
        name: value
        for name, value in route.defaults.items()
        if name not in envelope and not (limited and name in _LIMITS)
    }
    return envelope.with_members(missing) if missing else envelope
