"""The four wire formats, each with both its sides, and the models they are asked for in tests."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect, Target, UpstreamDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from domain.models.catalogue import profile_for

OPENAI_CHAT: Final = "openai_chat"
OPENAI_RESPONSES: Final = "openai_responses"
ANTHROPIC_MESSAGES: Final = "anthropic_messages"
GEMINI: Final = "gemini"


class Dialect(ClientDialect, UpstreamDialect, Protocol):
    """Both sides of a wire format."""


DIALECTS: Final[Mapping[str, Dialect]] = MappingProxyType(
    {
        OPENAI_CHAT: OpenAIChat(),
        OPENAI_RESPONSES: OpenAIResponses(),
        ANTHROPIC_MESSAGES: AnthropicMessages(),
        GEMINI: Gemini(),
    }
)
"""Every format by its name, in the order of the documents."""

_MODELS: Final = MappingProxyType(
    {
        OPENAI_CHAT: ("openai", "openai", "gpt-4.1"),
        OPENAI_RESPONSES: ("openai", "openai", "gpt-4.1"),
        ANTHROPIC_MESSAGES: ("anthropic", "anthropic", "claude-sonnet-4-5"),
        GEMINI: ("gemini", "google", "gemini-2.5-flash"),
    }
)


def target(dialect: str, model: str | None = None) -> Target:
    """An upstream that speaks `dialect`; `model` is the vendor's own id."""
    provider, family, usual = _MODELS[dialect]
    model = model or usual
    return Target(provider=provider, family=family, model=model, profile=profile_for(provider, model))
