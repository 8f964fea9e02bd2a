"""How hard to think: `reasoning_effort`, and litellm's `thinking` beside it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from adapters.dialects.openai_chat.members import Members
from domain.chat.loss import Loss, LossKind
from domain.chat.request import Effort, ReasoningSettings
from domain.models.profile import ModelProfile, Thinking, nearest_effort

_BUDGETS: Final = (
    (1, Effort.NONE),
    (1_024, Effort.MINIMAL),
    (4_096, Effort.LOW),
    (12_288, Effort.MEDIUM),
    (28_672, Effort.HIGH),
)
"""A budget below the number asks for the effort beside it."""


class _ThinkingType(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    ADAPTIVE = "adaptive"


class _Display(StrEnum):
    SUMMARIZED = "summarized"
    OMITTED = "omitted"


def parse(request: Members) -> ReasoningSettings | None:
    """What the client asked for; None where it asked nothing."""
    effort, thinking = request.take_word("reasoning_effort", Effort), request.take_object("thinking")
    if thinking is None:
        return None if effort is None else ReasoningSettings(effort=effort)
    kind = thinking.take_word("type", _ThinkingType) or _ThinkingType.ENABLED
    display = thinking.take_word("display", _Display)
    if kind is _ThinkingType.DISABLED and effort is None:
        effort = Effort.NONE
    return ReasoningSettings(
        effort=effort,
        budget_tokens=thinking.take_integer("budget_tokens") if kind is _ThinkingType.ENABLED else None,
        adaptive=kind is _ThinkingType.ADAPTIVE,
        visible=None if display is None else display is _Display.SUMMARIZED,
    )


def render(wanted: ReasoningSettings | None, profile: ModelProfile) -> tuple[Effort | None, tuple[Loss, ...]]:
    """The effort to ask of a model, None where there is nothing to say, and what that changes."""
    if wanted is None:
        return None, ()
    effort, unsaid = _effort(wanted), tuple(_unsaid(wanted))
    if effort is None:
        return None, unsaid
    if profile.thinking is Thinking.NONE:
        kind = LossKind.HINT if effort is Effort.NONE else LossKind.PARAMETER
        return None, (_loss("dropped_param", "the model does not reason", kind), *unsaid)
    nearest = nearest_effort(effort, profile.efforts) if profile.efforts else effort
    if nearest is effort:
        return effort, unsaid
    changed = _loss("effort_changed", f"{nearest} is the nearest to {effort}", LossKind.CHANGE)
    return nearest, (changed, *unsaid)


def _unsaid(wanted: ReasoningSettings) -> Iterator[Loss]:
    """What the one word for effort does not say."""
    budget = wanted.budget_tokens
    if budget is not None and (wanted.effort is not None or budget < 0):
        yield Loss("dropped_param", "/thinking/budget_tokens", "effort says how much to think", LossKind.HINT)
    if wanted.adaptive:
        yield Loss("dropped_param", "/thinking/type", "the model decides itself anyway", LossKind.HINT)
    if wanted.visible is not None:
        yield Loss("dropped_param", "/thinking/display", "no word for which thoughts to show", LossKind.HINT)


def effort_for_budget(tokens: int) -> Effort:
    """The effort that asks for about as many tokens of thought."""
    return next((effort for below, effort in _BUDGETS if tokens < below), Effort.XHIGH)


def _effort(wanted: ReasoningSettings) -> Effort | None:
    if wanted.effort is not None or wanted.budget_tokens is None or wanted.budget_tokens < 0:
        return wanted.effort
    return effort_for_budget(wanted.budget_tokens)


def _loss(code: str, detail: str, kind: LossKind) -> Loss:
    return Loss(code, "/reasoning_effort", detail, kind)
