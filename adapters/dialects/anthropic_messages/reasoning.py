"""How the model is told to think, and what that does to `max_tokens`.

Sources: https://platform.claude.com/docs/en/build-with-claude/extended-thinking, …/adaptive-thinking, …/effort
(2026-11). The budgets of the efforts are this gateway's choice.
"""

from dataclasses import replace
from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects.anthropic_messages.vocabulary import Block
from adapters.dialects.thinking import unheard
from domain.chat.loss import Loss, LossKind
from domain.chat.request import ChatRequest, Effort, ReasoningSettings
from domain.json_types import JSON
from domain.models.profile import ModelProfile, Thinking, nearest_effort
from domain.values import dataclass

_BUFFERED_TOKENS: Final = 16_384
_STREAMED_TOKENS: Final = 64_000
_UNKNOWN_MODEL_TOKENS: Final = 4_096
_LEAST_BUDGET: Final = 1_024

_BUDGETS: Final = MappingProxyType(
    {
        Effort.MINIMAL: 1_024,
        Effort.LOW: 2_048,
        Effort.MEDIUM: 8_192,
        Effort.HIGH: 16_384,
        Effort.XHIGH: 24_576,
        Effort.MAX: 32_768,
    }
)
_EFFORT_BELOW: Final = (
    (1_024, Effort.MINIMAL),
    (4_096, Effort.LOW),
    (12_288, Effort.MEDIUM),
    (28_672, Effort.HIGH),
)
_DISPLAY: Final = MappingProxyType({True: "summarized", False: "omitted"})
_MAX_TOKENS_AT: Final = "/max_completion_tokens"
_REASONING_AT: Final = "/reasoning_effort"
THOUGHTS_MISSING: Final = Loss(
    "thinking_disabled", _REASONING_AT, "the history lacks the thoughts of the tool calls it continues"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ThinkingPlan:
    """`thinking` and `effort` as they go out (None = the member is left out), and the `max_tokens` they fit."""

    max_tokens: int
    thinking: Block | None = None
    effort: str | None = None
    losses: tuple[Loss, ...] = ()

    @property
    def manual(self) -> bool:
        """Whether thinking has a fixed budget, which forbids more than adaptive thinking does."""
        return self.thinking is not None and self.thinking["type"] == "enabled"

    @property
    def on(self) -> bool:
        """Whether the model is asked to think."""
        return self.thinking is not None and self.thinking["type"] != "disabled"


def plan_thinking(request: ChatRequest, profile: ModelProfile, *, history_has_thoughts: bool) -> ThinkingPlan:
    """What to send for `request.reasoning` and `request.max_output_tokens`.

    history_has_thoughts: the tool calls that the answer continues still have the thoughts they came with; thinking
    with a budget is refused by the API where they are missing, so it is left out for this turn.
    """
    settings = request.reasoning
    if settings is None:
        return _plain(request, profile)
    plan = _plan(request, profile, settings, history_has_thoughts=history_has_thoughts)

    def told(other: ReasoningSettings) -> JSON:
        planned = _plan(request, profile, other, history_has_thoughts=history_has_thoughts)
        return planned.thinking, planned.effort, planned.max_tokens

    losses = unheard(settings, told, but=_said(settings, plan))
    return replace(plan, losses=(*plan.losses, *losses))


def _said(settings: ReasoningSettings, plan: ThinkingPlan) -> frozenset[str]:
    """The settings that the model is told in so many words, or that a loss of their own is noted of."""
    thinking = plan.thinking or {}
    said = {"budget_tokens"} if settings.effort is None and (settings.budget_tokens or 0) > 0 else set()
    if thinking.get("type") == "adaptive":
        said.add("adaptive")
    if settings.visible is not None and thinking.get("display") == _DISPLAY[settings.visible]:
        said.add("visible")
    return frozenset(said)


def _plan(
    request: ChatRequest, profile: ModelProfile, settings: ReasoningSettings, *, history_has_thoughts: bool
) -> ThinkingPlan:
    if _says_nothing(settings):
        return _plain(request, profile)
    match profile.thinking:
        case Thinking.NONE | Thinking.LEVEL:
            if _is_off(settings):
                return _off(request, profile)
            return _plain(request, profile, _dropped("the model does not think"))
        case Thinking.EFFORT:
            effort, losses = _effort(settings, profile)
            return _plain(request, profile, *losses, effort=effort)
        case Thinking.BUDGET:
            if _is_off(settings):
                return _off(request, profile)
            if not history_has_thoughts:
                return _plain(request, profile, THOUGHTS_MISSING)
            return _with_budget(request, profile, settings)
        case Thinking.ADAPTIVE:
            return _adaptive(request, profile, settings)
    assert_never(profile.thinking)


def _plain(
    request: ChatRequest,
    profile: ModelProfile,
    *losses: Loss,
    thinking: Block | None = None,
    effort: str | None = None,
) -> ThinkingPlan:
    max_tokens, limits = _max_tokens(request, profile, budget=0)
    return ThinkingPlan(max_tokens=max_tokens, thinking=thinking, effort=effort, losses=(*losses, *limits))


def _adaptive(request: ChatRequest, profile: ModelProfile, settings: ReasoningSettings) -> ThinkingPlan:
    if not _is_off(settings):
        effort, losses = _effort(settings, profile)
        display = "omitted" if settings.visible is False else "summarized"
        return _plain(request, profile, *losses, thinking={"type": "adaptive", "display": display}, effort=effort)
    if profile.thinking_optional:
        return _off(request, profile)
    loss = Loss("thinking_not_optional", _REASONING_AT, "the model always thinks; it is asked for the least")
    efforts = _wire_efforts(profile)
    return _plain(request, profile, loss, effort=str(efforts[0]) if efforts else None)


def _off(request: ChatRequest, profile: ModelProfile) -> ThinkingPlan:
    """Thinking turned off in so many words, which models that never think take too (seen 2026-11)."""
    return _plain(request, profile, thinking={"type": "disabled"})


def _with_budget(request: ChatRequest, profile: ModelProfile, settings: ReasoningSettings) -> ThinkingPlan:
    wanted = settings.budget_tokens
    if wanted is None or wanted < 0:
        wanted = _BUDGETS[settings.effort or Effort.HIGH]
    least = max(_LEAST_BUDGET, profile.min_thinking_tokens)
    budget = max(least, min(wanted, profile.max_thinking_tokens))
    max_tokens, losses = _max_tokens(request, profile, budget=budget)
    budget = min(budget, max_tokens - 1)
    if budget < least:
        why = f"max_tokens {max_tokens} leaves no room for the least budget of {least}"
        loss = Loss("thinking_disabled", _REASONING_AT, why)
        return ThinkingPlan(max_tokens=max_tokens, losses=(*losses, loss))
    if budget != wanted:
        losses = (
            *losses,
            Loss("clamped_param", _REASONING_AT, f"a budget of {budget} tokens instead of {wanted}"),
        )
    if settings.effort is not None and (settings.budget_tokens or 0) > 0:
        losses = (
            *losses,
            Loss("dropped_param", _REASONING_AT, "the budget says how much to think", LossKind.HINT),
        )
    thinking: Block = {"type": "enabled", "budget_tokens": budget}
    if settings.visible is not None:
        thinking["display"] = _DISPLAY[settings.visible]
    return ThinkingPlan(max_tokens=max_tokens, thinking=thinking, losses=losses)


def _max_tokens(request: ChatRequest, profile: ModelProfile, *, budget: int) -> tuple[int, tuple[Loss, ...]]:
    """The limit to send: the caller's, or room for an answer beside the budget; never above the model's own."""
    limit = profile.max_output_tokens
    asked = request.max_output_tokens
    if asked is None:
        room = _STREAMED_TOKENS if request.stream else _BUFFERED_TOKENS
        if limit is None:
            return min(room, _UNKNOWN_MODEL_TOKENS) + budget, ()
        return min(room + budget, limit), ()
    allowed = max(1, asked if limit is None else min(asked, limit))
    if allowed == asked:
        return asked, ()
    return allowed, (Loss("clamped_param", _MAX_TOKENS_AT, f"{allowed} instead of {asked}"),)


def _effort(settings: ReasoningSettings, profile: ModelProfile) -> tuple[str | None, tuple[Loss, ...]]:
    """The effort to send, None for the model's own, and what choosing it lost."""
    wanted = settings.effort
    losses: tuple[Loss, ...] = ()
    budget = settings.budget_tokens or 0
    if budget > 0 and wanted is None:
        wanted = _effort_of(budget)
        losses = (Loss("budget_as_effort", _REASONING_AT, f"effort {wanted} instead of a number of tokens"),)
    if wanted is None:
        return None, ()
    efforts = _wire_efforts(profile)
    if not efforts:
        return None, (*losses, _dropped("the model has no effort levels"))
    nearest = nearest_effort(wanted, efforts)
    if nearest is not wanted and wanted is not Effort.MINIMAL:
        losses = (*losses, Loss("effort_changed", _REASONING_AT, f"{nearest} instead of {wanted}"))
    return str(nearest), losses


def _wire_efforts(profile: ModelProfile) -> tuple[Effort, ...]:
    """The model's efforts that have a word on this wire, which begins at `low`."""
    return tuple(effort for effort in profile.efforts if effort not in {Effort.NONE, Effort.MINIMAL})


def _effort_of(budget: int) -> Effort:
    return next((effort for below, effort in _EFFORT_BELOW if budget < below), Effort.XHIGH)


def _says_nothing(settings: ReasoningSettings) -> bool:
    return settings.effort is None and settings.budget_tokens is None and not settings.adaptive


def _is_off(settings: ReasoningSettings) -> bool:
    if settings.effort is not None:
        return settings.effort is Effort.NONE
    return settings.budget_tokens == 0


def _dropped(why: str) -> Loss:
    return Loss("dropped_param", _REASONING_AT, why, LossKind.PARAMETER)
