"""Recorded Chat Completions traffic: every request is understood, every answer told whole."""

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from adapters.dialects.contract import Decoder, RenderedRequest, Reply, Target
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.passthrough import ChatRelay
from adapters.dialects.openai_chat.quirks import ChatQuirks
from domain.chat.content import Part, Reasoning, Refusal, Text, ToolCall, ToolResult
from domain.chat.events import Ended, Failed, StreamEvent
from domain.chat.fold import fold
from domain.chat.request import ChatRequest, Effort
from domain.chat.response import ChatResponse
from domain.errors import ErrorKind, MalformedRequest, MalformedResponse
from domain.models.profile import ModelProfile, Thinking
from tests.corpus.recorded import Recorded, recorded

CHAT = OpenAIChat()
LIKE_FOR_LIKE = OpenAIChat(ChatQuirks(returns_reasoning=True, cache_hints="prompt_cache_breakpoint", top_k=True))
RENDERED = RenderedRequest(body={})
THINKING = ModelProfile(thinking=Thinking.EFFORT, efforts=tuple(Effort))
TARGET = Target(provider="openai", family="openai", model="m", profile=THINKING)


def interactions() -> tuple[Recorded, ...]:
    return recorded("openai", "chat_completions") + recorded("gemini", "compat_chat_completions")


def decoded(chunks: list[bytes], decoder: Decoder) -> list[StreamEvent]:
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()


def test_requests() -> None:
    """Every accepted request is parsed, and rendering gives back what was parsed."""
    seen = 0
    for one in interactions():
        if not isinstance(one.request, dict) or one.status >= 400:
            continue
        seen += 1
        request = LIKE_FOR_LIKE.parse_request({**one.request, "model": "m"})
        rendered = LIKE_FOR_LIKE.render_request(request, TARGET)
        assert not rendered.losses, one.id
        assert comparable(LIKE_FOR_LIKE.parse_request(rendered.body)) == comparable(request), one.id
    assert seen > 350


def comparable(request: ChatRequest) -> ChatRequest:
    """The request but for what rendering brings into a normal form."""
    return replace(
        request,
        messages=tuple(
            replace(message, parts=tuple(nameless(part) for part in message.parts)) for message in request.messages
        ),
        include_usage=False,
        legacy_functions=False,
    )


def nameless(part: Part) -> Part:
    return replace(part, name=None) if isinstance(part, ToolResult) else part


def test_refused_requests_name_what_is_wrong() -> None:
    for one in interactions():
        if isinstance(one.request, dict) and one.status >= 400:
            with suppress(MalformedRequest):
                CHAT.parse_request({**one.request, "model": "m"})


def expected(choice: dict[str, Any]) -> tuple[str, list[tuple[str, str]], str]:
    message = choice.get("message") or {}
    calls = [call.get("function") or call.get("custom") for call in message.get("tool_calls") or ()]
    calls += [message["function_call"]] if message.get("function_call") else []
    told = [(call["name"], call.get("arguments", call.get("input"))) for call in calls]
    return message.get("content") or "", told, message.get("refusal") or ""


def told_by(response: ChatResponse, index: int) -> tuple[str, list[tuple[str, str]], str]:
    parts = next(one.parts for one in response.candidates if one.index == index)
    text = "".join(part.text for part in parts if isinstance(part, Text))
    calls = [(part.name, part.raw) for part in parts if isinstance(part, ToolCall)]
    return text, calls, "".join(part.text for part in parts if isinstance(part, Refusal))


def test_bodies() -> None:
    seen = 0
    for one in interactions():
        if one.status >= 400 or not isinstance(one.body, dict):
            continue
        if not all(choice.get("finish_reason") for choice in one.body["choices"]):
            assert_cut_short(one)
            continue
        seen += 1
        response = CHAT.parse_response(one.body, RENDERED)
        for position, choice in enumerate(one.body["choices"]):
            audio = (choice.get("message") or {}).get("audio")
            if not audio:
                assert told_by(response, choice.get("index", position)) == expected(choice), one.id
        usage = one.body.get("usage")
        if usage:
            assert response.usage is not None, one.id
            assert response.usage.prompt_tokens == usage["prompt_tokens"], one.id
            assert response.usage.total_tokens == usage["total_tokens"], one.id
        rendered = CHAT.render_response(response, Reply(model="asked"))
        raw, events = ChatRelay(Reply(model="asked")).answer(one.raw)
        assert json.loads(raw) == {**one.body, "model": "asked"}, one.id
        assert isinstance(events[-1], Ended)
        assert [choice["finish_reason"] for choice in rendered["choices"]], one.id
    assert seen > 250


def assert_cut_short(one: Recorded) -> None:
    """An old preview of a vision model told its ending elsewhere; without a finish_reason no answer is whole."""
    for read in (
        lambda: CHAT.parse_response(one.body, RENDERED),
        lambda: ChatRelay(Reply(model="m")).answer(one.raw),
    ):
        with pytest.raises(MalformedResponse) as raised:
            read()
        assert raised.value.kind is ErrorKind.TRUNCATED, one.id


def streamed_text(sse: bytes) -> str:
    frames = (json.loads(line[6:]) for line in sse.decode().splitlines() if line.startswith("data: {"))
    deltas = (choice.get("delta") or {} for frame in frames for choice in frame.get("choices") or ())
    return "".join(delta.get("content") or "" for delta in deltas)


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_streams(size: int) -> None:
    seen = 0
    for one in interactions():
        if one.sse is None or one.status >= 400:
            continue
        seen += 1
        chunks = [one.sse[start : start + size] for start in range(0, len(one.sse), size)]
        events = decoded(chunks, CHAT.decoder(RENDERED))
        assert isinstance(events[-1], Ended), (one.id, events[-1])
        response = fold(events)
        text = "".join(
            part.text for candidate in response.candidates for part in candidate.parts if isinstance(part, Text)
        )
        assert text == streamed_text(one.sse) or len(response.candidates) > 1 or not text, one.id
        relay = ChatRelay(Reply(model="asked", include_usage=True))
        forwarded = [relay.feed(chunk) for chunk in chunks] + [relay.finish()]
        told = [event for _, tapped in forwarded for event in tapped]
        assert isinstance(told[-1], Ended), (one.id, told[-1])
        assert streamed_text(b"".join(raw for raw, _ in forwarded)) == streamed_text(one.sse)
        assert not any(isinstance(event, Failed) for event in told)
    assert seen > 90


def test_errors() -> None:
    for one in interactions():
        if one.status < 400:
            continue
        error = CHAT.parse_error(one.status, one.headers, one.raw)
        assert error.status == one.status, one.id
        status, body = CHAT.render_error(error)
        assert status == one.status
        assert body["error"]["message"]
        wanted = {400: ErrorKind.INVALID_REQUEST, 401: ErrorKind.AUTH, 404: ErrorKind.NOT_FOUND}[one.status]
        assert error.kind in {wanted, ErrorKind.CONTEXT_LENGTH, ErrorKind.CONTENT_POLICY}, (one.id, error.kind)


def test_reasoning_is_told() -> None:
    for one in interactions():
        if isinstance(one.body, dict) and one.status < 400:
            for position, choice in enumerate(one.body["choices"]):
                wanted = (choice.get("message") or {}).get("reasoning_content")
                if wanted:
                    parts = CHAT.parse_response(one.body, RENDERED).candidates[position].parts
                    assert "".join(part.text for part in parts if isinstance(part, Reasoning)) == wanted
