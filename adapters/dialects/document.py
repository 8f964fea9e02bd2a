"""A request as the client wrote it."""

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b
from typing import Final

from adapters.dialects.contract import ClientDialect, Reply
from adapters.dialects.envelope import Envelope
from adapters.dialects.reasoning_wish import GENERATION_MEMBERS, REASONING_MEMBERS, asks_to_reason
from domain.chat.request import ChatRequest
from domain.json_types import JSON

_OPENINGS: Final = ("system", "instructions", "systemInstruction", "tools", "messages", "input", "contents")
_OPENING_BYTES: Final = 4_096
"""How much of each member that begins a prompt makes its opening: 4 KiB, about the 1,024 tokens that prompt
caches ask for at least."""


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

    def asks_to_reason(self) -> bool:
        """Whether the request asks the model to think first; only the members that say so are read."""
        envelope = self.envelope
        wishes = [name for name in REASONING_MEMBERS if name in envelope]
        wishes += [name for name in GENERATION_MEMBERS if b"hinking" in envelope.raw(name)]
        return bool(wishes) and asks_to_reason({name: envelope.value(name) for name in wishes})

    def opening(self) -> str:
        """A digest of how the prompt begins, with the caller's own key of its prompt cache."""
        digest = blake2b(digest_size=16)
        for name in ("prompt_cache_key", *_OPENINGS):
            digest.update(self.envelope.raw(name)[:_OPENING_BYTES])
        return digest.hexdigest()

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "Document":
        """The request to another model, whose name its answer bears, with other members."""
        envelope = self.envelope.with_members({**changes, "model": model})
        return Document(envelope, self.client, replace(self.reply, model=model))

    def place(self, where: str) -> str:
        """The pointer `where`, in the canonical request's names, in the client's."""
        return self.client.place(where, self.envelope.document())

    def with_envelope(self, envelope: Envelope) -> "Document":
        """The same request with other members."""
        return self if envelope is self.envelope else Document(envelope, self.client, self.reply)
