"""One answer while it arrives: GenerateContentResponse objects in, events out.

A buffered answer is a stream of one object, so that both say the same.
"""

from collections.abc import Mapping
from datetime import datetime

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.gemini.candidate import CandidateReader
from adapters.dialects.gemini.errors import reported_error
from adapters.dialects.gemini.finish import parse_prompt_block, truncated
from adapters.dialects.gemini.usage import counts_tokens, parse_usage
from adapters.dialects.gemini.wire import member, objects
from domain.chat import events as ev
from domain.chat.events import StreamEvent
from domain.chat.response import Finish
from domain.errors import MalformedResponse
from domain.json_types import JSON


class AnswerReader:
    """Reads one answer; each candidate keeps its own state."""

    def __init__(self, rendered: RenderedRequest) -> None:
        self._rendered = rendered
        self._response_id: str | None = None
        self._candidates: dict[int, CandidateReader] = {}
        self._blocked: Finish | None = None
        self._usage: dict[str, JSON] | None = None
        self._counted = False

    def feed(self, chunk: JSON) -> list[StreamEvent]:
        """The events of one object of the answer. Raises UpstreamError: what it reports, or MalformedResponse."""
        if isinstance(chunk, list) and len(chunk) == 1:
            chunk = chunk[0]
        if not isinstance(chunk, dict):
            raise MalformedResponse(
                f"expected a JSON object as the upstream's answer; got a {type(chunk).__name__}"
            )
        if chunk.get("error") is not None:
            raise reported_error(chunk["error"])
        events: list[StreamEvent] = []
        counts = member(chunk, "usageMetadata", dict)
        if self._response_id is None:
            self._response_id = member(chunk, "responseId", str) or ""
            model, moment = member(chunk, "modelVersion", str), member(chunk, "createTime", str)
            events.append(started(self._response_id, model, counts, created=moment))
        if "promptFeedback" in chunk:
            self._note_block(member(chunk, "promptFeedback", dict))
        for position, candidate in enumerate(objects(chunk, "candidates")):
            events += self._reader(candidate, position).feed(candidate)
        if counts and counts != self._usage:
            self._usage = counts
            if counts_tokens(counts):
                self._counted = True
                events.append(ev.UsageReported(parse_usage(counts)))
        return events

    def end(self) -> list[StreamEvent]:
        """The last events of a complete answer. Raises MalformedResponse where it was not complete."""
        events: list[StreamEvent] = []
        for index in sorted(self._candidates):
            events += self._candidates[index].end(self._blocked)
        if not self._candidates:
            if self._blocked is None:
                raise truncated()
            events.append(ev.Finished(self._blocked))
        if self._usage is not None and not self._counted:
            events.append(ev.UsageReported(parse_usage(self._usage)))
        return [*events, ev.Ended()]

    def _note_block(self, feedback: Mapping[str, JSON] | None) -> None:
        if feedback is not None and feedback.get("blockReason"):
            explanation = member(feedback, "blockReasonMessage", str)
            self._blocked = parse_prompt_block(feedback["blockReason"], explanation)

    def _reader(self, candidate: Mapping[str, JSON], position: int) -> CandidateReader:
        given = member(candidate, "index", int)
        index = position if given is None else given
        reader = self._candidates.get(index)
        if reader is None:
            reader = CandidateReader(index, self._response_id or "", self._rendered)
            self._candidates[index] = reader
        return reader


def started(
    response_id: JSON, model: JSON, counts: Mapping[str, JSON] | None, *, created: JSON = None
) -> ev.Started:
    """The beginning of an answer, as far as its first object tells; what is no text tells nothing."""
    tier = (counts or {}).get("serviceTier")
    return ev.Started(
        response_id if isinstance(response_id, str) else "",
        model if isinstance(model, str) else "",
        _unix_s(created) if isinstance(created, str) else None,
        _service_tier(tier) if isinstance(tier, str) else None,
    )


def _unix_s(moment: str) -> int | None:
    """An RFC 3339 moment as Unix seconds, None where it is none."""
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (ValueError, OverflowError):
        return None


def _service_tier(tier: str) -> str:
    """The tier that served the answer: `standard`, `flex` or `priority`."""
    return tier.lower().removeprefix("service_tier_")
