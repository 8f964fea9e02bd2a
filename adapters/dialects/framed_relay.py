"""What relays of answers in events share: frames are cut and read one by one, but for those that only repeat."""

import re
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Final

from adapters.dialects.repeats import Repeats
from adapters.dialects.sse import Frame, FrameDecoder
from domain.chat.events import Failed, StreamEvent
from domain.errors import MalformedResponse, UpstreamError

MODEL_MEMBER: Final = re.compile(rb'"model"\s*:\s*"(?:[^"\\]|\\.)*"')
"""A model with its name, wherever in a document it stands."""


class FramedRelay(ABC):
    """A `contract.Relay` as far as it is alike in all dialects; each reads its own frames, in `_frame`.

    `_over`: nothing more is forwarded. `_repeats` may learn the frames whose like tells nothing.
    """

    def __init__(self) -> None:
        self._frames = FrameDecoder()
        self._repeats = Repeats()
        self._over = False

    def feed(self, chunk: bytes) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """The bytes to forward for `chunk`, and what they tell. Nothing of a failure or after it is forwarded."""
        if self._over:
            return b"", ()
        passed = b""
        if not self._frames.is_within_frame:
            passed, chunk = self._repeats.split(chunk)
            if not chunk:
                return passed, ()
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            self._over = True
            return passed, (Failed(MalformedResponse(f"{refused}.")),)
        raw, events = self._relay(frames)
        return passed + raw, events

    def repeated(self, chunk: bytes) -> bytes:
        """What to forward for a chunk whose frames tell nothing, if that is seen at a glance; else nothing."""
        return b"" if self._over or self._frames.is_within_frame else self._repeats.whole(chunk)

    def _rest(self) -> tuple[bytes, tuple[StreamEvent, ...]]:
        """What the end of the body completes; it may leave open how the answer ended."""
        return self._relay([replace(frame, raw=frame.closed) for frame in self._frames.finish() if frame.data])

    def _relay(self, frames: list[Frame]) -> tuple[bytes, tuple[StreamEvent, ...]]:
        forwarded: list[bytes] = []
        events: list[StreamEvent] = []
        for frame in frames:
            if self._over:
                break
            try:
                forwarded.append(self._frame(frame, events))
            except UpstreamError as error:
                self._over = True
                events.append(Failed(error))
        return b"".join(forwarded), tuple(events)

    @abstractmethod
    def _frame(self, frame: Frame, events: list[StreamEvent]) -> bytes:
        """The bytes to forward for `frame`; what it tells is added to `events`. Raises the error it means."""
