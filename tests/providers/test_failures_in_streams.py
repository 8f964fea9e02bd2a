"""Errors that come after a 200 and before any content: known for what they are, by clients of every dialect."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.errors import ErrorKind, FeatherGateError, UpstreamError
from tests.providers.calling import asked
from tests.providers.clients import CLIENTS, Client, call_of
from tests.providers.fake_upstream import FakeUpstream, stream_of
from tests.providers.vendors import VENDORS, ResponsesAnswers

_K = ErrorKind
_VENDORS = {vendor.name: vendor for vendor in VENDORS}
_CONTENT = (ev.ContentSeen, ev.TextDelta, ev.ReasoningDelta, ev.BlockStarted, ev.Finished, ev.Ended)
_WAIT = "Please try again in 1.2s."


def _event(document: Any, *, name: str | None = None) -> bytes:
    head = b"" if name is None else f"event: {name}\n".encode()
    return head + b"data: " + json.dumps(document).encode() + b"\n\n"


def _named(document: dict[str, Any]) -> bytes:
    return _event(document, name=document["type"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What `vendor` streams instead of an answer, and what that means."""

    name: str
    vendor: str
    stream: bytes
    kind: ErrorKind
    retry_after_s: float | None = None


def _chat(error: Any, **members: Any) -> bytes:
    return _event({"error": error, **members})


_ROLE = _event(
    {"id": "x", "model": "up", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
)
_RATE_LIMITED = {"message": f"Rate limit reached. {_WAIT}", "type": "tokens", "code": "rate_limit_exceeded"}
_FILTERED = {"message": "it broke down", "type": "invalid_request_error", "code": "content_filter"}

_OVER_CHAT = (
    Broken(name="rate limit", vendor="mistral", stream=_chat(_RATE_LIMITED), kind=_K.RATE_LIMIT, retry_after_s=1.2),
    Broken(name="quota", vendor="mistral", kind=_K.BILLING, stream=_chat(
        {"message": "You exceeded your quota", "type": "insufficient_quota", "code": "insufficient_quota"})),
    Broken(name="status as code", vendor="mistral", kind=_K.UNAVAILABLE, stream=_chat({"message": "down", "code": 503})),
    Broken(name="after the role", vendor="mistral", kind=_K.SERVER, stream=_ROLE + _chat(
        {"message": "The server had an error", "type": "server_error"})),
    Broken(name="after comments", vendor="mistral", kind=_K.CONTENT_POLICY, stream=b": PROCESSING\n\n" + _chat(_FILTERED)),
    Broken(name="named event", vendor="mistral", kind=_K.OVERLOADED, stream=_event(
        {"message": "busy", "type": "overloaded_error"}, name="error")),
    Broken(name="only text", vendor="mistral", kind=_K.BAD_GATEWAY, stream=_chat("upstream connect error")),
    Broken(name="context", vendor="mistral", kind=_K.CONTEXT_LENGTH, stream=_chat(
        {"message": "This model's maximum context length is 8192 tokens", "type": "invalid_request_error"})),
    Broken(name="beside a choice", vendor="mistral", kind=_K.RATE_LIMIT, retry_after_s=1.2, stream=_chat(
        _RATE_LIMITED, id="x", choices=[{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}])),
    Broken(name="a bare document", vendor="mistral", kind=_K.RATE_LIMIT, retry_after_s=1.2,
           stream=json.dumps({"error": _RATE_LIMITED}).encode()),
)  # fmt: skip


def _messages(kind: str, message: str = "it broke down") -> bytes:
    return _named({"type": "error", "error": {"type": kind, "message": message}})


_MESSAGE_START = _named({"type": "message_start", "message": {
    "id": "m", "type": "message", "role": "assistant", "model": "up", "content": [], "stop_reason": None,
    "usage": {"input_tokens": 5, "output_tokens": 1}}}) + _named({"type": "ping"})  # fmt: skip

_OVER_MESSAGES = (
    Broken(name="overloaded", vendor="anthropic", stream=_messages("overloaded_error"), kind=_K.OVERLOADED),
    Broken(name="overloaded after the start", vendor="anthropic", kind=_K.OVERLOADED,
           stream=_MESSAGE_START + _messages("overloaded_error")),
    Broken(name="rate limit", vendor="anthropic", stream=_messages("rate_limit_error", _WAIT), kind=_K.RATE_LIMIT,
           retry_after_s=1.2),
    Broken(name="api error", vendor="anthropic", stream=_messages("api_error"), kind=_K.SERVER),
    Broken(name="timeout", vendor="anthropic", stream=_messages("timeout_error"), kind=_K.TIMEOUT),
    Broken(name="context", vendor="anthropic", kind=_K.CONTEXT_LENGTH,
           stream=_messages("invalid_request_error", "prompt is too long: 200001 tokens > 200000 maximum")),
    Broken(name="unnamed event", vendor="anthropic", kind=_K.OVERLOADED, stream=_event(
        {"type": "error", "error": {"type": "overloaded_error", "message": "it broke down"}})),
    Broken(name="a bare document", vendor="anthropic", kind=_K.OVERLOADED, stream=json.dumps(
        {"type": "error", "error": {"type": "overloaded_error", "message": "it broke down"}}).encode()),
)  # fmt: skip


def _created() -> bytes:
    return b"\n\n".join(ResponsesAnswers().streamed().split(b"\n\n")[:2]) + b"\n\n"


def _failed(code: str, message: str = "it broke down") -> bytes:
    response = json.loads(ResponsesAnswers().buffered()) | {
        "status": "failed", "output": [], "usage": None, "error": {"code": code, "message": message}
    }  # fmt: skip
    return _named({"type": "response.failed", "response": response, "sequence_number": 2})


_OVER_RESPONSES = (
    Broken(name="failed first", vendor="openai-responses", stream=_failed("server_error"), kind=_K.SERVER),
    Broken(name="failed", vendor="openai-responses", stream=_created() + _failed("rate_limit_exceeded", _WAIT),
           kind=_K.RATE_LIMIT, retry_after_s=1.2),
    Broken(name="flat", vendor="openai-responses", kind=_K.RATE_LIMIT, retry_after_s=1.2, stream=_named(
        {"type": "error", "code": "rate_limit_exceeded", "message": _WAIT, "param": None, "sequence_number": 0})),
    Broken(name="nested", vendor="openai-responses", kind=_K.OVERLOADED, stream=_created() + _named(
        {"type": "error", "error": {"code": "server_is_overloaded", "message": "it broke down"}, "sequence_number": 2})),
    Broken(name="context", vendor="openai-responses", stream=_created() + _failed("context_length_exceeded"),
           kind=_K.CONTEXT_LENGTH),
    Broken(name="filtered", vendor="openai-responses", stream=_failed("invalid_prompt"), kind=_K.CONTENT_POLICY),
    Broken(name="unnamed", vendor="openai-responses", kind=_K.SERVER, stream=_chat(
        {"message": "it broke down", "type": "server_error"})),
    Broken(name="a bare document", vendor="openai-responses", kind=_K.RATE_LIMIT, retry_after_s=1.2,
           stream=json.dumps({"error": _RATE_LIMITED}).encode()),
)  # fmt: skip


def _google(code: int, status: str, message: str = "it broke down", *details: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "status": status, "details": [*details]}}


_RETRY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "37s"}
_SPENT = _google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", _RETRY)

_OVER_GEMINI = (
    Broken(name="event", vendor="gemini", stream=_event(_SPENT), kind=_K.RATE_LIMIT, retry_after_s=37),
    Broken(name="event with a list", vendor="gemini", stream=_event([_SPENT]), kind=_K.RATE_LIMIT, retry_after_s=37),
    Broken(name="a bare document", vendor="gemini", stream=json.dumps(_SPENT, indent=2).encode(), kind=_K.RATE_LIMIT,
           retry_after_s=37),
    Broken(name="a bare list", vendor="gemini", stream=json.dumps([_SPENT], indent=2).encode(), kind=_K.RATE_LIMIT,
           retry_after_s=37),
    Broken(name="overloaded", vendor="gemini", kind=_K.OVERLOADED,
           stream=_event(_google(503, "UNAVAILABLE", "The model is overloaded. Please try again later."))),
    Broken(name="internal", vendor="gemini", stream=_event(_google(500, "INTERNAL")), kind=_K.SERVER),
    Broken(name="deadline", vendor="gemini", stream=_event(_google(504, "DEADLINE_EXCEEDED")), kind=_K.TIMEOUT),
    Broken(name="after an empty start", vendor="gemini", kind=_K.SERVER, stream=_event(
        {"responseId": "x", "modelVersion": "up", "candidates": []}) + _event(_google(500, "INTERNAL"))),
)  # fmt: skip

_ALL = (*_OVER_CHAT, *_OVER_MESSAGES, *_OVER_RESPONSES, *_OVER_GEMINI)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
@pytest.mark.parametrize("case", _ALL, ids=lambda case: f"{case.vendor}: {case.name}")
@pytest.mark.parametrize("chunk_bytes", [10_000, 7])
async def test_an_error_before_any_content_is_what_it_says(client: Client, case: Broken, chunk_bytes: int) -> None:
    vendor = _VENDORS[case.vendor]
    chunks = [case.stream[at : at + chunk_bytes] for at in range(0, len(case.stream), chunk_bytes)]
    events: list[StreamEvent] = []
    raw = b""
    failure: FeatherGateError | None = None
    try:
        async for piece in asked(vendor.spec, FakeUpstream(stream_of(*chunks)), call_of(client, stream=True)):
            events.extend(piece.events)
            raw += piece.raw or b""
    except UpstreamError as raised:
        failure = raised
    assert not any(isinstance(event, _CONTENT) for event in events)
    if events and isinstance(events[-1], ev.Failed):
        failure = events[-1].error
    assert failure is not None
    assert (failure.kind, failure.retry_after_s) == (case.kind, case.retry_after_s)
    assert (failure.origin, failure.provider, failure.request_id) == (
        "provider",
        vendor.spec.model.partition("/")[0],
        "req-up",
    )
    assert failure.message.encode() not in raw
