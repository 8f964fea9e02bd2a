"""Answers that reach a client of this dialect as they came, framed as the client asked."""

from typing import Final

from adapters.dialects.gemini.answer import started
from adapters.dialects.gemini.errors import reported_error
from adapters.dialects.gemini.finish import parse_prompt_block, relay_finish, truncated
from adapters.dialects.gemini.framing import ArrayFraming, EventFraming, FramingName
from adapters.dialects.gemini.stray import StrayBody
from adapters.dialects.gemini.stream import DONE
from adapters.dialects.gemini.usage import counts_tokens, parse_usage
from adapters.dialects.gemini.wire_tap import Candidate, Tap, glance
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat.events import ContentSeen, Ended, Failed, Finished, StreamEvent, UsageReported
from domain.chat.response import Finish
from domain.errors import MalformedResponse, UpstreamError

_EVENT_START: Final = b"data: {"


class GeminiRelay:
    """One answer on its way through; see `contract.Relay`. The upstream always streams events.

    The model's name stays the upstream's: `modelVersion` is more exact than what anybody asks for. An ending
    that more content follows was not the last, so all endings are told at the end.
    """

    def __init__(self, name: FramingName) -> None:
        self._frames = FrameDecoder()
        self._array = ArrayFraming() if name == "array" else None
        self._stray = StrayBody()
        self._started = self._said = self._over = False
        self._endings: dict[int, Finish | None] = {}
        self._calling: set[int] = set()
        self._blocked: Finish | None = None

    def feed(self, chunk: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """The bytes to forward for `chunk`, and what they tell. Nothing of a failure or after it is forwarded."""
        if self._over:
            return b"", ()
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            self._over = True
            return b"", (Failed(MalformedResponse(f"{refused}.")),)
        return self._relay(frames)

    def repeated(self, chunk: bytes) -> bytes:
        """Nothing: every frame counts its tokens anew."""
        del chunk
        return b""

    def finish(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes: the end of the array, Ended or Failed."""
        raw, events = self._relay(self._frames.finish(), is_last=True)
        if self._over:
            return raw, events
        self._over = True
        if self._stray and not self._started:
            return raw, (*events, Failed(self._stray.error()))
        try:
            ended = self._ended()
        except UpstreamError as error:
            return raw, (*events, Failed(error))
        return raw + (b"" if self._array is None else self._array.close()), (*events, *ended)

    def answer(self, body: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """A buffered answer. Raises MalformedResponse or UpstreamRejected where it is not a good one."""
        events: list[StreamEvent] = []
        self._read(glance(body), events)
        return body, (*events, *self._ended())

    def _relay(self, frames: list[Frame], *, is_last: bool = False) -> tuple[bytes, tuple[StreamEvent, ...]]:
        forwarded: list[bytes] = []
        events: list[StreamEvent] = []
        for frame in frames:
            data = frame.data
            if self._over:
                break
            if data is None:
                self._stray.keep(frame.raw)
            if data is None or data == DONE or not data.strip():
                continue
            try:
                self._read(glance(data), events)
            except UpstreamError as error:
                self._over = True
                events.append(Failed(truncated() if is_last and isinstance(error, MalformedResponse) else error))
                break
            forwarded.append(self._framed(frame, data, is_whole=not is_last))
        return b"".join(forwarded), tuple(events)

    def _framed(self, frame: Frame, data: bytes, *, is_whole: bool) -> bytes:
        """The frame as it came, where clients can read that; else its data as an event or an element."""
        if self._array is not None:
            return self._array.frame(data)
        if is_whole and frame.raw.startswith(_EVENT_START) and b"\n" not in data:
            return frame.raw
        return EventFraming().frame(data.replace(b"\n", b" "))

    def _read(self, tap: Tap, events: list[StreamEvent]) -> None:
        if tap.error:
            raise reported_error(tap.error)
        if not self._started:
            self._started = True
            events.append(started(tap.response_id, tap.model_version, tap.usage_metadata))
        feedback = tap.prompt_feedback
        if feedback and feedback.get("blockReason"):
            self._blocked = parse_prompt_block(feedback["blockReason"], _text(feedback.get("blockReasonMessage")))
        for position, candidate in enumerate(tap.candidates or ()):
            self._hear(candidate, position if candidate.index is None else candidate.index, events)
        counts = tap.usage_metadata
        if counts and counts_tokens(counts):
            events.append(UsageReported(parse_usage(counts)))

    def _hear(self, candidate: Candidate, index: int, events: list[StreamEvent]) -> None:
        if candidate.has_content:
            self._endings[index] = None
            if not self._said:
                self._said = True
                events.append(ContentSeen())
            if candidate.calls:
                self._calling.add(index)
        ending = self._endings.setdefault(index, None)
        if candidate.finish_reason:
            called = index in self._calling
            ending = relay_finish(
                candidate.finish_reason, called=called, explanation=_text(candidate.finish_message)
            )
        self._endings[index] = ending

    def _ended(self) -> tuple[StreamEvent, ...]:
        """How every candidate ended. Raises MalformedResponse where one did not."""
        endings = dict(self._endings) or {0: None}
        told: list[StreamEvent] = []
        for index in sorted(endings):
            finish = endings[index] or self._blocked
            if finish is None:
                raise truncated()
            told.append(Finished(finish, index))
        return (*told, Ended())


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
