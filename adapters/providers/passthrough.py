"""The way without translation: client and upstream both speak Chat Completions, and values keep their bytes."""

from typing import Final

from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.document import Document
from adapters.dialects.openai_chat.passthrough import ChatRelay
from adapters.providers.chat_body import fit, wants_usage
from adapters.providers.fitting import fitted
from adapters.providers.route import ModelRoute, Route
from adapters.providers.translation import Translation
from application.chat_call import ChatCall
from application.ports.chat_provider import Piece
from domain.routing.fleet import Deployment

_NOTHING_RENAMED: Final = RenderedRequest(body={})


class PassThrough:
    """The caller's body with its top-level members fitted, and the relay of its answer."""

    def __init__(self, route: Route, reply: Reply, body: bytes) -> None:
        self._route = route
        self._reply = reply
        self.body = body

    @classmethod
    def of(cls, route: Route, model: ModelRoute, deployment: Deployment, call: ChatCall) -> "PassThrough | None":
        """The request of `call`, or None where it has to be translated.

        That is where client or upstream speak another dialect, and where a value inside the body may not reach
        this upstream as it stands. Raises UnsupportedFeature where caller or operator refuse what would be left
        out.
        """
        document = call.document
        if route.quirks is None or not isinstance(document, Document):
            return None
        envelope = fitted(document.envelope, route)
        body_envelope, losses = fit(envelope, route.quirks, route, model, streamed=call.stream)
        body = body_envelope.encode()
        if any(marker in body for marker in route.markers):
            return None
        call.accept(losses, deployment)
        return cls(route, Reply(model=call.model, include_usage=wants_usage(envelope)), body)

    def reader(self) -> "RelayReader":
        return RelayReader(ChatRelay(self._reply))

    def answer(self, body: bytes) -> Piece:
        return Piece(*ChatRelay(self._reply).answer(body))

    def replayed(self, body: bytes) -> Piece:
        return self._as_events().replayed(body)

    def gathered(self, body: bytes) -> Piece:
        return self._as_events().gathered(body)

    def _as_events(self) -> Translation:
        return Translation(self._route.dialect, _NOTHING_RENAMED, self.body)


class RelayReader:
    """A stream of the client's own dialect: its bytes, and what they tell."""

    __slots__ = ("_relay",)

    def __init__(self, relay: ChatRelay) -> None:
        self._relay = relay

    def feed(self, chunk: bytes) -> Piece:
        return Piece(*self._relay.feed(chunk))

    def finish(self) -> Piece:
        return Piece(*self._relay.finish())
