"""Kept batches, opened to be worked on: the index of their input, and their results where they will stay."""

import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from adapters.persistence.batch_input import BatchInput
from adapters.persistence.batch_store import SqliteBatches
from adapters.persistence.data_folder import DataFolder
from adapters.persistence.line_index import LineIndex, LineParser, open_index
from adapters.persistence.line_set import LineSet
from adapters.persistence.recovery import recover_results
from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_file import ResultFile
from adapters.persistence.result_paths import ResultPaths
from application.ports.batch import LineSource
from application.ports.batch_work import Interrupted
from application.ports.clock import Clock
from domain.batch.job import BatchJob, JobCounts, JobMistake, JobStatus, JobUsage, KeptFile, errors_id, output_id
from domain.batch.line import BatchLine, LineOutcome, LineShape
from domain.batch.result_head import ResultHead
from domain.batch.shard import WHOLE

_INDEX: Final = "index"
_INPUT_GONE: Final = JobMistake(
    code="invalid_file",
    message="expected the file to stay as it was when the batch began; it has changed, or is gone. Upload it and "
    "create the batch again.",
)
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFormat:
    """How results are written and read.

    read_usage: what an answer took, by shapes whose batches tell. purposes: what files of results are called, by
    shape.
    """

    render: Callable[[BatchLine, LineOutcome], bytes]
    render_cancelled: Callable[[BatchLine], bytes]
    render_expired: Callable[[BatchLine], bytes]
    read: Callable[[bytes], ResultHead | None]
    read_usage: Mapping[LineShape, Callable[[bytes], JobUsage | None]]
    purposes: Mapping[LineShape, str]


class JobBench:
    """The Workbench on a disk. `parser_of` gives what reads a batch's lines."""

    def __init__(
        self,
        folder: DataFolder,
        batches: SqliteBatches,
        clock: Clock,
        *,
        parser_of: Callable[[BatchJob], LineParser],
        form: ResultFormat,
    ) -> None:
        self._folder = folder
        self._batches = batches
        self._clock = clock
        self._parser_of = parser_of
        self._form = form

    def open(self, job: BatchJob, *, goes_on: Callable[[], bool]) -> "OpenedOnDisk":
        def progress(_: int) -> None:
            if not goes_on():
                raise Interrupted(job.id)

        progress(0)
        work = self._folder.work(job.id)
        work.mkdir(exist_ok=True)
        paths = ResultPaths(
            output=self._folder.file(output_id(job.id)),
            errors=self._folder.file(errors_id(job.id)) if job.shape is LineShape.OPENAI else None,
        )
        with ExitStack() as stack:
            opened = OpenedOnDisk(job, paths, self._form, self._clock)
            try:
                batch_input = stack.enter_context(BatchInput(self._input(job).open("rb"), job.input_file_id))
                index = stack.enter_context(
                    open_index(
                        work / _INDEX,
                        batch_input,
                        self._parser_of(job),
                        shard=WHOLE,
                        resuming=paths.have_results(),
                        progress=progress,
                    )
                )
                opened.begin(index)
            except (BatchFilesRefused, FileNotFoundError) as refused:
                _LOG.error("batch %s: %s", job.id, refused)
                opened.mistakes = (_INPUT_GONE,)
            opened.held = stack.pop_all()
        return opened

    def clear(self, job_id: str) -> None:
        self._folder.clear_work(job_id)

    def sweep(self) -> None:
        self._batches.sweep(self._clock.unix_s())

    def _input(self, job: BatchJob) -> Path:
        return self._folder.file(job.input_file_id)


class OpenedOnDisk:
    """An OpenedJob; it is its own sink."""

    def __init__(self, job: BatchJob, paths: ResultPaths, form: ResultFormat, clock: Clock) -> None:
        self.mistakes: tuple[JobMistake, ...] = ()
        self.held = ExitStack()
        self._job = job
        self._paths = paths
        self._form = form
        self._clock = clock
        self._finished = LineSet()
        self._succeeded = self._failed = 0
        self._index: LineIndex | None = None
        self._results: ResultFile | None = None

    def begin(self, index: LineIndex) -> None:
        """Take up what there is, once. Raises OSError."""
        self._index = index
        self.mistakes = _mistakes(index)
        if self.mistakes:
            return
        found = recover_results(self._paths, index, self._form.read)
        self._finished = found.finished
        self._succeeded, self._failed = found.succeeded, found.failed
        self._results = ResultFile(self._paths, self._form.render)

    @property
    def source(self) -> LineSource:
        return self._opened()[0].pending(self._finished, WHOLE)

    @property
    def sink(self) -> "OpenedOnDisk":
        return self

    def write(self, line: BatchLine, outcome: LineOutcome) -> None:
        """See ResultSink."""
        self._opened()[1].write(line, outcome)
        self._note(line, succeeded=outcome.error is None)

    def counts(self) -> JobCounts:
        total = 0 if self._index is None else self._index.report.lines
        return JobCounts(total=total, succeeded=self._succeeded, failed=self._failed)

    def give_up(self, why: JobStatus) -> None:
        form, (index, results) = self._form, self._opened()
        render = form.render_cancelled if why is JobStatus.CANCELLED else form.render_expired
        rest = index.pending(self._finished, WHOLE)
        while (line := rest.next_line()) is not None:
            results.append(render(line), succeeded=False)
            self._note(line, succeeded=False)

    def results(self) -> Mapping[str, KeptFile]:
        self._close_results()
        kept: dict[str, KeptFile] = {}
        for role, path in (("output", self._paths.output), ("errors", self._paths.errors)):
            if path is None:
                continue
            size_bytes = path.stat().st_size if path.exists() else 0
            if not size_bytes:
                path.unlink(missing_ok=True)
                continue
            kept[role] = KeptFile(
                id=path.name,
                purpose=self._form.purposes[self._job.shape],
                name=f"{self._job.id}_{role}.jsonl",
                size_bytes=size_bytes,
                created_unix_s=int(self._clock.unix_s()),
            )
        return kept

    def usage(self) -> JobUsage | None:
        read_usage = self._form.read_usage.get(self._job.shape)
        if read_usage is None or not self._paths.output.exists():
            return None
        total: JobUsage | None = None
        with self._paths.output.open("rb") as results:
            for usage in map(read_usage, results):
                if usage is not None:
                    total = usage if total is None else total + usage
        return total

    def close(self) -> None:
        with self.held:
            self._close_results()

    def _close_results(self) -> None:
        if self._results is not None:
            results, self._results = self._results, None
            results.close()

    def _note(self, line: BatchLine, *, succeeded: bool) -> None:
        self._finished.add(line.number)
        if succeeded:
            self._succeeded += 1
        else:
            self._failed += 1

    def _opened(self) -> tuple[LineIndex, ResultFile]:
        if self._index is None or self._results is None:
            raise ValueError(f"expected {self._job.id} to have no mistakes; it has, and cannot be worked on")
        return self._index, self._results


def _mistakes(index: LineIndex) -> tuple[JobMistake, ...]:
    report = index.report
    told = [JobMistake(code=one.code, message=one.message, line=one.number) for one in report.mistakes]
    more = report.mistaken - len(told)
    if more > 0:
        told.append(
            JobMistake(code="too_many_errors", message=f"{more} more lines are mistaken; mend these first.")
        )
    if not told and not report.lines:
        told.append(JobMistake(code="empty_file", message="expected at least one request; the file has none."))
    return tuple(told)
