"""The SQLite database behind the stores, which several processes share."""

import contextlib
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from adapters.persistence.data_folder import DataFolder, identity

PATIENCE_S: Final = 10.0
"""How long a transaction waits for those of other processes."""

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS files (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    purpose TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    created_unix_s INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS batches (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    shape TEXT NOT NULL,
    path TEXT NOT NULL,
    input_file_id TEXT NOT NULL,
    created_unix_s INTEGER NOT NULL,
    expires_unix_s INTEGER NOT NULL,
    metadata TEXT,
    status TEXT NOT NULL,
    reached TEXT NOT NULL DEFAULT '{}',
    total INTEGER NOT NULL DEFAULT 0,
    succeeded INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    unasked INTEGER NOT NULL DEFAULT 0,
    mistakes TEXT NOT NULL DEFAULT '[]',
    output_file_id TEXT,
    error_file_id TEXT,
    usage TEXT
);
CREATE INDEX IF NOT EXISTS batches_by_status ON batches (status);
"""
_VERSION: Final = 1


class Database:
    """One connection, opened when it is first needed, so that processes may fork before.

    It is opened anew where another file, or none, is at its place: what is written to a file that was deleted or
    replaced would be lost, and other processes would not see it.
    """

    def __init__(self, folder: DataFolder) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._opened: tuple[int, int] | None = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """What is done within is done as a whole, or not at all. Raises OSError."""
        with self._lock, as_os_errors(self.folder.database):
            connection = self._connected()
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:  # a disk that is full may have ended it already
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For what changes nothing. Raises OSError."""
        with self._lock, as_os_errors(self.folder.database):
            yield self._connected()

    def close(self) -> None:
        """Let go of the database; it is opened again when it is needed."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> sqlite3.Connection:
        if identity(self.folder.database) != self._opened:
            self._close()
        if self._connection is None:
            self.folder.make()
            connection = sqlite3.connect(
                self.folder.database, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
            )
            try:
                _prepare(connection, str(self.folder.database))
            except BaseException:
                connection.close()
                raise
            self._connection = connection
            self._opened = identity(self.folder.database)
        return self._connection


@contextlib.contextmanager
def as_os_errors(path: Path) -> Iterator[None]:
    """What SQLite fails with is a matter of the disk to everybody else: raises OSError for it."""
    try:
        yield
    except sqlite3.Error as failure:
        raise OSError(f"{path}: {failure}") from failure


def _prepare(connection: sqlite3.Connection, name: str) -> None:
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == _VERSION:
        return
    if version:
        raise sqlite3.DatabaseError(
            f"expected version {_VERSION} of the database {name}; it is of version {version}, which another "
            "version of the gateway made. Serve from that version, or name another directory."
        )
    connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version = {_VERSION}; COMMIT;")
