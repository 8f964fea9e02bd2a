"""What a caller asks of routing, beside the model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from domain.errors import ErrorKind
from domain.json_types import JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class FallbackTarget:
    """A model to fall back to, and the members of the request that are other for it."""

    model: str
    changes: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingWishes:
    """A caller's own routing; None = the operator's.

    fallbacks, context_window_fallbacks, content_policy_fallbacks: instead of the configured ones of the model.
    retries:          instead of the configured number.
    tags:             of the deployments that are wanted.
    disable_fallbacks: the model asked for answers, or nobody.
    mock_failure:     let the model asked for fail so, to see the fallbacks work (`mock_testing_…`).
    """

    fallbacks: tuple[FallbackTarget, ...] | None = None
    context_window_fallbacks: tuple[FallbackTarget, ...] | None = None
    content_policy_fallbacks: tuple[FallbackTarget, ...] | None = None
    retries: int | None = None
    tags: tuple[str, ...] = ()
    disable_fallbacks: bool = False
    mock_failure: ErrorKind | None = None


NO_WISHES: Final = RoutingWishes()
