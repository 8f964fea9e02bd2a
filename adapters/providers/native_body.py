"""A body for an upstream of its own dialect, other than Chat Completions: nothing but the model is changed."""

from typing import Final

from adapters.dialects.envelope import Envelope
from adapters.providers.merging import overlaid
from adapters.providers.route import Route
from adapters.providers.wire import ModelWire
from domain.json_types import JSON

_IN_PATH: Final = frozenset({"model", "stream"})


def native(envelope: Envelope, route: Route, wire: ModelWire) -> Envelope:
    """The caller's body under the upstream's name of the model, with the operator's wishes."""
    envelope = wire.wire.wishes.applied(envelope)
    members: dict[str, JSON] = {}
    if wire.wire.model_in_path:
        envelope = envelope.without(_IN_PATH)
    else:
        members["model"] = wire.model.model
    for name, value in route.extra_body.items():
        members[name] = overlaid(envelope.value(name), value) if isinstance(value, dict) else value
    return envelope.with_members(members)
