"""OpenAI Responses, as an upstream speaks it and as a client does."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.contract import Decoder, Encoder, Relay, RenderedRequest, Reply, Target
from adapters.dialects.openai_responses import answer_losses, client_errors, placing
from adapters.dialects.openai_responses.answer_reader import parse_answer, parse_response
from adapters.dialects.openai_responses.errors import parse_error
from adapters.dialects.openai_responses.relay import ResponsesRelay
from adapters.dialects.openai_responses.request import parse_request
from adapters.dialects.openai_responses.request_rendering import render_request
from adapters.dialects.openai_responses.response import render_response
from adapters.dialects.openai_responses.stream_decoder import ResponsesDecoder
from adapters.dialects.openai_responses.stream_encoder import ResponsesStreamEncoder
from adapters.dialects.openai_responses.vocabulary import NAME
from domain.chat.events import StreamEvent
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import FeatherGateError, UpstreamError
from domain.json_types import JSON


class OpenAIResponses:
    """OpenAI's Responses API."""

    name: Final = NAME
    stream_content_type: Final = "text/event-stream; charset=utf-8"
    keep_alive: Final = b": ping\n\n"

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
        return ResponsesDecoder(rendered)

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer to a client of Responses."""
        return ResponsesRelay(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means."""
        return parse_error(status, headers, body)

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A client's request. Raises MalformedRequest with the path of what is wrong."""
        return parse_request(body)

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """The pointer `where`, in the names of a chat request, in this format's."""
        return placing.place(where, body)

    def render_response(self, response: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer for a client."""
        return render_response(response, reply)

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` the wire cannot say; None where it says it all."""
        return answer_losses.lost(event)

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        return ResponsesStreamEncoder(reply)

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        return client_errors.render_error(error)

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream; the same wherever it stands."""
        del has_begun
        return client_errors.encode_error(error)
