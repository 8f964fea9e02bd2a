"""POST /v1beta/models/{model}:generateContent and :streamGenerateContent."""

from typing import Final
from urllib.parse import parse_qs

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.call_reading import CallFacts, named_model, new_call
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.ports.clock import Clock
from domain.errors import MalformedRequest

_AS_EVENTS: Final = "sse"


class GenerateContentReader:
    """Reads generateContent requests; a CallReader. `clock` dates the answers.

    The path says which model, and by its verb whether to stream (`stream`); `?alt=sse` asks for a stream of
    events in place of one JSON array (ai.google.dev/api/generate-content, 2026-11). Nothing of the query travels.
    """

    def __init__(self, clock: Clock, *, stream: bool) -> None:
        self._clock = clock
        self._stream = stream
        self._events = Gemini(framing="sse")
        self._array = Gemini(framing="array")

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        inbound.dialect = self._events if _wants_events(inbound.exchange.query) else self._array
        envelope, gateway = split_gateway_members(Envelope.decode(body))
        model = named_model(envelope, inbound)
        if not envelope.has_items("contents"):
            raise MalformedRequest("contents: expected a list of at least one content", param="contents")
        envelope = envelope.with_members({"model": model, "stream": self._stream})
        reply = Reply(model=model, created_unix_s=int(self._clock.unix_s()))
        facts = CallFacts(stream=self._stream, gateway=gateway)
        return new_call(inbound, Document(envelope, inbound.dialect, reply), facts), reply


def _wants_events(query: bytes) -> bool:
    if b"alt=" not in query:
        return False
    return parse_qs(query.decode("latin-1")).get("alt", [""])[-1].lower() == _AS_EVENTS
