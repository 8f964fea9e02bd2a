"""Files that the gateway keeps: their content in a directory, what is known of them in the database."""

import json
import os
import sqlite3
from pathlib import Path
from typing import BinaryIO, Final

from adapters.persistence.data_folder import DataFolder, is_id, sync_folder
from adapters.persistence.database import Database
from application.ports.batch_store import Cursor, FileInUse, Page, Upload
from domain.batch.job import UNFINISHED, KeptFile

INSERT: Final = """
INSERT OR IGNORE INTO files (id, purpose, name, size_bytes, created_unix_s)
VALUES (:id, :purpose, :name, :size_bytes, :created_unix_s)
"""
_READ_BY: Final = """
SELECT id FROM batches WHERE input_file_id = ? AND status IN (SELECT value FROM json_each(?)) LIMIT 1
"""


class DiskUpload:
    """A file that is on its way to the disk. Writes go to the system's cache, as they come."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.size_bytes = 0
        self._stream: BinaryIO | None = path.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """Take more of it. Raises OSError."""
        if self._stream is None:
            raise OSError("expected an upload that goes on; it has ended")
        rest = memoryview(data)
        while rest:
            rest = rest[self._stream.write(rest) :]
        self.size_bytes += len(data)

    def close(self) -> None:
        """Have what came outlast a power cut. Raises OSError."""
        if self._stream is not None:
            with self._stream as stream:
                self._stream = None
                os.fsync(stream.fileno())

    def discard(self) -> None:
        """Forget it, unless it is kept already."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None
        self.path.unlink(missing_ok=True)


class DiskFiles:
    """The FileStore on a disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._folder: DataFolder = database.folder

    def begin(self, file_id: str) -> DiskUpload:
        self._folder.make()
        return DiskUpload(self._folder.upload(file_id))

    def keep(self, upload: Upload, file: KeptFile) -> None:
        if not isinstance(upload, DiskUpload):
            raise TypeError(f"expected an upload that was begun here; got {type(upload).__name__}")
        upload.close()
        place = self._folder.file(file.id)
        upload.path.replace(place)
        sync_folder(place.parent)
        with self._database.transaction() as connection:
            connection.execute(INSERT, columns(file))

    def get(self, file_id: str) -> KeptFile | None:
        if not is_id(file_id):
            return None
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM files WHERE id = ?", (file_id,)).fetchone()
        return None if row is None else _file(row)

    def open(self, file_id: str) -> BinaryIO:
        return self._folder.file(file_id).open("rb")

    def page(self, cursor: Cursor, purposes: frozenset[str]) -> Page[KeptFile]:
        rows, has_more = page_of(self._database, "files", "purpose", purposes, cursor=cursor)
        return Page(tuple(map(_file, rows)), has_more)

    def delete(self, file_id: str) -> bool:
        with self._database.transaction() as connection:
            reader = connection.execute(_READ_BY, (file_id, json_list(UNFINISHED))).fetchone()
            if reader is not None:
                raise FileInUse(reader["id"])
            known = connection.execute("DELETE FROM files WHERE id = ?", (file_id,)).rowcount > 0
        if known:
            self._folder.file(file_id).unlink(missing_ok=True)
        return known


def page_of(
    database: Database, table: str, member: str, values: frozenset[str], *, cursor: Cursor
) -> tuple[list[sqlite3.Row], bool]:
    """The rows of `table` whose `member` is one of `values`, as `cursor` says; and whether there are more.

    `table` and `member` are written into the statement, so they are never a caller's words. Raises LookupError
    where the row that the cursor begins after is not there.
    """
    order, beyond = ("DESC", "<") if cursor.newest_first else ("ASC", ">")
    find = f"SELECT place FROM {table} WHERE id = ?"  # noqa: S608 - see above
    choose = (
        f"SELECT * FROM {table} WHERE {member} IN (SELECT value FROM json_each(:values)) "  # noqa: S608
        f"AND (:place IS NULL OR place {beyond} :place) ORDER BY place {order} LIMIT :most"
    )
    with database.reading() as connection:
        place: int | None = None
        if cursor.after is not None:
            row = connection.execute(find, (cursor.after,)).fetchone() if is_id(cursor.after) else None
            if row is None:
                raise LookupError(cursor.after)
            place = row["place"]
        options = {"values": json_list(values), "place": place, "most": cursor.limit + 1}
        rows = connection.execute(choose, options).fetchall()
    return rows[: cursor.limit], len(rows) > cursor.limit


def columns(file: KeptFile) -> dict[str, str | int]:
    """A file as its row."""
    return {
        "id": file.id,
        "purpose": file.purpose,
        "name": file.name,
        "size_bytes": file.size_bytes,
        "created_unix_s": file.created_unix_s,
    }


def json_list(values: frozenset[str]) -> str:
    """Words as the list that `json_each` takes."""
    return json.dumps(sorted(values))


def _file(row: sqlite3.Row) -> KeptFile:
    return KeptFile(
        id=row["id"],
        purpose=row["purpose"],
        name=row["name"],
        size_bytes=row["size_bytes"],
        created_unix_s=row["created_unix_s"],
    )
