"""The way without translation: client and upstream speak the same dialect, and values keep their bytes."""

from dataclasses import replace
from typing import Final

from adapters.dialects.contract import ClientDialect, Relay, RenderedRequest, Reply
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.long_strings import parts
from adapters.providers.chat_body import wants_usage
from adapters.providers.fitting import fitted
from adapters.providers.native_body import native
from adapters.providers.route import Route
from adapters.providers.translation import Translation
from adapters.providers.wire import ModelWire, Wire
from adapters.upstream.request_body import Body, PartedBody
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.chat.loss import Loss
from domain.routing.fleet import Deployment

_NOTHING_RENAMED: Final = RenderedRequest(body={})


class PassThrough:
    """The caller's body with its top-level members fitted, and the relay of its answer."""

    def __init__(self, wire: Wire, client: ClientDialect, reply: Reply, body: Body) -> None:
        self._wire = wire
        self._client = client
        self._reply = reply
        self.body = body

    @classmethod
    def of(cls, route: Route, wire: ModelWire, deployment: Deployment, call: ChatCall) -> "PassThrough | None":
        """The request of `call`, or None where it has to be translated.

        That is where client or upstream speak another dialect, and where a value inside the body may not reach
        this upstream as it stands. Raises UnsupportedFeature where caller or operator refuse what would be left
        out.
        """
        document, spoken = call.document, wire.wire
        if not isinstance(document, Document) or document.dialect != spoken.dialect.name:
            return None
        if spoken.wishes.by_meaning and spoken.quirks is None:
            return None
        envelope, losses, reply = _fitted(document, route, wire, streamed=call.stream)
        outline, cuts = envelope.encode_outline()
        if spoken.markers is not None and spoken.markers.search(outline):
            return None
        call.accept(losses, deployment)
        return cls(spoken, document.client, reply, PartedBody(parts(outline, cuts)) if cuts else outline)

    def reader(self) -> "RelayReader":
        return RelayReader(self._client.relay(self._reply))

    def answer(self, body: bytes) -> Piece:
        return Piece(*self._client.relay(self._reply).answer(body))

    def replayed(self, body: bytes) -> Piece:
        return self._as_events().replayed(body)

    def gathered(self, body: bytes) -> Piece:
        return self._as_events().gathered(body)

    def _as_events(self) -> Translation:
        return Translation(self._wire.dialect, _NOTHING_RENAMED, b"")


class RelayReader:
    """A stream of the client's own dialect: its bytes, and what they tell."""

    __slots__ = ("_relay",)

    def __init__(self, relay: Relay) -> None:
        self._relay = relay

    def feed(self, chunk: bytes) -> Piece:
        return Piece(*self._relay.feed(chunk))

    def finish(self) -> Piece:
        return Piece(*self._relay.finish())

    def passed(self, chunk: bytes, call: ChatCall) -> bool:
        """Whether `chunk`, for which the reader of `call`'s answer waits, went to the client as it came."""
        if call.passage is None:
            return False
        raw = self._relay.repeated(chunk)
        return bool(raw) and call.passage(raw)


def _fitted(
    document: Document, route: Route, wire: ModelWire, *, streamed: bool
) -> tuple[Envelope, tuple[Loss, ...], Reply]:
    """The body to send, what it lost, and what its answer must know."""
    fitting, reply = wire.fitting, document.reply
    if fitting is None:
        return native(document.envelope, route, wire), (), reply
    envelope = fitted(document.envelope, route)
    if wants_usage(envelope) != reply.include_usage:
        reply = replace(reply, include_usage=not reply.include_usage)
    body, losses = fitting.fit(envelope, allowed=route.allowed, extra_body=route.extra_body, streamed=streamed)
    return body, losses, reply
