"""Clients of the four dialects, and a small call of each."""

import json
from typing import Any, TypeAlias

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from application.chat_call import ChatCall
from tests.providers.calling import call_in

Client: TypeAlias = OpenAIChat | OpenAIResponses | AnthropicMessages | Gemini

CLIENTS: tuple[Client, ...] = (OpenAIChat(), OpenAIResponses(), AnthropicMessages(), Gemini())
_HI = {"role": "user", "content": "hi"}
_BODIES: dict[str, dict[str, Any]] = {
    "openai_chat": {"model": "the-model", "messages": [_HI], "stream_options": {"include_usage": True}},
    "openai_responses": {"model": "the-model", "input": [_HI]},
    "anthropic_messages": {"model": "the-model", "max_tokens": 99, "messages": [_HI]},
    "gemini": {"model": "the-model", "contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
}


def call_of(client: Client, *, stream: bool) -> ChatCall:
    """A call that such a client makes."""
    body = {**_BODIES[client.name], "stream": stream}
    return call_in(client, json.dumps(body).encode(), stream=stream)
