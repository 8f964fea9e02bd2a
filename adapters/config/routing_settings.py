"""What the configuration says about routing: plain values, whose defaults are those of the routing policy."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from dataclasses_json import DataClassJsonMixin, config

from domain.routing.policy import RoutingPolicy

_POLICY: Final = RoutingPolicy()
_NONE: Final[Mapping[str, int]] = MappingProxyType({})
_NOWHERE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType({})
_NO_GROUPS: Final[Mapping[str, Mapping[str, int]]] = MappingProxyType({})

Groups: TypeAlias = Mapping[str, tuple[str, ...]]
"""Model group → the groups that answer in its place, in their order; `*` = every other group."""


def _groups(checked: Mapping[str, list[str]]) -> Groups:
    return MappingProxyType({name: tuple(others) for name, others in checked.items()})


def _no_counts() -> Mapping[str, int]:
    return _NONE


def _no_groups() -> Mapping[str, Mapping[str, int]]:
    return _NO_GROUPS


def _no_fallbacks() -> Groups:
    return _NOWHERE


_FROZEN: Final = config(decoder=MappingProxyType)
_GROUPS: Final = config(decoder=_groups)


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgingSettings(DataClassJsonMixin):
    """Asking a second deployment beside a slow one."""

    enabled: bool = _POLICY.hedging.enabled
    quantile: float = _POLICY.hedging.quantile
    share: float = _POLICY.hedging.share


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingSettings(DataClassJsonMixin):
    """How calls are routed; what two sections say differently is settled.

    retries_by_class, retries_by_group, allowed_fails_by_class: by the names of litellm's error classes
                   (`TimeoutError`).
    cooldown_s:    0 = no deployment is left alone; None = it is probed until it is well.
    default_max_parallel_requests: for deployments that do not say.
    first_event_s, reasoning_first_event_s, longest_wait_s: as PatiencePolicy has them.
    """

    strategy: str = _POLICY.strategy.value
    num_retries: int = _POLICY.retry.retries
    retries_by_class: Mapping[str, int] = field(default_factory=_no_counts, metadata=_FROZEN)
    retries_by_group: Mapping[str, Mapping[str, int]] = field(default_factory=_no_groups, metadata=_FROZEN)
    retry_after_s: float = _POLICY.retry.least_wait_s
    allowed_fails: int | None = None
    allowed_fails_by_class: Mapping[str, int] = field(default_factory=_no_counts, metadata=_FROZEN)
    cooldown_s: float | None = None
    disable_cooldowns: bool = not _POLICY.cooldown.enabled
    fallbacks: Groups = field(default_factory=_no_fallbacks, metadata=_GROUPS)
    context_window_fallbacks: Groups = field(default_factory=_no_fallbacks, metadata=_GROUPS)
    content_policy_fallbacks: Groups = field(default_factory=_no_fallbacks, metadata=_GROUPS)
    max_fallbacks: int = _POLICY.fallbacks.most
    pre_call_checks: bool = _POLICY.pre_call_checks
    tag_filtering: bool = _POLICY.tag_filtering
    match_any_tag: bool = _POLICY.match_any_tag
    default_max_parallel_requests: int | None = None
    affinity: bool = _POLICY.affinity
    first_event_s: float = _POLICY.patience.first_event_s
    reasoning_first_event_s: float = _POLICY.patience.reasoning_first_event_s
    longest_wait_s: float = _POLICY.patience.longest_wait_s
    guards_whole_streams: bool = _POLICY.guards_whole_streams
    hedging: HedgingSettings = field(default_factory=HedgingSettings)
