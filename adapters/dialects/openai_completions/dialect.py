"""Completions as a client speaks it, and as upstreams that have it answer."""

from collections.abc import Iterable, Mapping
from typing import Final

from adapters.dialects.contract import Decoder, Encoder, Relay, RenderedRequest, Reply, Target
from adapters.dialects.openai_completions import answer_losses, request, response
from adapters.dialects.openai_completions.stream import CompletionsDecoder, CompletionsEncoder
from adapters.dialects.openai_completions.vocabulary import NAME, Chat
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.loss import Loss
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import FeatherGateError, UnsupportedFeature, UpstreamError
from domain.json_types import JSON


class OpenAICompletions:
    """OpenAI's legacy Completions. What it shares with Chat Completions it leaves to `chat`.

    As an upstream's format it only passes requests of its own clients on: a conversation is not told in it.
    """

    name: Final = NAME
    stream_content_type: Final = "text/event-stream; charset=utf-8"
    keep_alive: Final = b": ping\n\n"

    def __init__(self, chat: Chat) -> None:
        self._chat = chat

    def parse_request(self, body: Mapping[str, JSON]) -> ChatRequest:
        """A client's request. Raises MalformedRequest with the path of what is wrong, UnsupportedFeature."""
        return request.parse_request(body, self._chat)

    def place(self, where: str, body: Mapping[str, JSON]) -> str:
        """A loss's pointer in this format's names."""
        del body
        return request.place(where)

    def render_response(self, answer: ChatResponse, reply: Reply) -> dict[str, JSON]:
        """A buffered answer for a client."""
        return response.render_response(answer, reply, self._chat)

    def lost(self, event: StreamEvent) -> Loss | None:
        """What of an answer's `event` the wire cannot say; None where it says it all."""
        return answer_losses.lost(event)

    def encoder(self, reply: Reply) -> Encoder:
        """An encoder for one streamed answer."""
        return CompletionsEncoder(reply, self._chat)

    def render_error(self, error: FeatherGateError) -> tuple[int, dict[str, JSON]]:
        """An error as HTTP status and body."""
        return self._chat.render_error(error)

    def encode_error(self, error: FeatherGateError, *, has_begun: bool = False) -> bytes:
        """An error as the last frame of a stream; the same wherever it stands."""
        del has_begun
        return self._chat.encode_error(error)

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        """Never: raises UnsupportedFeature."""
        raise UnsupportedFeature(
            f"expected a request of Completions for {target.model}, which is passed on as it is; a conversation "
            "cannot be told as a prompt. Ask for a model that chats.",
            provider=target.provider,
            model=request.model,
        )

    def parse_answer(self, body: JSON, rendered: RenderedRequest) -> Iterable[StreamEvent]:
        """The events of a buffered answer. Raises UpstreamError where it is no good one."""
        return self._chat.parse_answer(response.as_chat(body, streamed=False), rendered)

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        """A buffered answer as one value. Raises the same."""
        return fold(self.parse_answer(body, rendered))

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        """A decoder for one streamed answer."""
        return CompletionsDecoder(rendered, self._chat)

    def relay(self, reply: Reply) -> Relay:
        """A relay for one answer to a client of this format, whose frames are those of Chat Completions."""
        return self._chat.relay(reply)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """An answer with an error status as the error it means."""
        return self._chat.parse_error(status, headers, body)
