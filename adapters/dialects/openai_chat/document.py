"""A request as the client wrote it in Chat Completions."""

from typing import Final

from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.request import parse_request
from domain.chat.request import ChatRequest

NAME: Final = "openai_chat"


class OpenAIChatDocument:
    """An envelope, and what it means once somebody asks. The gateway's own members are gone from it."""

    __slots__ = ("_canonical", "envelope")

    def __init__(self, envelope: Envelope) -> None:
        self.envelope = envelope
        self._canonical: ChatRequest | None = None

    @property
    def dialect(self) -> str:
        return NAME

    def canonical(self) -> ChatRequest:
        """The request, parsed when first asked for. Raises MalformedRequest with the path of a mistake."""
        if self._canonical is None:
            self._canonical = parse_request(self.envelope.document())
        return self._canonical
