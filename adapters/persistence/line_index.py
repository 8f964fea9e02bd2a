"""The index of a batch's input: where each good line begins and what it is called; its file never changes."""

import contextlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, Protocol, Self

from adapters.persistence.batch_input import BatchInput
from adapters.persistence.index_building import IndexBuilder
from adapters.persistence.index_tables import (
    IndexOrigin,
    id_digest,
    open_tables,
    read_origin,
    read_report,
    told_as_os_error,
)
from adapters.persistence.line_set import LineSet
from adapters.persistence.pending_lines import PendingLines
from adapters.persistence.refusals import BatchFilesRefused
from domain.batch.line import BatchLine
from domain.batch.shard import Shard

_NUMBERS_AT_ONCE: Final = 10_000


class LineParser(Protocol):
    """What an index needs of the line formats. `settings` is all that decides which lines are good."""

    @property
    def settings(self) -> str: ...

    def parse(self, raw: bytes, number: int) -> BatchLine:
        """The request on line `number`. Raises BadLine where it is none."""
        ...


class LineIndex:
    """An index that is open. For one thread at a time; its methods raise OSError where it cannot be read."""

    def __init__(self, connection: sqlite3.Connection, batch_input: BatchInput, parser: LineParser) -> None:
        self._connection = connection
        self._input = batch_input
        self._parser = parser
        self.report = read_report(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._connection.close()

    def count(self, shard: Shard) -> int:
        """How many good lines are the shard's."""
        return self.report.lines if shard.count == 1 else sum(map(shard.has, self._numbers()))

    def numbers_of(self, custom_ids: Sequence[str]) -> tuple[int | None, ...]:
        """The number of the line that each is the custom_id of; None where no line is called so."""
        ids = [id_digest(custom_id) for custom_id in custom_ids]
        places = ",".join("?" * len(ids))
        query = f"SELECT id, number FROM lines WHERE id IN ({places})"  # noqa: S608 - of question marks only
        with told_as_os_error("read"):
            found = dict(self._connection.execute(query, ids).fetchall())
        return tuple(map(found.get, ids))

    def pending(self, finished: LineSet, shard: Shard) -> PendingLines:
        """The shard's lines that are not `finished`, to be asked."""
        return PendingLines(self._connection, self._input, self._parser.parse, finished, shard)

    def _numbers(self) -> Iterator[int]:
        with told_as_os_error("read"):
            rows = self._connection.execute("SELECT number FROM lines")
            while numbers := rows.fetchmany(_NUMBERS_AT_ONCE):
                for (number,) in numbers:
                    yield number


def index_path(output: Path) -> Path:
    """Where the index stands whose results go to `output`."""
    return output.with_name(f"{output.name}.index")


def open_index(
    path: Path,
    batch_input: BatchInput,
    parser: LineParser,
    *,
    shard: Shard,
    resuming: bool,
    errors: str | None = None,
    progress: Callable[[int], object] | None = None,
) -> LineIndex:
    """The index of the input: the one at `path` where it was made of the same, else a new one, written there.

    `resuming` tells that there are results already, and `errors` where failed ones go, for `errors_of` in later
    runs. `progress` is told how many bytes were read, now and then.

    Raises BatchFilesRefused where the index at `path` says that the results are those of another input or shard;
    OSError where one cannot be written.
    """
    shard_name = f"{shard.index}/{shard.count}"
    connection = open_tables(path)
    if connection is not None:
        origin = read_origin(connection)
        wanted = IndexOrigin(
            digest=batch_input.digest(), settings=parser.settings, shard=shard_name, errors=errors
        )
        if origin == wanted:
            return LineIndex(connection, batch_input, parser)
        connection.close()
        if resuming:
            _refuse_mixture(origin, wanted, batch_input.name, path)
    builder = IndexBuilder(batch_input, parser.parse, progress)
    builder.build(path, settings=parser.settings, shard=shard_name, errors=errors)
    connection = open_tables(path)
    if connection is None:
        raise BatchFilesRefused(f"expected {path} to stay as it was written; it is gone. Begin once more.")
    return LineIndex(connection, batch_input, parser)


def errors_of(path: Path) -> str | None:
    """Where failed results go, as the index at `path` was told; None where it was told nothing, or is not there.

    Raises BatchFilesRefused where something else stands there.
    """
    connection = open_tables(path)
    if connection is None:
        return None
    with contextlib.closing(connection):
        return read_origin(connection).errors


def _refuse_mixture(origin: IndexOrigin, wanted: IndexOrigin, name: str, path: Path) -> None:
    output = path.stem
    if origin.digest != wanted.digest:
        raise BatchFilesRefused(
            f"expected the input that {output} was begun with; {name} is another, or has changed since. "
            "Resume with the first one, or name another output."
        )
    if origin.shard != wanted.shard:
        raise BatchFilesRefused(
            f"expected shard {origin.shard}, with which {output} was begun; got {wanted.shard}. "
            "Give each shard an output of its own."
        )
