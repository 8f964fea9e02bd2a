"""Calls as the routes make them, and what is told by the pieces that come back."""

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from adapters.dialects import json_codec
from adapters.dialects.contract import ClientDialect, RenderedRequest, Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.http_chat import HttpChatProvider
from adapters.upstream.port import UpstreamHttp
from application.call_record import CallRecord
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat.events import Ended, Failed
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.routing.fleet import Deployment
from tests.providers.fake_upstream import FakeUpstream, document, stream_of

USER = {"role": "user", "content": "hi"}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in ("get_weather", "get_time")
]


def chat_call(members: Mapping[str, Any] | None = None, *, stream: bool = False, **fields: Any) -> ChatCall:
    """A call whose body has `members` beside a model and one message."""
    body: dict[str, Any] = {"model": "the-model", "messages": [USER], **(members or {})}
    if stream:
        body["stream"] = True
    return ChatCall(
        request_id="req-1",
        model="the-model",
        stream=stream,
        document=Document(Envelope.decode(json.dumps(body).encode()), OpenAIChat(), Reply(model="the-model")),
        record=CallRecord(request_id="req-1", route="/v1/chat/completions", received_s=0.0),
        **fields,
    )


def call_in(client: ClientDialect, body: bytes, *, stream: bool = False, **fields: Any) -> ChatCall:
    """A call whose client wrote `body` in its own dialect, as the routes hand it on."""
    return ChatCall(
        request_id="req-1",
        model="the-model",
        stream=stream,
        document=Document(Envelope.decode(body), client, Reply(model="the-model")),
        record=CallRecord(request_id="req-1", route="/", received_s=0.0),
        **fields,
    )


def provider_of(spec: DeploymentSpec, upstream: UpstreamHttp) -> tuple[HttpChatProvider, Deployment]:
    """The provider of this one deployment, before `upstream`."""
    bindings = bind([spec], {})
    assert bindings.mistakes == ()
    assert bindings.deployments[0].unready is None
    return HttpChatProvider({spec.tls: upstream}, bindings.routes), bindings.deployments[0]


def asked(spec: DeploymentSpec, upstream: FakeUpstream, call: ChatCall) -> AsyncGenerator[Piece, None]:
    """The pieces of the answer to `call`."""
    provider, deployment = provider_of(spec, upstream)
    return provider.open(deployment, call)


async def collected(pieces: AsyncGenerator[Piece, None]) -> list[Piece]:
    """All pieces. Checks that nothing follows Ended or Failed, and that one of them is the end."""
    out = [piece async for piece in pieces]
    events = [event for piece in out for event in piece.events]
    assert [isinstance(event, (Ended, Failed)) for event in events].index(True) == len(events) - 1
    return out


async def sent(spec: DeploymentSpec, call: ChatCall, answer: bytes) -> tuple[dict[str, Any], FakeUpstream]:
    """The body that reaches the upstream for `call`."""
    upstream = FakeUpstream(stream_of(answer) if call.stream else document(answer))
    await collected(asked(spec, upstream, call))
    return json.loads(bytes(upstream.requests[0].body)), upstream


def told(pieces: list[Piece], *, stream: bool) -> ChatResponse:
    """The answer as the client reads it, from its bytes where there are any."""
    raw = b"".join(piece.raw for piece in pieces if piece.raw is not None)
    if not raw:
        return fold(event for piece in pieces for event in piece.events)
    nothing_renamed = RenderedRequest(body={})
    if not stream:
        return OpenAIChat().parse_response(json_codec.decode(raw), nothing_renamed)
    decoder = OpenAIChat().decoder(nothing_renamed)
    return fold([*decoder.feed(raw), *decoder.finish()])


def spoken(response: ChatResponse) -> tuple[Any, ...]:
    """What an answer says: text, calls, ending and usage, without its ids."""
    candidate = response.candidates[0]
    parts = [
        (
            type(part).__name__,
            getattr(part, "text", None),
            getattr(part, "name", None),
            getattr(part, "arguments", None),
        )
        for part in candidate.parts
    ]
    usage = response.usage
    counts = None if usage is None else (usage.prompt_tokens, usage.completion_tokens)
    return parts, candidate.finish.reason, counts
