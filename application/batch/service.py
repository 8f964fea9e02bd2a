"""The use cases about batches that the gateway keeps: create one, tell of them, cancel one, delete one."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from application.batch.kept_files import INPUT, lost_cursor, no_such_file
from application.ports.batch_store import BatchStore, Cursor, FileStore, Page
from application.ports.clock import Clock
from domain.batch.job import UNFINISHED, BatchJob, JobCounts, JobStatus
from domain.batch.line import LineShape
from domain.errors import ErrorKind, FeatherGateError, MalformedRequest

WINDOW_S: Final = 24 * 60 * 60
"""How long a batch may take; what was not asked by then is not asked any more."""

_PREFIXES: Final = MappingProxyType({LineShape.OPENAI: "batch", LineShape.ANTHROPIC: "msgbatch"})


class BatchService:
    """What can be asked of batches. `draw_id` gives 32 random hexadecimal digits; `notice` is called at news.

    All methods block, and raise OSError where the disk fails.
    """

    def __init__(
        self,
        batches: BatchStore,
        files: FileStore,
        clock: Clock,
        *,
        draw_id: Callable[[], str],
        notice: Callable[[], None],
    ) -> None:
        self._batches = batches
        self._files = files
        self._clock = clock
        self._draw_id = draw_id
        self._notice = notice

    def create(
        self,
        input_file_id: str,
        path: str,
        *,
        shape: LineShape,
        metadata: Mapping[str, str] | None = None,
        total: int = 0,
    ) -> BatchJob:
        """A new batch, whose file is read later; `total`: of its requests, where that is known already.

        Raises MalformedRequest where there is no such input.
        """
        file = self._files.get(input_file_id)
        if file is None:
            raise no_such_file(input_file_id, param="input_file_id")
        if shape is LineShape.OPENAI and file.purpose != INPUT:
            raise MalformedRequest(
                f"input_file_id: expected a file of purpose 'batch'; {file.id} is of purpose {file.purpose!r}",
                param="input_file_id",
            )
        now_unix_s = int(self._clock.unix_s())
        job = BatchJob(
            id=f"{_PREFIXES[shape]}_{self._draw_id()}",
            shape=shape,
            path=path,
            input_file_id=input_file_id,
            metadata=metadata,
            created_unix_s=now_unix_s,
            expires_unix_s=now_unix_s + WINDOW_S,
            counts=JobCounts(total=total),
        )
        if not self._batches.add(job):
            raise no_such_file(input_file_id, param="input_file_id")
        self._notice()
        return job

    def get(self, job_id: str, shape: LineShape) -> BatchJob:
        """A batch as it is now. Raises MalformedRequest where there is none."""
        job = self._batches.get(job_id)
        if job is None or job.shape is not shape:
            raise _no_such_batch(job_id)
        return job

    def page(self, cursor: Cursor, shape: LineShape, *, member: str = "after") -> Page[BatchJob]:
        """Batches. Raises MalformedRequest, about the parameter `member`, where the cursor leads nowhere."""
        try:
            return self._batches.page(cursor, shape)
        except LookupError:
            raise lost_cursor(member, cursor) from None

    def cancel(self, job_id: str, shape: LineShape) -> BatchJob:
        """The batch, which soon asks nothing more. Raises MalformedRequest where there is none or it has ended."""
        self.get(job_id, shape)
        self._batches.advance(job_id, JobStatus.CANCELLING, int(self._clock.unix_s()))
        job = self.get(job_id, shape)
        if job.status not in UNFINISHED:
            raise MalformedRequest(
                f"Cannot cancel a batch with status '{job.status}'.",
                code="batch_not_cancellable",
                param="batch_id",
            )
        self._notice()
        return job

    def delete(self, job_id: str, shape: LineShape) -> None:
        """Forget a batch, its input and results. Raises MalformedRequest where there is none or it goes on."""
        job = self.get(job_id, shape)
        if not self._batches.delete(job.id):
            raise MalformedRequest(
                f"expected a batch that has ended; {job.id} goes on. Cancel it first, or wait for its end.",
                param="batch_id",
                code="batch_in_progress",
            )


def _no_such_batch(job_id: str) -> FeatherGateError:
    return MalformedRequest(
        f"No such Batch object: {job_id[:64]}", kind=ErrorKind.NOT_FOUND, code="batch_not_found", param="batch_id"
    )
