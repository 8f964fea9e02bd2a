"""The two ways a streamed answer is framed: server-sent events (`?alt=sse`), or a JSON array that grows."""

from typing import Final, Literal, Protocol, TypeAlias

FramingName: TypeAlias = Literal["sse", "array"]

_LINE_SEPARATORS: Final = (
    (b"\xc2\x85", b"\\u0085"),
    (b"\xe2\x80\xa8", b"\\u2028"),
    (b"\xe2\x80\xa9", b"\\u2029"),
)
"""What Python's `str.splitlines`, by which official clients cut their stream, takes for the end of a line."""


class Framing(Protocol):
    """One stream's frames. Every write ends with a blank line, which shows that nothing is half said."""

    def frame(self, document: bytes) -> bytes:
        """One JSON object of the answer, on one line, framed."""
        ...

    def close(self) -> bytes:
        """What stands after the last frame, an error's included."""
        ...


class EventFraming:
    """Each object is an event: `data: {…}` and nothing else, ever; the official clients know no more than that."""

    def frame(self, document: bytes) -> bytes:
        if not document.isascii():
            for character, escape in _LINE_SEPARATORS:
                document = document.replace(character, escape)
        return b"data: " + document + b"\r\n\r\n"

    def close(self) -> bytes:
        return b""


class ArrayFraming:
    """The objects are elements of one JSON array."""

    __slots__ = ("_has_begun",)

    def __init__(self, *, has_begun: bool = False) -> None:
        self._has_begun = has_begun

    def frame(self, document: bytes) -> bytes:
        before = b"," if self._has_begun else b"["
        self._has_begun = True
        return before + document + b"\n\n"

    def close(self) -> bytes:
        return b"]\n\n" if self._has_begun else b"[]\n\n"


def framing(name: FramingName, *, has_begun: bool = False) -> Framing:
    """The frames of one stream; `has_begun`: some of them were sent already."""
    return EventFraming() if name == "sse" else ArrayFraming(has_begun=has_begun)
