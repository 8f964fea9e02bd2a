"""Frames that repeat one before them but for what is said: that one was read, they are only recognised.

Hundreds of frames of a streamed answer differ in nothing but a fragment of text, and perhaps a running number
or some padding. Whoever reads none of these needs to read only the first such frame.
"""

import re
from typing import Final

from adapters.dialects.sse import Frame

_HOLE: Final = re.compile(
    rb'"(?:content|text|thinking|arguments|partial_json|reasoning_content|reasoning|refusal|delta|obfuscation)"'
    rb'\s*:\s*"|"sequence_number"\s*:\s*'
)
"""What comes before a value that may differ from frame to frame; in JSON it is nowhere but before a value."""

_QUOTE: Final = b'"'
_STRING: Final = re.compile(
    rb'[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u(?:[0-9a-ce-fA-CE-F][0-9a-fA-F]|[dD][0-7])[0-9a-fA-F]{2})'
    rb'[^"\\\x00-\x1f]*+)*+(?=")'
).match
"""What may be within quotes in JSON, but for surrogates, which are not easily told to be in pairs."""

_NUMBER: Final = re.compile(rb"0|[1-9][0-9]{0,17}").match
_FRAME_ENDS: Final = (b"\n\n", b"\r\n\r\n")
_MAX_MOULDS: Final = 64
"""So often a stream's frames are looked at for repeating; those of some streams never do."""


class Repeats:
    """The frames of one answer that repeat the last that was learned, and need no reading."""

    __slots__ = ("_mould", "_moulds")

    def __init__(self) -> None:
        self._mould: _Mould | None = None
        self._moulds = 0

    def learn(self, frame: Frame, forwarded: bytes) -> None:
        """Take note of a frame, and what became of it.

        Only for frames of JSON whose like would tell nothing, whatever the fragments of text in them say.
        """
        if self._moulds < _MAX_MOULDS and frame.data:
            mould = _mould_of(frame.raw, frame.data, forwarded)
            if mould is not None:
                self._mould = mould
                self._moulds += 1

    def split(self, chunk: bytes) -> tuple[bytes, bytes]:
        """What to forward for the frames that `chunk` begins with and repeat the learned one, and the rest of it.

        `chunk` begins with a frame.
        """
        mould = self._mould
        return (b"", chunk) if mould is None else mould.split(chunk)

    def whole(self, chunk: bytes) -> bytes:
        """What to forward for `chunk` if all its frames repeat the learned one; else nothing."""
        passed, rest = self.split(chunk)
        return b"" if rest else passed


class _Mould:
    """A frame without its fragments. holes: what comes before each, as it came and as it goes; end: the same."""

    __slots__ = ("_end", "_holes", "_is_kept")

    def __init__(self, came: list[bytes], goes: list[bytes]) -> None:
        matchers = [_STRING if part.endswith(_QUOTE) else _NUMBER for part in came[:-1]]
        self._holes = tuple(zip(came[:-1], map(len, came), goes, matchers, strict=False))
        self._end = came[-1], goes[-1]
        self._is_kept = came == goes

    def split(self, chunk: bytes) -> tuple[bytes, bytes]:
        """See Repeats."""
        forwarded: list[bytes] = []
        came, goes = self._end
        done, size, length = 0, len(chunk), len(came)
        while done < size:
            at = done
            frame: list[bytes] = []
            for part, part_length, instead, matched in self._holes:
                value = matched(chunk, at + part_length) if chunk.startswith(part, at) else None
                if value is None:
                    break
                at = value.end()
                frame += instead, value[0]
            else:
                if chunk.startswith(came, at):
                    done = at + length
                    forwarded += frame
                    forwarded.append(goes)
                    continue
            break
        if self._is_kept:
            return (chunk, b"") if done == size else (chunk[:done], chunk[done:])
        return b"".join(forwarded), chunk[done:]


def _mould_of(raw: bytes, data: bytes, forwarded: bytes) -> _Mould | None:
    """None where there is more in the frame than its data, or nothing that could differ."""
    head, _, end = raw.partition(data)
    if end not in _FRAME_ENDS or not forwarded.startswith(head):
        return None
    came, values = _taken_apart(raw, len(head))
    goes, kept = _taken_apart(forwarded, len(head))
    return _Mould(came, goes) if values and values == kept else None


def _taken_apart(frame: bytes, begin: int) -> tuple[list[bytes], list[bytes]]:
    """What is between the fragments, and the fragments: none before `begin`, or at all where one is not plain."""
    between: list[bytes] = []
    values: list[bytes] = []
    done = 0
    for hole in _HOLE.finditer(frame, begin):
        value = (_STRING if hole[0].endswith(_QUOTE) else _NUMBER)(frame, hole.end())
        if value is None:
            return [frame], []
        between.append(frame[done : hole.end()])
        values.append(value[0])
        done = value.end()
    between.append(frame[done:])
    return between, values
