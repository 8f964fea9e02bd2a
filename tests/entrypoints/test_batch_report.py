"""How the end of a batch is told."""

from pathlib import Path
from typing import Any

import pytest

from domain.batch.tally import Tally
from entrypoints.batch_report import BatchSummary, EarlyEnd, ExitCode, columns, render_summary
from tests.entrypoints.test_batch_progress import outcome


def summary(**changes: Any) -> BatchSummary:
    tally = Tally()
    for _ in range(3):
        tally.finished(outcome())
    tally.finished(outcome(failed=True))
    told: dict[str, Any] = {
        "tally": tally,
        "took_s": 2.0,
        "total": 10,
        "succeeded": 9,
        "failed": 1,
        "skipped": 0,
        "spent_usd": 2.25,
        "ended_early": None,
        "output": Path("results.jsonl"),
        "errors": None,
    }
    return BatchSummary(**{**told, **changes})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"failed": 0, "succeeded": 10}, ExitCode.ALL_SUCCEEDED),
        ({"failed": 0, "succeeded": 0, "total": 0}, ExitCode.ALL_SUCCEEDED),
        ({}, ExitCode.SOME_FAILED),
        ({"succeeded": 0, "failed": 10}, ExitCode.NONE_SUCCEEDED),
        ({"ended_early": EarlyEnd("the budget")}, ExitCode.ENDED_EARLY),
        ({"ended_early": EarlyEnd("the disk", ExitCode.BROKE_OFF)}, ExitCode.BROKE_OFF),
    ],
)
def test_the_exit_status_says_how_it_ended(changes: dict[str, Any], code: ExitCode) -> None:
    assert summary(**changes).exit_code is code


def test_the_table_tells_counts_tokens_cost_latencies_and_errors() -> None:
    told = render_summary(summary())
    rows = {line.strip().split("  ")[0]: line.split() for line in told.splitlines()}
    assert rows["requests"][-1] == "10"
    assert rows["succeeded"][1:] == ["9", "3", "in", "this", "run"]
    assert rows["prompt tokens"][-1] == "300"
    assert rows["completion tokens"][-1] == "150"
    assert "$2.250000 in all runs" in told
    assert "failed by provider_timeout  " in told
    assert {"latency p50", "latency p95", "latency p99"} <= set(rows)
    assert "1 request failed: give the same command with --retry-failed" in told


def test_an_early_end_says_why_and_where_to_go_on() -> None:
    early = summary(
        succeeded=4,
        ended_early=EarlyEnd("the budget is spent", resume_at=6, resume_with="--resume and more"),
        errors=Path("failed.jsonl"),
        skipped=2,
    )
    told = render_summary(early)
    assert "ended early: the budget is spent" in told
    assert "5 requests are left, from line 6 on: give the same command with --resume and more\n" in told
    assert "results: results.jsonl, failures: failed.jsonl" in told
    assert "mistaken lines" in told


def test_columns_stand_below_each_other() -> None:
    rows = [("a", "1", "word"), ("longer", "1,000")]
    assert list(columns(rows, left=frozenset({0, 2}))) == ["a           1  word", "longer  1,000"]
    assert list(columns([], left=frozenset())) == []
