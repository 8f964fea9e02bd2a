"""What stands in the index of an input."""

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from adapters.persistence.refusals import BatchFilesRefused
from domain.batch.bad_line import BadLine

VERSION: Final = 2
APPLICATION: Final = int.from_bytes(b"FGbi")
"""Written at the head of the file, by which `file(1)` and SQLite tell databases apart."""

MAX_MISTAKES: Final = 100
"""How many mistakes are told in full."""

SCHEMA: Final = """
CREATE TABLE lines (number INTEGER PRIMARY KEY, start INTEGER NOT NULL, id BLOB NOT NULL);
CREATE TABLE mistakes (number INTEGER PRIMARY KEY, message TEXT NOT NULL, code TEXT NOT NULL);
CREATE TABLE facts (of_what TEXT PRIMARY KEY, fact TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexOrigin:
    """What an index was made of, and for whom: where anything of it is another, so is the index.

    errors: where failed results go, seen from the index's folder; None = to the output, too.
    """

    digest: str
    settings: str
    shard: str
    errors: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexReport:
    """What was found in an input.

    lines:    good ones. bad: that are no requests. duplicates: whose custom_id an earlier line has.
    mistakes: the first MAX_MISTAKES of the last two, in the order of their numbers.
    """

    lines: int
    bad: int
    duplicates: int
    mistakes: tuple[BadLine, ...]

    @property
    def mistaken(self) -> int:
        """Lines that no batch can be made of."""
        return self.bad + self.duplicates

    @property
    def flawless(self) -> bool:
        return not self.mistaken

    def is_fit(self, *, skip_bad_lines: bool) -> bool:
        """Whether a batch can be made of it: without mistakes, or of what is left where they are skipped."""
        return self.flawless or (skip_bad_lines and self.lines > 0)


def id_digest(custom_id: str) -> bytes:
    """What stands for a custom_id in an index: 16 bytes, of which no two that differ will ever be alike."""
    return hashlib.blake2b(custom_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def open_tables(path: Path) -> sqlite3.Connection | None:
    """The index at `path`, to be read only; None where there is none, or one of another version.

    Raises BatchFilesRefused where something else stands there.
    """
    if not path.exists():
        return None
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)
    marks = None
    with contextlib.suppress(sqlite3.DatabaseError):
        marks = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")]
    if marks == [APPLICATION, VERSION]:
        return connection
    connection.close()
    if marks is None or marks[0] != APPLICATION:
        raise BatchFilesRefused(
            f"expected nothing but the index of a batch at {path}; something else is there. "
            "Take it away, or name another output."
        )
    return None


@contextlib.contextmanager
def told_as_os_error(deed: str) -> Iterator[None]:
    """What SQLite says of its file, as what it is: a disk that is full, broken or not to be written."""
    try:
        yield
    except sqlite3.Error as failed:
        raise OSError(f"expected the batch's index to be {deed}; SQLite says: {failed}") from failed


def write_origin(connection: sqlite3.Connection, origin: IndexOrigin) -> None:
    """Say of what the index is made."""
    _write_facts(connection, "origin", [origin.digest, origin.settings, origin.shard, origin.errors])


def read_origin(connection: sqlite3.Connection) -> IndexOrigin:
    """Of what the index was made."""
    digest, settings, shard, errors = _read_facts(connection, "origin")
    return IndexOrigin(digest=digest, settings=settings, shard=shard, errors=errors)


def write_report(connection: sqlite3.Connection, report: IndexReport) -> None:
    """Say what was found in the input."""
    _write_facts(connection, "counts", [report.lines, report.bad, report.duplicates])
    rows = [(mistake.number, mistake.message, mistake.code) for mistake in report.mistakes]
    connection.executemany("INSERT INTO mistakes VALUES (?, ?, ?)", rows)


def read_report(connection: sqlite3.Connection) -> IndexReport:
    """What was found in the input."""
    lines, bad, duplicates = _read_facts(connection, "counts")
    rows = connection.execute("SELECT number, message, code FROM mistakes ORDER BY number")
    mistakes = tuple(BadLine(number, message, code=code) for number, message, code in rows)
    return IndexReport(lines=lines, bad=bad, duplicates=duplicates, mistakes=mistakes)


def _write_facts(connection: sqlite3.Connection, of_what: str, facts: Sequence[str | int | None]) -> None:
    connection.execute("INSERT INTO facts VALUES (?, ?)", (of_what, json.dumps(facts)))


def _read_facts(connection: sqlite3.Connection, of_what: str) -> list[Any]:
    (facts,) = connection.execute("SELECT fact FROM facts WHERE of_what = ?", (of_what,)).fetchone()
    return list(json.loads(facts))
