"""Recorded requests, estimated: how far the estimates are from what their vendors counted.

Only requests whose whole prompt the gateway sees: no tools or files of the vendor's own, nothing the vendor keeps,
no media. Google's Vertex platform counts tools otherwise than the Gemini API and is left out.
"""

import json
import re
from collections.abc import Iterator
from statistics import median
from typing import Any, Protocol

import pytest

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.gemini.counting import parse_count_request
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from domain.chat.content import Audio, Document, Image, OpaquePart, PlainText, ToolResult
from domain.chat.request import BuiltinTool, ChatRequest
from domain.errors import RequestError
from domain.models.token_estimate import estimate_text, estimate_tokens
from tests.corpus.recorded import Recorded, recorded

_MODEL_IN_PATH = re.compile(r"models/([^:]+):")
_STORED = frozenset(
    {"previous_response_id", "conversation", "prompt", "cachedContent", "mcp_servers", "container"}
)


class Parser(Protocol):
    def parse_request(self, body: dict[str, Any]) -> ChatRequest: ...


def parsed(one: Recorded) -> ChatRequest:
    """The request with its vendor's own id of the model."""
    body = one.request
    if one.provider == "gemini":
        found = _MODEL_IN_PATH.search(one.path)
        assert found is not None
        wanted = parse_count_request(body) if one.api == "count_tokens" else body
        return Gemini().parse_request({**wanted, "model": found[1], "stream": False})
    dialects: dict[str, Parser] = {
        "chat_completions": OpenAIChat(),
        "responses": OpenAIResponses(),
        "responses_input_tokens": OpenAIResponses(),
        "messages": AnthropicMessages(),
        "count_tokens": AnthropicMessages(),
    }
    return dialects[one.api].parse_request(body)


def is_text(request: ChatRequest) -> bool:
    """Whether nothing in it but text, tools and thoughts makes the prompt."""
    if any(isinstance(tool, BuiltinTool) for tool in request.tools):
        return False
    if any(not _STORED.isdisjoint(members) for members in request.ext.values()):
        return False
    parts = [part for message in request.messages for part in message.parts]
    parts += [inner for part in parts if isinstance(part, ToolResult) for inner in part.parts]
    return not any(
        isinstance(part, Image | Audio | OpaquePart)
        or (isinstance(part, Document) and not isinstance(part.source, PlainText))
        for part in parts
    )


def documents(one: Recorded) -> Iterator[dict[str, Any]]:
    """The JSON objects of an answer, whole or streamed."""
    if one.sse is not None:
        for line in one.sse.decode().splitlines():
            if line.startswith("data:") and line[5:].strip().startswith("{"):
                yield json.loads(line[5:])
    for body in one.body if isinstance(one.body, list) else [one.body]:
        if isinstance(body, dict):
            yield body


def counted(one: Recorded) -> int | None:
    """The prompt tokens as the vendor counted them, what it had cached included."""
    found: int | None = None
    for document in documents(one):
        usage = document.get("usage") or document.get("usageMetadata") or {}
        for holder in ("response", "message"):
            usage = usage or (document.get(holder) or {}).get("usage") or {}
        cached = sum(usage.get(f"cache_{kind}_input_tokens") or 0 for kind in ("read", "creation"))
        for name in ("prompt_tokens", "input_tokens", "promptTokenCount"):
            if usage.get(name):
                found = usage[name] + cached
        for name in ("input_tokens", "totalTokens"):
            found = document.get(name, found)
    return found


def measured(provider: str, *apis: str) -> list[tuple[int, int]]:
    """(counted, estimated) of every request that is text."""
    family = {"gemini": "google"}.get(provider, provider)
    pairs: list[tuple[int, int]] = []
    for one in recorded(provider, *apis):
        if one.status >= 400 or not isinstance(one.request, dict) or "/projects/" in one.path:
            continue
        try:
            request = parsed(one)
        except RequestError:
            continue
        tokens = counted(one)
        if tokens and is_text(request):
            pairs.append((tokens, estimate_tokens(request, family)))
    return pairs


@pytest.mark.parametrize(
    ("provider", "apis", "fewest", "typical", "near"),
    [
        ("openai", ("chat_completions", "responses", "responses_input_tokens"), 450, 0.05, 0.87),
        ("anthropic", ("messages", "count_tokens"), 240, 0.05, 0.85),
        ("gemini", ("generate_content", "stream_generate_content", "count_tokens"), 270, 0.05, 0.86),
    ],
)
def test_prompts(provider: str, apis: tuple[str, ...], fewest: int, typical: float, near: float) -> None:
    """Half of the estimates are within `typical`, the share `near` within 15 %, and all together within 12 %."""
    pairs = measured(provider, *apis)
    assert len(pairs) >= fewest
    errors = [abs(estimated - tokens) / tokens for tokens, estimated in pairs]
    assert median(errors) <= typical
    assert sum(error <= 0.15 for error in errors) / len(errors) >= near
    assert 0.88 <= sum(estimated for _, estimated in pairs) / sum(tokens for tokens, _ in pairs) <= 1.12


def answers(provider: str) -> Iterator[tuple[str, str, int]]:
    """(model, text, counted tokens) of whole answers that are one plain text."""
    for one in recorded(provider, "chat_completions", "messages", "generate_content"):
        body = one.body
        if one.status >= 400 or not isinstance(body, dict):
            continue
        if provider == "openai" and len(body["choices"]) == 1:
            message, usage = body["choices"][0].get("message") or {}, body.get("usage") or {}
            thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens")
            if message.get("content") and not message.keys() & {"tool_calls", "audio"} and not thought:
                yield body["model"], message["content"], usage.get("completion_tokens", 0)
        elif provider == "anthropic" and [block["type"] for block in body["content"]] == ["text"]:
            yield body["model"], body["content"][0]["text"], body["usage"]["output_tokens"]
        elif provider == "gemini" and len(body.get("candidates") or ()) == 1:
            parts = (body["candidates"][0].get("content") or {}).get("parts") or ()
            if parts and all(part.keys() <= {"text", "thoughtSignature"} for part in parts):
                tokens = body["usageMetadata"].get("candidatesTokenCount", 0)
                yield body.get("modelVersion", ""), "".join(part["text"] for part in parts), tokens


@pytest.mark.parametrize(("provider", "near"), [("openai", 0.95), ("anthropic", 0.93), ("gemini", 0.92)])
def test_answers(provider: str, near: float) -> None:
    family = {"gemini": "google"}.get(provider, provider)
    pairs = [
        (tokens, estimate_text(text, family, model)) for model, text, tokens in answers(provider) if tokens >= 50
    ]
    assert len(pairs) >= 20
    errors = [abs(estimated - tokens) / tokens for tokens, estimated in pairs]
    assert median(errors) <= 0.05
    assert sum(error <= 0.15 for error in errors) / len(errors) >= near
