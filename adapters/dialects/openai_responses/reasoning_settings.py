"""How hard to think, and what of it is shown: canonical → `reasoning` (reasoning guide, 2026-11)."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.openai_responses.vocabulary import FAMILY
from adapters.dialects.thinking import unheard
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Effort, ReasoningSettings
from domain.json_types import JSON
from domain.models.profile import ModelProfile, Thinking, effort_for_budget, nearest_effort

_EFFORT: Final = "/reasoning_effort"
_SUMMARY: Final = "auto"
_DYNAMIC: Final = -1


def render_own(wanted: ReasoningSettings) -> dict[str, JSON]:
    """`reasoning` of a client of this format, as it was."""
    own: Mapping[str, JSON] = wanted.ext.get(FAMILY, {})
    members: dict[str, JSON] = {} if wanted.effort is None else {"effort": wanted.effort.value}
    if wanted.visible:
        members["summary"] = _SUMMARY
    return {**members, **own}


def render(
    wanted: ReasoningSettings | None, profile: ModelProfile
) -> tuple[dict[str, JSON], Effort | None, tuple[Loss, ...]]:
    """`reasoning` for a model, empty where there is nothing to say, the effort in it, and what that changes."""
    if wanted is None:
        return {}, None, ()
    members, effort = _members(wanted, profile)
    losses = list(unheard(wanted, lambda other: _members(other, profile), but=_said(wanted, members)))
    asked = _asked(wanted)
    if profile.thinking is Thinking.NONE and asked is not None:
        kind = LossKind.HINT if asked is Effort.NONE else LossKind.PARAMETER
        losses.insert(0, Loss("dropped_param", _EFFORT, "the model does not reason", kind))
    elif effort is not asked:
        losses.insert(0, Loss("effort_changed", _EFFORT, f"{effort} is the nearest to {asked}"))
    return members, effort, tuple(losses)


def _members(wanted: ReasoningSettings, profile: ModelProfile) -> tuple[dict[str, JSON], Effort | None]:
    effort = _asked(wanted)
    if profile.thinking is Thinking.NONE:
        return {}, None
    if effort is not None and profile.efforts:
        effort = nearest_effort(effort, profile.efforts)
    members: dict[str, JSON] = {} if effort is None else {"effort": effort.value}
    if _is_shown(wanted) and effort is not Effort.NONE:
        members["summary"] = _SUMMARY
    return members, effort


def _said(wanted: ReasoningSettings, members: dict[str, JSON]) -> frozenset[str]:
    """The settings that the model is told, or that a loss of their own is noted of; not to show is no word."""
    said = set() if wanted.visible and "summary" not in members else {"visible"}
    if wanted.effort is None and wanted.budget_tokens != _DYNAMIC:
        said.add("budget_tokens")
    return frozenset(said)


def _is_shown(wanted: ReasoningSettings) -> bool:
    """Whether the client shows thoughts: it says so, or asks for thinking as such and not for an effort alone."""
    if wanted.visible is not None:
        return wanted.visible
    return wanted.adaptive or wanted.budget_tokens not in (None, 0)


def _asked(wanted: ReasoningSettings) -> Effort | None:
    budget = wanted.budget_tokens
    return (
        wanted.effort if wanted.effort is not None or budget is None or budget < 0 else effort_for_budget(budget)
    )
