"""Reads an input once and writes its index, in memory that does not grow with it."""

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from adapters.persistence.batch_input import MAX_LINE_BYTES, BatchInput, new_digest
from adapters.persistence.data_folder import sync_folder
from adapters.persistence.index_tables import (
    APPLICATION,
    MAX_MISTAKES,
    SCHEMA,
    VERSION,
    IndexOrigin,
    IndexReport,
    id_digest,
    told_as_os_error,
    write_origin,
    write_report,
)
from domain.batch.bad_line import BadLine
from domain.batch.line import BatchLine

_CACHE_KIB: Final = 4_096

_REPEATED: Final = """
CREATE TEMP TABLE repeated AS
SELECT later.number AS number, first.number AS first
FROM (SELECT id, min(number) AS number FROM lines GROUP BY id HAVING count(*) > 1) AS first
JOIN lines AS later ON later.id = first.id AND later.number > first.number
"""


class IndexBuilder:
    """One reading of an input. `parse` raises BadLine where a line is no request; `progress` hears of bytes."""

    def __init__(
        self,
        batch_input: BatchInput,
        parse: Callable[[bytes, int], BatchLine],
        progress: Callable[[int], object] | None = None,
    ) -> None:
        self._input = batch_input
        self._parse = parse
        self._progress = progress
        self._digest = new_digest()
        self._bytes_read = 0
        self._bad = 0
        self._mistakes: list[BadLine] = []

    def build(self, path: Path, *, settings: str, shard: str, errors: str | None) -> None:
        """Write the index to `path`, as a whole or not at all. Raises OSError."""
        unfinished = path.with_name(f"{path.name}.unfinished")
        unfinished.unlink(missing_ok=True)
        try:
            with (
                told_as_os_error("written"),
                contextlib.closing(sqlite3.connect(unfinished, isolation_level=None)) as connection,
            ):
                self._fill(connection)
                origin = IndexOrigin(
                    digest=self._digest.hexdigest(), settings=settings, shard=shard, errors=errors
                )
                write_origin(connection, origin)
                connection.execute("COMMIT")
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync_folder(path.parent)

    def _fill(self, connection: sqlite3.Connection) -> None:
        # Half an index is thrown away: it needs neither a journal nor to be on the disk before it is whole.
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "temp_store = FILE",
            f"cache_size = -{_CACHE_KIB}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        connection.executescript(SCHEMA)
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO lines VALUES (?, ?, ?)", self._rows())
        # An index made at the end is sorted once; one kept meanwhile is jumped about in for every line.
        connection.execute("CREATE INDEX lines_by_id ON lines (id)")
        duplicates = self._part_with_duplicates(connection)
        (lines,) = connection.execute("SELECT count(*) FROM lines").fetchone()
        mistakes = sorted(self._mistakes, key=lambda mistake: mistake.number)[:MAX_MISTAKES]
        report = IndexReport(lines=lines, bad=self._bad, duplicates=duplicates, mistakes=tuple(mistakes))
        write_report(connection, report)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {VERSION}")

    def _rows(self) -> Iterator[tuple[int, int, bytes]]:
        parse = self._parse
        for number, (start, line) in enumerate(self._input.scan(self._seen), 1):
            stripped = line.strip()
            if not stripped:
                continue
            try:
                if len(line) > MAX_LINE_BYTES:
                    raise _too_long(number)
                yield number, start, id_digest(parse(stripped, number).custom_id)
            except BadLine as mistake:
                self._bad += 1
                if len(self._mistakes) < MAX_MISTAKES:
                    self._mistakes.append(mistake)

    def _seen(self, block: bytes) -> None:
        self._digest.update(block)
        self._bytes_read += len(block)
        if self._progress is not None:
            self._progress(self._bytes_read)

    def _part_with_duplicates(self, connection: sqlite3.Connection) -> int:
        """Of lines with the same custom_id only the first stays in the index."""
        connection.execute(_REPEATED)
        rows = connection.execute("SELECT number, first FROM repeated ORDER BY number LIMIT ?", (MAX_MISTAKES,))
        self._mistakes += [_repeated(number, first) for number, first in rows]
        return connection.execute("DELETE FROM lines WHERE number IN (SELECT number FROM repeated)").rowcount


def _repeated(number: int, first: int) -> BadLine:
    return BadLine(
        number,
        f"custom_id: expected one that no other line has, to tell results apart; line {first} has the same",
        code="duplicate_custom_id",
    )


def _too_long(number: int) -> BadLine:
    limit = MAX_LINE_BYTES // 1024 // 1024
    return BadLine(
        number,
        f"expected at most {limit} MiB on a line; there are more. See that every request has a line of its own",
        code="invalid_json_line",
    )
