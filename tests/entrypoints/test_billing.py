"""What passed unread can be read after all, in every dialect, streamed and whole."""

import pytest

from adapters.dialects import json_codec
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect, Reply, UpstreamDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from application.cut_usage import CutUsage
from domain.chat import events as ev
from domain.chat.events import BlockKind, StreamEvent
from domain.chat.fold import fold
from domain.chat.response import Finish, FinishReason
from domain.models.token_estimate import estimate_text
from entrypoints.billing import billing

SPOKEN = (OpenAIChat(), OpenAICompletions(OpenAIChat()), OpenAIResponses(), AnthropicMessages(), Gemini())
DIALECTS: tuple[ClientDialect, ...] = SPOKEN
UPSTREAMS: tuple[UpstreamDialect, ...] = SPOKEN
STORY = "Once upon a time there was a fox. "
REPLY = Reply(model="m")
READ = billing(lambda deployment: None, lambda deployment: "openai", UPSTREAMS).read_answer
ANSWER: tuple[StreamEvent, ...] = (
    ev.Started("id", "m"),
    ev.BlockStarted(0, BlockKind.TEXT),
    *(ev.TextDelta(0, STORY) for _ in range(20)),
    ev.BlockStopped(0),
    ev.Finished(Finish(reason=FinishReason.STOP)),
    ev.Ended(),
)


def said(dialect: str, raw: bytes) -> str:
    return "".join(event.text for event in READ(dialect, raw) if isinstance(event, ev.TextDelta))


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_the_beginning_of_a_stream_is_read(dialect: ClientDialect) -> None:
    encoder = dialect.encoder(REPLY)
    stream = b"".join(encoder.feed(event) for event in ANSWER[:-5])
    text = said(dialect.name, stream[:-3])
    assert text
    assert (STORY * 20).startswith(text)
    assert len(text) >= len(STORY) * 15


@pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.name)
def test_a_whole_answer_is_read(dialect: ClientDialect) -> None:
    response = fold(ANSWER)
    body = json_codec.encode(dialect.render_response(response, REPLY))
    assert said(dialect.name, body) == STORY * 20


@pytest.mark.parametrize("raw", [b"", b"{", b'{"a": 1}', b"data: {\n\n", b"\xff\xff", b"[1]"])
@pytest.mark.parametrize("dialect", [*(dialect.name for dialect in DIALECTS), "none"])
def test_what_cannot_be_read_says_nothing(dialect: str, raw: bytes) -> None:
    assert said(dialect, raw) == ""


def test_a_cut_stream_is_estimated_by_what_it_said() -> None:
    dialect = OpenAIChat()
    encoder = dialect.encoder(REPLY)
    listener = CutUsage("openai", "gpt-4o")
    for event in ANSWER[:-3]:
        listener.passed(encoder.feed(event))
        listener.feed(ev.ContentSeen())
    usage = listener.usage(read=lambda raw: READ(dialect.name, raw))
    expected = estimate_text(STORY * 20, "openai", "gpt-4o")
    assert usage.completion_tokens is not None
    assert abs(usage.completion_tokens - expected) <= 0.1 * expected
