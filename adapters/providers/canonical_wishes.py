"""The operator's wishes, applied to what a request means: for clients of another dialect than the wishes'."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any, Final

from adapters.dialects.openai_chat.request import parse_request
from domain.chat.request import ChatRequest, Sampling
from domain.json_types import JSON, Ext

_MEMBERS: Final = MappingProxyType(
    {
        "audio": "audio_output",
        "function_call": "tool_choice",
        "functions": "tools",
        "logprobs": "logprobs",
        "max_completion_tokens": "max_output_tokens",
        "max_tokens": "max_output_tokens",
        "metadata": "metadata",
        "modalities": "modalities",
        "n": "candidates",
        "parallel_tool_calls": "parallel_tool_calls",
        "prediction": "prediction",
        "prompt_cache_key": "cache_key",
        "reasoning_effort": "reasoning",
        "response_format": "response_format",
        "safety_identifier": "end_user",
        "service_tier": "service_tier",
        "store": "store",
        "thinking": "reasoning",
        "tool_choice": "tool_choice",
        "tools": "tools",
        "top_logprobs": "logprobs",
        "user": "end_user",
        "verbosity": "verbosity",
    }
)
"""Member of a Chat Completions body → member of the canonical request."""

_SAMPLING: Final = frozenset(member.name for member in fields(Sampling))
_SILENT: Final = ChatRequest(model="", messages=())
"""A request that leaves everything out."""
_NOTHING_ASKED: Final = MappingProxyType({"model": "-", "messages": [{"role": "user", "content": "-"}]})


class CanonicalWishes:
    """`request_defaults` and `additional_drop_params`, both in the names of Chat Completions."""

    __slots__ = ("_defaults", "_dropped", "_given")

    def __init__(self, defaults: Mapping[str, JSON], dropped: frozenset[str]) -> None:
        self._defaults = defaults
        self._dropped = dropped
        self._given: ChatRequest | None = None

    def applied(self, request: ChatRequest) -> ChatRequest:
        """`request` as the operator wants it.

        Raises MalformedRequest where a default is of a wrong type; it is parsed when it is first needed.
        """
        if self._dropped:
            request = _without(request, self._dropped)
        if not self._defaults:
            return request
        if self._given is None:
            self._given = parse_request({**_NOTHING_ASKED, **self._defaults})
        return _filled(request, self._defaults, self._given)


def _without(request: ChatRequest, names: frozenset[str]) -> ChatRequest:
    members = {_MEMBERS[name] for name in names if name in _MEMBERS}
    changes: dict[str, Any] = {member: getattr(_SILENT, member) for member in members}
    if sampled := names & _SAMPLING:
        silent = {name: getattr(_SILENT.sampling, name) for name in sampled}
        changes["sampling"] = replace(request.sampling, **silent)
    changes["ext"] = {
        family: {name: value for name, value in there.items() if name not in names}
        for family, there in request.ext.items()
    }
    return replace(request, **changes)


def _filled(request: ChatRequest, names: Iterable[str], given: ChatRequest) -> ChatRequest:
    """`request` with what it leaves out, where `given` has it under one of `names`."""
    changes: dict[str, Any] = {}
    sampling: dict[str, Any] = {}
    for name in names:
        member = _MEMBERS.get(name)
        if member is not None and getattr(request, member) == getattr(_SILENT, member):
            changes[member] = getattr(given, member)
        elif name in _SAMPLING and getattr(request.sampling, name) == getattr(_SILENT.sampling, name):
            sampling[name] = getattr(given.sampling, name)
    if sampling:
        changes["sampling"] = replace(request.sampling, **sampling)
    return replace(request, **changes, ext=_merged(request.ext, given.ext))


def _merged(there: Ext, given: Ext) -> Ext:
    """Leftover members of both; those that are there stay."""
    return {family: {**given.get(family, {}), **there.get(family, {})} for family in (*there, *given)}
