import asyncio
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.providers.dispatch import Providers
from adapters.providers.echo.chat import EchoProvider
from adapters.providers.echo.script import words
from application.ports.chat_provider import Piece
from domain.chat import events as ev
from domain.chat.content import Reasoning, Text, ToolCall
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import ContextTooLong, ErrorKind, UpstreamError, UpstreamUnavailable
from tests.providers.calling import TOOLS, chat_call
from tests.providers.fake_http import NeverHttp
from tests.strategies.canonical import words as any_words
from tests.strategies.fleets import deployment

_ECHO = deployment(ident="echo", provider="echo", model="echo")


class Sleeps:
    """Remembers how long it was to sleep and does not."""

    def __init__(self) -> None:
        self.slept_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.slept_s.append(seconds)


async def _pieces(
    prompt: str, model: str = "echo", *, stream: bool = False, sleeps: Sleeps | None = None, **members: Any
) -> list[Piece]:
    echo = EchoProvider(sleeps or Sleeps())
    call = chat_call({"messages": [{"role": "user", "content": prompt}], **members}, stream=stream)
    return [piece async for piece in echo.open(deployment(provider="echo", model=model), call)]


async def _said(prompt: str, model: str = "echo", *, stream: bool = False, **members: Any) -> ChatResponse:
    pieces = await _pieces(prompt, model, stream=stream, **members)
    assert stream or len(pieces) == 1
    return fold(event for piece in pieces for event in piece.events)


@given(any_words(60))
@example("a  b\n c ")
def test_words_joined_are_the_text(text: str) -> None:
    assert "".join(words(text)) == text
    assert len([word for word in words(text) if word.strip()]) == len(text.split())


@given(
    st.one_of(any_words(40), st.just("hello there\nworld")), st.sampled_from(["echo", "think", "length", "empty"])
)
def test_streamed_equals_buffered_and_the_words_add_up(prompt: str, model: str) -> None:
    buffered = asyncio.run(_said(prompt, model))
    assert asyncio.run(_said(prompt, model, stream=True)) == buffered
    usage = buffered.usage
    assert usage is not None
    assert usage.prompt_tokens == len(prompt.split())
    spoken = sum(
        len(part.text.split()) for part in buffered.candidates[0].parts if isinstance(part, (Text, Reasoning))
    )
    assert usage.completion_tokens == spoken


async def test_it_answers_with_what_it_was_told_word_by_word() -> None:
    pieces = await _pieces("tell me more", stream=True)
    deltas = [event.text for piece in pieces for event in piece.events if isinstance(event, ev.TextDelta)]
    assert deltas == ["tell", " me", " more"]
    assert all(len(piece.events) == 1 and piece.raw is None for piece in pieces)


async def test_the_same_call_gets_the_same_answer() -> None:
    assert await _said("hi", "tool", tools=TOOLS) == await _said("hi", "tool", tools=TOOLS)


async def test_it_answers_tool_results_with_what_they_say() -> None:
    messages = [
        {"role": "user", "content": "weather?"},
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
            ],
        },
        {"role": "tool", "tool_call_id": "c", "content": "sunny"},
    ]
    (part,) = (await _said("", messages=messages)).candidates[0].parts
    assert part == Text(text="sunny")


@pytest.mark.parametrize("stream", [False, True])
async def test_lines_of_the_prompt_call_offered_tools_in_parallel(stream: bool) -> None:
    prompt = 'call get_weather {"city": "Rome"}\ncall get_time\ncall no_such_tool {}\ncall get_time {broken'
    answer = await _said(prompt, stream=stream, tools=TOOLS)
    calls = answer.candidates[0].parts
    assert [(call.name, call.arguments) for call in calls if isinstance(call, ToolCall)] == [
        ("get_weather", {"city": "Rome"}),
        ("get_time", {}),
    ]
    assert len({call.id for call in calls if isinstance(call, ToolCall)}) == 2
    assert answer.candidates[0].finish.reason is FinishReason.TOOL_CALLS


async def test_a_call_that_nobody_offered_is_only_text() -> None:
    (part,) = (await _said("call get_weather {}")).candidates[0].parts
    assert part == Text(text="call get_weather {}")


async def test_by_name_it_calls_the_first_tool_where_there_is_one() -> None:
    (call,) = (await _said("hi", "tool", tools=TOOLS)).candidates[0].parts
    assert isinstance(call, ToolCall)
    assert call.name == "get_weather"
    assert (await _said("hi", "tool")).candidates[0].parts == (Text(text="hi"),)


async def test_it_thinks_first_where_told() -> None:
    reasoning, text = (await _said("one two", "think")).candidates[0].parts
    assert isinstance(reasoning, Reasoning)
    assert reasoning.text == "The prompt has 2 words."
    assert text == Text(text="one two")


@pytest.mark.parametrize(
    ("model", "prompt", "delay_s"),
    [
        ("slow", "a b c", 0.1),
        ("slow-2s", "a b c", 2.0),
        ("slow-50ms", "a b c", 0.05),
        ("slow-99s", "a b c", 10.0),
        ("slow-nonsense", "a b c", 0.1),
        ("echo", "/slow 200ms\na b c", 0.2),
        ("think+slow-1s", "a", 1.0),
    ],
)
async def test_it_is_slow_where_told(model: str, prompt: str, delay_s: float) -> None:
    sleeps = Sleeps()
    await _pieces(prompt, model, stream=True, sleeps=sleeps)
    assert set(sleeps.slept_s) == {delay_s}
    assert len(sleeps.slept_s) >= 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "prompt", "status", "kind"),
    [
        ("error-429", "hi", 429, ErrorKind.RATE_LIMIT),
        ("error-500", "hi", 500, ErrorKind.SERVER),
        ("echo", "/error 503\nhi", 503, ErrorKind.UNAVAILABLE),
    ],
)
async def test_it_fails_where_told(model: str, prompt: str, status: int, kind: ErrorKind, stream: bool) -> None:
    with pytest.raises(UpstreamError) as failed:
        await _pieces(prompt, model, stream=stream)
    assert (failed.value.status, failed.value.kind) == (status, kind)


async def test_it_breaks_off_in_the_middle_where_told() -> None:
    pieces = await _pieces("one two three four", "fail-mid-stream", stream=True)
    events = [event for piece in pieces for event in piece.events]
    assert [event.text for event in events if isinstance(event, ev.TextDelta)] == ["one", " two"]
    assert isinstance(events[-1], ev.Failed)
    with pytest.raises(UpstreamUnavailable):
        await _pieces("one two three four", "fail-mid-stream")


@pytest.mark.parametrize(
    ("prompt", "model", "members", "text", "reason"),
    [
        ("one two three four", "length", {}, "one two", FinishReason.LENGTH),
        ("one two three four", "echo", {"max_tokens": 3}, "one two three", FinishReason.LENGTH),
        ("one two", "echo", {"max_tokens": 2}, "one two", FinishReason.STOP),
        ("one\n/length\ntwo three four", "echo", {}, "one\ntwo", FinishReason.LENGTH),
        ("/etc/passwd\n/help", "echo", {}, "/etc/passwd\n/help", FinishReason.STOP),
        ("say error-429", "hello-world", {}, "say error-429", FinishReason.STOP),
        ("hi", "error-999", {}, "hi", FinishReason.STOP),
    ],
)
async def test_how_much_it_says(
    prompt: str, model: str, members: dict[str, Any], text: str, reason: FinishReason
) -> None:
    candidate = (await _said(prompt, model, **members)).candidates[0]
    assert candidate.parts == (Text(text=text),)
    assert candidate.finish.reason is reason


async def test_saying_nothing_is_an_answer() -> None:
    candidate = (await _said("hi", "empty", stream=True)).candidates[0]
    assert candidate.parts == ()
    assert candidate.finish.reason is FinishReason.STOP


def _providers(mocks: dict[str, str] | None = None) -> Providers:
    return Providers(NeverHttp(), EchoProvider(Sleeps()), routed=frozenset({"routed"}), mocks=mocks or {})


@pytest.mark.parametrize("stream", [False, True])
async def test_a_mock_of_call_or_deployment_answers_before_anybody(stream: bool) -> None:
    providers = _providers({"routed": "of the deployment"})
    routed = deployment(ident="routed")
    for call, text in (
        (chat_call(stream=stream), "of the deployment"),
        (chat_call(stream=stream, mock_response="of the call"), "of the call"),
    ):
        events = [event async for piece in providers.open(routed, call) for event in piece.events]
        assert fold(events).candidates[0].parts == (Text(text=text),)


async def test_a_deployment_without_route_is_echo() -> None:
    events = [event async for piece in _providers().open(_ECHO, chat_call()) for event in piece.events]
    assert fold(events).candidates[0].parts == (Text(text="hi"),)


async def test_a_deployment_with_a_route_is_reached_over_http() -> None:
    with pytest.raises(UpstreamUnavailable, match="over http"):
        await anext(_providers().open(deployment(ident="routed"), chat_call()))


@pytest.mark.parametrize(
    ("name", "kind", "status"),
    [
        ("litellm.RateLimitError", ErrorKind.RATE_LIMIT, 429),
        ("litellm.InternalServerError", ErrorKind.SERVER, 500),
        ("litellm.ContextWindowExceededError", ErrorKind.CONTEXT_LENGTH, 400),
        ("litellm.ContentPolicyViolationError", ErrorKind.CONTENT_POLICY, 400),
    ],
)
async def test_litellm_s_words_for_errors_fail_so(name: str, kind: ErrorKind, status: int) -> None:
    with pytest.raises(UpstreamError) as failed:
        await anext(_providers().open(_ECHO, chat_call(mock_response=name)))
    assert (failed.value.kind, failed.value.status) == (kind, status)
    assert isinstance(failed.value, ContextTooLong) is (kind is ErrorKind.CONTEXT_LENGTH)


async def test_arguments_arrive_as_they_were_written() -> None:
    raw = '{"b":1,  "a":[1.50]}'
    (call,) = (await _said(f"call get_time {raw}", tools=TOOLS)).candidates[0].parts
    assert isinstance(call, ToolCall)
    assert call.raw == raw
    assert call.arguments == json.loads(raw)
