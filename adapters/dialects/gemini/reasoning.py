"""How hard to think, as thinkingConfig (ai.google.dev/gemini-api/docs/thinking, 2026-11)."""

from types import MappingProxyType
from typing import Final, assert_never

from adapters.dialects.gemini.losses import Losses
from adapters.dialects.thinking import unheard
from domain.chat.request import Effort, ReasoningSettings
from domain.json_types import JSON
from domain.models.profile import ModelProfile, Thinking, nearest_effort

_WHERE: Final = "/reasoning_effort"
_DYNAMIC: Final = -1
_LEVELS: Final = MappingProxyType(
    {
        Effort.NONE: "MINIMAL",
        Effort.MINIMAL: "MINIMAL",
        Effort.LOW: "LOW",
        Effort.MEDIUM: "MEDIUM",
        Effort.HIGH: "HIGH",
        Effort.XHIGH: "XHIGH",
        Effort.MAX: "XHIGH",
    }
)
_BUDGETS: Final = MappingProxyType(
    {Effort.NONE: 0, Effort.MINIMAL: 512, Effort.LOW: 1_024, Effort.MEDIUM: 8_192, Effort.HIGH: 24_576}
)
"""Tokens per effort; the stronger ones take all that the model has."""
_EFFORT_BELOW: Final = (
    (1, Effort.NONE),
    (1_024, Effort.MINIMAL),
    (4_096, Effort.LOW),
    (12_288, Effort.MEDIUM),
    (28_672, Effort.HIGH),
)


def render_thinking(
    settings: ReasoningSettings | None, profile: ModelProfile, *, losses: Losses
) -> dict[str, JSON] | None:
    """The thinkingConfig, None where nothing was asked for: a level or a budget, never both."""
    if settings is None:
        return None
    config = _config(settings, profile, losses=losses)
    said = {"budget_tokens"} if settings.effort is None or profile.thinking is Thinking.BUDGET else set()
    if settings.visible and config and config.get("includeThoughts"):
        said.add("visible")
    if settings.visible is False:
        said.add("visible")  # thoughts are not shown where nothing is said
    losses.add(*unheard(settings, lambda other: _config(other, profile, losses=Losses()), but=said))
    return config


def _config(settings: ReasoningSettings, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON] | None:
    match profile.thinking:
        case Thinking.NONE:
            if settings.effort is not Effort.NONE and settings.budget_tokens != 0:
                losses.parameter(_WHERE.removeprefix("/"), "this model does not reason")
            else:
                losses.hint("dropped_param", _WHERE, "this model does not reason anyway")
            return None
        case Thinking.BUDGET:
            config = _budget(settings, profile, losses=losses)
        case Thinking.LEVEL | Thinking.EFFORT | Thinking.ADAPTIVE:
            config = _level(settings, profile, losses=losses)
        case _:
            assert_never(profile.thinking)
    if settings.visible is not False and settings.effort is not Effort.NONE and config.get("thinkingBudget") != 0:
        config["includeThoughts"] = True
    if not config:
        losses.hint("dropped_param", _WHERE, "nothing is asked that is not so anyway")
    return config or None


def _level(settings: ReasoningSettings, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON]:
    wanted = settings.effort
    if wanted is None and settings.budget_tokens is not None and settings.budget_tokens != _DYNAMIC:
        budget = settings.budget_tokens
        wanted = next((effort for limit, effort in _EFFORT_BELOW if budget < limit), Effort.XHIGH)
    if wanted is None:
        return {}
    if not profile.efforts:
        losses.parameter(_WHERE.removeprefix("/"), "this model takes no thinking level")
        return {}
    chosen = profile.efforts[0] if wanted is Effort.NONE else nearest_effort(wanted, profile.efforts)
    if _LEVELS[chosen] != _LEVELS[wanted] or wanted is Effort.NONE:
        losses.change("reasoning_adjusted", _WHERE, f"{wanted} became {_LEVELS[chosen]}")
    return {"thinkingLevel": _LEVELS[chosen]}


def _budget(settings: ReasoningSettings, profile: ModelProfile, *, losses: Losses) -> dict[str, JSON]:
    wanted = settings.budget_tokens
    if wanted is not None and settings.effort is not None:
        losses.hint("reasoning_adjusted", _WHERE, "the tokens are asked for, not the effort")
    if wanted is None and settings.effort is not None:
        wanted = _BUDGETS.get(settings.effort, profile.max_thinking_tokens)
    if wanted is None:
        return {"thinkingBudget": _DYNAMIC} if settings.adaptive else {}
    if wanted < 0:
        return {"thinkingBudget": _DYNAMIC}
    if wanted == 0 and profile.thinking_optional:
        return {"thinkingBudget": 0}
    given = min(max(wanted, profile.min_thinking_tokens), profile.max_thinking_tokens)
    if given != wanted:
        losses.change("reasoning_adjusted", _WHERE, f"{wanted} thinking tokens became {given}")
    return {"thinkingBudget": given}
