"""Documents of one answer, chunks of a stream or one whole body, → events.

A buffered answer is read as a stream of one chunk, so that both ways of asking tell the same events.
"""

from typing import Final

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.choice_reader import ChoiceReader
from adapters.dialects.openai_chat.errors import parse_stream_error
from adapters.dialects.openai_chat.finish_reasons import truncated
from adapters.dialects.openai_chat.request import parse_service_tier
from adapters.dialects.openai_chat.usage import parse_usage
from domain.chat.events import Ended, Failed, Started, StreamEvent, UsageReported
from domain.errors import MalformedResponse, UpstreamError
from domain.json_types import JSON

_MAX_CHOICES: Final = 128
"""The API's own limit on `n`; a larger index is garbage."""


def parse_answer(body: JSON, rendered: RenderedRequest) -> list[StreamEvent]:
    """The events of a buffered answer. Raises UpstreamError: what it reports, or MalformedResponse."""
    return AnswerReader(rendered).read_whole(body)


class AnswerReader:
    """Reads the documents of one answer in order, until it is `over`."""

    def __init__(self, rendered: RenderedRequest) -> None:
        self._rendered = rendered
        self._started: Started | None = None
        self._choices: dict[int, ChoiceReader] = {}
        self.over = False

    def read(self, document: JSON) -> list[StreamEvent]:
        """The events that one chunk tells. Never raises."""
        events: list[StreamEvent] = []
        try:
            self._read(document, events)
        except UpstreamError as error:
            events.extend(self.fail(error))
        return events

    def end(self) -> list[StreamEvent]:
        """The events that the end of the answer tells. Never raises."""
        if self.over:
            return []
        events: list[StreamEvent] = []
        try:
            self._end(events)
        except UpstreamError as error:
            events.extend(self.fail(error))
        return events

    def read_whole(self, document: JSON) -> list[StreamEvent]:
        """The events of a buffered answer. Raises UpstreamError where it is an error or no complete answer."""
        events: list[StreamEvent] = []
        self._read(document, events)
        self._end(events)
        return events

    def fail(self, error: UpstreamError) -> list[StreamEvent]:
        """The answer broke."""
        self.over = True
        return [Failed(error)]

    def _read(self, document: JSON, events: list[StreamEvent]) -> None:
        if not isinstance(document, dict):
            raise MalformedResponse("expected a JSON object in the upstream's answer; got another value.")
        if document.get("error"):
            raise parse_stream_error(document)
        choices = document.get("choices")
        usage = parse_usage(document.get("usage"))
        # Azure's first chunk has neither choices nor an id: it only tells how the prompt was filtered.
        if self._started is None and (choices or document.get("id")):
            self._started = _started(document)
            events.append(self._started)
        for position, choice in enumerate(choices if isinstance(choices, list) else ()):
            if not isinstance(choice, dict):
                raise MalformedResponse("expected choices to be objects; the upstream sent another value.")
            self._choice(choice, position).read(choice, events)
            usage = usage or parse_usage(choice.get("usage"))
        if usage is not None:
            events.append(UsageReported(usage))

    def _end(self, events: list[StreamEvent]) -> None:
        if not self._choices:
            raise truncated()
        for index in sorted(self._choices):
            self._choices[index].end(events)
        self.over = True
        events.append(Ended())

    def _choice(self, choice: dict[str, JSON], position: int) -> ChoiceReader:
        index = choice.get("index")
        if not isinstance(index, int) or not 0 <= index < _MAX_CHOICES:
            index = position
        reader = self._choices.get(index)
        if reader is None:
            answer_id = self._started.id if self._started is not None else ""
            reader = self._choices[index] = ChoiceReader(index, answer_id, self._rendered)
        return reader


def _started(document: dict[str, JSON]) -> Started:
    created, tier = document.get("created"), document.get("service_tier")
    return Started(
        id=_text(document.get("id")),
        model=_text(document.get("model")),
        created_unix_s=int(created) if isinstance(created, (int, float)) and 0 < created < 2**53 else None,
        service_tier=parse_service_tier(tier) if isinstance(tier, str) else None,
        system_fingerprint=_text(document.get("system_fingerprint")) or None,
    )


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
