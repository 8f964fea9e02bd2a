"""The way through the canonical form: for upstreams that speak another dialect than the client."""

from dataclasses import replace

from adapters.dialects import json_codec
from adapters.dialects.contract import Decoder, RenderedRequest, UpstreamDialect
from adapters.dialects.document import Document
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.upstream_errors import excerpt
from adapters.providers.fitting import fitted
from adapters.providers.merging import merged
from adapters.providers.route import Route
from adapters.providers.wire import ModelWire, Wire
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat.fold import fold, unfold
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.errors import MalformedResponse
from domain.json_types import JSON
from domain.routing.fleet import Deployment


class Translation:
    """A rendered request, and the decoding of its answer into events."""

    def __init__(self, dialect: UpstreamDialect, rendered: RenderedRequest, body: bytes) -> None:
        self._dialect = dialect
        self._rendered = rendered
        self.body = body

    @classmethod
    def of(cls, route: Route, wire: ModelWire, deployment: Deployment, call: ChatCall) -> "Translation":
        """The request of `call` in the upstream's dialect.

        Raises MalformedRequest with the path of a mistake, UnsupportedFeature where the upstream cannot be told
        what is asked, or not without losses that caller or operator refuse.
        """
        dialect = wire.wire.dialect
        request, members = _request(route, call, wire.wire)
        rendered = dialect.render_request(request, wire.model)
        body, losses = _with_allowed(rendered, members, route)
        call.accept(losses, deployment)
        for name, own_name in wire.wire.renames.items():
            if name in body:
                body[own_name] = body.pop(name)
        if route.extra_body:
            body = merged(body, route.extra_body)
        return cls(dialect, rendered, json_codec.encode(body))

    def reader(self) -> "EventReader":
        return EventReader(self._dialect.decoder(self._rendered))

    def answer(self, body: bytes) -> Piece:
        return self._told(self._document(body))

    def replayed(self, body: bytes) -> Piece:
        document = self._document(body)
        if isinstance(document, list):
            # Gemini frames a stream so where `alt=sse` did not reach it: each element is what an event holds.
            return self.gathered(b"".join(b"data: " + json_codec.encode(one) + b"\n\n" for one in document))
        return self._told(document)

    def gathered(self, body: bytes) -> Piece:
        reader = self.reader()
        events = (*reader.feed(body).events, *reader.finish().events)
        return Piece(None, tuple(unfold(fold(events))))

    def _told(self, document: JSON) -> Piece:
        return Piece(None, tuple(self._dialect.parse_answer(document, self._rendered)))

    def _document(self, body: bytes) -> JSON:
        """`body` as plain values. Raises what an error document in a good status means, MalformedResponse."""
        try:
            document = json_codec.decode(body)
        except (ValueError, RecursionError):
            raise MalformedResponse(f"expected JSON from the upstream; got {excerpt(body)}") from None
        if isinstance(document, dict) and document.get("error"):
            raise self._dialect.parse_error(200, {}, body)
        return document


class EventReader:
    """A stream of another dialect: events alone."""

    __slots__ = ("_decoder",)

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = decoder

    def feed(self, chunk: bytes) -> Piece:
        return Piece(None, tuple(self._decoder.feed(chunk)))

    def finish(self) -> Piece:
        return Piece(None, tuple(self._decoder.finish()))


def _request(route: Route, call: ChatCall, wire: Wire) -> tuple[ChatRequest, dict[str, JSON]]:
    """What is asked, and the members of the caller's body that are to be sent in any case."""
    document = call.document
    members: dict[str, JSON] = {}
    if isinstance(document, Document) and document.dialect == OpenAIChat.name:
        envelope = fitted(document.envelope, route)
        document = document.with_envelope(envelope)
        members = {name: envelope.value(name) for name in route.allowed if name in envelope}
        request = document.canonical()
    else:
        request = route.wishes.applied(document.canonical())
    # What was written in the upstream's dialect is not repaired, but for wishes that are not meant for one model.
    fits = document.dialect != wire.dialect.name or not wire.wishes.by_model
    return replace(request, stream=call.stream, source=request.source if fits else ""), members


def _with_allowed(
    rendered: RenderedRequest, members: dict[str, JSON], route: Route
) -> tuple[dict[str, JSON], tuple[Loss, ...]]:
    """The rendered body with the parameters the operator vouches for; they are no losses then."""
    if not members:
        return dict(rendered.body), rendered.losses
    lost = {loss.where.removeprefix("/") for loss in rendered.losses}
    sent = {name: value for name, value in members.items() if name in lost}
    losses = tuple(loss for loss in rendered.losses if loss.where.removeprefix("/") not in route.allowed)
    return {**rendered.body, **sent}, losses
