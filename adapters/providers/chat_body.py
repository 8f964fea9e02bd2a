"""A Chat Completions body for a Chat Completions upstream: its top-level members are fitted, and nothing else."""

from types import MappingProxyType
from typing import Final

from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.reasoning_models import refused_parameters, refuses_sampling
from adapters.providers.fitting import merged
from adapters.providers.route import Route
from adapters.providers.wire import ModelWire
from domain.chat.loss import Loss, LossKind
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_ASKS_FOR_NOTHING: Final = MappingProxyType(
    {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "logprobs": False}
)
_NO_NAMES: Final[frozenset[str]] = frozenset()


def fit(
    envelope: Envelope, quirks: ChatQuirks, route: Route, wire: ModelWire, *, streamed: bool
) -> tuple[Envelope, tuple[Loss, ...]]:
    """The body for a model, and the members that it has to do without. Usage is asked for in every stream."""
    name, profile = wire.model.model, wire.model.profile
    refused = _refused(envelope, quirks, profile) - route.allowed
    losses = tuple(
        Loss("dropped_param", f"/{member}", f"{name} does not take it", LossKind.PARAMETER)
        for member in sorted(refused)
        if envelope.value(member) not in (None, _ASKS_FOR_NOTHING.get(member))
    )
    if not quirks.stream_usage and "stream_options" in envelope:
        refused |= {"stream_options"}
    if refused:
        envelope = envelope.without(refused)
    envelope = _with_limit(envelope, quirks, profile)
    for member, own_name in wire.wire.renames.items():
        if member in envelope:
            envelope = envelope.renamed(member, own_name)
    members: dict[str, JSON] = {"model": name}
    if streamed and quirks.stream_usage:
        members["stream_options"] = {**_object(envelope, "stream_options"), "include_usage": True}
    for member, value in route.extra_body.items():
        there = members.get(member) or _object(envelope, member)
        members[member] = merged(there, value) if isinstance(value, dict) and isinstance(there, dict) else value
    return envelope.with_members(members), losses


def wants_usage(envelope: Envelope) -> bool:
    """Whether the client asked for usage in its stream."""
    return "stream_options" in envelope and _object(envelope, "stream_options").get("include_usage") is True


def _refused(envelope: Envelope, quirks: ChatQuirks, profile: ModelProfile) -> frozenset[str]:
    """The members that server or model would answer with an error."""
    names = quirks.unsupported
    if refuses_sampling(profile):
        names |= refused_parameters(profile, reasons=envelope.value("reasoning_effort") != "none")
    return frozenset(name for name in names if name in envelope) if names else _NO_NAMES


def _with_limit(envelope: Envelope, quirks: ChatQuirks, profile: ModelProfile) -> Envelope:
    """The limit on generated tokens under the name that is known there.

    OpenAI's own models that do not reason know both names, so what the client wrote stays.
    """
    own_name = quirks.max_tokens_field
    if own_name == "max_tokens":
        other = "max_completion_tokens"
    elif refuses_sampling(profile):
        other = "max_tokens"
    else:
        return envelope
    if other not in envelope:
        return envelope
    if own_name in envelope:
        # Both stand there: max_completion_tokens is the one that counts.
        envelope = envelope.without({"max_tokens"})
    return envelope.renamed(other, own_name) if other in envelope else envelope


def _object(envelope: Envelope, name: str) -> dict[str, JSON]:
    value = envelope.value(name)
    return value if isinstance(value, dict) else {}
