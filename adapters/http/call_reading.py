"""What the readers of all dialects read alike: the gateway's own members and headers, and the model's name."""

import math
from collections.abc import Mapping
from typing import Final

from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.http.inbound import Inbound
from adapters.http.wish_reading import WISH_HEADERS, read_wishes
from application.chat_call import ChatCall
from domain.errors import MalformedRequest
from domain.json_types import JSON
from domain.values import dataclass

_TIMEOUT_SOURCES: Final = (("x-litellm-timeout", "timeout"), ("", "request_timeout"))
_STREAM_TIMEOUT_SOURCES: Final = (("x-litellm-stream-timeout", "stream_timeout"), *_TIMEOUT_SOURCES)

_TIMEOUT_HEADERS: Final = frozenset({"x-litellm-timeout", "x-litellm-stream-timeout"})
_STRICT: Final = "x-feathergate-strict"
_GATEWAY_HEADERS: Final = _TIMEOUT_HEADERS | WISH_HEADERS | {_STRICT}
"""Headers that ask something of the gateway itself; most requests have none of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What a dialect's reader found out about a call; `stream`, `query` and `stateful` as ChatCall has them.

    gateway:   members of the body that were for the gateway.
    forwarded: names of the request headers that may travel to an upstream.
    """

    stream: bool
    gateway: Mapping[str, JSON]
    forwarded: tuple[str, ...] = ()
    query: str = ""
    stateful: bool = False


def named_model(envelope: Envelope, inbound: Inbound) -> str:
    """The model asked for: the path's where it names one, else the body's. Raises MalformedRequest without any."""
    model = inbound.path_model or envelope.text("model")
    if not model:
        raise MalformedRequest("model: expected the name of a model; GET /v1/models lists them", param="model")
    return model


def new_call(inbound: Inbound, document: Document, facts: CallFacts) -> ChatCall:
    """The call of `document`; the record is told whether it streams. Raises MalformedRequest."""
    headers, record = inbound.exchange.headers, inbound.record
    record.stream = facts.stream
    call = ChatCall(
        request_id=record.request_id,
        model=document.reply.model,
        stream=facts.stream,
        document=document,
        record=record,
        query=facts.query,
        stateful=facts.stateful,
        headers={name: headers[name] for name in facts.forwarded if name in headers},
    )
    if facts.gateway or not _GATEWAY_HEADERS.isdisjoint(headers):
        call.timeout_s = timeout_s(headers, facts.gateway, stream=facts.stream)
        call.wishes = read_wishes(headers, facts.gateway, call.model)
        call.mock_response = _text(facts.gateway, "mock_response")
        call.drop_params = drops_params(facts.gateway)
        call.strict = is_strict(headers)
    return call


def timeout_s(headers: Mapping[str, str], gateway: Mapping[str, JSON], *, stream: bool = False) -> float | None:
    """The caller's own limit for the call, in seconds: the header's before the body's. Raises MalformedRequest."""
    if not gateway and _TIMEOUT_HEADERS.isdisjoint(headers):
        return None
    for header, member in _STREAM_TIMEOUT_SOURCES if stream else _TIMEOUT_SOURCES:
        for name, value in ((header, headers.get(header)), (member, gateway.get(member))):
            if value is not None:
                return _seconds(name, value)
    return None


def is_strict(headers: Mapping[str, str]) -> bool:
    """Whether the caller refuses every loss. Raises MalformedRequest where the header says neither yes nor no."""
    asked = headers.get(_STRICT)
    if asked is None:
        return False
    match asked.strip().lower():
        case "true" | "1":
            return True
        case "false" | "0" | "":
            return False
        case _:
            raise MalformedRequest(f"{_STRICT}: expected true or false", param=_STRICT)


def drops_params(gateway: Mapping[str, JSON]) -> bool | None:
    """Whether parameters that the upstream lacks are left out; None where the caller does not say.

    Raises MalformedRequest.
    """
    value = gateway.get("drop_params")
    if value is None or isinstance(value, bool):
        return value
    raise MalformedRequest("drop_params: expected true or false", param="drop_params")


def _seconds(name: str, value: JSON) -> float:
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        )
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds) or seconds <= 0:
        raise MalformedRequest(f"{name}: expected a number of seconds above zero", param=name)
    return seconds


def _text(gateway: Mapping[str, JSON], name: str) -> str | None:
    value = gateway.get(name)
    if value is None or isinstance(value, str):
        return value
    raise MalformedRequest(f"{name}: expected a string", param=name)
