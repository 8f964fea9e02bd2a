"""What the operator wants of every request of a deployment, in the members of one dialect's bodies.

`request_defaults` and `additional_drop_params` are written in the names of Chat Completions. Most of these have a
plain counterpart elsewhere, so that a body need not be translated for their sake.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects.envelope import Envelope
from domain.json_types import JSON

Place: TypeAlias = tuple[str, ...]
"""A member's name, or the name of a top-level object and of a member in it."""

_NOWHERE: Final[Place] = ()
"""The dialect has no such thing: nothing to leave out, and nothing to set."""

_RESPONSES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        **{
            name: (name,)
            for name in (
                "metadata",
                "parallel_tool_calls",
                "prompt_cache_key",
                "prompt_cache_retention",
                "safety_identifier",
                "service_tier",
                "store",
                "temperature",
                "top_logprobs",
                "top_p",
                "user",
            )
        },
        "max_tokens": ("max_output_tokens",),
        "max_completion_tokens": ("max_output_tokens",),
        "reasoning_effort": ("reasoning", "effort"),
        "verbosity": ("text", "verbosity"),
        **dict.fromkeys(
            (
                "audio",
                "frequency_penalty",
                "logit_bias",
                "logprobs",
                "modalities",
                "n",
                "prediction",
                "presence_penalty",
                "seed",
                "stop",
                "stream_options",
                "top_k",
            ),
            _NOWHERE,
        ),
    }
)
_MESSAGES: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "max_tokens": ("max_tokens",),
        "max_completion_tokens": ("max_tokens",),
        "temperature": ("temperature",),
        "top_p": ("top_p",),
        "top_k": ("top_k",),
        "stop": ("stop_sequences",),
        "thinking": ("thinking",),
        "user": ("metadata", "user_id"),
        "safety_identifier": ("metadata", "user_id"),
        **dict.fromkeys(
            (
                "audio",
                "frequency_penalty",
                "logit_bias",
                "logprobs",
                "metadata",
                "modalities",
                "n",
                "prediction",
                "presence_penalty",
                "prompt_cache_key",
                "prompt_cache_retention",
                "seed",
                "store",
                "stream_options",
                "top_logprobs",
                "verbosity",
            ),
            _NOWHERE,
        ),
    }
)
_CONFIG: Final = "generationConfig"
_GEMINI: Final[Mapping[str, Place]] = MappingProxyType(
    {
        "max_tokens": (_CONFIG, "maxOutputTokens"),
        "max_completion_tokens": (_CONFIG, "maxOutputTokens"),
        "temperature": (_CONFIG, "temperature"),
        "top_p": (_CONFIG, "topP"),
        "top_k": (_CONFIG, "topK"),
        "n": (_CONFIG, "candidateCount"),
        "seed": (_CONFIG, "seed"),
        "stop": (_CONFIG, "stopSequences"),
        "frequency_penalty": (_CONFIG, "frequencyPenalty"),
        "presence_penalty": (_CONFIG, "presencePenalty"),
        "logprobs": (_CONFIG, "responseLogprobs"),
        "top_logprobs": (_CONFIG, "logprobs"),
        "store": ("store",),
        **dict.fromkeys(
            (
                "logit_bias",
                "metadata",
                "parallel_tool_calls",
                "prediction",
                "prompt_cache_key",
                "prompt_cache_retention",
                "safety_identifier",
                "stream_options",
                "user",
                "verbosity",
            ),
            _NOWHERE,
        ),
    }
)
_PLACES: Final = MappingProxyType(
    {"openai_responses": _RESPONSES, "anthropic_messages": _MESSAGES, "gemini": _GEMINI}
)
_BY_MEANING: Final = frozenset(
    {
        "function_call",
        "functions",
        "reasoning_effort",
        "response_format",
        "service_tier",
        "store",
        "thinking",
        "tool_choice",
        "tools",
        "web_search_options",
        *_RESPONSES,
    }
)
"""Names of Chat Completions that are put otherwise elsewhere, where no table has them: they need translation."""

_UNLIKE_BY_MODEL: Final = frozenset({"anthropic_messages", "gemini"})
"""Dialects that ask one model otherwise than another for thoughts and for structured output."""

_CAPITAL: Final = re.compile(r"(?<=[a-z0-9])([A-Z])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """Members to set where the caller leaves them out, and members to leave out, in one dialect.

    by_meaning: some wish has no plain counterpart in the dialect, so that requests must be translated for it.
    by_model: what becomes of it depends on the model.
    """

    defaults: tuple[tuple[Place, JSON], ...] = ()
    dropped: tuple[Place, ...] = ()
    by_meaning: bool = False
    by_model: bool = False

    @classmethod
    def of(cls, dialect: str, defaults: Mapping[str, JSON], dropped: Iterable[str]) -> "Wishes":
        """The wishes in the members of `dialect`; what Chat Completions has no name for is the vendor's own."""
        left_out = [_place(dialect, name) for name in dropped]
        filled_in = [(_place(dialect, name), _value(name, value)) for name, value in defaults.items()]
        places = [*left_out, *(place for place, _ in filled_in)]
        return cls(
            defaults=tuple((place, value) for place, value in filled_in if place),
            dropped=tuple(place for place in left_out if place),
            by_meaning=None in places,
            by_model=None in places and dialect in _UNLIKE_BY_MODEL,
        )

    def applied(self, envelope: Envelope) -> Envelope:
        """`envelope` as the operator wants it; what is not touched keeps its bytes."""
        for place in self.dropped:
            envelope = _without(envelope, place)
        for place, value in self.defaults:
            envelope = _with_default(envelope, place, value)
        return envelope


def _place(dialect: str, name: str) -> Place | None:
    """Where `name` stands in the dialect; None where only its meaning can be told."""
    place = _PLACES.get(dialect, {}).get(name)
    if place is not None:
        return place
    return None if name in _BY_MEANING else (name,)


def _value(name: str, value: JSON) -> JSON:
    return [value] if name == "stop" and isinstance(value, str) else value


def _without(envelope: Envelope, place: Place) -> Envelope:
    found = _found(envelope, place[0])
    if found is None:
        return envelope
    if len(place) == 1:
        return envelope.without({found})
    inner = envelope.value(found)
    name = _found(inner, place[1]) if isinstance(inner, dict) else None
    if name is None:
        return envelope
    return envelope.with_members({found: {key: value for key, value in inner.items() if key != name}})


def _with_default(envelope: Envelope, place: Place, value: JSON) -> Envelope:
    found = _found(envelope, place[0])
    if len(place) == 1:
        return envelope if found is not None else envelope.with_members({place[0]: value})
    inner = {} if found is None else envelope.value(found)
    if inner is None:
        inner = {}
    if not isinstance(inner, dict) or _found(inner, place[1]) is not None:
        return envelope
    return envelope.with_members({found or place[0]: {**inner, place[1]: value}})


def _found(members: "Envelope | dict[str, JSON]", name: str) -> str | None:
    """The name under which a member stands: Google's may be written `camelCase` or `snake_case`."""
    if name in members:
        return name
    other = _CAPITAL.sub(r"_\1", name).lower()
    return other if other in members else None
