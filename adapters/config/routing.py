"""From the keys about routing, wherever they stand, to the values of RoutingSettings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from adapters.config.checking import Checked, check_section
from adapters.config.fallbacks import read_fallbacks, read_names, two_lists
from adapters.config.mistakes import Findings
from adapters.config.naming import Names
from adapters.config.nodes import Node, Table
from adapters.config.routing_keys import (
    AFFINITY_CHECKS,
    ALLOWED_FAILS,
    ALLOWED_FAILS_POLICY,
    DEFAULT_RETRIES,
    HEDGING,
    RETRIES,
    RETRY_POLICY,
)
from domain.json_types import JSON
from domain.routing.failure import ErrorClass
from domain.routing.policy import ANY_GROUP

_FIELDS: Final = {
    "num_retries": "num_retries",
    "retry_after": "retry_after_s",
    "allowed_fails": "allowed_fails",
    "cooldown_time": "cooldown_s",
    "disable_cooldowns": "disable_cooldowns",
    "max_fallbacks": "max_fallbacks",
    "enable_pre_call_checks": "pre_call_checks",
    "enable_tag_filtering": "tag_filtering",
    "tag_filtering_match_any": "match_any_tag",
    "default_max_parallel_requests": "default_max_parallel_requests",
    "ttft_timeout": "first_event_s",
    "reasoning_ttft_timeout": "reasoning_first_event_s",
    "longest_wait": "longest_wait_s",
    "affinity": "affinity",
}
"""Keys whose value is a field's as it stands."""

_DEFAULT_FALLBACKS: Final = "default_fallbacks"
_FALLBACKS: Final = ("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSections:
    """The sections that say something about routing; `own` is `feathergate.routing`."""

    litellm: Checked
    router: Checked
    own: Checked


def assemble_routing(sections: RoutingSections, names: Names, findings: Findings) -> dict[str, JSON]:
    """The values of RoutingSettings that are given, by field. `router_settings` win over `litellm_settings`.

    Mistakes are noted in `findings`: fallbacks to nowhere, classes of errors that are none.
    """
    reader = _Reader(names, findings)
    litellm, router = (reader.section(section.values) for section in (sections.litellm, sections.router))
    values = {**litellm, **router, **_own(sections.own.values, findings)}
    default = values.pop(_DEFAULT_FALLBACKS, None)
    if default is not None:
        fallbacks = values.get("fallbacks", {})
        if ANY_GROUP in fallbacks:
            given = next(part for part in (sections.router, sections.litellm) if _DEFAULT_FALLBACKS in part.values)
            findings.refuse(given.values[_DEFAULT_FALLBACKS].location, two_lists("fallbacks"))
        values["fallbacks"] = {**fallbacks, ANY_GROUP: default}
    return values


def _own(values: Mapping[str, JSON], findings: Findings) -> dict[str, JSON]:
    own = _plain(values)
    if "stream_guard" in values:
        own["guards_whole_streams"] = values["stream_guard"] == "full"
    if "hedging" in values:
        own["hedging"] = check_section(values["hedging"], HEDGING, findings=findings).values
    return own


def _plain(values: Mapping[str, JSON]) -> dict[str, JSON]:
    return {field: values[key] for key, field in _FIELDS.items() if key in values}


class _Reader:
    """Reads one section's keys."""

    def __init__(self, names: Names, findings: Findings) -> None:
        self._names = names
        self._findings = findings

    def section(self, values: Mapping[str, JSON]) -> dict[str, JSON]:
        read = _plain(values)
        if "max_retries" in values:
            read.setdefault("num_retries", values["max_retries"])
        if "retry_policy" in values:
            read["retries_by_class"] = self._retries(values["retry_policy"])
        if "model_group_retry_policy" in values:
            read["retries_by_group"] = self._retries_by_group(values["model_group_retry_policy"])
        if "allowed_fails_policy" in values:
            policy = check_section(values["allowed_fails_policy"], ALLOWED_FAILS_POLICY, findings=self._findings)
            read["allowed_fails_by_class"] = _by_class(policy.values, ALLOWED_FAILS)
        for key in _FALLBACKS:
            if key in values:
                read[key] = read_fallbacks(values[key], key, names=self._names, findings=self._findings)
        if _DEFAULT_FALLBACKS in values:
            key = _DEFAULT_FALLBACKS
            read[key] = read_names(values[key], key, names=self._names, findings=self._findings)
        if "routing_strategy" in values:
            read["strategy"] = values["routing_strategy"][0]
        if not AFFINITY_CHECKS.isdisjoint(values.get("optional_pre_call_checks", ())):
            read["affinity"] = True
        return read

    def _retries(self, policy: Node) -> dict[str, int]:
        """By class; `DefaultRetries` counts for those that are not named, before `num_retries`."""
        values = check_section(policy, RETRY_POLICY, findings=self._findings).values
        default = values.pop(DEFAULT_RETRIES, None)
        others = {} if default is None else {error.value: default for error in ErrorClass}
        return others | _by_class(values, RETRIES)

    def _retries_by_group(self, groups: Table) -> dict[str, dict[str, int]]:
        for entry in groups.entries.values():
            self._names.require(
                entry.key, "model_group_retry_policy", where=entry.location, findings=self._findings
            )
        return {entry.key: self._retries(entry.value) for entry in groups.entries.values()}


def _by_class(values: Mapping[str, JSON], ending: str) -> dict[str, int]:
    return {key.removesuffix(ending): count for key, count in values.items()}
