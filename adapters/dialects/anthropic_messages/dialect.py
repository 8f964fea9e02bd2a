"""Messages, as an upstream speaks it and as a client does."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.anthropic_messages import answer_losses, client_errors
from adapters.dialects.anthropic_messages.answer_rendering import render_response
from adapters.dialects.anthropic_messages.errors import parse_error
from adapters.dialects.anthropic_messages.places import place
from adapters.dialects.anthropic_messages.relay import MessagesRelay
from adapters.dialects.anthropic_messages.request import render_request
from adapters.dialects.anthropic_messages.request_parsing import parse_request
from adapters.dialects.anthropic_messages.response import parse_answer, parse_response
from adapters.dialects.anthropic_messages.stream import MessagesDecoder
from adapters.dialects.anthropic_messages.stream_encoder import MessagesEncoder
from adapters.dialects.anthropic_messages.vocabulary import NAME
from adapters.dialects.contract import Decoder, Encoder, Relay, RenderedRequest, Reply, Target
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import FeatherGateError, UpstreamError
from domain.json_types import JSON


class AnthropicMessages:
    """Anthropic's Messages API."""

    name: Final = NAME
    stream_content_type: Final = "text/event-stream; charset=utf-8"
    keep_alive: Final = b'event: ping\ndata: {"type":"ping"}\n\n'

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
        return MessagesDecoder(rendered)

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer to a client of Messages."""
        return MessagesRelay(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means."""
        return parse_error(status, headers, body)

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A client's request. Raises MalformedRequest with the path of what is wrong."""
        return parse_request(body)

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """The pointer in the names of this format."""
        return place(where, body)

    def render_response(self, response: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer for a client."""
        return render_response(response, reply)

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` the wire cannot say; None where it says it all."""
        return answer_losses.lost(event)

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        return MessagesEncoder(reply)

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        return client_errors.render_error(error)

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream; the same wherever it stands."""
        del has_begun
        return client_errors.encode_error(error)
