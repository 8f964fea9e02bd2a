"""Long strings taken out of a body before it is parsed, such as pictures in base64, and put back into its parts.

A parser looks at each of their bytes, a search for their end does so thirty times as fast.
"""

from typing import Final, TypeAlias

Cuts: TypeAlias = "tuple[memoryview[int], ...]"
"""What was taken out, in its order; views of the body."""

MIN_BYTES: Final = 16 * 1024
"""Bodies below have nothing taken out; from strings, nothing below half of it is."""

KEPT_BYTES: Final = 64
"""So much of each string's beginning stays: what is to be recognised by how it begins still is."""

_STRIDE_BYTES: Final = MIN_BYTES // 2
_MARK: Final = b"\xff"
"""Stands around the number of a cut. In UTF-8 there is no such byte."""


def cut(body: bytes) -> tuple[bytes, Cuts]:
    """`body`, which is UTF-8, with marks for the long strings in it; and these.

    A cut has neither quotation marks nor backslashes, and a quotation mark before and after it. So where the
    outline is JSON every cut is from within a string, and the body is JSON but for control characters in the cuts.
    Looking for these takes longer than to parse the body (4 ms for 10 MB, by `bytes.translate`, the fastest way).
    """
    kept: list[bytes] = []
    cuts: list[memoryview[int]] = []
    view = memoryview(body)
    done = at = 0
    while (end := body.find(b'"', at)) >= 0:
        if end - at < _STRIDE_BYTES:
            at += _STRIDE_BYTES
            continue
        opening = body.rfind(b'"', done, at)
        start = opening + 1 + KEPT_BYTES
        if opening >= 0 and start < end and body.find(b"\\", start - KEPT_BYTES, end) < 0:
            kept.append(body[done:start] + b"%b%d%b" % (_MARK, len(cuts), _MARK))
            cuts.append(view[start:end])
            done = end
        at = end + 1
    if not cuts:
        return body, ()
    kept.append(body[done:])
    return b"".join(kept), tuple(cuts)


def parts(outline: bytes, cuts: Cuts) -> "list[bytes | memoryview[int]]":
    """An outline, or members of one in any order, with what was taken out of them, which is not copied."""
    pieces = outline.split(_MARK)
    whole: list[bytes | memoryview[int]] = [*pieces]
    whole[1::2] = [cuts[int(number)] for number in pieces[1::2]]
    return whole


def restored(outline: bytes, cuts: Cuts) -> bytes:
    """The same as bytes."""
    return b"".join(parts(outline, cuts)) if cuts else outline
