"""ModelProfile: what a model accepts and how it reasons, as far as a translation must know."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from domain.chat.request import Effort


class Thinking(StrEnum):
    """How a model is told to think."""

    NONE = "none"
    EFFORT = "effort"  # OpenAI: reasoning_effort
    BUDGET = "budget"  # a number of tokens: Anthropic up to 4.5, Gemini 2.5
    ADAPTIVE = "adaptive"  # Anthropic from 4.6: it decides, effort guides
    LEVEL = "level"  # Gemini 3: thinkingLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProfile:
    """What a model accepts. The defaults describe a plain model that takes everything and does not reason.

    context_tokens, max_output_tokens: None = not known, so no limit is applied.
    sampling:             temperature, top_p and top_k are accepted, and where the wire has them the penalties.
    efforts:              supported efforts in rising order (EFFORT, ADAPTIVE, LEVEL).
    min_thinking_tokens, max_thinking_tokens: the budget's range (BUDGET).
    thinking_optional:    thinking can be turned off.
    forced_tools:         tool_choice may force a call; with_thinking: also while it thinks.
    mid_system:           system messages may stand inside the conversation (Anthropic).
    prefill:              the last message may be the assistant's.
    json_schema:          structured output is native; with_tools: also beside function tools.
    call_ids:             tool calls carry ids on its wire (Gemini 3).
    builtin_tools_with_functions: the vendor's own tools run beside the caller's functions (Gemini 3).
    result_media:         tool results may hold images and PDFs natively (Gemini 3).
    signed_calls:         the first call of each step must return its signature (Gemini 3).
    cache_breakpoints:    marks in the prompt say where a reusable prefix ends (OpenAI from GPT-5.6).
    """

    context_tokens: int | None = None
    max_output_tokens: int | None = None
    sampling: bool = True
    thinking: Thinking = Thinking.NONE
    efforts: tuple[Effort, ...] = ()
    min_thinking_tokens: int = 0
    max_thinking_tokens: int = 32_768
    thinking_optional: bool = True
    forced_tools: bool = True
    forced_tools_with_thinking: bool = True
    mid_system: bool = False
    prefill: bool = True
    json_schema: bool = True
    json_schema_with_tools: bool = True
    call_ids: bool = True
    builtin_tools_with_functions: bool = True
    result_media: bool = True
    signed_calls: bool = False
    cache_breakpoints: bool = False

    @property
    def always_thinks(self) -> bool:
        """Whether it thinks before it answers, asked to or not."""
        return self.thinking is not Thinking.NONE and not self.thinking_optional


PLAIN_MODEL = ModelProfile()


def nearest_effort(wanted: Effort, supported: tuple[Effort, ...]) -> Effort:
    """The supported effort closest to `wanted`, the weaker one where two are equally near.

    Who asks for a little thought does not get none, where there is a choice. `supported` is not empty.
    """
    order = list(Effort)
    thinking = tuple(effort for effort in supported if effort is not Effort.NONE)
    choices = supported if wanted is Effort.NONE else thinking or supported
    return min(choices, key=lambda effort: (abs(order.index(effort) - order.index(wanted)), order.index(effort)))


_NEVER_REASONING: Final = frozenset({"frequency_penalty", "presence_penalty", "logit_bias"})
_NOT_WHILE_REASONING: Final = frozenset({"temperature", "top_p", "logprobs", "top_logprobs"})
_NOTHING: Final[frozenset[str]] = frozenset()
_EFFORTS_BY_BUDGET: Final = (
    (1, Effort.NONE),
    (1_024, Effort.MINIMAL),
    (4_096, Effort.LOW),
    (12_288, Effort.MEDIUM),
    (28_672, Effort.HIGH),
)
"""A budget below the number asks for the effort beside it."""


def refuses_sampling(profile: ModelProfile) -> bool:
    """Whether it is a model that reasons by effort and takes no sampling parameters while it does (OpenAI's)."""
    return profile.thinking is Thinking.EFFORT and not profile.sampling


def refused_parameters(profile: ModelProfile, *, reasons: bool) -> frozenset[str]:
    """The parameters that such a model answers with an error; `reasons`: its effort is not `none`.

    Source: platform.openai.com/docs/guides/reasoning (2026-11).
    """
    if not refuses_sampling(profile):
        return _NOTHING
    return _NEVER_REASONING | _NOT_WHILE_REASONING if reasons else _NEVER_REASONING


def effort_for_budget(tokens: int) -> Effort:
    """The effort that asks for about as many tokens of thought."""
    return next((effort for below, effort in _EFFORTS_BY_BUDGET if tokens < below), Effort.XHIGH)
