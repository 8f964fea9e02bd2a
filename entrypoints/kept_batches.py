"""Files and batches that the gateway keeps: their parts, put together."""

import asyncio
import random
import secrets
from pathlib import Path
from types import MappingProxyType
from typing import Final

from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.batch_lines.result_reader import read_result
from adapters.dialects.batch_lines.result_usage import read_usage
from adapters.dialects.batch_lines.results import render_cancelled, render_expired, render_result
from adapters.http.task_runner import TaskRunner
from adapters.persistence.batch_store import SqliteBatches
from adapters.persistence.data_folder import DataFolder
from adapters.persistence.database import Database
from adapters.persistence.file_store import DiskFiles
from adapters.persistence.job_bench import JobBench, ResultFormat
from adapters.persistence.leader import LeaderLock
from application.batch.conduct import ConductBatches
from application.batch.kept_files import HIDDEN_OUTPUT, OUTPUT, KeptFiles
from application.batch.kept_run import Workshop
from application.batch.run import BatchLimits
from application.batch.service import BatchService
from application.ports.batch import LineAsker
from application.ports.clock import Clock
from domain.batch.job import BatchJob
from domain.batch.line import LineShape

_FORMAT: Final = ResultFormat(
    render=render_result,
    render_cancelled=render_cancelled,
    render_expired=render_expired,
    read=read_result,
    read_usage=MappingProxyType({LineShape.OPENAI: read_usage}),
    purposes=MappingProxyType({LineShape.OPENAI: OUTPUT, LineShape.ANTHROPIC: HIDDEN_OUTPUT}),
)
_ID_BYTES: Final = 16


class KeptBatches:
    """Everything that is kept in `folder`. Nothing is opened before it is used: processes may fork before."""

    def __init__(self, folder: Path, clock: Clock, *, max_upload_bytes: int, concurrency: int) -> None:
        self._folder = DataFolder(folder)
        self._clock = clock
        self.max_upload_bytes = max_upload_bytes
        self._concurrency = concurrency
        self._database = Database(self._folder)
        self._files = DiskFiles(self._database)
        self._batches = SqliteBatches(self._database)
        self._conductor: ConductBatches | None = None

    def make_folder(self) -> None:
        """Make the directory where it is not there. Raises OSError."""
        self._folder.make()

    def file_service(self) -> KeptFiles:
        """What can be asked of files."""
        return KeptFiles(self._files, self._clock, _draw_id)

    def batch_service(self) -> BatchService:
        """What can be asked of batches."""
        return BatchService(self._batches, self._files, self._clock, draw_id=_draw_id, notice=self._notice)

    def conductor(self, asker: LineAsker, tasks: TaskRunner) -> ConductBatches:
        """What works off the batches in this process, if it is the one that leads."""
        shop = Workshop(
            store=self._batches,
            bench=JobBench(self._folder, self._batches, self._clock, parser_of=_line_reader, form=_FORMAT),
            asker=asker,
            places=asyncio.Semaphore(self._concurrency),
            desk=asyncio.Lock(),
            limits=BatchLimits(concurrency=self._concurrency),
            clock=self._clock,
            draw=random.random,
        )
        self._conductor = ConductBatches(LeaderLock(self._folder), shop, tasks)
        return self._conductor

    def close(self) -> None:
        """Let go of the database, whose file has everything then; who needs it opens it again."""
        self._database.close()

    def _notice(self) -> None:
        if self._conductor is not None:
            self._conductor.notice()


def _draw_id() -> str:
    return secrets.token_hex(_ID_BYTES)


def _line_reader(job: BatchJob) -> LineReader:
    """What reads the lines of a batch, which are all of one shape."""
    return LineReader(endpoint=job.path if job.shape is LineShape.OPENAI else None, shape=job.shape)
