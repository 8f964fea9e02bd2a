"""POST /v1/chat/completions and its other paths."""

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

_FORWARDED: Final = ("anthropic-beta", "openai-beta")
"""Request headers that change what a vendor's model does, and travel to the vendor that knows them."""


class ChatCompletionsReader:
    """Reads Chat Completions requests; a CallReader. `clock` dates the answers whose upstream gives no time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        envelope, gateway = split_gateway_members(Envelope.decode(body))
        model = named_model(envelope, inbound)
        if inbound.path_model is not None:
            envelope = envelope.with_members({"model": model})
        if not envelope.has_items("messages"):
            raise MalformedRequest("messages: expected a list of at least one message", param="messages")
        facts = CallFacts(stream=envelope.flag("stream"), gateway=gateway, forwarded=_FORWARDED)
        legacy = ("functions" in envelope or "function_call" in envelope) and "tools" not in envelope
        reply = Reply(
            model=model,
            include_usage=_wants_usage(envelope),
            legacy_functions=legacy,
            created_unix_s=int(self._clock.unix_s()),
        )
        return new_call(inbound, Document(envelope, inbound.dialect, reply), facts), reply


def _wants_usage(envelope: Envelope) -> bool:
    options = envelope.value("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True
