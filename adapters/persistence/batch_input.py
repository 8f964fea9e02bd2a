"""A batch's input: lines of a file, of a gzip file or of standard input, each to be found again at its place."""

import gzip
import hashlib
import shutil
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, Self, cast

from adapters.persistence.refusals import BatchFilesRefused

STANDARD_INPUT: Final = "-"
MAX_LINE_BYTES: Final = 128 * 1024 * 1024
"""No API takes a request that comes near; a file without line feeds must not fill the memory."""

_BLOCK_BYTES: Final = 1024 * 1024
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


class BatchInput:
    """The lines of an input in a file that can be read anywhere; `name` is what its owner calls it."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()

    def scan(self, seen: Callable[[bytes], object]) -> Iterator[tuple[int, bytes]]:
        """Every line, empty ones too, with the place where it begins; `seen` is given each block of the file.

        Lines come without their line feed and without the file's byte order mark. Of one that is longer than
        MAX_LINE_BYTES comes the beginning, which is too long as well.
        """
        held: list[bytes] = []
        start, held_bytes = 0, 0
        for block in self._blocks():
            seen(block)
            first, *lines = block.split(b"\n")
            if held_bytes <= MAX_LINE_BYTES:
                held.append(first)
            held_bytes += len(first)
            if not lines:
                continue
            yield start, _joined(held, start)
            start += held_bytes + 1
            for line in lines[:-1]:
                yield start, line
                start += len(line) + 1
            held, held_bytes = lines[-1:], len(lines[-1])
        if held_bytes:
            yield start, _joined(held, start)

    def line_at(self, start: int) -> bytes:
        """The line that begins at `start`. Raises OSError."""
        self._file.seek(start)
        line = self._file.readline(MAX_LINE_BYTES + 1)
        return line if start else line.removeprefix(_BYTE_ORDER_MARK)

    def digest(self) -> str:
        """What tells this input from every other: the SHA-256 of all of it."""
        digest = new_digest()
        for block in self._blocks():
            digest.update(block)
        return digest.hexdigest()

    def _blocks(self) -> Iterator[bytes]:
        self._file.seek(0)
        while block := self._file.read(_BLOCK_BYTES):
            yield block


def new_digest() -> "hashlib._Hash":
    """A digest of an input of which nothing was read yet."""
    return hashlib.sha256(usedforsecurity=False)


def open_input(source: str, *, spool: Path) -> BatchInput:
    """The input `source`: `-` is standard input, and a name that ends in `.gz` a gzip file.

    What cannot be read twice is copied to a nameless file in the directory `spool`. Raises BatchFilesRefused where
    there is no such input, or none that can be read to its end; OSError where there is no room for a copy.
    """
    if source == STANDARD_INPUT:
        return BatchInput(_copied(sys.stdin.buffer, spool), "standard input")
    path = Path(source)
    try:
        file = path.open("rb")
    except OSError as refused:
        raise BatchFilesRefused(
            f"expected an input that can be read; {source}: {refused.strerror}. "
            "Name another, or - for standard input."
        ) from None
    if path.suffix == ".gz":
        with file:
            return BatchInput(_inflated(file, source, spool), source)
    if not path.is_file():
        with file:
            return BatchInput(_copied(file, spool), source)
    return BatchInput(file, source)


def _inflated(file: BinaryIO, source: str, spool: Path) -> BinaryIO:
    try:
        with gzip.open(file) as lines:
            return _copied(cast("BinaryIO", lines), spool)
    except (gzip.BadGzipFile, EOFError, zlib.error) as broken:
        raise BatchFilesRefused(
            f"expected {source} to be a whole gzip file, as its name says; {broken}. Mend or rename it."
        ) from None


def _copied(file: BinaryIO, folder: Path) -> BinaryIO:
    copy = cast("BinaryIO", tempfile.TemporaryFile(dir=folder))  # noqa: SIM115 - the input closes it
    try:
        shutil.copyfileobj(file, copy, _BLOCK_BYTES)
    except BaseException:
        copy.close()
        raise
    return copy


def _joined(pieces: list[bytes], start: int) -> bytes:
    line = b"".join(pieces)
    return line if start else line.removeprefix(_BYTE_ORDER_MARK)
