"""A buffered answer of generateContent."""

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.answer import AnswerReader
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.json_types import JSON


def parse_response(body: JSON, rendered: RenderedRequest) -> ChatResponse:
    """The answer in `body`, read as a stream of one object, so that streamed equals buffered.

    Raises MalformedResponse where it breaks the format or has no good ending, and the error it reports.
    """
    reader = AnswerReader(rendered)
    return fold([*reader.feed(body), *reader.end()])
