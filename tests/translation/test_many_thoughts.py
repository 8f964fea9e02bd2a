"""Answers that think more than once: every signature returns in its order, to the part that it signs."""

import json
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from adapters.dialects import json_codec
from domain.chat.fold import unfold
from tests.strategies.canonical import visible
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, target
from tests.translation.crossing import each_client, encoded, parsed, rendered_body
from tests.translation.next_turn import held, next_request
from tests.translation.official_clients import message_of
from tests.translation.said import Call, Said
from tests.translation.upstreams import UPSTREAMS

MODELS = {
    OPENAI_RESPONSES: "gpt-5",
    ANTHROPIC_MESSAGES: "claude-opus-4-5",
    GEMINI: "gemini-3-pro-preview",
}
both_ways = pytest.mark.parametrize("stream", [False, True])
NOBODYS = "skip_thought_signature_validator"
"""What Google takes for the signature of a call that it did not sign."""
signatures = st.from_regex(r"[A-Za-z0-9]{8}", fullmatch=True)


def sent_again(upstream: str, client: str, answer: Any, calls: tuple[Call, ...], *, stream: bool) -> Any:
    """The next request to the upstream, after the client sent the answer back as it holds it."""
    told = parsed(upstream, answer)
    if stream:
        kept = message_of(client, encoded(client, unfold(told)))
    else:
        kept = held(client, rendered_body(client, told))
    body = json_codec.decode(json.dumps(next_request(client, kept, Said(calls=calls))).encode())
    assert isinstance(body, dict)
    request = DIALECTS[client].parse_request(body)
    return DIALECTS[upstream].render_request(request, target(upstream, MODELS[upstream])).body


def calls_of(names: list[str]) -> tuple[Call, ...]:
    return tuple(Call(id=name, name="f", arguments="{}") for name in names)


# ---- Anthropic: thoughts between texts and calls, some redacted ----------------------------------------------------


@st.composite
def contents(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Blocks as interleaved thinking gives them; the first is a thought."""
    thought = st.builds(
        lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
        st.one_of(st.just(""), visible()),
        signatures,
    )
    redacted = signatures.map(lambda data: {"type": "redacted_thinking", "data": data})
    text = visible().map(lambda said: {"type": "text", "text": said.strip()})
    call = st.just({"type": "tool_use", "name": "f", "input": {}})
    blocks = [draw(thought), *draw(st.lists(st.one_of(thought, redacted, text, call), max_size=5))]
    return [
        {**block, "id": f"toolu_{n}"} if block["type"] == "tool_use" else block for n, block in enumerate(blocks)
    ]


@each_client
@both_ways
@settings(max_examples=12)
@given(blocks=contents())
def test_anthropics_thoughts_return_as_they_were(client: str, stream: bool, blocks: list[dict[str, Any]]) -> None:
    called = [block["id"] for block in blocks if block["type"] == "tool_use"]
    answer = {**UPSTREAMS[ANTHROPIC_MESSAGES].body(Said()), "content": blocks}
    answer["stop_reason"] = "tool_use" if called else "end_turn"
    body = sent_again(ANTHROPIC_MESSAGES, client, answer, calls_of(called), stream=stream)
    (turn,) = (message for message in body["messages"] if message["role"] == "assistant")
    again = [block for block in turn["content"] if block["type"] in ("thinking", "redacted_thinking")]
    assert again == [block for block in blocks if block["type"] in ("thinking", "redacted_thinking")]
    if client != OPENAI_CHAT:  # whose messages hold thoughts, text and calls apart from each other
        assert [block["type"] for block in turn["content"]] == [block["type"] for block in blocks]


# ---- Gemini: signed calls and texts, unsigned siblings -------------------------------------------------------------


@st.composite
def parts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A thought, a text, then calls; any of the last two signed or not, as Gemini may."""
    told: list[dict[str, Any]] = []
    if draw(st.booleans()):
        told.append({"text": draw(visible()), "thought": True})
    if draw(st.booleans()):
        told.append({"text": draw(visible()).strip(), **draw(_perhaps_signed())})
    for number in range(draw(st.integers(0, 3))):
        call = {"id": f"call_{number}", "name": "f", "args": {}}
        told.append({"functionCall": call, **draw(_perhaps_signed())})
    assume(any("thoughtSignature" in part for part in told))
    return told


def _perhaps_signed() -> st.SearchStrategy[dict[str, Any]]:
    return st.one_of(st.just({}), signatures.map(lambda value: {"thoughtSignature": value}))


@each_client
@both_ways
@settings(max_examples=12)
@given(told=parts())
def test_geminis_signatures_stay_on_their_parts(client: str, stream: bool, told: list[dict[str, Any]]) -> None:
    called = [part["functionCall"]["id"] for part in told if "functionCall" in part]
    answer = UPSTREAMS[GEMINI].body(Said())
    answer["candidates"][0]["content"]["parts"] = told
    body = sent_again(GEMINI, client, answer, calls_of(called), stream=stream)
    (turn,) = (content for content in body["contents"] if content["role"] == "model")
    assert _signed(turn["parts"]) == _signed(told)


def _signed(told: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """What was said and called, with what signs it: in a stream that is a part of its own after the text."""
    signed: list[tuple[str, str | None]] = []
    for part in told:
        signature = part.get("thoughtSignature")
        if "functionCall" in part:
            signed.append((part["functionCall"]["id"], None if signature == NOBODYS else signature))
        elif part.get("text") and not part.get("thought"):
            signed.append((part["text"], signature))
        elif signature:
            signed[-1] = (signed[-1][0], signature)
    return signed


# ---- OpenAI: a thought before each call ----------------------------------------------------------------------------


@each_client
@both_ways
@settings(max_examples=12)
@given(data=st.data(), count=st.integers(1, 3))
def test_openais_thoughts_stand_before_what_follows_them(
    client: str, stream: bool, data: st.DataObject, count: int
) -> None:
    output: list[dict[str, Any]] = []
    for number in range(count):
        words = data.draw(st.one_of(st.just([]), visible().map(lambda text: [text])))
        summary = [{"type": "summary_text", "text": text} for text in words]
        encrypted = {"encrypted_content": data.draw(signatures)}
        output.append({"type": "reasoning", "id": f"rs_{number}", "summary": summary, **encrypted})
        call = {"call_id": f"call_{number}", "name": "f", "arguments": "{}", "status": "completed"}
        output.append({"type": "function_call", "id": f"fc_{number}", **call})
    answer = {**UPSTREAMS[OPENAI_RESPONSES].body(Said()), "output": output}
    called = calls_of([f"call_{number}" for number in range(count)])
    body = sent_again(OPENAI_RESPONSES, client, answer, called, stream=stream)
    again = [item for item in body["input"] if item.get("type") in ("reasoning", "function_call")]
    thoughts = [(item["encrypted_content"], item["summary"]) for item in again if item["type"] == "reasoning"]
    assert thoughts == [(item["encrypted_content"], item["summary"]) for item in output[::2]]
    if client != OPENAI_CHAT:
        assert [item["type"] for item in again] == [item["type"] for item in output]
