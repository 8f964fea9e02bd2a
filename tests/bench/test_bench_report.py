"""The bench's tables: values with their spread, targets with their verdicts."""

from datetime import UTC, datetime

import pytest

from bench.dialects import Dialect
from bench.measures.rounds import Plan
from bench.report import rows
from bench.report.machine import Circumstances, render_results
from bench.report.rows import Report, Row, Spread
from bench.report.table import number, render_report, render_table, render_targets
from bench.report.targets import Target, targets
from bench.systems import CHAT_PAIR, FEATHERGATE, LITELLM, NGINX, Pair

SMALL = rows.throughput(CHAT_PAIR, rows.SMALL, 32)


def row(what: str, system: str, *samples: float, cpu_us: float | None = None) -> Row:
    cost = None if cpu_us is None else Spread.of([cpu_us])
    return Row(what=what, system=system, unit="requests/s", value=Spread.of(samples), cpu_us=cost)


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(2.0, 1.0, 3.0)
    with pytest.raises(ValueError, match="at least one sample"):
        Spread.of([])


@pytest.mark.parametrize(
    ("value", "written"),
    [(38_123.4, "38,123"), (52.34, "52.3"), (1.234, "1.23"), (0.1234, "0.123"), (0.0, "0.00")],
)
def test_numbers_have_three_digits_that_count(value: float, written: str) -> None:
    assert number(value) == written


def test_a_table_lines_up_with_numbers_to_the_right() -> None:
    table = render_table(("what", "median"), [("a", "1"), ("longer", "1,234,567")])
    assert table.splitlines() == [
        "| what   |    median |",
        "|--------|----------:|",
        "| a      |         1 |",
        "| longer | 1,234,567 |",
    ]


def test_rows_of_one_kind_stand_together_and_say_what_is_missing() -> None:
    report = Report()
    report.add([row(SMALL, NGINX, 100, 120, 110, cpu_us=20), row("other", NGINX, 1)])
    report.add([Row(what=SMALL, system=LITELLM, note="not installed")])
    head, rule, *lines = render_report(report).splitlines()
    assert (head.count("|"), rule.count("|")) == (8, 8)
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert cells[0] == [SMALL, NGINX, "110", "requests/s", "100 to 120", "20.0", ""]
    assert cells[1] == ["", LITELLM, "-", "", "", "", "not installed"]
    assert cells[2][0] == "other"


@pytest.mark.parametrize(
    ("at_least", "value", "verdict"),
    [
        (True, 2.0, "reached"),
        (True, 1.5, "missed by 25%"),
        (False, 2.0, "reached"),
        (False, 3.0, "missed by 50%"),
        (True, None, "not measured"),
    ],
)
def test_a_verdict_says_by_how_much(at_least: bool, value: float | None, verdict: str) -> None:
    goal = Target(what="x", bound=2.0, unit="ms", at_least=at_least, figure=lambda _: value)
    assert goal.verdict(Report()) == verdict


def test_nothing_may_be_dropped() -> None:
    goal = Target(what="x", bound=0.0, unit="streams", at_least=False, figure=lambda _: 3.0)
    assert goal.verdict(Report()) == "missed by 3"


def test_nothing_is_claimed_of_a_machine_that_is_too_busy() -> None:
    goal = Target(what="x", bound=2.0, unit="ms", at_least=False, figure=lambda _: -3.0, noise=lambda _: 5.0)
    assert goal.verdict(Report()).startswith("too noisy")


def test_ratios_are_told_by_requests_and_by_processor_time() -> None:
    report = Report()
    report.add([row(SMALL, NGINX, 40_000, cpu_us=20), row(SMALL, FEATHERGATE, 10_000, cpu_us=50)])
    table = render_targets(report, targets())
    line = next(line for line in table.splitlines() if "to nginx" in line)
    assert f"0.250 {rows.TIMES} (0.400 by CPU)" in line
    assert "missed by 55%" in line


def test_every_target_is_read_from_rows_that_are_measured() -> None:
    report = Report()
    goals = list(targets())
    assert len({goal.what for goal in goals}) == len(goals)
    assert {goal.verdict(report) for goal in goals} == {"not measured"}
    to_messages = Pair(Dialect.CHAT, Dialect.MESSAGES)
    for what in (
        *(rows.throughput(CHAT_PAIR, size, count) for size, count in ((rows.SMALL, 32), ("10 MB", 4))),
        *(
            rows.throughput(Pair(Dialect.CHAT, other), rows.SMALL, 32)
            for other in (Dialect.MESSAGES, Dialect.GEMINI)
        ),
        *(rows.paced_chunks(pair) for pair in (CHAT_PAIR, to_messages)),
        *(rows.LATENCY_P50, rows.LATENCY_P99, rows.steady_latency(99), rows.FIRST_TOKEN_P50, rows.BODY_PEAK),
        *(rows.START, rows.IDLE_MEMORY, rows.MEMORY_GROWTH, rows.stream_memory(9_000)),
        *(rows.STREAMS_DROPPED, rows.crowd(9_000, 99)),
    ):
        report.add(row(what, system, 1.0, cpu_us=1.0) for system in (FEATHERGATE, NGINX, LITELLM, "Portkey"))
    assert all(goal.figure(report) is not None for goal in goals)


@pytest.mark.parametrize(
    ("plan", "arguments", "runs"),
    [
        (Plan(), "--seconds 3 --repeats 3", "medians of 3 runs of 3 s"),
        (
            Plan(seconds=0.5, repeats=2, quick=True),
            "--quick --seconds 0.5 --repeats 2",
            "medians of 2 runs of 0.5 s",
        ),
    ],
)
def test_the_page_says_how_it_was_made(plan: Plan, arguments: str, runs: str) -> None:
    circumstances = Circumstances(
        began=datetime(2026, 11, 22, tzinfo=UTC), machine="m", pinning="p", descriptors=1, load=0.0, versions={}
    )
    page = render_results(circumstances, plan, "the table", "the targets")
    assert f"`python -m bench {arguments}`" in page
    assert runs in page
