"""Where the gateway keeps batches and their files."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO, Generic, Protocol, TypeVar

from domain.batch.job import BatchJob, JobCounts, JobMistake, JobStatus, JobUsage, KeptFile
from domain.batch.line import LineShape

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Which part of a list is asked for: at most `limit` entries after the one with the id `after`."""

    limit: int
    after: str | None = None
    newest_first: bool = True


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Part of a list, and whether there is more of it."""

    entries: tuple[T, ...]
    has_more: bool


class Upload(Protocol):
    """A file that is on its way in."""

    @property
    def size_bytes(self) -> int:
        """How much of it is there."""
        ...

    def write(self, data: bytes) -> None:
        """Take more of it. Raises OSError."""
        ...

    def discard(self) -> None:
        """Forget it, unless it is kept already."""
        ...


class FileStore(Protocol):
    """Files, by their ids. All methods block, may be called from any thread, and raise OSError."""

    def begin(self, file_id: str) -> Upload:
        """A file that is to have this id. Raises OSError."""
        ...

    def keep(self, upload: Upload, file: KeptFile) -> None:
        """Keep what was uploaded, for good. Raises OSError."""
        ...

    def get(self, file_id: str) -> KeptFile | None:
        """What is known of a file."""
        ...

    def open(self, file_id: str) -> BinaryIO:
        """The content of a file. Raises FileNotFoundError."""
        ...

    def page(self, cursor: Cursor, purposes: frozenset[str]) -> Page[KeptFile]:
        """Files of these purposes. Raises LookupError where the cursor's file is not there."""
        ...

    def delete(self, file_id: str) -> bool:
        """Forget a file; whether it was there. Raises FileInUse."""
        ...


class FileInUse(Exception):
    """The file is read by a batch that is not finished: `job_id`."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class BatchStore(Protocol):
    """Batches, by their ids. All methods block, may be called from any thread and process, and raise OSError."""

    def add(self, job: BatchJob) -> bool:
        """Keep a new batch; False where its input file is not there any more."""
        ...

    def get(self, job_id: str) -> BatchJob | None:
        """A batch as it is now."""
        ...

    def page(self, cursor: Cursor, shape: LineShape) -> Page[BatchJob]:
        """Batches of this shape. Raises LookupError where the cursor's batch is not there."""
        ...

    def unfinished(self) -> tuple[BatchJob, ...]:
        """Those that somebody has to work on, the oldest first."""
        ...

    def advance(
        self,
        job_id: str,
        status: JobStatus,
        unix_s: int,
        *,
        total: int | None = None,
        mistakes: tuple[JobMistake, ...] = (),
    ) -> bool:
        """Put a batch into its next state; False where it is in none that this one comes after."""
        ...

    def count(self, job_id: str, counts: JobCounts) -> None:
        """Say how far a batch is."""
        ...

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
        """Put a batch into its last state and keep its `results` (by `output` and `errors`), both or neither."""
        ...

    def delete(self, job_id: str) -> bool:
        """Forget a batch, its input and its results; False where it is not there, or not finished."""
        ...


class Leadership(Protocol):
    """Which of several processes works on batches. Blocks briefly."""

    def take(self) -> bool:
        """Whether this process leads, from now on if nobody else does."""
        ...

    def leave(self) -> None:
        """Let another process lead."""
        ...
