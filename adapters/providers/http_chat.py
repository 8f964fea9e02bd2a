"""Chat answers from upstreams over HTTP."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Final

from adapters.providers import answer_body
from adapters.providers.conversation import Conversation
from adapters.providers.deployment_spec import TlsKey
from adapters.providers.passthrough import PassThrough
from adapters.providers.route import ModelRoute, Route
from adapters.providers.route_making import buffered, streamed
from adapters.providers.translation import Translation
from adapters.upstream.port import UpstreamHttp, UpstreamRequest, UpstreamResponse
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat.content import Family
from domain.chat.events import Ended, Failed
from domain.errors import FeatherGateError, MalformedResponse, UpstreamError
from domain.routing.fleet import Deployment
from domain.secret import MASK

REQUEST_ID_HEADERS: Final = ("x-request-id", "request-id", "apim-request-id")


class HttpChatProvider:
    """Answers the calls of deployments that have a route.

    upstreams: `ssl_verify` as a route has it → the client that checks certificates so.
    routes:    deployment id → route.
    """

    def __init__(self, upstreams: Mapping[TlsKey, UpstreamHttp], routes: Mapping[str, Route]) -> None:
        self._routes = {identity: (route, upstreams[route.tls]) for identity, route in routes.items()}

    async def open(self, deployment: Deployment, call: ChatCall) -> AsyncGenerator[Piece, None]:
        """The answer, as `ChatProvider.open` promises it.

        A caller's or deployment's timeout bounds a buffered answer as a whole, and of a streamed one the time to
        the first byte. Sets the call's `upstream_headers` before the first piece.
        """
        route, upstream = self._routes[deployment.id]
        model = route.models.of(deployment.model)
        conversation: Conversation = PassThrough.of(route, model, deployment, call) or Translation.of(
            route, model, deployment, call
        )
        response: UpstreamResponse | None = None
        began = False
        try:
            response = await upstream.open(_request(route, model, call, conversation.body))
            call.upstream_headers = _shown_headers(response.headers, same_family=route.quirks is not None)
            await _check(response, route)
            if not call.stream:
                yield await _whole(response, conversation)
                return
            async with aclosing(_streamed(response, conversation, route)) as pieces:
                async for piece in pieces:
                    if piece.events and isinstance(piece.events[-1], Failed):
                        _label(piece.events[-1].error, deployment, route, response)
                    yield piece
                    began = True
        except UpstreamError as error:
            _label(error, deployment, route, response)
            if not began:
                raise
            yield Piece(None, (Failed(error),))
        finally:
            if response is not None:
                await response.aclose()


async def _check(response: UpstreamResponse, route: Route) -> None:
    """Raise what a status that is no success means."""
    if response.status >= 400:
        raise route.dialect.parse_error(response.status, response.headers, await response.read())
    if not 200 <= response.status < 300:
        raise MalformedResponse(f"expected an answer from the upstream; got HTTP {response.status}")


def _label(
    error: FeatherGateError, deployment: Deployment, route: Route, response: UpstreamResponse | None
) -> None:
    """Let `error` tell where it happened, and not by which key: upstreams quote those they refuse."""
    for secret in route.secrets:
        error.message = error.message.replace(secret, MASK)
    error.provider = error.provider or deployment.provider
    error.model = error.model or deployment.model
    if error.request_id is None and response is not None:
        error.request_id = _request_id(response.headers)


async def _whole(response: UpstreamResponse, conversation: Conversation) -> Piece:
    """The answer to a request that asked for a whole one, in whichever form it comes."""
    body = await response.read()
    return conversation.gathered(body) if answer_body.is_stream(body) else conversation.answer(body)


async def _streamed(
    response: UpstreamResponse, conversation: Conversation, route: Route
) -> AsyncGenerator[Piece, None]:
    """The pieces of an answer to a request for a stream, in whichever form it comes."""
    chunks = response.chunks()
    opening = await answer_body.opening(chunks)
    if opening.is_document:
        max_bytes = route.streamed_limits.max_body_bytes
        yield conversation.replayed(await answer_body.rest_of(opening.first, chunks, max_bytes=max_bytes))
        return
    reader = conversation.reader()
    piece = reader.feed(opening.first)
    while True:
        if piece.raw or piece.events:
            yield piece
        if piece.events and isinstance(piece.events[-1], (Ended, Failed)):
            break
        chunk = await anext(chunks, None)
        if chunk is None:
            yield reader.finish()
            return
        piece = reader.feed(chunk)
    if isinstance(piece.events[-1], Ended):
        await answer_body.drain(chunks)


def _request(route: Route, model: ModelRoute, call: ChatCall, body: bytes) -> UpstreamRequest:
    limits = route.streamed_limits if call.stream else route.buffered_limits
    if call.timeout_s is not None:
        limits = streamed(limits, call.timeout_s) if call.stream else buffered(limits, call.timeout_s)
    return UpstreamRequest(
        origin=route.endpoint.origin,
        target=model.streamed_target if call.stream else model.buffered_target,
        headers=_with_callers(route, call.headers, model.target.family) if call.headers else route.headers,
        body=body,
        limits=limits,
        provider=route.provider,
        model=model.target.model,
    )


def _with_callers(route: Route, headers: Mapping[str, str], family: Family) -> tuple[tuple[str, str], ...]:
    """The route's headers, and those of the caller that are for this vendor and that the route does not set."""
    own = {name for name, _ in route.headers}
    theirs = (
        (name, value) for name, value in headers.items() if name not in own and name.startswith(f"{family}-")
    )
    return (*route.headers, *theirs)


def _request_id(headers: Mapping[str, str]) -> str | None:
    return next((headers[name] for name in REQUEST_ID_HEADERS if name in headers), None)


def _shown_headers(headers: Mapping[str, str], *, same_family: bool) -> dict[str, str]:
    """What the client may see: the upstream's id of the request, and rate limits in the client's own terms."""
    return {
        name: value
        for name, value in headers.items()
        if name in REQUEST_ID_HEADERS or (same_family and name.startswith("x-ratelimit-"))
    }
