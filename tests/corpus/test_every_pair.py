"""Every recorded answer, told to a client of each dialect, buffered and streamed, and read back from there."""

import json
from typing import Any, NamedTuple

import pytest

from adapters.dialects import json_codec
from adapters.dialects.contract import RenderedRequest, Reply
from domain.chat import events as ev
from domain.chat.content import Part, Refusal, Text, ToolCall
from domain.chat.events import StreamEvent
from domain.chat.fold import fold, unfold
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import UpstreamError
from tests.corpus.recorded import Recorded, recorded
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES

APIS = {
    OPENAI_CHAT: ("openai", ("chat_completions",)),
    OPENAI_RESPONSES: ("openai", ("responses",)),
    ANTHROPIC_MESSAGES: ("anthropic", ("messages",)),
    GEMINI: ("gemini", ("generate_content", "stream_generate_content")),
}
LEAST_ANSWERS = {OPENAI_CHAT: 350, OPENAI_RESPONSES: 350, ANTHROPIC_MESSAGES: 350, GEMINI: 450}
PLAIN = RenderedRequest(body={})
REPLY = Reply(model="asked", include_usage=True, created_unix_s=1_770_000_000)

WITHOUT_A_WORD = {
    OPENAI_CHAT: {FinishReason.PAUSE: "stop", FinishReason.OTHER: "stop"},
    OPENAI_RESPONSES: {FinishReason.PAUSE: "stop", FinishReason.OTHER: "stop"},
    ANTHROPIC_MESSAGES: {FinishReason.OTHER: "stop"},
    GEMINI: {FinishReason.PAUSE: "stop", FinishReason.TOOL_CALLS: "tool_calls"},
}
"""What an ending that a client's dialect cannot say becomes; each is a warning."""

REFUSE_BY_ENDING = frozenset({ANTHROPIC_MESSAGES, GEMINI})
"""Dialects that have no refusal among their contents: the ending says it."""


class Gist(NamedTuple):
    """What must survive every translation."""

    text: str
    calls: tuple[tuple[str, Any], ...]
    finish: str
    prompt_tokens: int | None
    completion_tokens: int | None


def answers(dialect: str) -> list[tuple[Recorded, tuple[StreamEvent, ...]]]:
    """The recorded good answers of upstreams that speak `dialect`, as events."""
    provider, apis = APIS[dialect]
    found: list[tuple[Recorded, tuple[StreamEvent, ...]]] = []
    for one in recorded(provider, *apis):
        if one.status != 200 or "background" in one.features:
            continue
        events = _events(dialect, one)
        if events and isinstance(events[-1], ev.Ended):
            found.append((one, events))
    return found


def _events(dialect: str, one: Recorded) -> tuple[StreamEvent, ...]:
    if one.sse is not None:
        return _decoded(dialect, one.sse)
    try:
        return tuple(unfold(DIALECTS[dialect].parse_response(one.body, PLAIN)))
    except (
        UpstreamError
    ):  # a recording that is cut short or holds an error: each dialect's own replay looks at those
        return ()


def _decoded(dialect: str, stream: bytes) -> tuple[StreamEvent, ...]:
    decoder = DIALECTS[dialect].decoder(PLAIN)
    return (*decoder.feed(stream), *decoder.finish())


def gist(answer: ChatResponse, client: str) -> Gist:
    """The gist of the first candidate, as far as `client` has words for it."""
    candidate, usage = answer.candidates[0], answer.usage
    reason = candidate.finish.reason
    if client in REFUSE_BY_ENDING and any(isinstance(part, Refusal) for part in candidate.parts):
        reason = FinishReason.CONTENT_FILTER
    unknown = 0 if client == ANTHROPIC_MESSAGES else None  # Messages must say a number
    return Gist(
        text="".join(_said(part) for part in candidate.parts),
        calls=tuple(_call(part) for part in candidate.parts if isinstance(part, ToolCall)),
        finish=WITHOUT_A_WORD[client].get(reason, reason.value),
        prompt_tokens=unknown if usage is None else usage.prompt_tokens,
        completion_tokens=unknown if usage is None else usage.completion_tokens,
    )


def _said(part: Part) -> str:
    return part.text if isinstance(part, Text | Refusal) else ""


def _call(call: ToolCall) -> tuple[str, Any]:
    """The name and the arguments; free text counts as such however a dialect without it wraps it."""
    if call.arguments is None:
        return call.name, call.raw or {}
    wrapped = call.arguments if isinstance(call.arguments, dict) else {}
    return call.name, wrapped["input"] if wrapped.keys() == {"input"} else call.arguments


def streamed(events: tuple[StreamEvent, ...], client: str) -> ChatResponse:
    """What a client of that dialect reads out of its stream."""
    encoder = DIALECTS[client].encoder(REPLY)
    return fold(_decoded(client, b"".join(encoder.feed(event) for event in events)))


def buffered(answer: ChatResponse, client: str) -> ChatResponse:
    """What a client of that dialect reads out of its body."""
    body = json.loads(json_codec.encode(DIALECTS[client].render_response(answer, REPLY)))
    return DIALECTS[client].parse_response(body, PLAIN)


@pytest.mark.parametrize("client", DIALECTS)
@pytest.mark.parametrize("upstream", DIALECTS)
def test_every_recorded_answer_reaches_every_client(upstream: str, client: str) -> None:
    told = answers(upstream)
    assert len(told) >= LEAST_ANSWERS[upstream]
    for one, events in told:
        answer = fold(events)
        expected = gist(answer, client)
        assert gist(buffered(answer, client), client) == expected, one.id
        assert gist(streamed(events, client), client) == expected, one.id
