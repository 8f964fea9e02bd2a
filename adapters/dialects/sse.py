"""Server-sent events: bytes in any split → frames (WHATWG HTML, section 9.2.6)."""

from typing import Final

from domain.values import dataclass

_CR, _LF = 0x0D, 0x0A
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Frame:
    """One event; the concatenated `raw`s of all frames are the stream.

    event: its name or "". data: its data lines joined by LF; None where it has none (comments, a bare name).
    raw: all its bytes, the blank line included.
    """

    event: str
    data: bytes | None
    raw: bytes

    @property
    def closed(self) -> bytes:
        """`raw` with its blank line, which the last of a stream may lack: nothing that follows melts into it."""
        return self.raw.rstrip(b"\r\n") + b"\n\n"

    def with_data(self, data: bytes) -> bytes:
        """`raw` with other data; all else in it is kept, where the data stands there in one piece."""
        if data == self.data:
            return self.raw
        lines = data.replace(b"\n", b"\ndata: ")
        if self.data is not None and self.raw.count(self.data) == 1:
            return self.raw.replace(self.data, lines)
        named = b"event: " + self.event.encode() + b"\n" if self.event else b""
        return named + b"data: " + lines + b"\n\n"


class FrameDecoder:
    """Cuts a stream into frames. Lines end with LF, CRLF or CR, and nothing else; a frame ends at a blank line.

    `max_frame_bytes` bounds what is held; a longer frame raises ValueError from `feed`.
    """

    __slots__ = ("_has_cr", "_held", "_max_frame_bytes", "_scanned", "_started")

    def __init__(self, max_frame_bytes: int = 64 * 1024 * 1024) -> None:
        self._held = bytearray()  # grows in place: a picture may be one frame in thousands of chunks
        self._scanned = 0
        self._has_cr = False
        self._started = False
        self._max_frame_bytes = max_frame_bytes

    @property
    def is_within_frame(self) -> bool:
        """Whether what comes next continues a frame."""
        return bool(self._held)

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes."""
        held = self._held
        continues = bool(held)
        if continues:
            held += chunk
        buffer = held if continues else chunk
        self._has_cr = self._has_cr or b"\r" in chunk
        frames: list[Frame] = []
        start, scan = 0, self._scanned
        frame_end = _frame_end if self._has_cr else _frame_end_without_cr
        while (end := frame_end(buffer, scan)) is not None:
            frames.append(self._frame(bytes(buffer[start:end])))
            start = scan = end
        if continues:
            del held[:start]
        else:
            held += chunk[start:]
        if len(held) > self._max_frame_bytes:
            raise ValueError(f"expected frames of at most {self._max_frame_bytes} bytes; got a longer one")
        # A blank line may begin with the last three bytes seen: CR LF CR | LF.
        self._scanned = max(0, len(held) - 3)
        return frames

    def finish(self) -> list[Frame]:
        """The frame that lacked its blank line when the stream ended, if any."""
        rest, self._held, self._scanned = bytes(self._held), bytearray(), 0
        return [self._frame(rest)] if rest.strip(b"\r\n") else []

    def _frame(self, raw: bytes) -> Frame:
        text = raw
        if not self._started:
            self._started = True
            text = raw.removeprefix(_BOM)
        return _parse(text, raw)


def _frame_end_without_cr(buffer: bytes | bytearray, scan: int) -> int | None:
    """As `_frame_end`, for the lines that nearly every server writes."""
    position = buffer.find(b"\n\n", scan)
    return None if position < 0 else position + 2


def _frame_end(buffer: bytes | bytearray, scan: int) -> int | None:
    """The index after the first blank line at or after `scan`, or None while it may still grow.

    A CR at the very end is undecided: an LF may follow it.
    """
    size = len(buffer)
    position = scan
    while True:
        line_end = _next_line_end(buffer, position)
        if line_end < 0:
            return None
        after = line_end + 1
        if buffer[line_end] == _CR:
            if after == size:
                return None
            if buffer[after] == _LF:
                after += 1
        blank = _blank_line_end(buffer, after)
        if blank is not None:
            return blank if blank >= 0 else None
        position = after


def _next_line_end(buffer: bytes | bytearray, position: int) -> int:
    line_feed = buffer.find(b"\n", position)
    carriage = buffer.find(b"\r", position, line_feed if line_feed >= 0 else len(buffer))
    return carriage if carriage >= 0 else line_feed


def _blank_line_end(buffer: bytes | bytearray, position: int) -> int | None:
    """Where a blank line that starts at `position` ends; -1 = cannot tell yet; None = it is not blank."""
    if position >= len(buffer):
        return -1
    first = buffer[position]
    if first == _LF:
        return position + 1
    if first != _CR:
        return None
    if position + 1 >= len(buffer):
        return -1
    return position + 2 if buffer[position + 1] == _LF else position + 1


def _parse(text: bytes, raw: bytes) -> Frame:
    if text.startswith(b"data: ") and text.find(b"\n") == len(text) - 2 and b"\r" not in text:
        return Frame("", text[6:-2], raw)
    event = ""
    data: list[bytes] = []
    for line in text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"):
        name, colon, value = line.partition(b":")
        if not colon and not name:
            continue
        value = value.removeprefix(b" ")
        if name == b"data":
            data.append(value)
        elif name == b"event":
            event = value.decode("utf-8", "replace")
    return Frame(event, b"\n".join(data) if data else None, raw)
