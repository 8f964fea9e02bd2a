"""What an answer consumed."""

from collections.abc import Mapping
from dataclasses import field
from operator import attrgetter
from typing import Final

from domain.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Token counts; None means the upstream did not say, which is not zero.

    prompt_tokens: the whole prompt, cache reads and writes and tool-use prompts included.
    completion_tokens: everything generated, reasoning included.
    The other counts are parts of these two.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    cache_write_tokens_by_ttl: Mapping[str, int] = field(default_factory=dict)
    reasoning_tokens: int | None = None
    audio_prompt_tokens: int | None = None
    audio_completion_tokens: int | None = None
    image_prompt_tokens: int | None = None
    tool_prompt_tokens: int | None = None
    accepted_prediction_tokens: int | None = None
    rejected_prediction_tokens: int | None = None
    server_tool_calls: Mapping[str, int] = field(default_factory=dict)

    @property
    def has_details(self) -> bool:
        """Whether more is known than the two counts that every answer has."""
        return _details(self) != _NO_DETAILS

    @property
    def total_tokens(self) -> int | None:
        """Prompt and completion together, or None while either is unknown."""
        if self.prompt_tokens is None or self.completion_tokens is None:
            return None
        return self.prompt_tokens + self.completion_tokens


_details: Final = attrgetter(
    "cache_read_tokens",
    "cache_write_tokens",
    "cache_write_tokens_by_ttl",
    "reasoning_tokens",
    "audio_prompt_tokens",
    "audio_completion_tokens",
    "image_prompt_tokens",
    "tool_prompt_tokens",
    "accepted_prediction_tokens",
    "rejected_prediction_tokens",
    "server_tool_calls",
)
_NO_DETAILS: Final = _details(Usage())
