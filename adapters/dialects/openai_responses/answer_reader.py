"""Documents of one answer, the events of a stream or one whole response, → canonical events.

A whole response is read as a stream whose only event is its last, so that both ways of asking tell the same.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_responses.errors import parse_stream_error
from adapters.dialects.openai_responses.finish import COMPLETED, FAILED, INCOMPLETE, parse_finish, truncated
from adapters.dialects.openai_responses.output_reader import Document, OutputReader, item_in
from adapters.dialects.openai_responses.usage import parse_usage
from domain.chat.events import Ended, Failed, Finished, Ping, Started, StreamEvent, UsageReported
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.errors import MalformedResponse, UpstreamError
from domain.json_types import JSON

_Reading: TypeAlias = Callable[[OutputReader, Document, list[StreamEvent]], None]

_BEGINNINGS: Final = frozenset({"response.created", "response.queued", "response.in_progress"})
ENDINGS: Final = MappingProxyType(
    {
        "response.completed": COMPLETED,
        "response.incomplete": INCOMPLETE,
        "response.failed": FAILED,
        "response.cancelled": "cancelled",
    }
)
"""The last events, and what they mean where the response in them has no status."""
_ERROR: Final = "error"
_SILENCE: Final = "keepalive"
_READINGS: Final = MappingProxyType[str, _Reading](
    {
        "response.output_item.added": OutputReader.add,
        "response.output_item.done": OutputReader.finish,
        "response.output_text.delta": OutputReader.say,
        "response.output_text.annotation.added": OutputReader.cite,
        "response.output_text.done": OutputReader.finish_part,
        "response.refusal.delta": OutputReader.refuse,
        "response.refusal.done": OutputReader.finish_part,
        "response.content_part.done": OutputReader.finish_part,
        "response.reasoning_summary_text.delta": OutputReader.summarize,
        "response.reasoning_text.delta": OutputReader.think,
        "response.function_call_arguments.delta": OutputReader.argue,
        "response.function_call_arguments.done": OutputReader.finish_arguments,
        "response.custom_tool_call_input.delta": OutputReader.argue,
        "response.custom_tool_call_input.done": OutputReader.finish_arguments,
    }
)
"""Events about items. Those that are not here tell nothing that the whole item does not tell again."""
_TIERS: Final = MappingProxyType({"default": "standard"})
_ASKED_TIER: Final = "auto"
"""What was asked for, which the first events repeat: not yet the tier that serves."""


def parse_answer(body: JSON, rendered: RenderedRequest) -> list[StreamEvent]:
    """The events of a buffered answer. Raises UpstreamError: what it reports, or MalformedResponse."""
    return AnswerReader(rendered).read_whole(body)


def parse_response(body: JSON, rendered: RenderedRequest) -> ChatResponse:
    """A buffered answer as one value. Raises the same."""
    return fold(parse_answer(body, rendered))


class AnswerReader:
    """Reads the documents of one answer in order, until it is `over`."""

    def __init__(self, rendered: RenderedRequest) -> None:
        self._output = OutputReader(rendered)
        self._started = False
        self.over = False

    def read(self, document: JSON, name: str = "") -> list[StreamEvent]:
        """What one event of a stream tells; `name` is its own, for documents without a `type`. Never raises."""
        if not isinstance(document, dict):
            return self.fail(_no_object())
        kind = document.get("type") or name
        events: list[StreamEvent] = []
        try:
            self._read(kind if isinstance(kind, str) else "", document, events)
        except UpstreamError as error:
            events.extend(self.fail(error))
        return events

    def read_whole(self, response: JSON) -> list[StreamEvent]:
        """What a buffered response tells. Raises UpstreamError where it is no good one."""
        if not isinstance(response, dict):
            raise _no_object()
        events: list[StreamEvent] = []
        self._conclude(response, response.get("status"), events)
        return events

    def end(self) -> list[StreamEvent]:
        """The body ended: an error where nothing told how the answer did."""
        return [] if self.over else self.fail(truncated())

    def fail(self, error: UpstreamError) -> list[StreamEvent]:
        """The answer broke."""
        self.over = True
        return [Failed(error)]

    def _read(self, kind: str, document: Document, events: list[StreamEvent]) -> None:
        reading = _READINGS.get(kind)
        if reading is not None:
            if not self._started:
                self._begin({}, events)
            reading(self._output, document, events)
        elif kind in _BEGINNINGS:
            self._begin(item_in(document, "response"), events)
        elif kind in ENDINGS:
            response = item_in(document, "response")
            self._conclude(response, response.get("status") or ENDINGS[kind], events)
        elif kind == _ERROR or document.get(_ERROR):
            raise parse_stream_error(document)
        elif kind == _SILENCE:
            events.append(Ping())

    def _begin(self, response: Document, events: list[StreamEvent]) -> None:
        """The first event that holds the response as it stands tells whose answer it is."""
        if not self._started:
            self._started = True
            started = begun(response)
            self._output.answer_id = started.id
            events.append(started)

    def _conclude(self, response: Document, status: JSON, events: list[StreamEvent]) -> None:
        """The response as it ended. Raises UpstreamError where that is no good ending."""
        self._begin(response, events)
        usage = parse_usage(response.get("usage"))
        if status == FAILED or response.get("error"):
            events.extend([] if usage is None else [UsageReported(usage)])
            raise parse_stream_error(response)
        output = self._output
        output.finish_all(response.get("output"), events)
        details = response.get("incomplete_details")
        events.append(Finished(parse_finish(status, details, called=output.called, refused=output.refused)))
        events.extend([Ended()] if usage is None else [UsageReported(usage), Ended()])
        self.over = True


def begun(response: Mapping[str, JSON]) -> Started:
    """What a response, as it stands, tells of whose answer it is."""
    created, tier = response.get("created_at"), response.get("service_tier")
    served = tier if isinstance(tier, str) and tier != _ASKED_TIER else None
    return Started(
        id=_text(response.get("id")),
        model=_text(response.get("model")),
        created_unix_s=int(created) if isinstance(created, (int, float)) and 0 < created < 2**53 else None,
        service_tier=None if served is None else _TIERS.get(served, served),
    )


def _no_object() -> MalformedResponse:
    return MalformedResponse("expected a JSON object in the upstream's answer; got another value.")


def _text(value: JSON) -> str:
    return value if isinstance(value, str) else ""
