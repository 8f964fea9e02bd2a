"""Tables in Markdown that also read well in a terminal."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from bench.report.rows import Report, Row, Spread
from bench.report.targets import Target

_COLUMNS: Final = ("what", "system", "median", "unit", "spread", "CPU µs", "remarks")
_TARGET_COLUMNS: Final = ("what", "target", "measured", "")
_NUMERIC: Final = frozenset({"median", "spread", "CPU µs", "measured"})


def render_report(report: Report) -> str:
    """Every row that was measured, those of one kind together; what is the same as above is not said again."""
    return render_table(_COLUMNS, (cells for group in report.groups() for cells in _group(group)))


def render_targets(report: Report, goals: Iterable[Target]) -> str:
    """Each target with what was measured, and whether it is reached."""
    lines = []
    for goal in goals:
        value = goal.figure(report)
        measured = "" if value is None else f"{number(value)} {goal.unit}{_by_cpu(goal, report)}"
        lines.append((goal.what, goal.goal(), measured, goal.verdict(report)))
    return render_table(_TARGET_COLUMNS, lines)


def render_table(columns: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table whose columns line up; numbers to the right."""
    body = [tuple(line) for line in lines]
    widths = [max(len(line[place]) for line in (columns, *body)) for place in range(len(columns))]
    right = [name in _NUMERIC for name in columns]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(cells, widths, right, strict=True)
        )
        return f"| {' | '.join(padded)} |"

    rules = (
        f"{'-' * (width + 1)}{':' if to_right else '-'}" for width, to_right in zip(widths, right, strict=True)
    )
    return "\n".join([line(columns), f"|{'|'.join(rules)}|", *map(line, body)])


def number(value: float) -> str:
    """Three digits that count, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    if abs(value) >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if abs(value) >= 1 or not value else f"{value:.3f}"


def _by_cpu(goal: Target, report: Report) -> str:
    """The same ratio of processor time: what it would be if load and neighbours never slowed anybody."""
    ratio = None if goal.cpu_ratio is None else goal.cpu_ratio(report)
    return "" if ratio is None else f" ({number(ratio)} by CPU)"


def _group(group: Sequence[Row]) -> Iterator[Sequence[str]]:
    for place, row in enumerate(group):
        yield (
            "" if place else row.what,
            row.system,
            "-" if row.value is None else number(row.value.median),
            row.unit,
            _spread(row.value),
            "" if row.cpu_us is None else number(row.cpu_us.median),
            row.note,
        )


def _spread(value: Spread | None) -> str:
    if value is None or value.least == value.most:
        return ""
    return f"{number(value.least)} to {number(value.most)}"
