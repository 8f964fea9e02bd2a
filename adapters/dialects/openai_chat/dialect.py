"""Chat Completions, as an upstream speaks it and as a client does."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.contract import Decoder, Encoder, Relay, RenderedRequest, Reply, Target
from adapters.dialects.openai_chat import answer_losses, errors, placing
from adapters.dialects.openai_chat.answer_reader import parse_answer
from adapters.dialects.openai_chat.members import NAME
from adapters.dialects.openai_chat.passthrough import ChatRelay
from adapters.dialects.openai_chat.quirks import OPENAI, ChatQuirks
from adapters.dialects.openai_chat.request import parse_request
from adapters.dialects.openai_chat.request_rendering import render_request
from adapters.dialects.openai_chat.response import render_response
from adapters.dialects.openai_chat.stream_decoder import ChatStreamDecoder
from adapters.dialects.openai_chat.stream_encoder import ChatStreamEncoder
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import FeatherGateError, UpstreamError
from domain.json_types import JSON


class OpenAIChat:
    """OpenAI's Chat Completions and its copies; `quirks` says where an upstream differs."""

    name: Final = NAME
    stream_content_type: Final = "text/event-stream; charset=utf-8"
    keep_alive: Final = b": ping\n\n"

    def __init__(self, quirks: ChatQuirks = OPENAI) -> None:
        self.quirks = quirks

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        """The request for an upstream. Raises UnsupportedFeature where it cannot be expressed at all."""
        return render_request(request, target, self.quirks)

    def parse_answer(self, body: JSON, rendered: RenderedRequest) -> Iterable[StreamEvent]:
        """The events of a buffered answer. Raises UpstreamError where it is no good one."""
        return parse_answer(body, rendered)

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        """A buffered answer as one value. Raises the same."""
        return fold(parse_answer(body, rendered))

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        """A decoder for one streamed answer to `rendered`."""
        return ChatStreamDecoder(rendered)

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer to a client of Chat Completions."""
        return ChatRelay(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means."""
        return errors.parse_error(status, headers, body)

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A client's request. Raises MalformedRequest with the path of what is wrong."""
        return parse_request(body)

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """The pointer `where` as `body` spells it: the canonical request borrowed this format's names."""
        return placing.place(where, body)

    def render_response(self, response: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer for a client."""
        return render_response(response, reply)

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` the wire cannot say; None where it says it all."""
        return answer_losses.lost(event)

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        return ChatStreamEncoder(reply)

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        return errors.render_error(error)

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream; the same wherever it stands."""
        del has_begun
        return errors.encode_error(error)
