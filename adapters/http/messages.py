"""POST /v1/messages."""

from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.call_reading import CallFacts, named_model, new_call
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.ports.clock import Clock
from domain.errors import MalformedRequest

FORWARDED: Final = ("anthropic-version", "anthropic-beta")
"""Request headers that Anthropic's own upstreams are to see: they choose the format's version and additions."""
VENDORS_OWN: Final = frozenset({"fallbacks"})
"""Members that Anthropic and litellm's proxy both know, and mean differently."""

_BETA: Final = "beta=true"
"""What the beta namespace of Anthropic's earlier clients adds to the path."""


class MessagesReader:
    """Reads Anthropic Messages requests; a CallReader. `clock` dates the answers.

    A missing `max_tokens` is accepted: each upstream's own limit is filled in for it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        envelope, gateway = split_gateway_members(Envelope.decode(body), vendors_own=VENDORS_OWN)
        model = named_model(envelope, inbound)
        if not envelope.has_items("messages"):
            raise MalformedRequest("messages: expected a list of at least one message", param="messages")
        facts = CallFacts(
            stream=envelope.flag("stream"),
            gateway=gateway,
            forwarded=FORWARDED,
            query=forwarded_query(inbound.exchange.query),
        )
        reply = Reply(model=model, created_unix_s=int(self._clock.unix_s()))
        return new_call(inbound, Document(envelope, inbound.dialect, reply), facts), reply


def forwarded_query(query: bytes) -> str:
    """The part of a raw query string that Anthropic's own upstreams are to see."""
    return _BETA if _BETA.encode() in query.split(b"&") else ""
