"""Families as the lines that Prometheus reads, in its own text format and in OpenMetrics.

Formats: https://prometheus.io/docs/instrumenting/exposition_formats/ and
https://prometheus.io/docs/specs/om/open_metrics_spec/ (2026-11). prometheus-client makes the same lines, and takes
ten times as long.
"""

from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, assert_never

from prometheus_client.utils import floatToGoString

from adapters.observability.families import Family, Type

_PLAIN_BELOW: Final = 1e6
"""From here on numbers are written with an exponent, as Go does."""


def render_families(families: Iterable[Family], *, is_openmetrics: bool) -> bytes:
    """The page. The names of families and labels are taken as they are, what labels say is escaped."""
    escaped = _Escaped()
    parts: list[str] = []
    for family in families:
        parts += _head(family, is_openmetrics=is_openmetrics)
        match family.type:
            case Type.COUNTER:
                parts += _numbers(f"{family.name}_total", family, escaped)
            case Type.GAUGE:
                parts += _numbers(family.name, family, escaped)
            case Type.HISTOGRAM:
                parts += _histograms(family, escaped)
            case _:
                assert_never(family.type)
    if is_openmetrics:
        parts.append("# EOF\n")
    return "".join(parts).encode()


class _Escaped(dict[str, str]):
    """What a label says → the same, escaped. One deployment is named in many lines."""

    def __missing__(self, said: str) -> str:
        escaped = self[said] = _escape(said).replace('"', r"\"")
        return escaped


class _Written(dict[float, str]):
    """A count → the same as text. Most bounds of a histogram are reached by as many as the one before."""

    def __missing__(self, count: float) -> str:
        text = self[count] = _number(count)
        return text


def _escape(said: str) -> str:
    return said.replace("\\", r"\\").replace("\n", r"\n")


def _head(family: Family, *, is_openmetrics: bool) -> tuple[str, str]:
    """OpenMetrics has the suffix of counters in their samples alone, and escapes quotes in documentation too."""
    name, documentation = family.name, _escape(family.documentation)
    if is_openmetrics:
        documentation = documentation.replace('"', r"\"")
    elif family.type is Type.COUNTER:
        name += "_total"
    return f"# HELP {name} {documentation}\n", f"# TYPE {name} {family.type}\n"


def _numbers(name: str, family: Family, escaped: _Escaped) -> Iterator[str]:
    order = _sorted_places(family.labels)
    for labels, (number,) in family.rows.items():
        pairs = ",".join([f'{family.labels[place]}="{escaped[labels[place]]}"' for place in order])
        yield f"{name}{{{pairs}}} {_number(number)}\n" if pairs else f"{name} {_number(number)}\n"


def _histograms(family: Family, escaped: _Escaped) -> Iterator[str]:
    """Labels stand in the order of their names, the bound `le` among them."""
    name, order = family.name, _sorted_places(family.labels)
    written = _Written()
    bounds = [*map(str, family.bounds), "+Inf"]
    first = sum(label < "le" for label in family.labels)
    for labels, (*counts, total) in family.rows.items():
        pairs = [f'{family.labels[place]}="{escaped[labels[place]]}"' for place in order]
        before = "".join([f"{pair}," for pair in pairs[:first]])
        after = "".join([f",{pair}" for pair in pairs[first:]])
        bucket, closed = f'{name}_bucket{{{before}le="', f'"{after}}} '
        reached = [*map(written.__getitem__, accumulate(counts))]
        yield from [f"{bucket}{bound}{closed}{count}\n" for bound, count in zip(bounds, reached, strict=True)]
        braced = f"{{{','.join(pairs)}}}" if pairs else ""
        yield f"{name}_count{braced} {reached[-1]}\n{name}_sum{braced} {_number(total)}\n"


def _sorted_places(labels: tuple[str, ...]) -> list[int]:
    """The places of the labels, in the order of their names."""
    return sorted(range(len(labels)), key=labels.__getitem__)


def _number(value: float) -> str:
    if 0 <= value < _PLAIN_BELOW:
        return repr(float(value))
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]  # the library leaves it untyped
