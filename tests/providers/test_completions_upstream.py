"""Legacy completions: passed through where the upstream has them, told as a chat elsewhere."""

import json
from typing import Any

import pytest

from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from adapters.providers.deployment_spec import DeploymentSpec
from application.ports.chat_provider import Piece
from domain.chat.events import Ended, Finished, UsageReported
from domain.errors import UnsupportedFeature, UpstreamRejected
from domain.secret import Secret
from tests.providers.calling import asked, call_in, collected
from tests.providers.fake_upstream import FakeResponse, FakeUpstream, document, stream_of

CLIENT = OpenAICompletions(OpenAIChat())
INSTRUCT = "openai/gpt-3.5-turbo-instruct"
BODY = {"model": "the-model", "prompt": ["a", "b"], "max_tokens": 5, "suffix": "end", "echo": True, "best_of": 2}
CHUNKS = (
    {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 1,
        "model": "up",
        "choices": [{"text": "hi", "index": 0}],
    },
    {"id": "cmpl-1", "model": "up", "choices": [{"text": "", "index": 0, "finish_reason": "stop"}]},
    {"id": "cmpl-1", "model": "up", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
)
STREAM = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in CHUNKS) + b"data: [DONE]\n\n"
WHOLE = {
    "id": "cmpl-1",
    "object": "text_completion",
    "created": 1,
    "model": "up",
    "choices": [{"text": "hi", "index": 0, "logprobs": None, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
}


async def ask(
    model: str, body: dict[str, Any], answer: FakeResponse, *, stream: bool = False
) -> tuple[list[Piece], FakeUpstream]:
    upstream = FakeUpstream(answer)
    spec = DeploymentSpec(group="the-model", model=model, api_key=Secret("sk-1234567890"))
    call = call_in(CLIENT, json.dumps({**body, **({"stream": True} if stream else {})}).encode(), stream=stream)
    return await collected(asked(spec, upstream, call)), upstream


async def test_whole_answers_pass_through() -> None:
    pieces, upstream = await ask(INSTRUCT, BODY, document(json.dumps(WHOLE).encode()))
    (request,) = upstream.requests
    assert request.target == "/v1/completions"
    assert json.loads(bytes(request.body)) == {**BODY, "model": "gpt-3.5-turbo-instruct"}
    assert json.loads(pieces[0].raw or b"") == {**WHOLE, "model": "the-model"}
    assert [type(event) for event in pieces[0].events if isinstance(event, Finished | UsageReported | Ended)] == [
        Finished,
        UsageReported,
        Ended,
    ]


async def test_streams_pass_through_and_are_metered() -> None:
    """Usage is asked for in every stream, and kept from clients that did not ask."""
    pieces, upstream = await ask(INSTRUCT, BODY, stream_of(STREAM), stream=True)
    assert json.loads(bytes(upstream.requests[0].body))["stream_options"] == {"include_usage": True}
    raw = b"".join(piece.raw or b"" for piece in pieces)
    assert raw.count(b'"the-model"') == 2
    assert b"usage" not in raw
    assert any(isinstance(event, UsageReported) for piece in pieces for event in piece.events)


async def test_other_forms_than_asked_for() -> None:
    """A whole answer to a request for a stream, and a stream in place of a whole answer."""
    replayed, _ = await ask(INSTRUCT, BODY, document(json.dumps(WHOLE).encode()), stream=True)
    gathered, _ = await ask(INSTRUCT, BODY, stream_of(STREAM))
    for pieces in (replayed, gathered):
        assert isinstance(pieces[-1].events[-1], Ended)
        assert pieces[-1].raw is None


async def test_refusals_pass_through() -> None:
    with pytest.raises(UpstreamRejected):
        await ask(INSTRUCT, BODY, document(b'{"error":{"message":"no"}}', status=400))


@pytest.mark.parametrize("model", ["openai/gpt-4o", "groq/llama-3.3-70b", "anthropic/claude-sonnet-4-5"])
async def test_by_chat(model: str) -> None:
    anthropic = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": "hi"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    message = {"index": 0, "message": {"role": "assistant", "content": "hi"}, "finish_reason": "stop"}
    chat = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m", "choices": [message]}
    answer = anthropic if model.startswith("anthropic/") else chat
    body = {"model": "the-model", "prompt": "Say hi", "max_tokens": 5}
    pieces, upstream = await ask(model, body, document(json.dumps(answer).encode()))
    assert upstream.requests[0].target.endswith(("/chat/completions", "/messages"))
    assert json.loads(bytes(upstream.requests[0].body))["messages"][0]["role"] == "user"
    assert isinstance(pieces[-1].events[-1], Ended)
    with pytest.raises(UnsupportedFeature, match="several prompts"):
        await ask(model, BODY, document(b"{}"))
