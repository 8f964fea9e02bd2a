"""How hard to think, and what of it is shown: canonical → `reasoning` (reasoning guide, 2026-11)."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.openai_responses.vocabulary import FAMILY
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Effort, ReasoningSettings
from domain.json_types import JSON
from domain.models.profile import ModelProfile, Thinking, effort_for_budget, nearest_effort

_WHERE: Final = "/reasoning_effort"
_SUMMARY: Final = "auto"


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
    asked = _effort(wanted)
    if profile.thinking is Thinking.NONE:
        idle = asked in (None, Effort.NONE) and not wanted.visible
        lost = Loss("dropped_param", _WHERE, "the model does not reason", LossKind.PARAMETER)
        return {}, None, () if idle else (lost,)
    effort = asked
    losses: tuple[Loss, ...] = ()
    if asked is not None and profile.efforts:
        effort = nearest_effort(asked, profile.efforts)
        if effort is not asked:
            losses = (Loss("effort_changed", _WHERE, f"{effort} is the nearest to {asked}"),)
    members: dict[str, JSON] = {} if effort is None else {"effort": effort.value}
    if wanted.visible and effort is not Effort.NONE:
        members["summary"] = _SUMMARY
    return members, effort, losses


def _effort(wanted: ReasoningSettings) -> Effort | None:
    budget = wanted.budget_tokens
    return (
        wanted.effort if wanted.effort is not None or budget is None or budget < 0 else effort_for_budget(budget)
    )
