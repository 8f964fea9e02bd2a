"""What OpenAI's reasoning models refuse (platform.openai.com/docs/guides/reasoning, 2026-11)."""

from typing import Final

from domain.models.profile import ModelProfile, Thinking

_NEVER: Final = frozenset({"frequency_penalty", "presence_penalty", "logit_bias"})
_WHILE_REASONING: Final = frozenset({"temperature", "top_p", "logprobs", "top_logprobs"})
_NOTHING: Final[frozenset[str]] = frozenset()


def refuses_sampling(profile: ModelProfile) -> bool:
    """Whether it is a model that reasons and takes no sampling parameters while it does."""
    return profile.thinking is Thinking.EFFORT and not profile.sampling


def refused_parameters(profile: ModelProfile, *, reasons: bool) -> frozenset[str]:
    """The parameters that the model answers with an error; `reasons`: its effort is not `none`."""
    if not refuses_sampling(profile):
        return _NOTHING
    return _NEVER | _WHILE_REASONING if reasons else _NEVER
