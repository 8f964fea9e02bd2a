"""Words that the modules of this dialect share."""

from typing import Final, Protocol

from adapters.dialects.contract import ClientDialect, UpstreamDialect

NAME: Final = "openai_completions"
"""The dialect's name, and the family of the members that only it knows."""

ECHOED: Final = "prompt"
"""The member of `Reply.echo` that holds what an answer has to repeat before its own words."""


class Chat(ClientDialect, UpstreamDialect, Protocol):
    """Chat Completions, whose errors, counts, sampling parameters and framing this format shares."""
