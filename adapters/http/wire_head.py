"""The head of an answer as bytes (RFC 9112), and how the end of its body is told."""

from enum import Enum, auto
from http import HTTPStatus
from typing import Final

from adapters.http.exchange import HeaderBlock, HeaderLines

_STATUS_LINES: Final = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode() for status in HTTPStatus
}
"""Of registered statuses. Vendors and what stands before them have others (520, 529), told without a phrase."""
_NO_BODY: Final = frozenset({204, 304})
_LENGTH: Final = b"\r\ncontent-length: "


class Framing(Enum):
    """How the end of a body is told (RFC 9112, 6.3)."""

    NO_BODY = auto()
    LENGTH = auto()
    CHUNKED = auto()
    UNTIL_CLOSE = auto()


def render_head(
    status: int, headers: HeaderBlock, *, standing: bytes, method: str, may_chunk: bool, keep_alive: bool
) -> tuple[bytes, Framing, int]:
    """The head, how its body ends, and the body's length where that is told.

    standing: header lines that go with every answer. may_chunk: the client knows chunked bodies (not HTTP/1.0).
    Raises ValueError where a header's value could be read as several lines.
    """
    head = (_STATUS_LINES.get(status) or b"HTTP/1.1 %d \r\n" % status) + standing + _block(headers)
    if not keep_alive:
        head += b"connection: close\r\n"
    if method == "HEAD" or status in _NO_BODY:
        return head + b"\r\n", Framing.NO_BODY, 0
    at = head.find(_LENGTH) + len(_LENGTH)
    if at >= len(_LENGTH):
        return head + b"\r\n", Framing.LENGTH, int(head[at : head.index(b"\r", at)])
    if may_chunk:
        return head + b"transfer-encoding: chunked\r\n\r\n", Framing.CHUNKED, 0
    return head + b"\r\n", Framing.UNTIL_CLOSE, 0


def _block(headers: HeaderBlock) -> bytes:
    if isinstance(headers, HeaderLines):
        return headers.lines
    lines = [b"%b: %b\r\n" % header for header in headers]
    block = b"".join(lines)
    if block.count(b"\n") != len(lines) or block.count(b"\r") != len(lines):
        raise ValueError("expected headers without line breaks; one of the answer's has some")
    return block
