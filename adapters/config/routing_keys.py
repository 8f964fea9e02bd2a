"""The keys that decide about routing: litellm's, which stand in two sections, and ours.

Source: litellm's `router_settings` and `litellm_settings` (docs.litellm.ai/docs/proxy/config_settings, 2026-11).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from adapters.config import kinds
from adapters.config.kinds import Kind, Unfit, describe, integer, number
from adapters.config.nodes import Items, Node, Scalar
from adapters.config.sections import Choices, Section, words
from domain.routing.failure import ErrorClass
from domain.routing.policy import Strategy

RETRIES: Final = "Retries"
"""Ends the keys of a `retry_policy`: `TimeoutErrorRetries`."""
DEFAULT_RETRIES: Final = f"Default{RETRIES}"
ALLOWED_FAILS: Final = "AllowedFails"
"""Ends the keys of an `allowed_fails_policy`."""


def _entries(node: Node) -> Items:
    if isinstance(node, Items):
        return node
    if isinstance(node, Scalar) and node.broken:
        raise kinds.Broken
    raise Unfit(describe(node))


def _at_least_one(node: Node) -> int:
    count = integer(node)
    if count < 1:
        raise Unfit("zero or less")
    return count


def _quantile(node: Node) -> float:
    value = number(node)
    if not 0 < value < 1:
        raise Unfit("another number")
    return float(value)


def _share(node: Node) -> float:
    value = number(node)
    if not 0 <= value <= 1:
        raise Unfit("another number")
    return float(value)


FALLBACKS: Final = Kind(expected="a list of mappings such as {model_name: [other_model_name]}", read=_entries)
NAMES: Final = Kind(expected="a list of names", read=_entries)
PARALLEL: Final = Kind(expected="a whole number above zero", read=_at_least_one)
ORDER: Final = Kind(expected="a whole number", read=integer)

SHARED: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        "num_retries": kinds.COUNT,
        "max_retries": kinds.COUNT,
        "retry_after": kinds.NUMBER,
        "retry_policy": kinds.NESTED,
        "model_group_retry_policy": kinds.NESTED,
        "allowed_fails": kinds.COUNT,
        "allowed_fails_policy": kinds.NESTED,
        "cooldown_time": kinds.NUMBER,
        "fallbacks": FALLBACKS,
        "default_fallbacks": NAMES,
        "context_window_fallbacks": FALLBACKS,
        "content_policy_fallbacks": FALLBACKS,
        "max_fallbacks": kinds.COUNT,
    }
)
"""Keys of `router_settings` that `litellm_settings` has too; there the router's count."""

ROUTER: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        **SHARED,
        "disable_cooldowns": kinds.TRUTH,
        "enable_pre_call_checks": kinds.TRUTH,
        "enable_tag_filtering": kinds.TRUTH,
        "tag_filtering_match_any": kinds.TRUTH,
        "default_max_parallel_requests": PARALLEL,
    }
)
"""The further keys of `router_settings`."""

AFFINITY_CHECKS: Final = words("prompt_caching deployment_affinity")
"""The checks that send calls where a prompt cache may be warm."""

ROUTER_CHOICES: Final[Mapping[str, Choices]] = MappingProxyType(
    {
        "routing_strategy": Choices(
            acted_on=frozenset(strategy.value for strategy in Strategy),
            unsupported=words("priority"),
            restrictive=words("provider-budget-routing"),
            several=False,
        ),
        "optional_pre_call_checks": Choices(
            acted_on=AFFINITY_CHECKS,
            unsupported=words("""responses_api_deployment_check session_affinity
            forward_client_headers_by_model_group encrypted_content_affinity"""),
            restrictive=words("router_budget_limiting enforce_model_rate_limits"),
        ),
    }
)

RETRY_POLICY: Final = Section(
    name="retry_policy",
    acted_on=MappingProxyType(
        {**{f"{error}{RETRIES}": kinds.COUNT for error in ErrorClass}, DEFAULT_RETRIES: kinds.COUNT}
    ),
)

ALLOWED_FAILS_POLICY: Final = Section(
    name="allowed_fails_policy",
    acted_on=MappingProxyType({f"{error}{ALLOWED_FAILS}": kinds.COUNT for error in ErrorClass}),
)

ROUTING: Final = Section(
    name="feathergate.routing",
    acted_on=MappingProxyType(
        {
            "ttft_timeout": kinds.SECONDS,
            "reasoning_ttft_timeout": kinds.SECONDS,
            "longest_wait": kinds.NUMBER,
            "stream_guard": kinds.one_of("first", "full"),
            "stream_bad_frame": kinds.one_of("fail", "skip"),
            "affinity": kinds.TRUTH,
            "hedging": kinds.NESTED,
        }
    ),
)

HEDGING: Final = Section(
    name="feathergate.routing.hedging",
    acted_on=MappingProxyType(
        {
            "enabled": kinds.TRUTH,
            "quantile": Kind(expected="a number between 0 and 1", read=_quantile),
            "share": Kind(expected="a number from 0 to 1", read=_share),
        }
    ),
)
