"""Goes on where a run ended, however it ended: which lines have their results, and what is to be asked again."""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from adapters.persistence.data_folder import sync_folder
from adapters.persistence.line_set import LineSet
from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_paths import ResultPaths
from adapters.persistence.result_scan import ReadResult, Remnant, ScannedLine, scan_results
from domain.batch.result_head import ResultHead

_LINES_AT_ONCE: Final = 500


class Numbers(Protocol):
    """What a recovery asks of the index."""

    def numbers_of(self, custom_ids: Sequence[str]) -> tuple[int | None, ...]:
        """The number of the line that each is the custom_id of; None where no line is called so."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovered:
    """What an earlier run has left.

    finished:  lines that have their result, which failed ones do not that are to be asked again.
    succeeded, failed: how many of them did.
    to_retry:  failed results that were taken out of the files, so that their lines are asked again.
    cut_bytes: of lines that a crash had left unfinished, taken out.
    """

    finished: LineSet
    succeeded: int
    failed: int
    to_retry: int
    cut_bytes: int


def recover_results(
    paths: ResultPaths, index: Numbers, read_result: ReadResult, *, retry_failed: bool = False
) -> Recovered:
    """Make the results files whole again, with each line's result once, and tell what they hold.

    With `retry_failed` the results of failed lines leave the files. Nothing is touched unless all is understood;
    a crash while files are put right leaves them as they were or as they should be. Raises BatchFilesRefused where
    a file holds something else than results of this input, or two for one line; OSError.
    """
    recovery = _Recovery(index, read_result, retry_failed=retry_failed)
    files = [path.resolve() for path in paths.all() if path.exists()]
    repairs = [recovery.examine(path) for path in files]
    for path, repair in zip(files, repairs, strict=True):
        recovery.mend(path, repair)
    return recovery.found()


@dataclass(slots=True)
class _Repair:
    """What a file needs: to be written anew without some lines, or its end cut off, or a line feed."""

    anew: bool = False
    end: int | None = None
    line_feed: bool = False


class _Recovery:
    def __init__(self, index: Numbers, read_result: ReadResult, *, retry_failed: bool) -> None:
        self._index = index
        self._read_result = read_result
        self._retry_failed = retry_failed
        self._finished = LineSet()
        self._seen = LineSet()
        self._succeeded = self._failed = self._to_retry = self._cut_bytes = 0

    def found(self) -> Recovered:
        return Recovered(
            finished=self._finished,
            succeeded=self._succeeded,
            failed=self._failed,
            to_retry=self._to_retry,
            cut_bytes=self._cut_bytes,
        )

    def examine(self, path: Path) -> _Repair:
        """What the file needs; what it holds is counted."""
        repair = _Repair()
        heads = self._heads(path, repair)
        while some := list(islice(heads, _LINES_AT_ONCE)):
            numbers = self._index.numbers_of([head.custom_id for _, head in some])
            for (place, head), number in zip(some, numbers, strict=True):
                self._count(path, place, head, number)
                repair.anew |= self._goes(head)
        return repair

    def _heads(self, path: Path, repair: _Repair) -> Iterator[tuple[int, ResultHead]]:
        """The results with the numbers of their lines, without the answers, which may be large."""
        for line in scan_results(path, self._read_result):
            self._look_for_damage(line, repair)
            if isinstance(line.content, ResultHead):
                yield line.number, line.content

    def _look_for_damage(self, line: ScannedLine, repair: _Repair) -> None:
        if isinstance(line.content, Remnant):
            self._cut_bytes += len(line.raw)
            if line.ended:
                repair.anew = True
            else:
                repair.end = line.start
        else:
            repair.line_feed = not line.ended

    def _count(self, path: Path, place: int, head: ResultHead, number: int | None) -> None:
        if number is None:
            raise BatchFilesRefused(
                f"expected {path} to hold results of this input; line {place} has a custom_id that is on no "
                "line of it. Resume with the input that the batch was begun with, or name another output."
            )
        if number in self._seen:
            raise BatchFilesRefused(
                f"expected one result for each line of the input; line {place} of {path} is another one for "
                f"line {number}. Take one of the two out."
            )
        self._seen.add(number)
        if self._goes(head):
            self._to_retry += 1
            return
        self._finished.add(number)
        if head.succeeded:
            self._succeeded += 1
        else:
            self._failed += 1

    def _goes(self, head: ResultHead) -> bool:
        return self._retry_failed and not head.succeeded

    def mend(self, path: Path, repair: _Repair) -> None:
        if repair.anew:
            _write_anew(path, self._kept(path))
        elif repair.end is not None:
            os.truncate(path, repair.end)
        elif repair.line_feed:
            with path.open("ab") as file:
                file.write(b"\n")
        _unfinished(path).unlink(missing_ok=True)

    def _kept(self, path: Path) -> Iterator[bytes]:
        for line in scan_results(path, self._read_result):
            if isinstance(line.content, ResultHead) and not self._goes(line.content):
                yield line.raw if line.ended else line.raw + b"\n"


def _unfinished(path: Path) -> Path:
    return path.with_name(f"{path.name}.unfinished")


def _write_anew(path: Path, lines: Iterator[bytes]) -> None:
    """Replace the file by one of these lines, at one stroke."""
    unfinished = _unfinished(path)
    try:
        with unfinished.open("wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        shutil.copymode(path, unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    sync_folder(path.parent)
