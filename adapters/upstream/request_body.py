"""The body of a request to an upstream: bytes, or parts of them where it is long."""

from collections.abc import Iterator, Sequence
from typing import TypeAlias


class PartedBody:
    """A long body in parts, which are sent one after the other and never copied into one."""

    __slots__ = ("_size", "parts")

    def __init__(self, parts: "Sequence[bytes | memoryview[int]]") -> None:
        self.parts = parts
        self._size = sum(map(len, parts))

    def __len__(self) -> int:
        return self._size

    def __bytes__(self) -> bytes:
        return b"".join(self.parts)


Body: TypeAlias = bytes | PartedBody


def slices(body: Body, max_bytes: int) -> Iterator[memoryview]:
    """Views of `body`, one after the other, of at most `max_bytes` each."""
    for part in (body,) if isinstance(body, bytes) else body.parts:
        view = memoryview(part)
        for start in range(0, len(part), max_bytes):
            yield view[start : start + max_bytes]
