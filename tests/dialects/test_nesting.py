"""Requests nested as deeply as they are read at all can be rendered by every dialect."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import Target, UpstreamDialect
from adapters.dialects.envelope import Envelope
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from domain.chat.request import ChatRequest
from domain.errors import MalformedRequest
from domain.json_types import MAX_NESTING
from domain.models.profile import ModelProfile

SERVER_FRAMES = 200
"""More calls than stand below a translation in any server."""

HI = {"role": "user", "content": "hi"}


def schema(levels: int) -> dict[str, Any]:
    """A schema that nests `levels` objects."""
    nested: dict[str, Any] = {"type": "object"} if levels % 2 else {"type": "object", "properties": {}}
    for _ in range((levels - 1) // 2):
        nested = {"type": "object", "properties": {"a": nested}}
    return nested


def lists(levels: int) -> list[Any]:
    nested: list[Any] = []
    for _ in range(levels - 1):
        nested = [nested]
    return nested


def calling(arguments: object) -> list[Any]:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    answered = {"role": "tool", "tool_call_id": "c", "content": "ok"}
    return [HI, {"role": "assistant", "content": None, "tool_calls": [call]}, answered]


WHERE: dict[str, tuple[int, Callable[[int], dict[str, Any]]]] = {
    # What stands around the nested value inside its top-level member, and the request with that many levels in it.
    "parameters": (3, lambda deep: {"tools": [{"type": "function", "function": {"name": "f", "parameters": schema(deep)}}]}),
    "schema": (2, lambda deep: {"response_format": {"type": "json_schema", "json_schema": {"name": "s", "schema": schema(deep)}}}),
    "arguments": (6, lambda deep: {"messages": calling({"a": lists(deep)})}),
    "written arguments": (1, lambda deep: {"messages": calling(json.dumps({"a": lists(deep)}))}),
    "metadata": (1, lambda deep: {"metadata": {"a": lists(deep)}}),
    "unknown": (0, lambda deep: {"unknown": lists(deep)}),
    "in a message": (2, lambda deep: {"messages": [{**HI, "unknown": lists(deep)}]}),
}  # fmt: skip


def parsed(members: dict[str, Any]) -> ChatRequest:
    body = json.dumps({"model": "m", "messages": [HI], **members}).encode()
    return OpenAIChat().parse_request(Envelope.decode(body).document())


def below(frames: int, work: Callable[[], bytes]) -> bytes:
    return below(frames - 1, work) if frames else work()


@pytest.mark.parametrize("place", WHERE)
@pytest.mark.parametrize(
    ("dialect", "family"),
    [(OpenAIChat(), "openai"), (AnthropicMessages(), "anthropic"), (Gemini(), "google")],
    ids=["openai", "anthropic", "gemini"],
)
def test_what_is_read_can_be_rendered(dialect: UpstreamDialect, family: str, place: str) -> None:
    around, members = WHERE[place]
    target = Target(provider=family, family=family, model="m", profile=ModelProfile())

    def translated() -> bytes:
        request = parsed(members(MAX_NESTING - around))
        return json_codec.encode(dialect.render_request(request, target).body)

    assert json.loads(below(SERVER_FRAMES, translated))


@pytest.mark.parametrize("place", [place for place in WHERE if place != "written arguments"])
def test_what_nests_deeper_is_malformed(place: str) -> None:
    around, members = WHERE[place]
    with pytest.raises(MalformedRequest, match=f"nests too deeply; at most {MAX_NESTING} levels"):
        parsed(members(MAX_NESTING - around + 1))
