"""The end of a batch, told as a table and as an exit status."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from domain.batch.tally import Tally

QUANTILES: Final = (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))


class ExitCode(IntEnum):
    """How a batch ended, for who started it."""

    ALL_SUCCEEDED = 0
    SOME_FAILED = 1
    MISTAKEN = 2
    NONE_SUCCEEDED = 3
    ENDED_EARLY = 4
    BROKE_OFF = 5


@dataclass(frozen=True, slots=True)
class EarlyEnd:
    """Why a batch ended before every line had its result, in words, and what to exit with then.

    resume_at:   the number of the first line without a result, where that is known.
    resume_with: what to add to the command to go on.
    """

    why: str
    exit_code: ExitCode = ExitCode.ENDED_EARLY
    resume_at: int | None = None
    resume_with: str = "--resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchSummary:
    """What a batch came to.

    tally:       of this run, which took `took_s`.
    total:       lines there are. succeeded, failed: of them, in all runs.
    skipped:     lines of the input that were mistaken.
    spent_usd:   in all runs.
    ended_early: None = it did not.
    errors:      where failed results are, if apart.
    """

    tally: Tally
    took_s: float
    total: int
    succeeded: int
    failed: int
    skipped: int
    spent_usd: float
    ended_early: EarlyEnd | None
    output: Path
    errors: Path | None

    @property
    def left(self) -> int:
        """Lines without a result."""
        return self.total - self.succeeded - self.failed

    @property
    def exit_code(self) -> ExitCode:
        """What to exit with."""
        if self.ended_early is not None:
            return self.ended_early.exit_code
        if not self.failed:
            return ExitCode.ALL_SUCCEEDED
        return ExitCode.SOME_FAILED if self.succeeded else ExitCode.NONE_SUCCEEDED


def render_summary(summary: BatchSummary) -> str:
    """The closing table, and what to do next."""
    rows: list[tuple[str, ...]] = [*_counts(summary), *_amounts(summary), *_errors(summary.tally)]
    return "\n".join([*columns(rows, left=frozenset({0, 2})), *_next(summary)]) + "\n"


def _counts(summary: BatchSummary) -> Iterator[tuple[str, ...]]:
    tally = summary.tally
    yield "requests", f"{summary.total:,}"
    yield "  succeeded", f"{summary.succeeded:,}", _this_run(tally.succeeded, summary.succeeded)
    yield "  failed", f"{summary.failed:,}", _this_run(tally.failed, summary.failed)
    if summary.left:
        yield "  left", f"{summary.left:,}"
    if summary.skipped:
        yield "  skipped", f"{summary.skipped:,}", "mistaken lines, not counted above"
    yield "retried", f"{tally.retried:,}"


def _this_run(now: int, all_runs: int) -> str:
    return "" if now == all_runs else f"{now:,} in this run"


def _amounts(summary: BatchSummary) -> Iterator[tuple[str, ...]]:
    tally, took_s = summary.tally, summary.took_s
    rate = tally.finished_lines / took_s if took_s else 0.0
    yield "time", f"{took_s:,.1f} s", f"{rate:,.1f} requests/s"
    cached = f"{tally.cached_tokens:,} of them cached" if tally.cached_tokens else ""
    yield "prompt tokens", f"{tally.prompt_tokens:,}", cached
    yield "completion tokens", f"{tally.completion_tokens:,}"
    unpriced = f"; {tally.unpriced:,} answered at an unknown price" if tally.unpriced else ""
    yield "cost", f"${tally.cost_usd:,.6f}", f"${summary.spent_usd:,.6f} in all runs{unpriced}"
    if tally.latencies.count:
        for name, share in QUANTILES:
            yield f"latency {name}", f"{tally.latencies.quantile(share) or 0:,.3f} s"


def _errors(tally: Tally) -> Iterator[tuple[str, ...]]:
    for title, errors in (("failed by", tally.failures), ("retried for", tally.retries)):
        for label, count in sorted(errors.items(), key=lambda each: -each[1]):
            yield f"{title} {label}", f"{count:,}"


def _next(summary: BatchSummary) -> Iterator[str]:
    yield f"results: {summary.output}" + ("" if summary.errors is None else f", failures: {summary.errors}")
    early = summary.ended_early
    if early is not None:
        yield f"ended early: {early.why}"
    if early is not None and summary.left:
        left = "1 request is left" if summary.left == 1 else f"{summary.left:,} requests are left"
        first = "" if early.resume_at is None else f", from line {early.resume_at:,} on"
        yield f"{left}{first}: give the same command with {early.resume_with}"
    elif summary.failed:
        failed = "1 request" if summary.failed == 1 else f"{summary.failed:,} requests"
        yield f"{failed} failed: give the same command with --retry-failed to ask again"


def columns(rows: Sequence[Sequence[str]], *, left: frozenset[int]) -> Iterator[str]:
    """The lines of a table; the columns that `left` numbers begin at the left, the others end at the right."""
    width = max(map(len, rows), default=0)
    table = [(*row, *[""] * (width - len(row))) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (
            f"{cell:<{most}}" if place in left else f"{cell:>{most}}"
            for place, (cell, most) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
