"""The handlers of all routes that chat with a model."""

from dataclasses import dataclass
from typing import Self

from adapters.http.answering import ChatAnswering
from adapters.http.chat_completions import ChatCompletionsReader
from adapters.http.chat_handler import CallReader, ChatHandler
from adapters.http.completions import CompletionsReader
from adapters.http.generate_content import GenerateContentReader
from adapters.http.messages import MessagesReader
from adapters.http.reception import Reception
from adapters.http.responses import ResponsesReader
from adapters.http.routes import Handler
from application.ports.clock import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatHandlers:
    """One for each way to ask: they differ in their readers alone."""

    chat_completions: Handler
    completions: Handler
    responses: Handler
    messages: Handler
    generate_content: Handler
    stream_generate_content: Handler

    @classmethod
    def of(cls, reception: Reception, answering: ChatAnswering, clock: Clock) -> Self:
        """All of them, behind one reception and with one way to answer."""

        def handler(reader: CallReader) -> Handler:
            return ChatHandler(reader, reception, answering)

        return cls(
            chat_completions=handler(ChatCompletionsReader(clock)),
            completions=handler(CompletionsReader(clock)),
            responses=handler(ResponsesReader(clock)),
            messages=handler(MessagesReader(clock)),
            generate_content=handler(GenerateContentReader(clock, stream=False)),
            stream_generate_content=handler(GenerateContentReader(clock, stream=True)),
        )
