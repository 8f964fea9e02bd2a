"""Where servers that speak Chat Completions differ, as data."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatQuirks:
    """What one upstream takes. The defaults describe OpenAI itself.

    max_tokens_field:  what it calls the limit on generated tokens.
    stream_usage:      `stream_options.include_usage` is known.
    developer_role:    the role `developer` is known; where not, `system` is sent.
    strict_tools:      `strict` on functions is known.
    custom_tools:      tools with free text input are known; where not, they travel as functions.
    returns_reasoning: reasoning in the history is wanted back (DeepSeek, OpenRouter, vLLM).
    cache_hints:       the member that marks the end of a reusable prefix, or None where none is known.
    top_k:             `top_k` is known.
    unsupported:       further top-level members that it refuses.
    """

    max_tokens_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    stream_usage: bool = True
    developer_role: bool = True
    strict_tools: bool = True
    custom_tools: bool = True
    returns_reasoning: bool = False
    cache_hints: Literal["prompt_cache_breakpoint", "cache_control"] | None = None
    top_k: bool = False
    unsupported: frozenset[str] = frozenset()


OPENAI = ChatQuirks()
