"""The dialect as providers use it."""

from collections.abc import Mapping

from adapters.dialects.anthropic_messages.errors import parse_error
from adapters.dialects.anthropic_messages.request import render_request
from adapters.dialects.anthropic_messages.response import parse_response
from adapters.dialects.anthropic_messages.stream import MessagesDecoder
from adapters.dialects.contract import Decoder, RenderedRequest, Target
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import UpstreamError
from domain.json_types import JSON


class AnthropicMessages:
    """Anthropic's Messages API, spoken to upstreams."""

    name = "anthropic_messages"

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        return render_request(request, target)

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        return parse_response(body, rendered)

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        return MessagesDecoder(rendered)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        return parse_error(status, headers, body)
