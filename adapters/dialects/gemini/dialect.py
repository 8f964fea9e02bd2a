"""The Gemini API as an upstream's language."""

from collections.abc import Mapping
from typing import Final

from adapters.dialects.contract import Decoder, RenderedRequest, Target
from adapters.dialects.gemini.errors import parse_error
from adapters.dialects.gemini.request import render_request
from adapters.dialects.gemini.response import parse_response
from adapters.dialects.gemini.stream import StreamDecoder
from domain.chat.request import ChatRequest
from domain.chat.response import ChatResponse
from domain.errors import UpstreamError
from domain.json_types import JSON

NAME: Final = "gemini"


class Gemini:
    """generateContent and streamGenerateContent; implements `contract.UpstreamDialect`.

    The caller puts model and method into the URL (`models/{id}:generateContent`, or
    `models/{id}:streamGenerateContent?alt=sse`); the bodies are the same.
    """

    name = NAME

    def render_request(self, request: ChatRequest, target: Target) -> RenderedRequest:
        return render_request(request, target)

    def parse_response(self, body: JSON, rendered: RenderedRequest) -> ChatResponse:
        return parse_response(body, rendered)

    def decoder(self, rendered: RenderedRequest) -> Decoder:
        return StreamDecoder(rendered)

    def parse_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        return parse_error(status, headers, body)
