"""Answers that clients send back: signatures return to the vendor that made them, and to nobody else."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.dialects import json_codec
from domain.chat import events as ev
from domain.chat.content import Reasoning, Text, ToolCall
from domain.chat.events import BlockKind
from domain.chat.request import ChatRequest, Role
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, target
from tests.translation import said as saying
from tests.translation.crossing import decoded, each_client, each_pair, streamed, whole
from tests.translation.next_turn import held, next_request
from tests.translation.official_clients import message_of
from tests.translation.said import SIGNATURE, Said
from tests.translation.upstreams import UPSTREAMS

SIGNERS = (OPENAI_RESPONSES, ANTHROPIC_MESSAGES, GEMINI)
REASONING_MODELS = {
    OPENAI_CHAT: "gpt-5",
    OPENAI_RESPONSES: "gpt-5",
    ANTHROPIC_MESSAGES: "claude-opus-4-5",
    GEMINI: "gemini-3-pro-preview",
}
FAMILIES = {OPENAI_RESPONSES: "openai", ANTHROPIC_MESSAGES: "anthropic", GEMINI: "google"}

each_signer = pytest.mark.parametrize("upstream", SIGNERS)
both_ways = pytest.mark.parametrize("stream", [False, True])


def sent_back(upstream: str, client: str, told: Said, *, stream: bool) -> ChatRequest:
    """The client's next request, read by the gateway."""
    vendor = UPSTREAMS[upstream]
    if stream:
        kept = message_of(client, streamed(upstream, client, vendor.frames(told, 5)))
    else:
        kept = held(client, whole(upstream, client, vendor.body(told)))
    body = json_codec.decode(json.dumps(next_request(client, kept, told)).encode())
    assert isinstance(body, dict)
    return DIALECTS[client].parse_request(body)


def rendered(request: ChatRequest, upstream: str) -> bytes:
    dialect = DIALECTS[upstream]
    return json_codec.encode(dialect.render_request(request, target(upstream, REASONING_MODELS[upstream])).body)


@st.composite
def signed(draw: st.DrawFn) -> Said:
    """A complete answer that its vendor signed."""
    told = draw(saying.answers(signed=True))
    assume(told.ending in ("stop", "tool_calls") and told.text.strip() == told.text)
    return told


@each_signer
@each_client
@both_ways
@settings(max_examples=8)
@given(told=signed())
def test_a_signature_returns_to_its_vendor_once(upstream: str, client: str, stream: bool, told: Said) -> None:
    request = sent_back(upstream, client, told, stream=stream)
    as_it_was = str.maketrans("-_", "+/") if upstream == client == GEMINI else {}  # Google's client spells it anew
    signatures = [
        part.signature
        for message in request.messages
        for part in message.parts
        if isinstance(part, (Text, Reasoning, ToolCall)) and part.signature is not None
    ]
    assert [(one.family, one.value.translate(as_it_was)) for one in signatures] == [
        (FAMILIES[upstream], SIGNATURE)
    ]
    body = rendered(request, upstream)
    assert body.count(signatures[0].value.encode()) == 1
    assert b"fg1." not in body
    assert _signed_part(upstream, json.loads(body)) == _expected(upstream, told)


def _signed_part(upstream: str, body: Any) -> Any:
    """What the signature stands on in the vendor's own request."""
    if upstream == OPENAI_RESPONSES:
        (item,) = (one for one in body["input"] if one.get("encrypted_content"))
        return "".join(part["text"] for part in item["summary"])
    if upstream == ANTHROPIC_MESSAGES:
        (turn,) = (message for message in body["messages"] if message["role"] == "assistant")
        assert turn["content"][0]["signature"] == SIGNATURE
        return turn["content"][0]["thinking"]
    parts = (part for content in body["contents"] for part in content["parts"])
    (part,) = (part for part in parts if part.get("thoughtSignature"))
    return part.get("functionCall", {}).get("name", "text")


def _expected(upstream: str, told: Said) -> str:
    if upstream != GEMINI:
        return told.thought
    return told.calls[0].name if told.calls else "text"


@each_signer
@each_client
@settings(max_examples=8)
@given(told=signed())
def test_no_other_vendor_sees_it(upstream: str, client: str, told: Said) -> None:
    request = sent_back(upstream, client, told, stream=False)
    for other in {*DIALECTS} - {upstream}:
        body = rendered(request, other)
        assert SIGNATURE.encode() not in body
        assert b"fg1." not in body
        assert b"ZmcxL" not in body


@each_pair
@both_ways
@settings(max_examples=8)
@given(told=signed())
def test_what_was_said_goes_back_as_it_was(upstream: str, client: str, stream: bool, told: Said) -> None:
    """Text, names and arguments of the answer are the same in the next request, at the vendor that gave it."""
    request = sent_back(upstream, client, told, stream=stream)
    parts = [part for message in request.messages if message.role is Role.ASSISTANT for part in message.parts]
    assert "".join(part.text for part in parts if isinstance(part, Text)) == told.text
    calls = [(part.id, part.name, part.arguments or {}) for part in parts if isinstance(part, ToolCall)]
    assert json.dumps(calls) == json.dumps(
        [(call.id, call.name, json.loads(call.arguments)) for call in told.calls]
    )
    assert rendered(request, upstream)


@each_signer
@each_client
@settings(max_examples=15)
@given(told=signed())
def test_thoughts_come_first_and_are_signed_once_at_their_end(upstream: str, client: str, told: Said) -> None:
    assume(told.thought)
    events = decoded(upstream, UPSTREAMS[upstream].frames(told, 4))
    (first, *_) = (event for event in events if isinstance(event, ev.BlockStarted))
    assert first.kind is BlockKind.REASONING
    stream = streamed(upstream, client, UPSTREAMS[upstream].frames(told, 4))
    read = decoded(client, [stream])
    (opened, *_) = (event for event in read if isinstance(event, ev.BlockStarted))
    assert opened.kind is BlockKind.REASONING
    assert sum(isinstance(event, ev.ReasoningSigned) for event in read) <= 1 + (upstream == GEMINI)
