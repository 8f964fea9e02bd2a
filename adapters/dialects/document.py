"""A request as the client wrote it."""

from adapters.dialects.contract import ClientDialect, Reply
from adapters.dialects.envelope import Envelope
from domain.chat.request import ChatRequest


class Document:
    """An envelope in its client's dialect, what it means once somebody asks, and what its answer must know.

    The gateway's own members are gone from the envelope. `model` and `stream`, where path or method tell them
    (Gemini), are members of it all the same for those who parse it; relays leave them out.
    """

    __slots__ = ("_canonical", "client", "envelope", "reply")

    def __init__(self, envelope: Envelope, client: ClientDialect, reply: Reply) -> None:
        self.envelope = envelope
        self.client = client
        self.reply = reply
        self._canonical: ChatRequest | None = None

    @property
    def dialect(self) -> str:
        return self.client.name

    def canonical(self) -> ChatRequest:
        """The request, parsed when first asked for. Raises MalformedRequest with the path of a mistake."""
        if self._canonical is None:
            self._canonical = self.client.parse_request(self.envelope.document())
        return self._canonical

    def place(self, where: str) -> str:
        """The pointer `where`, in the canonical request's names, in the client's."""
        return self.client.place(where, self.envelope.document())

    def with_envelope(self, envelope: Envelope) -> "Document":
        """The same request with other members."""
        return self if envelope is self.envelope else Document(envelope, self.client, self.reply)
