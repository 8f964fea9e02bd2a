"""Which groups answer where the one that was asked cannot."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from domain.routing.failure import FallbackKind
from domain.routing.policy import ANY_GROUP, FallbackPolicy
from domain.routing.wishes import FallbackTarget, RoutingWishes

_NONE: Final[tuple[FallbackTarget, ...]] = ()
_ORDER: Final = MappingProxyType(
    {
        FallbackKind.NONE: (),
        FallbackKind.GENERAL: (FallbackKind.GENERAL,),
        # A group without fallbacks for long prompts has the general ones; refused content has its own, or none.
        FallbackKind.CONTEXT_WINDOW: (FallbackKind.CONTEXT_WINDOW, FallbackKind.GENERAL),
        FallbackKind.CONTENT_POLICY: (FallbackKind.CONTENT_POLICY,),
    }
)


def fallbacks_for(
    names: tuple[str, ...], kind: FallbackKind, policy: FallbackPolicy, wishes: RoutingWishes | None
) -> tuple[FallbackTarget, ...]:
    """The targets after a failure of `kind`, in their order.

    `names` are those of the group that failed, as it was asked for and as it is configured. `wishes` are the
    caller's, which count for the model that it asked for; None for groups further on.
    """
    if wishes is not None and wishes.disable_fallbacks:
        return _NONE
    for one in _ORDER[kind]:
        wished = None if wishes is None else _wished(wishes, one)
        if wished is not None:
            return wished
        found = _configured(names, _of_kind(policy, one))
        if found:
            return tuple(FallbackTarget(model=name) for name in found)
    return _NONE


def _wished(wishes: RoutingWishes, kind: FallbackKind) -> tuple[FallbackTarget, ...] | None:
    match kind:
        case FallbackKind.CONTEXT_WINDOW:
            return wishes.context_window_fallbacks
        case FallbackKind.CONTENT_POLICY:
            return wishes.content_policy_fallbacks
        case _:
            return wishes.fallbacks


def _of_kind(policy: FallbackPolicy, kind: FallbackKind) -> Mapping[str, tuple[str, ...]]:
    match kind:
        case FallbackKind.CONTEXT_WINDOW:
            return policy.context_window
        case FallbackKind.CONTENT_POLICY:
            return policy.content_policy
        case _:
            return policy.general


def _configured(names: tuple[str, ...], targets: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    for name in (*names, ANY_GROUP):
        if name in targets:
            return targets[name]
    return ()
