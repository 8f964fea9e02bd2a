"""Counts from upstreams: asked in their own words, in the caller's stead."""

import json
from typing import Any

import pytest
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from openai.types.responses.input_token_count_params import InputTokenCountParams
from pydantic import TypeAdapter

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.token_counting import HttpTokenCounter
from application.chat_call import ChatCall
from domain.errors import ErrorKind, MalformedResponse, UnsupportedFeature, UpstreamRejected
from domain.secret import Secret
from tests.providers.calling import call_in
from tests.providers.fake_upstream import FakeUpstream, document

KEY = Secret("sk-1234567890")
CHAT = {"model": "asked", "messages": [{"role": "user", "content": "hi"}]}
RESPONSES = {"model": "asked", "input": "hi"}
GEMINI = {"model": "asked", "stream": False, "contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
CLIENTS: tuple[tuple[ClientDialect, dict[str, Any]], ...] = (
    (OpenAIChat(), CHAT),
    (OpenAIResponses(), RESPONSES),
    (AnthropicMessages(), {**CHAT, "max_tokens": 5}),
    (Gemini(), GEMINI),
)
UPSTREAMS = {
    "anthropic/claude-sonnet-4-5": ("/v1/messages/count_tokens", {"input_tokens": 8}),
    "gemini/gemini-2.5-flash": ("/v1beta/models/gemini-2.5-flash:countTokens", {"totalTokens": 8}),
    "openai/gpt-5": ("/v1/responses/input_tokens", {"object": "response.input_tokens", "input_tokens": 8}),
}


def counter(model: str, upstream: FakeUpstream, **fields: Any) -> tuple[HttpTokenCounter, Any]:
    bindings = bind([DeploymentSpec(group="asked", model=model, api_key=KEY, **fields)], {})
    assert bindings.mistakes == ()
    return HttpTokenCounter({True: upstream}, bindings.routes), bindings.deployments[0]


async def counted(model: str, call: ChatCall, answer: Any, **fields: Any) -> tuple[int | None, FakeUpstream]:
    upstream = FakeUpstream(document(json.dumps(answer).encode()))
    asked, deployment = counter(model, upstream, **fields)
    return await asked.count(deployment, call), upstream


@pytest.mark.parametrize("model", UPSTREAMS)
@pytest.mark.parametrize(("client", "body"), CLIENTS, ids=lambda value: getattr(value, "name", ""))
async def test_every_client_at_every_upstream_that_counts(
    model: str, client: ClientDialect, body: dict[str, Any]
) -> None:
    target, answer = UPSTREAMS[model]
    call = call_in(client, json.dumps(body).encode())
    count, upstream = await counted(model, call, answer)
    assert count == 8
    (request,) = upstream.requests
    assert (request.method, request.target) == ("POST", target)
    sent = json.loads(bytes(request.body))
    if model.startswith("gemini/"):
        assert sent["generateContentRequest"]["model"] == "models/gemini-2.5-flash"
        assert sent["generateContentRequest"]["contents"]
    else:
        kind = MessageCountTokensParams if model.startswith("anthropic/") else InputTokenCountParams
        TypeAdapter(kind).validate_python(sent)
        assert sent["model"] == model.partition("/")[2]
        assert not {"stream", "max_tokens", "max_output_tokens"} & sent.keys()
    assert call.upstream_headers["x-request-id"] == "req-up"


@pytest.mark.parametrize("model", ["groq/llama-3.3-70b", "openai/gpt-5"])
async def test_upstreams_that_do_not_count(model: str) -> None:
    """A compatible server has no endpoint; a canned answer has no upstream; what has no route is not asked."""
    call = call_in(OpenAIChat(), json.dumps(CHAT).encode(), mock_response="canned")
    assert (await counted(model, call, {}))[0] is None
    call = call_in(OpenAIChat(), json.dumps(CHAT).encode())
    if model.startswith("groq/"):
        assert (await counted(model, call, {}))[0] is None
    _, deployment = counter(model, FakeUpstream(document(b"{}")))
    assert await HttpTokenCounter({}, {}).count(deployment, call) is None


async def test_callers_headers_and_query_reach_their_own_vendor() -> None:
    call = call_in(
        AnthropicMessages(), json.dumps(CHAT).encode(), headers={"anthropic-beta": "b-1"}, query="beta=true"
    )
    _, upstream = await counted("anthropic/claude-sonnet-4-5", call, {"input_tokens": 1})
    assert upstream.requests[0].target == "/v1/messages/count_tokens?beta=true"
    assert dict(upstream.requests[0].headers)["anthropic-beta"] == "b-1"
    call = call_in(OpenAIChat(), json.dumps(CHAT).encode(), timeout_s=3)
    _, upstream = await counted("anthropic/claude-sonnet-4-5", call, {"input_tokens": 1})
    assert upstream.requests[0].limits.total_s == 3


async def test_losses_count_too() -> None:
    """A count for a request that cannot be told whole is a count of another one."""
    body = json.dumps({**CHAT, "seed": 5}).encode()
    call = call_in(OpenAIChat(), body)
    await counted("anthropic/claude-sonnet-4-5", call, {"input_tokens": 1})
    assert [loss.where for loss in call.losses] == ["/seed"]
    with pytest.raises(UnsupportedFeature):
        await counted("anthropic/claude-sonnet-4-5", call_in(OpenAIChat(), body, strict=True), {"input_tokens": 1})


async def test_refusals_keep_their_meaning_and_no_key() -> None:
    message = f"no such model for {KEY.reveal()}"
    body = {"type": "error", "error": {"type": "not_found_error", "message": message}}
    upstream = FakeUpstream(document(json.dumps(body).encode(), status=404))
    asked, deployment = counter("anthropic/claude-sonnet-4-5", upstream)
    with pytest.raises(UpstreamRejected) as raised:
        await asked.count(deployment, call_in(OpenAIChat(), json.dumps(CHAT).encode()))
    assert (raised.value.kind, raised.value.provider) == (ErrorKind.NOT_FOUND, "anthropic")
    assert KEY.reveal() not in raised.value.message


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]"])
async def test_answers_that_are_no_counts(answer: bytes) -> None:
    asked, deployment = counter("anthropic/claude-sonnet-4-5", FakeUpstream(document(answer)))
    with pytest.raises(MalformedResponse):
        await asked.count(deployment, call_in(OpenAIChat(), json.dumps(CHAT).encode()))
