"""Reads a results file that an earlier run has left, and tells whole results from what a crash made of others."""

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from pathlib import Path
from typing import Final, TypeAlias

import msgspec

from adapters.persistence.refusals import BatchFilesRefused
from domain.batch.result_head import ResultHead
from domain.values import dataclass

_CONTROLS: Final = re.compile(rb"[\x01-\x09\x0b-\x1f]")
"""What no piece of a result has, and files of other kinds do."""

ReadResult: TypeAlias = Callable[[bytes], ResultHead | None]
"""The head of the result on a line; None where it is no result, or half of one."""


class Remnant(Enum):
    """What a crash may leave beside whole results."""

    HALF = auto()
    """The beginning of a result, at the end of the file."""
    HOLLOW = auto()
    """NUL bytes: room for lines that had not reached the disk when the power went."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScannedLine:
    """A line of a results file: which it is, where it begins, what it is, and whether its line feed is there."""

    number: int
    start: int
    raw: bytes
    content: ResultHead | Remnant
    ended: bool


def scan_results(path: Path, read_result: ReadResult) -> Iterator[ScannedLine]:
    """The lines of the results file, but empty ones.

    Raises BatchFilesRefused where a line is neither a result nor what a crash leaves: then the file is something
    else, which must not be touched. Raises OSError where it cannot be read.
    """
    start = 0
    with path.open("rb") as file:
        for number, raw in enumerate(file, 1):
            if raw.strip():
                content = read_result(raw) or _remnant(raw)
                if content is None:
                    raise BatchFilesRefused(
                        f"expected a result on each line of {path}; line {number} is none. "
                        "Name an output that a batch has written, or take the line out."
                    )
                yield ScannedLine(number=number, start=start, raw=raw, content=content, ended=raw.endswith(b"\n"))
            start += len(raw)


def _remnant(raw: bytes) -> Remnant | None:
    if b"\0" in raw:
        return None if _CONTROLS.search(raw) else Remnant.HOLLOW
    begins_as_result = raw.startswith(b'{"') or raw == b"{"
    return Remnant.HALF if begins_as_result and not raw.endswith(b"\n") and not _is_whole(raw) else None


def _is_whole(raw: bytes) -> bool:
    """Whether it is JSON: a whole line of something that is no result."""
    try:
        msgspec.json.decode(raw, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True
