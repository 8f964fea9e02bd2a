"""The way through the canonical form: for upstreams that speak another dialect than the client."""

from dataclasses import replace

from adapters.dialects import json_codec
from adapters.dialects.contract import Decoder, RenderedRequest, UpstreamDialect
from adapters.dialects.document import Document
from adapters.dialects.upstream_errors import excerpt
from adapters.providers.fitting import fitted, merged
from adapters.providers.route import ModelRoute, Route
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
    def of(cls, route: Route, model: ModelRoute, deployment: Deployment, call: ChatCall) -> "Translation":
        """The request of `call` in the upstream's dialect.

        Raises MalformedRequest with the path of a mistake, UnsupportedFeature where the upstream cannot be told
        what is asked, or not without losses that caller or operator refuse.
        """
        request, members = _request(route, call)
        rendered = route.dialect.render_request(request, model.target)
        body, losses = _with_allowed(rendered, members, route)
        call.accept(losses, deployment)
        for name, own_name in route.renames.items():
            if name in body:
                body[own_name] = body.pop(name)
        if route.extra_body:
            body = merged(body, route.extra_body)
        return cls(route.dialect, rendered, json_codec.encode(body))

    def reader(self) -> "EventReader":
        return EventReader(self._dialect.decoder(self._rendered))

    def answer(self, body: bytes) -> Piece:
        return Piece(None, tuple(unfold(self._dialect.parse_response(self._document(body), self._rendered))))

    def replayed(self, body: bytes) -> Piece:
        return self.answer(body)

    def gathered(self, body: bytes) -> Piece:
        reader = self.reader()
        events = (*reader.feed(body).events, *reader.finish().events)
        return Piece(None, tuple(unfold(fold(events))))

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


def _request(route: Route, call: ChatCall) -> tuple[ChatRequest, dict[str, JSON]]:
    """What is asked, and the members of the caller's body that are to be sent in any case."""
    document = call.document
    members: dict[str, JSON] = {}
    if isinstance(document, Document):
        envelope = fitted(document.envelope, route)
        document = document.with_envelope(envelope)
        members = {name: envelope.value(name) for name in route.allowed if name in envelope}
    request = document.canonical()
    return (request if request.stream == call.stream else replace(request, stream=call.stream)), members


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
