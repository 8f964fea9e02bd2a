"""The handlers of the routes that do not chat."""

from dataclasses import dataclass
from functools import partial
from typing import Self

from adapters.dialects.anthropic_messages import counting as messages
from adapters.dialects.gemini import counting as gemini
from adapters.dialects.openai_responses import counting as responses
from adapters.http.answer_heads import AnswerHeads
from adapters.http.count_tokens import CountedContentsReader, CountHandler
from adapters.http.embeddings import EmbeddingsHandler
from adapters.http.messages import MessagesReader
from adapters.http.reception import Reception
from adapters.http.responses import ResponsesReader
from adapters.http.routes import Handler
from application.count_tokens import CountTokens
from application.embed import Embed
from application.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherHandlers:
    """Counting, in the three dialects that have a route for it, and embedding."""

    input_tokens: Handler
    count_tokens: Handler
    count_content_tokens: Handler
    embeddings: Handler

    @classmethod
    def of(
        cls, reception: Reception, heads: AnswerHeads, clock: Clock, *, count_tokens: CountTokens, embed: Embed
    ) -> Self:
        """All of them, behind one reception."""
        counter = partial(CountHandler, reception=reception, count_tokens=count_tokens, heads=heads)
        return cls(
            input_tokens=counter(ResponsesReader(clock), responses.render_count),
            count_tokens=counter(MessagesReader(clock), messages.render_count),
            count_content_tokens=counter(CountedContentsReader(), gemini.render_count),
            embeddings=EmbeddingsHandler(reception, embed, heads),
        )
