"""The openai package's own types as judges of the requests we send."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from openai.types.responses.response_create_params import (
    ResponseCreateParamsNonStreaming,
    ResponseCreateParamsStreaming,
)
from pydantic import TypeAdapter


@cache
def _adapter(*, stream: bool) -> TypeAdapter[Any]:
    return TypeAdapter(ResponseCreateParamsStreaming if stream else ResponseCreateParamsNonStreaming)


def check_request(body: dict[str, Any]) -> None:
    """Raise ValidationError where the API's own type does not know `body`, unknown members included.

    The type demands ids of reasoning, which the API does not when nothing is stored.
    """
    items = [_named(item) for item in body["input"]]
    adapter = _adapter(stream=bool(body.get("stream")))
    _walk(adapter.validate_python({**body, "input": items}, extra="forbid"))


def _named(item: dict[str, Any]) -> dict[str, Any]:
    return {"id": "rs_1", **item} if item.get("type") == "reasoning" else item


def _walk(value: Any) -> None:
    """Iterables in these types are checked only while they are walked."""
    if isinstance(value, dict):
        for inner in value.values():
            _walk(inner)
    elif isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        for inner in value:
            _walk(inner)
