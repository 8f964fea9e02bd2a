"""The command `feathergate batch`: a file of requests answered, without a server."""

import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TextIO

from adapters.config.loading import load_config
from adapters.config.mistakes import ConfigError
from adapters.dialects.batch_lines.line_reader import LineReader
from adapters.observability.access_log import AccessLog
from adapters.observability.logs import configure_logging
from adapters.persistence.index_tables import IndexReport
from adapters.persistence.line_index import open_index
from adapters.persistence.line_set import LineSet
from adapters.persistence.refusals import BatchFilesRefused
from application.batch.run import BatchLimits
from application.unanswered import unanswered
from domain.batch.tally import Tally
from domain.errors import NotConfigured
from entrypoints.arguments import Options
from entrypoints.batch import BatchOrder, MistakenLines, OpenBatch, open_batch, open_requests
from entrypoints.batch_arguments import BatchOptions, parse_batch_arguments
from entrypoints.batch_progress import BarProgress, LineProgress, Progress, beside_bars, reading
from entrypoints.batch_report import BatchSummary, EarlyEnd, ExitCode, render_summary
from entrypoints.batch_run import WatchedRun
from entrypoints.batch_survey import render_survey, survey
from entrypoints.batch_telling import replace_closed_streams, tell
from entrypoints.container import Container
from entrypoints.garbage import spare_collections
from entrypoints.server import run


def batch(argv: Sequence[str], environment: Mapping[str, str]) -> ExitCode:
    """Run the command line (after `batch`); what to exit with. Says on standard error what is mistaken."""
    replace_closed_streams()
    options = parse_batch_arguments(argv)
    try:
        command = _Command(options, environment)
        return command.estimate() if options.dry_run else command.run()
    except ConfigError as mistaken:
        return _refuse(ExitCode.MISTAKEN, *map(str, mistaken.mistakes))
    except (BatchFilesRefused, NotConfigured) as mistaken:
        return _refuse(ExitCode.MISTAKEN, f"feathergate: {mistaken}")
    except MistakenLines as mistaken:
        skipping = ", or give --skip-bad-lines to go on without them" if mistaken.report.lines else ""
        cure = f"feathergate: nothing was sent; mend these lines{skipping}"
        return _refuse(ExitCode.MISTAKEN, *_told(mistaken.report), cure)
    except (OSError, sqlite3.Error) as failed:
        return _refuse(ExitCode.BROKE_OFF, f"feathergate: {failed}")
    except KeyboardInterrupt:
        return _refuse(ExitCode.ENDED_EARLY, "feathergate: stopped before anything was sent")


class _Command:
    """One command line, with the gateway's parts that it takes."""

    def __init__(self, options: BatchOptions, environment: Mapping[str, str]) -> None:
        loaded = load_config(options.config, environment, dotenv=options.dotenv)
        for notice in loaded.notices:
            tell(sys.stderr, f"note: {notice.message}\n")
        self._options = options
        self._on_terminal = sys.stderr.isatty()
        self._stream: TextIO = beside_bars(sys.stderr) if self._on_terminal else sys.stderr
        self._container = Container(
            loaded=loaded,
            options=Options(config=options.config, log_level=options.log_level, log_format=options.log_format),
        )
        self._have_logs_beside_the_bar()
        self._door = self._container.in_process_door()
        spare_collections()

    def run(self) -> ExitCode:
        """Have the requests answered."""
        options = self._options
        if options.output is None:
            raise AssertionError("the command line is not taken without an output, but for a dry run")
        order = BatchOrder(
            requests=options.requests,
            output=options.output,
            errors=options.errors,
            dialect=options.dialect,
            model=options.model,
            shard=options.shard,
            resume=options.resume,
            retry_failed=options.retry_failed,
            skip_bad_lines=options.skip_bad_lines,
        )
        with ExitStack() as stack:
            with reading(sys.stderr) as progress:
                opened = stack.enter_context(open_batch(order, progress))
            if options.budget_usd is not None:
                obstacles = tuple(survey(opened.pending(), self._door).obstacles_to_budget())
                if obstacles:
                    return _refuse(ExitCode.MISTAKEN, *obstacles, "feathergate: nothing was sent")
            return self._run(opened)

    def estimate(self) -> ExitCode:
        """Check every line, and say what all of them will take."""
        options, reader = self._options, LineReader(self._options.dialect, model=self._options.model)
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            batch_input = stack.enter_context(open_requests(options.requests, spool=folder))
            with reading(sys.stderr) as progress:
                built = open_index(
                    folder / "index", batch_input, reader, shard=options.shard, resuming=False, progress=progress
                )
            index = stack.enter_context(built)
            found = survey(index.pending(LineSet(), options.shard), self._door)
            tell(sys.stdout, render_survey(found))
            mistakes = [*_first_of(found.mistaken, found.mistakes), *found.unanswered(self._refusal_of)]
            if not index.report.is_fit(skip_bad_lines=options.skip_bad_lines):
                mistakes += _told(index.report)
            if options.budget_usd is not None:
                mistakes += found.obstacles_to_budget()
        return _refuse(ExitCode.MISTAKEN, *mistakes) if mistakes else ExitCode.ALL_SUCCEEDED

    def _refusal_of(self, model: str) -> NotConfigured | None:
        return unanswered(self._container.roster(), model, self._container.clock().monotonic_s())

    def _run(self, opened: OpenBatch) -> ExitCode:
        options, clock = self._options, self._container.clock()
        limits = BatchLimits(
            concurrency=options.concurrency,
            rpm=options.rpm,
            tpm=options.tpm,
            budget_usd=options.budget_usd,
            max_attempts=options.max_attempts,
        )
        batch_run = opened.prepare(self._door, limits, clock=clock)
        began_s = clock.monotonic_s()
        watched = WatchedRun(batch_run, self._progress(batch_run.tally, opened), self._container, self._stream)
        ended_early: EarlyEnd | None = run(watched.run())
        earlier, tally = opened.earlier, batch_run.tally
        summary = BatchSummary(
            tally=tally,
            took_s=clock.monotonic_s() - began_s,
            total=opened.total,
            succeeded=earlier.succeeded + tally.succeeded,
            failed=earlier.failed + tally.failed,
            skipped=opened.skipped,
            spent_usd=opened.spent_usd,
            ended_early=ended_early,
            output=opened.paths.output,
            errors=opened.paths.errors,
        )
        tell(sys.stdout, render_summary(summary))
        return summary.exit_code

    def _progress(self, tally: Tally, opened: OpenBatch) -> Progress:
        clock, total, earlier = self._container.clock(), opened.total, len(opened.earlier.finished)
        if self._on_terminal:
            return BarProgress(tally, total=total, earlier=earlier, clock=clock, stream=sys.stderr)
        log_format = self._container.log_format()
        return LineProgress(
            tally, total=total, earlier=earlier, clock=clock, stream=self._stream, log_format=log_format
        )

    def _have_logs_beside_the_bar(self) -> None:
        container = self._container
        log_format, level = container.log_format(), container.log_level()
        configure_logging(self._stream, log_format=log_format, level=level)
        if self._on_terminal:
            defer = container.tasks().soon
            beside = AccessLog(self._stream, container.clock(), log_format=log_format, level=level, defer=defer)
            container.access_log.override(beside)


def _told(report: IndexReport) -> Iterator[str]:
    first = [f"line {mistake.number}: {mistake.message}" for mistake in report.mistakes]
    return _first_of(report.mistaken, first)


def _first_of(count: int, sentences: Sequence[str]) -> Iterator[str]:
    """The sentences, which are the first of so many."""
    yield from sentences
    if count > len(sentences):
        yield f"… and {count - len(sentences):,} more"


def _refuse(code: ExitCode, *sentences: str) -> ExitCode:
    for sentence in sentences:
        tell(sys.stderr, sentence + "\n")
    return code
