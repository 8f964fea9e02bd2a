"""Every client dialect before every vendor: what is said, called, ended and counted is the same."""

import json
from dataclasses import replace
from typing import Any

import pytest

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.providers.binding import bind
from application.ports.chat_provider import Piece
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from tests.providers.calling import asked, call_in, collected, spoken
from tests.providers.fake_upstream import FakeUpstream, document, stream_of
from tests.providers.vendors import CALLS, TEXT, VENDORS, Answers, ResponsesAnswers, Vendor

_Dialect = OpenAIChat | OpenAIResponses | AnthropicMessages | Gemini
_HI = {"role": "user", "content": "hi"}
_NAMES = ("get_weather", "get_time")
_SCHEMA: dict[str, Any] = {"type": "object", "properties": {}}
_BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {
        "model": "the-model",
        "messages": [_HI],
        "stream_options": {"include_usage": True},
        "tools": [{"type": "function", "function": {"name": name, "parameters": _SCHEMA}} for name in _NAMES],
    },
    "openai_responses": {
        "model": "the-model",
        "input": [_HI],
        "tools": [{"type": "function", "name": name, "parameters": _SCHEMA, "strict": False} for name in _NAMES],
    },
    "anthropic_messages": {
        "model": "the-model",
        "max_tokens": 99,
        "messages": [_HI],
        "tools": [{"name": name, "input_schema": _SCHEMA} for name in _NAMES],
    },
    "gemini": {
        "model": "the-model",
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "tools": [{"functionDeclarations": [{"name": name, "parametersJsonSchema": _SCHEMA} for name in _NAMES]}],
    },
}
_CLIENTS: tuple[_Dialect, ...] = (OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Gemini())

each = pytest.mark.parametrize("client", _CLIENTS, ids=lambda client: client.name)
before_each = pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
both_ways = pytest.mark.parametrize("stream", [False, True])


def _answers(client: _Dialect, vendor: Vendor) -> Answers:
    """What the vendor answers by the API that such clients are bridged to."""
    bindings = bind([vendor.spec], {})
    (route,) = bindings.routes.values()
    wire = route.models.of(bindings.deployments[0].model).wire_for(client.name)
    return ResponsesAnswers() if wire.wire.dialect.name == OpenAIResponses.name else vendor.answers


async def _heard(client: _Dialect, vendor: Vendor, answer: bytes, *, stream: bool) -> ChatResponse:
    """The answer as the client reads it, from its own bytes where there are any."""
    body = {**_BODIES[client.name], "stream": stream}
    call = call_in(client, json.dumps(body).encode(), stream=stream)
    upstream = FakeUpstream(stream_of(answer) if stream else document(answer))
    pieces = await collected(asked(vendor.spec, upstream, call))
    return _read(client, pieces, stream=stream)


def _read(client: _Dialect, pieces: list[Piece], *, stream: bool) -> ChatResponse:
    raw = b"".join(piece.raw for piece in pieces if piece.raw is not None)
    if not raw:
        return fold(event for piece in pieces for event in piece.events)
    nothing_renamed = RenderedRequest(body={})
    if not stream:
        return client.parse_response(json_codec.decode(raw), nothing_renamed)
    decoder = client.decoder(nothing_renamed)
    return fold([*decoder.feed(raw), *decoder.finish()])


@each
@before_each
@both_ways
async def test_text_ending_and_usage_arrive(client: _Dialect, vendor: Vendor, stream: bool) -> None:
    answers = _answers(client, vendor)
    answer = answers.streamed() if stream else answers.buffered()
    heard = await _heard(client, vendor, answer, stream=stream)
    assert spoken(heard) == ([("Text", "".join(TEXT), None, None)], FinishReason.STOP, (5, 3))


@each
@before_each
@both_ways
async def test_calls_arrive(client: _Dialect, vendor: Vendor, stream: bool) -> None:
    answers = _answers(client, vendor)
    answer = answers.streamed_calls() if stream else answers.buffered_calls()
    parts, reason, usage = spoken(await _heard(client, vendor, answer, stream=stream))
    assert [(name, arguments) for _, _, name, arguments in parts] == [
        (name, json.loads(raw)) for name, raw in CALLS
    ]
    assert (reason, usage) == (FinishReason.TOOL_CALLS, (5, 3))


@each
@before_each
async def test_defaults_and_drops_reach_the_upstream(client: _Dialect, vendor: Vendor) -> None:
    spec = replace(
        vendor.spec, request_defaults={"max_tokens": 77}, additional_drop_params=("temperature", "max_tokens")
    )
    warm = {"generationConfig": {"temperature": 0.5}} if client.name == "gemini" else {"temperature": 0.5}
    body = {**_BODIES[client.name], **warm}
    upstream = FakeUpstream(document(_answers(client, vendor).buffered()))
    await collected(asked(spec, upstream, call_in(client, json.dumps(body).encode())))
    sent = bytes(upstream.requests[0].body)
    assert b'"temperature"' not in sent
    assert b'okens":77' in sent
