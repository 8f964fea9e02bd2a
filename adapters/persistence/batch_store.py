"""Batches in the database."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.persistence.data_folder import is_id
from adapters.persistence.database import Database
from adapters.persistence.file_store import INSERT, columns, json_list, page_of
from application.ports.batch_store import Cursor, Page
from domain.batch.job import (
    COMES_AFTER,
    UNFINISHED,
    BatchJob,
    JobCounts,
    JobMistake,
    JobStatus,
    JobUsage,
    KeptFile,
    errors_id,
    output_id,
)
from domain.batch.line import LineShape

ABANDONED_S: Final = 3600.0
"""How long nobody has to have written to what nobody knows for it to be cleared away."""

_ADD: Final = """
INSERT INTO batches
    (id, shape, path, input_file_id, created_unix_s, expires_unix_s, metadata, status, reached, total)
SELECT :id, :shape, :path, :input_file_id, :created_unix_s, :expires_unix_s, :metadata, :status, :reached, :total
WHERE EXISTS (SELECT 1 FROM files WHERE id = :input_file_id)
"""
_ADVANCE: Final = """
UPDATE batches SET status = :status, reached = json_set(reached, '$.' || :status, :unix_s),
    total = COALESCE(:total, total), mistakes = :mistakes
WHERE id = :id AND status IN (SELECT value FROM json_each(:before))
"""
_COUNT: Final = """
UPDATE batches SET total = :total, succeeded = :succeeded, failed = :failed, unasked = :unasked WHERE id = :id
"""
_FINISH: Final = """
UPDATE batches SET status = :status, reached = json_set(reached, '$.' || :status, :unix_s),
    total = :total, succeeded = :succeeded, failed = :failed, unasked = :unasked,
    output_file_id = :output, error_file_id = :errors, usage = :usage
WHERE id = :id AND status IN (SELECT value FROM json_each(:before))
"""
_DELETE_FILES: Final = "DELETE FROM files WHERE id IN (:input_file_id, :output, :errors)"


class SqliteBatches:
    """The BatchStore in SQLite."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, job: BatchJob) -> bool:
        row = {
            "id": job.id,
            "shape": job.shape.value,
            "path": job.path,
            "input_file_id": job.input_file_id,
            "created_unix_s": job.created_unix_s,
            "expires_unix_s": job.expires_unix_s,
            "metadata": None if job.metadata is None else json.dumps(dict(job.metadata)),
            "status": job.status.value,
            "reached": json.dumps({status.value: unix_s for status, unix_s in job.reached.items()}),
            "total": job.counts.total,
        }
        with self._database.transaction() as connection:
            return connection.execute(_ADD, row).rowcount > 0

    def get(self, job_id: str) -> BatchJob | None:
        if not is_id(job_id):
            return None
        with self._database.reading() as connection:
            row = connection.execute("SELECT * FROM batches WHERE id = ?", (job_id,)).fetchone()
        return None if row is None else _job(row)

    def page(self, cursor: Cursor, shape: LineShape) -> Page[BatchJob]:
        rows, has_more = page_of(self._database, "batches", "shape", frozenset({shape.value}), cursor=cursor)
        return Page(tuple(map(_job, rows)), has_more)

    def unfinished(self) -> tuple[BatchJob, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(
                "SELECT * FROM batches WHERE status IN (SELECT value FROM json_each(?)) ORDER BY place",
                (json_list(UNFINISHED),),
            ).fetchall()
        return tuple(map(_job, rows))

    def advance(
        self,
        job_id: str,
        status: JobStatus,
        unix_s: int,
        *,
        total: int | None = None,
        mistakes: tuple[JobMistake, ...] = (),
    ) -> bool:
        told = [{"code": one.code, "message": one.message, "line": one.line} for one in mistakes]
        row = {**_step(job_id, status, unix_s), "total": total, "mistakes": json.dumps(told)}
        with self._database.transaction() as connection:
            return connection.execute(_ADVANCE, row).rowcount > 0

    def count(self, job_id: str, counts: JobCounts) -> None:
        with self._database.transaction() as connection:
            connection.execute(_COUNT, {"id": job_id, **_numbers(counts)})

    def finish(
        self,
        job_id: str,
        status: JobStatus,
        unix_s: int,
        *,
        counts: JobCounts,
        results: Mapping[str, KeptFile],
        usage: JobUsage | None,
    ) -> bool:
        ids = {role: results[role].id if role in results else None for role in ("output", "errors")}
        told = None if usage is None else json.dumps(asdict(usage))
        row = {**_step(job_id, status, unix_s), **_numbers(counts), **ids, "usage": told}
        with self._database.transaction() as connection:
            if connection.execute(_FINISH, row).rowcount == 0:
                return False
            connection.executemany(INSERT, [columns(file) for file in results.values()])
        return True

    def delete(self, job_id: str) -> bool:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT * FROM batches WHERE id = ?", (job_id,)).fetchone()
            if row is None or row["status"] in UNFINISHED:
                return False
            ids = {"input_file_id": row["input_file_id"], "output": output_id(job_id), "errors": errors_id(job_id)}
            connection.execute("DELETE FROM batches WHERE id = ?", (job_id,))
            connection.execute(_DELETE_FILES, ids)
        for file_id in ids.values():
            self._database.folder.file(file_id).unlink(missing_ok=True)
        return True

    def sweep(self, now_unix_s: float) -> None:
        """Clear away what a process left behind that was killed: uploads cut short, what nobody knows any more.

        For one process at a time. Raises OSError.
        """
        folder = self._database.folder
        folder.make()
        jobs = {job.id for job in self.unfinished()}
        with self._database.reading() as connection:
            known = {row["id"] for row in connection.execute("SELECT id FROM files")}
        known.update(map(output_id, jobs), map(errors_id, jobs))
        for path in folder.contents():
            if path.name not in known and _is_abandoned(path, now_unix_s):
                path.unlink(missing_ok=True)
        for path in folder.works():
            if path.name not in jobs and is_id(path.name):
                folder.clear_work(path.name)


def _is_abandoned(path: Path, now_unix_s: float) -> bool:
    try:
        return now_unix_s - path.stat().st_mtime > ABANDONED_S
    except FileNotFoundError:  # whoever brought it in has kept it meanwhile
        return False


def _step(job_id: str, status: JobStatus, unix_s: int) -> dict[str, str | int]:
    before = frozenset(one.value for one in COMES_AFTER[status])
    return {"id": job_id, "status": status.value, "unix_s": unix_s, "before": json_list(before)}


def _numbers(counts: JobCounts) -> dict[str, int]:
    return {
        "total": counts.total,
        "succeeded": counts.succeeded,
        "failed": counts.failed,
        "unasked": counts.unasked,
    }


def _job(row: sqlite3.Row) -> BatchJob:
    reached = {JobStatus(status): int(unix_s) for status, unix_s in json.loads(row["reached"]).items()}
    return BatchJob(
        id=row["id"],
        shape=LineShape(row["shape"]),
        path=row["path"],
        input_file_id=row["input_file_id"],
        created_unix_s=row["created_unix_s"],
        expires_unix_s=row["expires_unix_s"],
        metadata=None if row["metadata"] is None else json.loads(row["metadata"]),
        status=JobStatus(row["status"]),
        reached=MappingProxyType(reached),
        counts=JobCounts(**{name: row[name] for name in ("total", "succeeded", "failed", "unasked")}),
        mistakes=tuple(JobMistake(**mistake) for mistake in json.loads(row["mistakes"])),
        output_file_id=row["output_file_id"],
        error_file_id=row["error_file_id"],
        usage=None if row["usage"] is None else JobUsage(**json.loads(row["usage"])),
    )
