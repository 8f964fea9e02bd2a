"""POST /v1/responses."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.dialects.openai_responses.request import ECHOED
from adapters.http.call_reading import CallFacts, named_model, new_call
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.ports.clock import Clock
from domain.errors import MalformedRequest
from domain.json_types import JSON

_FORWARDED: Final = ("openai-beta",)
_STATE: Final = ("previous_response_id", "conversation")
"""Members that name what the vendor keeps."""
_REFERENCE: Final = "item_reference"


class ResponsesReader:
    """Reads Responses requests; a CallReader. `clock` dates the answers whose upstream gives no time."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def read(self, body: bytes, inbound: Inbound) -> tuple[ChatCall, Reply]:
        envelope, gateway = split_gateway_members(Envelope.decode(body))
        model = named_model(envelope, inbound)
        continued = any(envelope.value(name) is not None for name in _STATE)
        if not (continued or _has_input(envelope) or envelope.value("prompt") is not None):
            raise MalformedRequest(
                "input: expected a text or a list of at least one item, or previous_response_id", param="input"
            )
        facts = CallFacts(
            stream=envelope.flag("stream"),
            gateway=gateway,
            forwarded=_FORWARDED,
            stateful=continued or _refers_to_items(body),
        )
        reply = Reply(model=model, created_unix_s=int(self._clock.unix_s()), echo=Echo(envelope))
        return new_call(inbound, Document(envelope, inbound.dialect, reply), facts), reply


class Echo(Mapping[str, JSON]):
    """The members of a request that its answer repeats, decoded when an answer is rendered, if ever."""

    __slots__ = ("_envelope", "_names")

    def __init__(self, envelope: Envelope) -> None:
        self._envelope = envelope
        self._names = tuple(name for name in envelope if name in ECHOED)

    def __getitem__(self, name: str) -> JSON:
        if name not in self._names:
            raise KeyError(name)
        return self._envelope.value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Item(msgspec.Struct):
    type: str | None = None
    role: str | None = None


class _Body(msgspec.Struct):
    input: list[_Item] = []


_BODY: Final = msgspec.json.Decoder(_Body)


def _has_input(envelope: Envelope) -> bool:
    if envelope.has_items("input"):
        return True
    value = envelope.value("input")
    return isinstance(value, str) and bool(value)


def _refers_to_items(body: bytes) -> bool:
    """Whether `input` holds an item that only refers to one the vendor keeps: its type says so, or is left out.

    The contents of items are passed over. What is not a list of items is for others to refuse.
    """
    if b'"id"' not in body:
        return False
    try:
        items = _BODY.decode(body).input
    except (msgspec.DecodeError, RecursionError):
        return False
    return any(item.type == _REFERENCE or (item.type is None and item.role is None) for item in items)
