"""Streams with events that are no JSON, for operators who rather do without these than without the answer."""

from collections.abc import Callable
from typing import Final

from adapters.dialects import json_codec
from adapters.dialects.sse import Frame, FrameDecoder
from adapters.providers.conversation import PieceReader
from application.ports.chat_provider import Piece
from domain.chat.events import Ended, Failed
from domain.chat.loss import Loss, LossKind
from domain.errors import MalformedResponse

MAX_NAMED: Final = 64
"""How many of the events that a stream goes without are told of."""

_DONE: Final = b"[DONE]"
_ERROR: Final = "error"
_NOTHING: Final = Piece(None, ())


class FrameSieve:
    """Leaves out of a stream the events that are no JSON; `lose` is told of each of the first 64."""

    def __init__(self, lose: Callable[[Loss], None]) -> None:
        self._frames = FrameDecoder()
        self._lose = lose
        self._seen = self._skipped = 0

    def feed(self, chunk: bytes) -> bytes:
        """The whole frames that `chunk` completes. Raises MalformedResponse where one is too long."""
        try:
            frames = self._frames.feed(chunk)
        except ValueError as refused:
            raise MalformedResponse(f"{refused}.") from None
        return self._kept(frames)

    def finish(self) -> bytes:
        """What the end of the body completes."""
        return self._kept(self._frames.finish())

    def _kept(self, frames: list[Frame]) -> bytes:
        return b"".join(frame.raw for frame in frames if self._keeps(frame))

    def _keeps(self, frame: Frame) -> bool:
        self._seen += 1
        if _is_good(frame):
            return True
        self._skipped += 1
        if self._skipped <= MAX_NAMED:
            self._lose(
                Loss(
                    "skipped_bad_frame",
                    f"/events/{self._seen - 1}",
                    "an event of the upstream's stream is no JSON",
                    LossKind.HINT,
                )
            )
        return False


class SkippingReader:
    """A reader of pieces behind a sieve."""

    def __init__(self, reader: PieceReader, lose: Callable[[Loss], None]) -> None:
        self._reader = reader
        self._sieve = FrameSieve(lose)

    def feed(self, chunk: bytes) -> Piece:
        try:
            kept = self._sieve.feed(chunk)
        except MalformedResponse as error:
            return Piece(None, (Failed(error),))
        return self._reader.feed(kept) if kept else _NOTHING

    def finish(self) -> Piece:
        rest = self._sieve.finish()
        piece = self._reader.feed(rest) if rest else _NOTHING
        if piece.events and isinstance(piece.events[-1], (Ended, Failed)):
            return piece
        last = self._reader.finish()
        raw = last.raw if piece.raw is None else piece.raw + (last.raw or b"")
        return Piece(raw, piece.events + last.events)


def without_bad_frames(stream: bytes, lose: Callable[[Loss], None]) -> bytes:
    """A whole stream without its events that are no JSON. Raises MalformedResponse where one is too long."""
    sieve = FrameSieve(lose)
    return sieve.feed(stream) + sieve.finish()


def _is_good(frame: Frame) -> bool:
    """Whether it says nothing, is JSON, or is an error, in whatever words that is told."""
    data = frame.data
    if data is None or frame.event == _ERROR or data.strip() in (b"", _DONE):
        return True
    try:
        json_codec.decode(data)
    except ValueError:
        return False
    return True
