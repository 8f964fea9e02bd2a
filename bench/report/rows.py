"""What was measured: values with their spread, in rows that are found again by name."""

import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from bench.systems import Pair

TIMES: Final = "\N{MULTIPLICATION SIGN}"
SMALL: Final = "1 kB"
START: Final = "start to first answer"
IDLE_MEMORY: Final = "memory, idle"
LOADED_MEMORY: Final = "memory, under load of 256 connections"
MEMORY_GROWTH: Final = "memory growth after 200,000 requests and 2,000 aborted streams"
LATENCY_P50: Final = "latency added, one connection, p50"
LATENCY_P99: Final = "latency added, one connection, p99"
FIRST_TOKEN_P50: Final = "time to first token added, p50"
FIRST_TOKEN_P99: Final = "time to first token added, p99"
BODY_PEAK: Final = "peak extra memory for a 10 MB body, as a multiple of the body"
STREAMS_DROPPED: Final = "streams dropped"


def throughput(pair: Pair, size: str, connections: int) -> str:
    """Buffered requests in a closed loop."""
    return f"{pair}, {size}, {connections} connection{'s' if connections > 1 else ''}"


def steady_latency(quantile: int) -> str:
    """Latency where the rate is given."""
    return f"latency added at a constant 500/s, p{quantile}"


def paced_chunks(pair: Pair) -> str:
    """Streams at a pace."""
    return f"{pair}, 6,000 chunks/s over 64 streams"


def most_chunks(pair: Pair) -> str:
    """Streams as fast as they are taken."""
    return f"{pair}, most chunks/s over 64 streams"


def stream_memory(count: int) -> str:
    """What an idle stream holds."""
    return f"memory per open idle stream, {count:,} of them"


def crowd(count: int, quantile: int) -> str:
    """Token delay among very many streams."""
    return f"{count:,} streams, a token each 2 s: delay added, p{quantile}"


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of repeated measurements, the least and the most of them."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, samples: Iterable[float]) -> "Spread":
        """Raises ValueError without samples."""
        values = sorted(samples)
        if not values:
            raise ValueError("a spread needs at least one sample")
        return cls(statistics.median(values), values[0], values[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table. `value` None: there is none, and `note` says why.

    cpu_us: processor time of the system per request or chunk, in microseconds.
    """

    what: str
    system: str
    unit: str = ""
    value: Spread | None = None
    cpu_us: Spread | None = None
    note: str = ""


@dataclass(slots=True)
class Report:
    """All rows, in the order in which they were measured."""

    rows: list[Row] = field(default_factory=list)

    def add(self, rows: Iterable[Row]) -> None:
        self.rows += rows

    def find(self, what: str, system: str) -> Row | None:
        """The row of that name, if it was measured."""
        return next((row for row in self.rows if row.what == what and row.system == system and row.value), None)

    def median(self, what: str, system: str) -> float | None:
        row = self.find(what, system)
        return None if row is None or row.value is None else row.value.median

    def cpu_us(self, what: str, system: str) -> float | None:
        row = self.find(what, system)
        return None if row is None or row.cpu_us is None else row.cpu_us.median

    def groups(self) -> Iterator[Sequence[Row]]:
        """Rows that belong together, since they measure the same."""
        by_name: dict[str, list[Row]] = {}
        for row in self.rows:
            by_name.setdefault(row.what, []).append(row)
        yield from by_name.values()
