"""What was consumed by answers that were cut."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from application.cut_usage import CutUsage
from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.request import ChatRequest, Message, Role
from domain.chat.usage import Usage
from domain.models.token_estimate import estimate_text, estimate_tokens

REQUEST = ChatRequest(model="group", messages=(Message(role=Role.USER, parts=(Text(text="Tell me a story."),)),))
STORY = "Once upon a time there was a fox. "


def cut(*events: StreamEvent, request: ChatRequest | None = None) -> Usage:
    listener = CutUsage("openai", "gpt-4o")
    for event in events:
        listener.feed(event)
    return listener.usage(request)


@given(st.lists(st.text(max_size=20), max_size=20))
def test_said_is_counted_however_it_is_cut_up(pieces: list[str]) -> None:
    usage = cut(*(ev.TextDelta(0, piece) for piece in pieces))
    assert usage.completion_tokens == estimate_text("".join(pieces), "openai", "gpt-4o")
    assert usage.prompt_tokens is None


def test_prompt_thoughts_and_calls_count() -> None:
    usage = cut(
        ev.Started("id", "m"),
        ev.BlockStarted(0, BlockKind.REASONING),
        ev.ReasoningDelta(0, STORY),
        ev.BlockStarted(1, BlockKind.TOOL_CALL, "c", "get_weather"),
        ev.ToolArgumentsDelta(1, '{"city": "Par'),
        ev.RefusalDelta(2, STORY),
        request=REQUEST,
    )
    assert usage.reasoning_tokens == estimate_text(STORY, "openai", "gpt-4o")
    assert usage.completion_tokens is not None
    assert usage.completion_tokens > 2 * usage.reasoning_tokens
    assert usage.prompt_tokens == estimate_tokens(replace(REQUEST, model="gpt-4o"), "openai")


def test_reports_stand() -> None:
    """Anthropic tells the prompt first; a total that came before the cut beats the estimate of what was said."""
    reported = Usage(prompt_tokens=12, completion_tokens=1, cache_read_tokens=4)
    usage = cut(ev.UsageReported(reported), ev.TextDelta(0, STORY), request=REQUEST)
    assert (usage.prompt_tokens, usage.cache_read_tokens) == (12, 4)
    assert usage.completion_tokens == estimate_text(STORY, "openai", "gpt-4o")
    late = cut(ev.TextDelta(0, STORY), ev.UsageReported(Usage(completion_tokens=500, reasoning_tokens=7)))
    assert (late.completion_tokens, late.reasoning_tokens) == (500, 7)


def test_what_passed_unread_is_at_least_a_token() -> None:
    assert cut(ev.ContentSeen()).completion_tokens == 1
    assert cut().completion_tokens == 0
