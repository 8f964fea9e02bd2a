"""Chat Completions bodies for Chat Completions upstreams: top-level members are fitted, and nothing else."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.dialects.contract import Target
from adapters.dialects.envelope import Envelope, raw_members
from adapters.dialects.openai_chat.quirks import ChatQuirks
from adapters.dialects.openai_chat.reasoning_models import refused_parameters, refuses_sampling
from adapters.providers.merging import overlaid
from domain.chat.loss import Loss, LossKind
from domain.json_types import JSON
from domain.models.profile import ModelProfile

_ASKS_FOR_NOTHING: Final = MappingProxyType(
    {"temperature": 1, "top_p": 1, "frequency_penalty": 0, "presence_penalty": 0, "logprobs": False}
)
_NO_NAMES: Final[frozenset[str]] = frozenset()
_USAGE_WISH: Final = MappingProxyType({"include_usage": True})


class ChatFitting:
    """Fits bodies to one model of one upstream. Made once, so that most bodies cost no more than a look.

    renames: top-level members of the finished body, the dialect's name → the provider's.
    """

    __slots__ = ("_limit_to_rename", "_model", "_plain", "_quirks", "_renames", "_streamed", "_touched")

    def __init__(self, quirks: ChatQuirks, model: Target, renames: Mapping[str, str]) -> None:
        self._quirks = quirks
        self._model = model
        self._renames = renames
        self._limit_to_rename = _limit_to_rename(quirks, model.profile)
        self._plain = raw_members({"model": model.model})
        self._streamed = self._plain
        if quirks.stream_usage:
            self._streamed = raw_members({"model": model.model, "stream_options": dict(_USAGE_WISH)})
        self._touched = (
            {"stream_options"}
            | quirks.unsupported
            | refused_parameters(model.profile, reasons=True)
            | renames.keys()
            | ({self._limit_to_rename} if self._limit_to_rename else _NO_NAMES)
        )

    def fit(
        self, envelope: Envelope, *, allowed: frozenset[str], extra_body: Mapping[str, JSON], streamed: bool
    ) -> tuple[Envelope, tuple[Loss, ...]]:
        """The body for the model, and the members that it has to do without. Streams are asked for usage.

        allowed: parameters that are sent although the dialect says that the provider lacks them. extra_body:
        members of the finished body, whatever the caller says.
        """
        if not extra_body and self._touched.isdisjoint(envelope):
            return envelope.with_raw(self._streamed if streamed else self._plain), ()
        quirks, name = self._quirks, self._model.model
        refused = self._refused(envelope) - allowed
        losses = tuple(
            Loss("dropped_param", f"/{member}", f"{name} does not take it", LossKind.PARAMETER)
            for member in sorted(refused)
            if envelope.value(member) not in (None, _ASKS_FOR_NOTHING.get(member))
        )
        if not quirks.stream_usage and "stream_options" in envelope:
            refused |= {"stream_options"}
        if refused:
            envelope = envelope.without(refused)
        envelope = self._with_limit(envelope)
        for member, own_name in self._renames.items():
            if member in envelope:
                envelope = envelope.renamed(member, own_name)
        members: dict[str, JSON] = {"model": name}
        if streamed and quirks.stream_usage:
            members["stream_options"] = {**_object(envelope, "stream_options"), **_USAGE_WISH}
        for member, value in extra_body.items():
            members[member] = overlaid(members.get(member) or _object(envelope, member), value)
        return envelope.with_members(members), losses

    def _refused(self, envelope: Envelope) -> frozenset[str]:
        """The members that server or model would answer with an error."""
        names, profile = self._quirks.unsupported, self._model.profile
        if refuses_sampling(profile):
            names |= refused_parameters(profile, reasons=envelope.value("reasoning_effort") != "none")
        return frozenset(name for name in names if name in envelope) if names else _NO_NAMES

    def _with_limit(self, envelope: Envelope) -> Envelope:
        """The limit on generated tokens under the name that is known there."""
        other, own_name = self._limit_to_rename, self._quirks.max_tokens_field
        if other is None or other not in envelope:
            return envelope
        if own_name in envelope:
            # Both stand there: max_completion_tokens is the one that counts.
            envelope = envelope.without({"max_tokens"})
        return envelope.renamed(other, own_name) if other in envelope else envelope


def wants_usage(envelope: Envelope) -> bool:
    """Whether the client asked for usage in its stream."""
    return "stream_options" in envelope and _object(envelope, "stream_options").get("include_usage") is True


def _limit_to_rename(quirks: ChatQuirks, profile: ModelProfile) -> str | None:
    """The name of the limit on generated tokens that is not known there.

    OpenAI's own models that do not reason know both names, so what the client wrote stays.
    """
    if quirks.max_tokens_field == "max_tokens":
        return "max_completion_tokens"
    return "max_tokens" if refuses_sampling(profile) else None


def _object(envelope: Envelope, name: str) -> dict[str, JSON]:
    value = envelope.value(name)
    return value if isinstance(value, dict) else {}
