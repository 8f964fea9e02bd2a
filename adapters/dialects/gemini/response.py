"""A buffered answer of generateContent."""

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.answer import AnswerReader
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.json_types import JSON


def parse_answer(body: JSON, rendered: RenderedRequest) -> list[StreamEvent]:
    """The answer in `body`, read as a stream of one object, so that streamed equals buffered.

    A list is a whole stream that was not asked for as events. Raises MalformedResponse where it breaks the format
    or has no good ending, and the error it reports.
    """
    reader = AnswerReader(rendered)
    chunks = body if isinstance(body, list) else [body]
    events = [event for chunk in chunks for event in reader.feed(chunk)]
    events += reader.end()
    return events


def parse_response(body: JSON, rendered: RenderedRequest) -> ChatResponse:
    """The answer as one value. Raises the same."""
    return fold(parse_answer(body, rendered))
