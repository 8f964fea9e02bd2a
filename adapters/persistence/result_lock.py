"""One run at a time for each results file."""

import contextlib
import sqlite3
from pathlib import Path
from typing import Self

from adapters.persistence.refusals import BatchFilesRefused


class ResultLock:
    """A lock on a results file; it ends with `release`, or with the process, however that ends."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        # Gone before it is free: whoever opened it meanwhile sees that it is gone, and makes another.
        with contextlib.suppress(OSError):
            self._path.unlink()
        self._connection.close()


def lock_results(output: Path) -> ResultLock:
    """Keep other runs from `output`, by a lock on the file `<output>.lock`.

    The lock is that of an empty SQLite database: the same call locks a file on every system. A file system without
    locks has none here either. Raises BatchFilesRefused where another run has it, or where no lock can be made.
    """
    path = output.with_name(f"{output.name}.lock")
    while True:
        path.touch()
        before = _inode(path, output)
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as refused:
            if refused.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                connection.close()
                raise BatchFilesRefused(
                    f"expected nobody else to write {output}; another run does, and holds {path.name}. "
                    "Wait for it, end it, or name another output."
                ) from None
        if before is not None and _inode(path, output) == before:
            return ResultLock(path, connection)
        connection.close()


def _inode(path: Path, output: Path) -> int | None:
    """What tells the lock's file from later ones of its name; None where it is gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    if status.st_size:
        raise BatchFilesRefused(
            f"expected {path} to be empty, to lock {output}; something else is there. "
            "Take it away, or name another output."
        )
    return status.st_ino
