"""The Gemini API, as an upstream speaks it and as a client does."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.contract import Decoder, Encoder, Relay, RenderedRequest, Reply, Target
from adapters.dialects.gemini import answer_losses, client_errors, places
from adapters.dialects.gemini.answer_rendering import render_response
from adapters.dialects.gemini.errors import parse_error
from adapters.dialects.gemini.framing import FramingName, framing
from adapters.dialects.gemini.relay import GeminiRelay
from adapters.dialects.gemini.request import render_request
from adapters.dialects.gemini.request_parsing import parse_request
from adapters.dialects.gemini.response import parse_answer, parse_response
from adapters.dialects.gemini.stream import StreamDecoder
from adapters.dialects.gemini.stream_encoder import GeminiStreamEncoder
from adapters.dialects.gemini.vocabulary import NAME
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import FeatherGateError, UpstreamError
from domain.json_types import JSON


class Gemini:
    """generateContent and streamGenerateContent.

    The API has model and method in the URL. Towards an upstream the caller puts them there
    (`models/{id}:generateContent`, or `models/{id}:streamGenerateContent?alt=sse`; the bodies are the same); of a
    client's request they are members `model` and `stream` of the body that is parsed.

    framing: how a client wants its stream: as events (`alt=sse`), or as a JSON array, whose whites between the
    elements keep it alive. Upstreams are always asked for events.
    """

    name: Final = NAME

    def __init__(self, framing: FramingName = "sse") -> None:
        self._framing = framing
        is_sse = framing == "sse"
        self.stream_content_type = "text/event-stream; charset=utf-8" if is_sse else "application/json"
        self.keep_alive = b"\n\n" if is_sse else b"\n"

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        """The request for an upstream. Raises UnsupportedFeature where it cannot be expressed at all."""
        return render_request(request, target)

    def parse_answer(self, body: JSON, rendered: RenderedRequest) -> Iterable[StreamEvent]:
        """The events of a buffered answer. Raises UpstreamError where it is no good one."""
        return parse_answer(body, rendered)

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        """A buffered answer as one value. Raises the same."""
        return parse_response(body, rendered)

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        """A decoder for one streamed answer to `rendered`."""
        return StreamDecoder(rendered)

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer to a client of this dialect, in this framing."""
        del reply  # usage and the upstream's name of its model are always told
        return GeminiRelay(self._framing)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means."""
        return parse_error(status, headers, body)

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A client's request. Raises MalformedRequest with the path of what is wrong."""
        return parse_request(body)

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """A loss's pointer in this dialect's names, as `body` spells them."""
        return places.place(where, body)

    def render_response(self, response: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer for a client."""
        return render_response(response, reply)

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` the wire cannot say; None where it says it all."""
        return answer_losses.lost(event)

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        return GeminiStreamEncoder(reply, framing(self._framing))

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        return client_errors.render_error(error)

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream, of which other frames were sent before where it `has_begun`."""
        return client_errors.encode_error(error, self._framing, has_begun=has_begun)
