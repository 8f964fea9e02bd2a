"""The openai package's own types as judges of what we send."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)
from pydantic import TypeAdapter


@cache
def _adapter(*, stream: bool) -> TypeAdapter[Any]:
    return TypeAdapter(CompletionCreateParamsStreaming if stream else CompletionCreateParamsNonStreaming)


def check_request(body: dict[str, Any]) -> None:
    """Raise ValidationError where the API's own type does not know `body`, unknown members included."""
    adapter = _adapter(stream=bool(body.get("stream")))
    _walk(adapter.validate_python(body, extra="forbid"))


def check_response(body: dict[str, Any]) -> ChatCompletion:
    return ChatCompletion.model_validate(body)


def check_chunk(body: dict[str, Any]) -> ChatCompletionChunk:
    return ChatCompletionChunk.model_validate(body)


def _walk(value: Any) -> None:
    """Iterables in these types are checked only while they are walked."""
    if isinstance(value, dict):
        for inner in value.values():
            _walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for inner in value:
            _walk(inner)
