"""The events of one stream as bytes, numbered without gaps."""

from adapters.dialects import json_codec
from domain.json_types import JSON


def delta_head(kind: str, **members: JSON) -> bytes:
    """All of a `kind` of delta but its text and number: what stays the same while one text is told."""
    head = json_codec.encode({"type": kind, **members})[:-1]
    return b'event: %b\ndata: %b,"delta":' % (kind.encode(), head)


class Frames:
    """Writes events; each has the next sequence number."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0

    def event(self, kind: str, **members: JSON) -> bytes:
        """An event of `kind`."""
        number = self._next
        self._next = number + 1
        body = json_codec.encode({"type": kind, **members, "sequence_number": number})
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), body)

    def delta(self, head: bytes, text: str) -> bytes:
        """A delta that `delta_head` began."""
        number = self._next
        self._next = number + 1
        return b'%b%b,"sequence_number":%d}\n\n' % (head, json_codec.encode(text), number)
