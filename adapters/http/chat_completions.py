"""POST /v1/chat/completions and its other paths."""

import math
import re
from collections.abc import Mapping
from typing import Final

from adapters.dialects.contract import Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.http.access import AccessPolicy
from adapters.http.answering import ChatAnswering
from adapters.http.inbound import Inbound
from application.chat_call import ChatCall
from application.ports.clock import Clock
from domain.errors import MalformedRequest
from domain.json_types import JSON

_TIMEOUT_SOURCES: Final = (("x-litellm-timeout", "timeout"), ("", "request_timeout"))
_STREAM_TIMEOUT_SOURCES: Final = (("x-litellm-stream-timeout", "stream_timeout"), *_TIMEOUT_SOURCES)
_CHARSET: Final = re.compile(r";\s*charset\s*=\s*[\"']?([^\s;\"']*)", re.IGNORECASE)
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_FORWARDED: Final = ("anthropic-beta", "openai-beta")
"""Request headers that change what a vendor's model does, and travel to the vendor that knows them."""


class ChatCompletions:
    """The route's handler: checks what every chat call must have, and has it answered."""

    def __init__(
        self, answering: ChatAnswering, *, access: AccessPolicy, max_body_bytes: int, clock: Clock
    ) -> None:
        self._clock = clock
        self._answering = answering
        self._access = access
        self._max_body_bytes = max_body_bytes

    async def handle(self, inbound: Inbound) -> None:
        """Answer one call. Raises AccessErrors, RequestErrors and what ChatAnswering raises."""
        headers = inbound.exchange.headers
        self._access.admit(headers)
        body = await inbound.exchange.read_body(self._max_body_bytes)
        _check_charset(headers.get("content-type", ""))
        call, reply = parse_call(body, inbound, clock=self._clock)
        await self._answering.answer(inbound, call, reply)


def parse_call(body: bytes, inbound: Inbound, *, clock: Clock) -> tuple[ChatCall, Reply]:
    """The call that `body`, path and headers make together. Raises MalformedRequest."""
    envelope, gateway = split_gateway_members(Envelope.decode(body))
    model = inbound.path_model or envelope.text("model")
    if not model:
        raise MalformedRequest("model: expected the name of a model; GET /v1/models lists them", param="model")
    if inbound.path_model is not None:
        envelope = envelope.with_members({"model": model})
    if not envelope.has_items("messages"):
        raise MalformedRequest("messages: expected a list of at least one message", param="messages")
    stream = envelope.flag("stream")
    headers, record = inbound.exchange.headers, inbound.record
    record.stream = stream
    legacy = ("functions" in envelope or "function_call" in envelope) and "tools" not in envelope
    reply = Reply(
        model=model,
        include_usage=_wants_usage(envelope),
        legacy_functions=legacy,
        created_unix_s=int(clock.unix_s()),
    )
    call = ChatCall(
        request_id=record.request_id,
        model=model,
        stream=stream,
        document=Document(envelope, inbound.dialect, reply),
        record=record,
        timeout_s=_timeout_s(headers, gateway, stream=stream),
        mock_response=_text(gateway, "mock_response"),
        drop_params=_flag(gateway, "drop_params"),
        strict=_strict(headers),
        headers={name: headers[name] for name in _FORWARDED if name in headers},
    )
    return call, reply


def _check_charset(content_type: str) -> None:
    named = _CHARSET.search(content_type)
    if named is not None and named[1].lower() not in _CHARSETS:
        raise MalformedRequest("expected a body in UTF-8; content-type names another charset")


def _wants_usage(envelope: Envelope) -> bool:
    options = envelope.value("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def _timeout_s(headers: Mapping[str, str], gateway: Mapping[str, JSON], *, stream: bool) -> float | None:
    for header, member in _STREAM_TIMEOUT_SOURCES if stream else _TIMEOUT_SOURCES:
        for name, value in ((header, headers.get(header)), (member, gateway.get(member))):
            if value is not None:
                return _seconds(name, value)
    return None


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


def _flag(gateway: Mapping[str, JSON], name: str) -> bool | None:
    value = gateway.get(name)
    if value is None or isinstance(value, bool):
        return value
    raise MalformedRequest(f"{name}: expected true or false", param=name)


def _strict(headers: Mapping[str, str]) -> bool:
    match headers.get("x-feathergate-strict", "false").strip().lower():
        case "true" | "1":
            return True
        case "false" | "0" | "":
            return False
        case _:
            raise MalformedRequest("x-feathergate-strict: expected true or false", param="x-feathergate-strict")
