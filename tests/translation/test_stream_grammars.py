"""Every stream that is sent keeps its dialect's grammar, whatever is told and wherever it breaks."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.response import ChatResponse
from domain.errors import UpstreamRejected
from tests.dialects.openai_responses.rich_answers import rich_responses
from tests.strategies import canonical
from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation import said as saying
from tests.translation.crossing import each_client, each_pair, encoded, streamed
from tests.translation.said import Said
from tests.translation.stream_grammars import check_stream
from tests.translation.upstreams import UPSTREAMS

BROKEN = UpstreamRejected("it broke")
SUCCESS = {
    OPENAI_CHAT: (b'"finish_reason":"', b"\ndata: [DONE]"),
    OPENAI_RESPONSES: (b"event: response.completed", b"event: response.incomplete"),
    ANTHROPIC_MESSAGES: (b"message_delta", b"message_stop", b'"stop_reason":"'),
    GEMINI: (b"finishReason",),
}
"""What only a stream that came to its end may say."""


@st.composite
def rich_tellings(draw: st.DrawFn) -> list[StreamEvent]:
    """Events of any answer, perhaps of several candidates, its deltas cut anywhere and its calls interleaved."""
    plain: st.SearchStrategy[ChatResponse] = canonical.responses(family="google", max_candidates=2)
    return draw(canonical.tellings(draw(st.one_of(plain, rich_responses()))))


@each_client
@settings(max_examples=25)
@given(events=rich_tellings())
def test_whatever_is_told(client: str, events: list[StreamEvent]) -> None:
    check_stream(client, encoded(client, events))


@each_client
@settings(max_examples=25)
@given(events=rich_tellings(), cut=st.integers(0, 40))
def test_wherever_it_breaks(client: str, events: list[StreamEvent], cut: int) -> None:
    """The error is the last word, and nothing before it claims that the answer is whole."""
    unfinished = [event for event in events if not isinstance(event, ev.Finished)][:-1]
    told = unfinished[:cut]
    stream = encoded(client, [*told, ev.Failed(BROKEN), *events[-1:]])
    check_stream(client, stream, failed=True)
    assert b"it broke" in stream
    assert not any(mark in stream for mark in SUCCESS[client])


@each_client
@settings(max_examples=15)
@given(events=rich_tellings())
def test_nothing_follows_the_end(client: str, events: list[StreamEvent]) -> None:
    assert encoded(client, [*events, *events, ev.Failed(BROKEN)]) == encoded(client, events)


@each_pair
@settings(max_examples=15)
@given(told=saying.answers(signed=True), size=st.integers(1, 9))
def test_whoever_answers(upstream: str, client: str, told: Said, size: int) -> None:
    check_stream(client, streamed(upstream, client, UPSTREAMS[upstream].frames(told, size)))


@pytest.mark.parametrize(
    ("dialect", "stream"),
    [
        (OPENAI_CHAT, b'data: {"choices":[]}\n\n'),
        (OPENAI_CHAT, b"event: x\ndata: [DONE]\n\n"),
        (OPENAI_RESPONSES, b'event: response.completed\ndata: {"type":"response.created"}\n\n'),
        (ANTHROPIC_MESSAGES, b'event: message_stop\ndata: {"type":"message_stop"}\n\n'),
        (GEMINI, b"data: [DONE]\r\n\r\n"),
        (GEMINI, b": ping\r\n\r\n"),
    ],
)
def test_the_checkers_see_mistakes(dialect: str, stream: bytes) -> None:
    with pytest.raises((AssertionError, KeyError)):
        check_stream(dialect, stream)
