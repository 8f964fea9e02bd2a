"""Metric families as plain values, which can be sent between processes and added up."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from adapters.observability.histogram import Histogram


class Type(StrEnum):
    """What Prometheus makes of a family's numbers."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Across(StrEnum):
    """What the numbers of several workers come to."""

    SUM = "sum"
    MOST = "most"


Rows: TypeAlias = dict[tuple[str, ...], list[float]]
"""By the values of the labels: one number, or of a histogram the count within each bound and at last the total."""


class Family(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One metric: `name` without the suffix of counters; `bounds` are a histogram's, in rising order."""

    name: str
    type: Type
    documentation: str
    labels: tuple[str, ...] = ()
    across: Across = Across.SUM
    bounds: tuple[float, ...] = ()
    rows: Rows = {}

    def add(self, labels: tuple[str, ...], value: float) -> None:
        """Tell a counter's or gauge's number; labels that were told before get the two numbers together."""
        self.merge(labels, [value])

    def observe(self, labels: tuple[str, ...], histogram: Histogram) -> None:
        """Tell a histogram, whose bounds become the family's."""
        self.bounds = histogram.bounds
        self.merge(labels, [*histogram.counts, histogram.total])

    def merge(self, labels: tuple[str, ...], numbers: list[float]) -> None:
        """Add a row, to one with the same labels if there is any."""
        present = self.rows.get(labels)
        if present is None:
            self.rows[labels] = numbers
        elif self.across is Across.MOST:
            self.rows[labels] = [*map(max, present, numbers)]
        else:
            self.rows[labels] = [one + other for one, other in zip(present, numbers, strict=True)]


Snapshot: TypeAlias = tuple[Family, ...]
"""All that one process counted so far."""

_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Snapshot)


def encode_snapshot(families: Iterable[Family]) -> bytes:
    """The families as bytes for another process of the same version."""
    return _ENCODER.encode(tuple(families))


def decode_snapshot(encoded: bytes | memoryview) -> Snapshot:
    """What `encode_snapshot` was given."""
    return _DECODER.decode(encoded)
