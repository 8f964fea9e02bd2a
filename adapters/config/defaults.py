"""What holds for keys that are not given, to be shown beside those that are."""

from collections.abc import Mapping
from typing import Final, TypeAlias

from adapters.config.routing_keys import HEDGING, ROUTING
from adapters.config.settings import MEBIBYTE, Settings
from adapters.config.settings_keys import (
    FEATHERGATE,
    GENERAL_SETTINGS,
    LIMITS,
    LITELLM_SETTINGS,
    ROUTER_SETTINGS,
)
from domain.json_types import JSON

Defaults: TypeAlias = Mapping[str, tuple[JSON, tuple[str, ...]]]
"""By key: what holds if it is not given, and the other keys that may have decided it, the strongest first."""

_LITELLM: Final = LITELLM_SETTINGS.name
_ROUTER: Final = ROUTER_SETTINGS.name


def defaults(settings: Settings) -> Mapping[str, Defaults]:
    """By section and key."""
    return {
        _LITELLM: {
            "drop_params": (settings.drop_params, ()),
            "request_timeout": (settings.request_timeout_s, ("router_settings.timeout",)),
            "ssl_verify": (settings.ssl_verify, ()),
            "require_auth_for_metrics_endpoint": (settings.metrics_need_key, ()),
        },
        _ROUTER: _router(settings),
        GENERAL_SETTINGS.name: {
            "master_key": (None, ()),
            "litellm_key_header_name": (settings.key_header_name, ()),
            "max_request_size_mb": (_megabytes(settings.max_request_bytes), ()),
        },
        FEATHERGATE.name: {
            "strict": (settings.strict, ()),
            "cors_origins": (list(settings.cors_origins), ()),
            "log_format": (settings.log_format, (f"{_LITELLM}.json_logs",)),
            "log_level": (settings.log_level, (f"{_LITELLM}.set_verbose",)),
            "data_dir": (settings.data_dir, ()),
        },
        LIMITS.name: _limits(settings),
        ROUTING.name: _own_routing(settings),
        HEDGING.name: _hedging(settings),
    }


def _router(settings: Settings) -> Defaults:
    routing = settings.routing
    return {
        "routing_strategy": (routing.strategy, ()),
        "num_retries": (routing.num_retries, (f"{_ROUTER}.max_retries", f"{_LITELLM}.num_retries")),
        "retry_after": (routing.retry_after_s, (f"{_LITELLM}.retry_after",)),
        "allowed_fails": (routing.allowed_fails, (f"{_LITELLM}.allowed_fails",)),
        "cooldown_time": (routing.cooldown_s, (f"{_LITELLM}.cooldown_time",)),
        "disable_cooldowns": (routing.disable_cooldowns, ()),
        "max_fallbacks": (routing.max_fallbacks, (f"{_LITELLM}.max_fallbacks",)),
        "enable_pre_call_checks": (routing.pre_call_checks, ()),
        "enable_tag_filtering": (routing.tag_filtering, ()),
        "tag_filtering_match_any": (routing.match_any_tag, ()),
        "default_max_parallel_requests": (routing.default_max_parallel_requests, ()),
        "stream_timeout": (settings.stream_timeout_s, ()),
    }


def _limits(settings: Settings) -> Defaults:
    limits = settings.limits
    return {
        "connect_timeout_s": (limits.connect_timeout_s, ()),
        "first_byte_timeout_s": (limits.first_byte_timeout_s, ()),
        "idle_timeout_s": (limits.idle_timeout_s, ()),
        "total_timeout_s": (limits.total_timeout_s, ()),
        "max_response_mb": (_megabytes(limits.max_response_bytes), ("general_settings.max_response_size_mb",)),
        "max_upload_mb": (_megabytes(limits.max_upload_bytes), ()),
        "batch_concurrency": (limits.batch_concurrency, ()),
    }


def _own_routing(settings: Settings) -> Defaults:
    routing = settings.routing
    return {
        "ttft_timeout": (routing.first_event_s, ()),
        "reasoning_ttft_timeout": (routing.reasoning_first_event_s, ()),
        "longest_wait": (routing.longest_wait_s, ()),
        "stream_guard": ("full" if routing.guards_whole_streams else "first", ()),
        "stream_bad_frame": ("skip" if settings.skip_bad_frames else "fail", ()),
        # Checks of other kinds decide nothing about it.
        "affinity": (routing.affinity, (f"{_ROUTER}.optional_pre_call_checks",) if routing.affinity else ()),
    }


def _hedging(settings: Settings) -> Defaults:
    hedging = settings.routing.hedging
    return {
        "enabled": (hedging.enabled, ()),
        "quantile": (hedging.quantile, ()),
        "share": (hedging.share, ()),
    }


def _megabytes(size: int) -> int | float:
    return size // MEBIBYTE if size % MEBIBYTE == 0 else round(size / MEBIBYTE, 3)
