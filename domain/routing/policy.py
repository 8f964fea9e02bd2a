"""What the operator decides about routing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from domain.routing.failure import ErrorClass

ANY_GROUP: Final = "*"
"""The key of the fallbacks of every group that has none of its own."""


class Strategy(StrEnum):
    """How one of several deployments is chosen; litellm's names."""

    SIMPLE_SHUFFLE = "simple-shuffle"
    LEAST_BUSY = "least-busy"
    LATENCY = "latency-based-routing"
    COST = "cost-based-routing"
    USAGE = "usage-based-routing"
    USAGE_V2 = "usage-based-routing-v2"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often a group is tried again after a first failure.

    retries:   where no other number counts.
    by_class:  instead, for errors of a class. by_group: the same for one group, by its name, counting first.
    backoff_s: the wait before the same deployment is asked again, doubling each time; least_wait_s: the shortest.
    """

    retries: int = 2
    by_class: Mapping[ErrorClass, int] = field(default_factory=dict)
    by_group: Mapping[str, Mapping[ErrorClass, int]] = field(default_factory=dict)
    backoff_s: float = 0.5
    least_wait_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CooldownPolicy:
    """When a deployment that fails is left alone, and for how long.

    cooldown_s:    None = it is probed, at first every 2 s, later every 10; 0 = it is never left alone.
    allowed_fails: how many failures within a minute it may have; None = more in a row than chance
                   brings, or more than half while others are well, are too many (`cooling.py`).
    allowed_by_class: the same for errors of a class.
    enabled:       False = deployments are never left alone.
    """

    cooldown_s: float | None = None
    allowed_fails: int | None = None
    allowed_by_class: Mapping[ErrorClass, int] = field(default_factory=dict)
    enabled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackPolicy:
    """Which groups answer where another one cannot: group → groups, in their order; ANY_GROUP = all others.

    most: how many further groups one call may try.
    """

    general: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    context_window: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    content_policy: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    most: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PatiencePolicy:
    """How long a call waits, in seconds.

    first_event_s: for the first sign of life of a stream, where somebody else could answer.
    reasoning_first_event_s: the same for a model that reasons first.
    longest_wait_s: for a rate limit to pass, or for a free slot; less where another group may still answer, and
                    never longer than the caller's own limit.
    """

    first_event_s: float = 12.0
    reasoning_first_event_s: float = 90.0
    longest_wait_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HedgingPolicy:
    """When a second deployment is asked beside a slow first one.

    quantile: of the group's first-token times, after which it is. share: of the traffic that may be asked twice.
    """

    enabled: bool = False
    quantile: float = 0.95
    share: float = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingPolicy:
    """Everything the operator decides about routing.

    pre_call_checks: leave out deployments whose context is too small for the prompt, or whose rpm or tpm is
                     used up.
    tag_filtering:   leave out deployments that lack the request's tags; match_any_tag: one of them is enough.
    affinity:        send requests that begin alike to the deployment whose prompt cache is warm.
    guards_whole_streams: hold every streamed answer back until it is complete (`stream_guard: full`).
    """

    strategy: Strategy = Strategy.SIMPLE_SHUFFLE
    retry: RetryPolicy = RetryPolicy()
    cooldown: CooldownPolicy = CooldownPolicy()
    fallbacks: FallbackPolicy = FallbackPolicy()
    patience: PatiencePolicy = PatiencePolicy()
    hedging: HedgingPolicy = HedgingPolicy()
    pre_call_checks: bool = False
    tag_filtering: bool = False
    match_any_tag: bool = True
    affinity: bool = False
    guards_whole_streams: bool = False
