"""Where a kept batch is worked on: its input opened, its results on the disk."""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from application.ports.batch import LineSource, ResultSink
from domain.batch.job import BatchJob, JobCounts, JobMistake, JobStatus, JobUsage, KeptFile


class OpenedJob(Protocol):
    """A batch that is opened to be worked on. Methods block, but for `counts` and those of `source` and `sink`.

    mistakes: why it cannot be run; then there is nothing else to be done with it.
    source:   the lines that have no result yet.
    """

    @property
    def mistakes(self) -> tuple[JobMistake, ...]:
        """See the class."""
        ...

    @property
    def source(self) -> LineSource:
        """See the class."""
        ...

    @property
    def sink(self) -> ResultSink:
        """See the class."""
        ...

    def counts(self) -> JobCounts:
        """How far it is, earlier work included."""
        ...

    def give_up(self, why: JobStatus) -> None:
        """Give every line without a result one that says why: EXPIRED or CANCELLED. Raises OSError."""
        ...

    def results(self) -> Mapping[str, KeptFile]:
        """Put what there is into place, as files by `output` and `errors`. Raises OSError."""
        ...

    def usage(self) -> JobUsage | None:
        """What the answers took; None where none says. Reads the files that `results` gave. Raises OSError."""
        ...

    def close(self) -> None:
        """Let go of it. Raises OSError where results may not have reached the disk."""
        ...


class Workbench(Protocol):
    """Opens batches, for one process at a time."""

    def open(self, job: BatchJob, *, goes_on: Callable[[], bool]) -> OpenedJob:
        """Open a batch, where it was left if it was worked on before. Blocks, for long.

        Raises Interrupted where `goes_on` says no meanwhile, OSError.
        """
        ...

    def clear(self, job_id: str) -> None:
        """Forget the work on a batch that is finished."""
        ...

    def sweep(self) -> None:
        """Clear away what processes that were killed left behind. Raises OSError."""
        ...


class Interrupted(Exception):
    """The work was not to go on."""


class Starter(Protocol):
    """Starts work beside the caller; its failure is logged."""

    def run(self, work: Coroutine[Any, Any, None]) -> object:
        """Start `work`."""
        ...
