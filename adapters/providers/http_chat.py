"""Chat answers from upstreams over HTTP."""

from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Final

from adapters.providers import answer_body
from adapters.providers.bad_frames import SkippingReader, without_bad_frames
from adapters.providers.calling import check_status, headers_with, label, shown_headers
from adapters.providers.conversation import Conversation, PieceReader
from adapters.providers.deployment_spec import TlsKey
from adapters.providers.passthrough import PassThrough, RelayReader
from adapters.providers.route import Route
from adapters.providers.translation import Translation
from adapters.providers.wire import ModelWire
from adapters.upstream.port import UpstreamHttp, UpstreamRequest, UpstreamResponse
from adapters.upstream.request_body import Body
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat.events import Ended, Failed
from domain.errors import UpstreamError
from domain.routing.fleet import Deployment

_OK: Final = 200


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
        the first byte, which the call's `first_event_s` bounds further. Sets the call's `upstream_headers`
        before the first piece.
        """
        route, upstream = self._routes[deployment.id]
        client = call.document.dialect
        wire = route.models.of(deployment.model).wire_for(client)
        dialect = wire.wire.dialect
        conversation: Conversation = PassThrough.of(route, wire, deployment, call) or Translation.of(
            route, wire, deployment, call
        )
        response: UpstreamResponse | None = None
        began = False
        try:
            response = await upstream.open(_request(route, wire, call, conversation.body))
            call.upstream_headers = shown_headers(response.headers, client=client, upstream=dialect.name)
            if response.status != _OK:
                await check_status(response, dialect)
            if not call.stream:
                yield _whole(await response.read(), conversation, route, call)
                return
            async for piece in _Streamed(response, conversation, route, call):
                if piece.events and isinstance(piece.events[-1], Failed):
                    label(piece.events[-1].error, deployment, route, response)
                yield piece
                began = True
        except UpstreamError as error:
            label(error, deployment, route, response)
            if not began:
                raise
            yield Piece(None, (Failed(error),))
        finally:
            if response is not None:
                await response.aclose()


def _whole(body: bytes, conversation: Conversation, route: Route, call: ChatCall) -> Piece:
    """The answer to a request that asked for a whole one, in whichever form it came."""
    if not answer_body.is_stream(body):
        return conversation.answer(body)
    return conversation.gathered(without_bad_frames(body, call.lose) if route.skip_bad_frames else body)


class _Streamed:
    """The pieces of an answer to a request for a stream, in whichever form it comes.

    No async generator, which would take three times as long to pass a piece on.
    """

    __slots__ = ("_call", "_chunks", "_conversation", "_is_over", "_lingers", "_reader", "_response", "_route")

    def __init__(
        self, response: UpstreamResponse, conversation: Conversation, route: Route, call: ChatCall
    ) -> None:
        self._response = response
        self._chunks = response.chunks()
        self._conversation = conversation
        self._route = route
        self._call = call
        self._reader: PieceReader | None = None
        self._is_over = self._lingers = False

    def __aiter__(self) -> "_Streamed":
        return self

    async def __anext__(self) -> Piece:
        while not self._is_over:
            piece = await self._next()
            if piece.raw or piece.events:
                return piece
        if self._lingers:
            self._lingers = False
            await answer_body.drain(self._chunks)
        raise StopAsyncIteration

    async def _next(self) -> Piece:
        reader = self._reader
        if reader is None:
            return await self._first()
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._is_over = True
            return reader.finish()
        return self._noted(reader.feed(chunk))

    def _noted(self, piece: Piece) -> Piece:
        if piece.events:
            self._lingers = isinstance(piece.events[-1], Ended)
            self._is_over = self._lingers or isinstance(piece.events[-1], Failed)
        return piece

    async def _first(self) -> Piece:
        opening = await answer_body.opening(self._chunks)
        if opening.is_document:
            self._is_over = True
            max_bytes = self._route.limits.streamed.max_body_bytes
            body = await answer_body.rest_of(opening.first, self._chunks, max_bytes=max_bytes)
            return self._conversation.replayed(body)
        reader = self._conversation.reader()
        if self._route.skip_bad_frames:
            reader = SkippingReader(reader, self._call.lose)
        elif isinstance(reader, RelayReader):
            self._response.offer_to(partial(reader.passed, call=self._call))
        self._reader = reader
        return self._noted(reader.feed(opening.first))


def _request(route: Route, wire: ModelWire, call: ChatCall, body: Body) -> UpstreamRequest:
    same_dialect = call.document.dialect == wire.wire.dialect.name
    target = wire.streamed_target if call.stream else wire.buffered_target
    if call.query and same_dialect:
        target += f"{'&' if '?' in target else '?'}{call.query}"
    headers = route.headers
    if call.headers:
        headers = headers_with(route, call.headers, wire.wire.callers, same_dialect=same_dialect)
    return UpstreamRequest(
        origin=route.origin,
        target=target,
        headers=headers,
        body=body,
        limits=route.limits.of(stream=call.stream, timeout_s=call.timeout_s, first_event_s=call.first_event_s),
        provider=route.provider,
        model=wire.model.model,
    )
