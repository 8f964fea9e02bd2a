"""From the loaded configuration to the routing policy: the words of the file become the words of routing."""

from collections.abc import Mapping

from adapters.config.settings import Settings
from domain.routing.failure import ErrorClass
from domain.routing.policy import (
    CooldownPolicy,
    FallbackPolicy,
    HedgingPolicy,
    PatiencePolicy,
    RetryPolicy,
    RoutingPolicy,
    Strategy,
)


def routing_policy(settings: Settings) -> RoutingPolicy:
    """What the operator decided about routing."""
    routing = settings.routing
    hedging = routing.hedging
    return RoutingPolicy(
        strategy=Strategy(routing.strategy),
        retry=RetryPolicy(
            retries=routing.num_retries,
            by_class=_by_class(routing.retries_by_class),
            by_group={group: _by_class(counts) for group, counts in routing.retries_by_group.items()},
            least_wait_s=routing.retry_after_s,
        ),
        cooldown=CooldownPolicy(
            cooldown_s=routing.cooldown_s,
            allowed_fails=routing.allowed_fails,
            allowed_by_class=_by_class(routing.allowed_fails_by_class),
            enabled=not routing.disable_cooldowns,
        ),
        fallbacks=FallbackPolicy(
            general=routing.fallbacks,
            context_window=routing.context_window_fallbacks,
            content_policy=routing.content_policy_fallbacks,
            most=routing.max_fallbacks,
        ),
        patience=PatiencePolicy(
            first_event_s=routing.first_event_s,
            reasoning_first_event_s=routing.reasoning_first_event_s,
            longest_wait_s=routing.longest_wait_s,
        ),
        hedging=HedgingPolicy(enabled=hedging.enabled, quantile=hedging.quantile, share=hedging.share),
        pre_call_checks=routing.pre_call_checks,
        tag_filtering=routing.tag_filtering,
        match_any_tag=routing.match_any_tag,
        affinity=routing.affinity,
        guards_whole_streams=routing.guards_whole_streams,
    )


def _by_class(counts: Mapping[str, int]) -> dict[ErrorClass, int]:
    return {ErrorClass(name): count for name, count in counts.items()}
