"""A batch put together: its files opened, what is left of it asked through the gateway's own code."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import random

from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.dialects.batch_lines.result_reader import read_result
from adapters.dialects.batch_lines.results import render_result
from adapters.persistence.batch_input import STANDARD_INPUT, BatchInput, open_input
from adapters.persistence.index_tables import IndexReport
from adapters.persistence.line_index import LineIndex, errors_of, index_path, open_index
from adapters.persistence.recovery import Recovered, recover_results
from adapters.persistence.refusals import BatchFilesRefused
from adapters.persistence.result_file import ResultFile
from adapters.persistence.result_lock import lock_results
from adapters.persistence.result_paths import ResultPaths
from adapters.persistence.spent_file import SpentFile, spent_path
from application.batch.run import BatchLimits, RunBatch
from application.batch.unwatched import Unwatched
from application.ports.batch import BatchWatch, LineAsker, LineSource
from application.ports.clock import Clock
from domain.batch.line import BatchLine, LineOutcome
from domain.batch.shard import WHOLE, Shard


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOrder:
    """Which requests to have answered, and where to.

    requests: a file, inflated where its name ends in `.gz`; None = standard input.
    errors:   where the results of failed requests go in place of `output`; None = there too, or to where those of
              the runs went that this one goes on with.
    dialect:  of bare bodies (`auto`, `openai_chat`, …). model: asked whatever the lines say.
    resume:   go on with what an earlier run left. retry_failed: and ask again what failed.
    """

    requests: Path | None
    output: Path
    errors: Path | None = None
    dialect: str = "auto"
    model: str | None = None
    shard: Shard = WHOLE
    resume: bool = False
    retry_failed: bool = False
    skip_bad_lines: bool = False


class MistakenLines(Exception):
    """Lines of the input cannot be understood, or share their id with others: `report` tells which.

    They are not to be skipped, or no other is left.
    """

    def __init__(self, report: IndexReport) -> None:
        super().__init__(f"{report.mistaken} lines are mistaken")
        self.report = report


class OpenBatch:
    """A batch whose files are open and whose lines are known.

    paths:   where results go. total: lines of this shard. earlier: what earlier runs have done of them.
    skipped: lines of the input that are mistaken.
    """

    def __init__(
        self,
        paths: ResultPaths,
        index: LineIndex,
        *,
        shard: Shard,
        earlier: Recovered,
        results: ResultFile,
        spent: SpentFile,
    ) -> None:
        self.paths = paths
        self.total = index.count(shard)
        self.skipped = index.report.mistaken
        self.earlier = earlier
        self._index = index
        self._shard = shard
        self._results = results
        self._spent = spent

    @property
    def spent_usd(self) -> float:
        """What the batch has cost so far, earlier runs included, as far as prices are known."""
        return self._spent.usd

    def pending(self) -> LineSource:
        """The lines that have no result, from the first."""
        return self._index.pending(self.earlier.finished, self._shard)

    def prepare(
        self,
        asker: LineAsker,
        limits: BatchLimits,
        *,
        clock: Clock,
        watch: BatchWatch | None = None,
        draw: Callable[[], float] = random,
    ) -> RunBatch:
        """The use case that has what is pending answered, within what earlier runs left of the budget."""
        if limits.budget_usd is not None:
            limits = replace(limits, budget_usd=max(0.0, limits.budget_usd - self.spent_usd))
        return RunBatch(
            asker,
            self.pending(),
            self._results,
            limits=limits,
            clock=clock,
            watch=Bookkeeping(self._spent, Unwatched() if watch is None else watch),
            draw=draw,
        )


class Bookkeeping:
    """The BatchWatch that keeps what was spent, for a further run; `watch` is told the same."""

    def __init__(self, spent: SpentFile, watch: BatchWatch) -> None:
        self._spent = spent
        self._watch = watch

    def asking(self, line: BatchLine) -> None:
        self._watch.asking(line)

    def retrying(self, line: BatchLine, outcome: LineOutcome, wait_s: float) -> None:
        self._book(outcome)
        self._watch.retrying(line, outcome, wait_s)

    def finished(self, line: BatchLine, outcome: LineOutcome) -> None:
        self._book(outcome)
        self._watch.finished(line, outcome)

    def _book(self, outcome: LineOutcome) -> None:
        if outcome.cost_usd:
            self._spent.add(outcome.cost_usd)


@contextmanager
def open_batch(order: BatchOrder, progress: Callable[[int], object] | None = None) -> Iterator[OpenBatch]:
    """Read all lines of the input, and open the results; blocks for as long as that takes.

    progress: called now and then with how many bytes were read.

    Raises BatchFilesRefused where the files are not as they have to be, MistakenLines, OSError.
    """
    going_on = order.resume or order.retry_failed
    with ExitStack() as stack:
        paths = ResultPaths(output=order.output, errors=order.errors)
        paths.refuse_unfit()
        stack.enter_context(lock_results(order.output))
        if going_on:
            paths = _paths_gone_on_with(paths)
        else:
            paths.refuse_existing()
        batch_input = stack.enter_context(open_requests(order.requests, spool=order.output.absolute().parent))
        index = stack.enter_context(
            open_index(
                index_path(order.output),
                batch_input,
                LineReader(order.dialect, model=order.model),
                shard=order.shard,
                resuming=going_on and paths.have_results(),
                errors=_from_folder(paths),
                progress=progress,
            )
        )
        if not index.report.is_fit(skip_bad_lines=order.skip_bad_lines):
            raise MistakenLines(index.report)
        earlier = recover_results(paths, index, read_result, retry_failed=order.retry_failed)
        results = stack.enter_context(ResultFile(paths, render_result))
        if not going_on:  # of an earlier batch, whose results somebody removed
            spent_path(order.output).unlink(missing_ok=True)
        spent = stack.enter_context(SpentFile(spent_path(order.output)))
        yield OpenBatch(paths, index, shard=order.shard, earlier=earlier, results=results, spent=spent)


def _paths_gone_on_with(asked: ResultPaths) -> ResultPaths:
    """Where results go, of which earlier runs have left some: failed ones where theirs are.

    Raises BatchFilesRefused where they are somewhere else than `asked` says.
    """
    name = errors_of(index_path(asked.output))
    if name is None:
        return asked
    before = ResultPaths(output=asked.output, errors=asked.output.parent / name)
    if _from_folder(asked) in (None, name):
        before.refuse_unfit()
        return before
    if before.errors is not None and before.errors.exists():
        raise BatchFilesRefused(
            f"expected failed results in {before.errors}, where those of earlier runs are; got {asked.errors}. "
            "Leave --errors out, or move the file there first."
        )
    return asked


def _from_folder(paths: ResultPaths) -> str | None:
    """The errors file as seen from the output's folder, which may move with it."""
    if paths.errors is None:
        return None
    return os.path.relpath(paths.errors.resolve(), paths.output.parent.resolve())


def open_requests(requests: Path | None, *, spool: Path) -> BatchInput:
    """The input's lines; what has to be kept meanwhile is kept in the folder `spool`."""
    return open_input(STANDARD_INPUT if requests is None else str(requests), spool=spool)
