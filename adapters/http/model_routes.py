"""The model-calling routes in one table: paths, the dialect of their clients, the places of keys, handlers."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from adapters.dialects.contract import ClientDialect
from adapters.http import paths
from adapters.http.access import ANTHROPIC_CREDENTIALS, GEMINI_CREDENTIALS
from adapters.http.chat_handlers import ChatHandlers
from adapters.http.client_kind import ClientKind
from adapters.http.further_handlers import FurtherHandlers
from adapters.http.routes import Route, RouteTable

_MODELS: Final = "/v1beta/models/{model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientDialects:
    """The dialects that clients speak."""

    chat: ClientDialect
    completions: ClientDialect
    responses: ClientDialect
    messages: ClientDialect
    gemini: ClientDialect

    def by_kind(self) -> Mapping[ClientKind, ClientDialect]:
        """The dialect to answer a client in of whom only the kind is known."""
        return {
            ClientKind.OPENAI: self.chat,
            ClientKind.ANTHROPIC: self.messages,
            ClientKind.GEMINI: self.gemini,
        }


def model_routes(dialects: ClientDialects, chat: ChatHandlers, further: FurtherHandlers) -> RouteTable:
    """The table. A route's name labels its calls in metrics and logs."""
    openai = partial(Route, dialect=dialects.chat)
    legacy = partial(Route, dialect=dialects.completions)
    responses = partial(Route, dialect=dialects.responses)
    messages = partial(Route, dialect=dialects.messages, credentials=ANTHROPIC_CREDENTIALS)
    gemini = partial(Route, dialect=dialects.gemini, credentials=GEMINI_CREDENTIALS)
    stream = gemini(name=f"{_MODELS}:streamGenerateContent", handler=chat.stream_generate_content)
    return RouteTable.of(
        (paths.CHAT_COMPLETIONS, openai(name="/v1/chat/completions", handler=chat.chat_completions)),
        (paths.COMPLETIONS, legacy(name="/v1/completions", handler=chat.completions)),
        (paths.RESPONSES, responses(name="/v1/responses", handler=chat.responses)),
        (paths.MESSAGES, messages(name="/v1/messages", handler=chat.messages)),
        (paths.GENERATE_CONTENT, gemini(name=f"{_MODELS}:generateContent", handler=chat.generate_content)),
        (paths.STREAM_GENERATE_CONTENT, stream),
        (paths.INPUT_TOKENS, responses(name="/v1/responses/input_tokens", handler=further.input_tokens)),
        (paths.COUNT_TOKENS, messages(name="/v1/messages/count_tokens", handler=further.count_tokens)),
        (paths.COUNT_CONTENT_TOKENS, gemini(name=f"{_MODELS}:countTokens", handler=further.count_content_tokens)),
        (paths.EMBEDDINGS, openai(name="/v1/embeddings", handler=further.embeddings)),
    )
