"""What the gateway is to reach, and whether it did."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from bench.report import rows
from bench.report.rows import TIMES, Report
from bench.systems import (
    CHAT_PAIR,
    CHAT_TO_GEMINI,
    CHAT_TO_MESSAGES,
    DIRECT,
    FEATHERGATE,
    LITELLM,
    NGINX,
    PORTKEY,
)

_CONNECTIONS: Final = 32


Figure: TypeAlias = Callable[[Report], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A bound on a figure: at least or at most `bound` of `unit`.

    figure:    reads the value from what was measured; None where it was not.
    cpu_ratio: the same of processor time, for ratios of requests a second.
    noise:     what the same figure is without a gateway; beyond the bound, the machine is too busy for a verdict.
    """

    what: str
    bound: float
    unit: str
    at_least: bool
    figure: Figure
    cpu_ratio: Figure | None = None
    noise: Figure | None = None

    def goal(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g} {self.unit}"

    def verdict(self, report: Report) -> str:
        """`reached`, or by how much not."""
        value = self.figure(report)
        if value is None:
            return "not measured"
        noise = None if self.noise is None else self.noise(report)
        if noise is not None and noise > self.bound:
            return "too noisy: without a gateway it is beyond that already"
        reached = value >= self.bound if self.at_least else value <= self.bound
        if reached:
            return "reached"
        if not self.bound:
            return f"missed by {value:g}"
        return f"missed by {abs(value / self.bound - 1):.0%}"


def targets() -> Iterator[Target]:
    """All of them, in the order of the table."""
    small = rows.throughput(CHAT_PAIR, rows.SMALL, _CONNECTIONS)
    yield _ratio("C ← C, 1 kB, 32 connections, to nginx", 0.55, small, NGINX)
    yield _ratio("C ← C, 1 kB, 32 connections, to litellm", 150, small, LITELLM)
    yield _ratio("C ← C, 1 kB, 32 connections, to Portkey", 35, small, PORTKEY)
    for pair in (CHAT_TO_MESSAGES, CHAT_TO_GEMINI):
        translated = rows.throughput(pair, rows.SMALL, _CONNECTIONS)
        yield Target(
            what=f"{pair} to our own pass-through",
            bound=0.45,
            unit=TIMES,
            at_least=True,
            figure=_quotient((translated, FEATHERGATE), (small, FEATHERGATE)),
            cpu_ratio=_cpu_quotient((translated, FEATHERGATE), (small, FEATHERGATE)),
        )
        yield _ratio(f"{pair} to litellm", 70, translated, LITELLM)
    yield _at_most(rows.LATENCY_P50, 0.15, "ms")
    yield _at_most(rows.LATENCY_P99, 0.6, "ms")
    yield _at_most(rows.steady_latency(99), 2, "ms")
    yield _at_most(rows.FIRST_TOKEN_P50, 0.4, "ms")
    yield _cpu("CPU per chunk at 6,000/s, passed through", 25, rows.paced_chunks(CHAT_PAIR))
    yield _cpu("CPU per chunk at 6,000/s, translated", 40, rows.paced_chunks(CHAT_TO_MESSAGES))
    yield _ratio("10 MB body, to nginx", 0.5, rows.throughput(CHAT_PAIR, "10 MB", 4), NGINX)
    yield _at_most(rows.BODY_PEAK, 2.5, TIMES)
    yield _at_most(rows.START, 0.35, "s")
    yield Target(
        what="start to first answer, litellm's to ours",
        bound=15,
        unit=TIMES,
        at_least=True,
        figure=_quotient((rows.START, LITELLM), (rows.START, FEATHERGATE)),
    )
    yield _at_most(rows.IDLE_MEMORY, 50, "MB")
    yield _at_most(rows.MEMORY_GROWTH, 3, "MB")
    yield _of_many("memory per open idle stream, most of them", 60, "kB", "memory per open idle stream")
    yield _at_most(rows.STREAMS_DROPPED, 0, "streams")
    yield _of_many("9,000 streams, a token each 2 s: delay added, p99", 150, "ms", "delay added, p99")


def _quotient(one: tuple[str, str], other: tuple[str, str]) -> Figure:
    def figure(report: Report) -> float | None:
        above, below = report.median(*one), report.median(*other)
        return above / below if above is not None and below else None

    return figure


def _cpu_quotient(one: tuple[str, str], other: tuple[str, str]) -> Figure:
    """How many of one are as dear as one of the other."""

    def figure(report: Report) -> float | None:
        mine, theirs = report.cpu_us(*one), report.cpu_us(*other)
        return theirs / mine if mine and theirs else None

    return figure


def _ratio(what: str, bound: float, row: str, other: str) -> Target:
    mine, theirs = (row, FEATHERGATE), (row, other)
    return Target(
        what=what,
        bound=bound,
        unit=TIMES,
        at_least=True,
        figure=_quotient(mine, theirs),
        cpu_ratio=_cpu_quotient(mine, theirs),
    )


def _at_most(row: str, bound: float, unit: str) -> Target:
    return Target(
        what=row,
        bound=bound,
        unit=unit,
        at_least=False,
        figure=lambda report: report.median(row, FEATHERGATE),
        noise=lambda report: report.median(row, DIRECT),
    )


def _cpu(what: str, bound: float, row: str) -> Target:
    return Target(
        what=what,
        bound=bound,
        unit="µs",
        at_least=False,
        figure=lambda report: report.cpu_us(row, FEATHERGATE),
    )


def _of_many(what: str, bound: float, unit: str, words: str) -> Target:
    """The last row whose name has these words: how many streams there can be depends on the machine."""

    def figure(report: Report) -> float | None:
        found = [row for row in report.rows if words in row.what and row.system == FEATHERGATE and row.value]
        return found[-1].value.median if found and found[-1].value else None

    return Target(what=what, bound=bound, unit=unit, at_least=False, figure=figure)
