"""The page is the one that prometheus-client would make."""

import math
import os
from collections.abc import Iterable, Iterator
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from adapters.observability.families import Family, Type
from adapters.observability.metric_text import render_families
from adapters.observability.prometheus_page import render_page
from adapters.observability.totals import Others

_OPENMETRICS = "application/openmetrics-text; version=1.0.0"
_NAMES = st.from_regex(r"[a-z][a-z_]{0,3}", fullmatch=True).filter(lambda name: name != "le")
_NUMBERS = st.floats() | st.integers(0, 10**9) | st.sampled_from((1e6, 999_999.9, 1e21, 1e-9, math.inf))


@st.composite
def families(draw: st.DrawFn) -> Family:
    family = Family(
        name=f"of_{draw(_NAMES)}",
        type=draw(st.sampled_from(Type)),
        documentation=draw(st.text(max_size=8)),
        labels=tuple(draw(st.lists(_NAMES, max_size=3, unique=True))),
    )
    values = st.tuples(
        *[st.text(max_size=4) | st.sampled_from(('"', "\\", "\n", "\\n", "{,=}"))] * len(family.labels)
    )
    if family.type is Type.HISTOGRAM:
        family.bounds = tuple(sorted(draw(st.sets(st.floats(0, 700), min_size=1, max_size=4))))
        counts = st.lists(st.integers(0, 10**7), min_size=len(family.bounds) + 1, max_size=len(family.bounds) + 1)
        rows = st.tuples(counts, st.floats(0, 1e9)).map(lambda row: [*map(float, row[0]), row[1]])
    else:
        rows = _NUMBERS.map(lambda number: [number])
    family.rows = draw(st.dictionaries(values, rows, max_size=3))
    return family


@given(st.lists(families(), max_size=4, unique_by=lambda family: family.name))
def test_both_formats_are_the_librarys(several: list[Family]) -> None:
    for accept in ("", _OPENMETRICS):
        assert render_families(several, is_openmetrics=bool(accept)).decode() == by_the_library(several, accept)


@pytest.mark.parametrize("scheme", ["underscores", "allow-utf-8"])
@pytest.mark.parametrize("media", [_OPENMETRICS, "text/plain; version=1.0.0", "text/plain", "*/*"])
def test_what_is_asked_for_is_what_the_library_gives(media: str, scheme: str) -> None:
    accept = f"{media}; escaping={scheme}, text/html"
    encode, content_type = choose_encoder(accept)
    told, body = render_page((counter(),), None, accept)
    assert told == content_type
    assert body.startswith(encode(registry([counter()])).removesuffix(b"# EOF\n"))


@pytest.mark.parametrize("scheme", ["dots", "values"])
@pytest.mark.parametrize("media", [_OPENMETRICS, "text/plain; version=1.0.0"])
def test_names_stay_as_they_are(media: str, scheme: str) -> None:
    assert render_page((counter(),), None, f"{media}; escaping={scheme}")[0].endswith("escaping=underscores")


def test_processes_are_added_up() -> None:
    one = numbers(render_page((), processes(os.getpid()), "")[1])
    two = numbers(render_page((), processes(os.getpid(), os.getpid(), gone_cpu_s=500.0), "")[1])
    assert two["process_start_time_seconds"] == one["process_start_time_seconds"]
    assert two["process_max_fds"] == 2 * one["process_max_fds"]
    assert two["process_resident_memory_bytes"] > 1.5 * one["process_resident_memory_bytes"]
    added = two["process_cpu_seconds_total"] - 2 * one["process_cpu_seconds_total"]
    assert 499.9 < added < 600  # what both took in between is added, and rounding


def test_processes_that_are_gone_have_nothing_to_tell() -> None:
    assert render_page((), processes(), "") == ("text/plain; version=0.0.4; charset=utf-8", b"")


def counter() -> Family:
    family = Family(name="asked_twice", type=Type.COUNTER, documentation='A "count".', labels=("b", "a"))
    family.add(("one", "other"), 3)
    return family


def processes(*pids: int, gone_cpu_s: float = 0.0) -> Others:
    return Others(snapshots=(), pids=pids, gone_cpu_s=gone_cpu_s, serving=1, restarts=0)


def numbers(page: bytes) -> dict[str, float]:
    lines = [line for line in page.decode().splitlines() if not line.startswith("#")]
    return {name: float(number) for name, number in map(str.split, lines)}


def by_the_library(several: Iterable[Family], accept: str) -> str:
    return choose_encoder(accept)[0](registry(several)).decode()


def registry(several: Iterable[Family]) -> CollectorRegistry:
    class Told(Collector):
        def collect(self) -> Iterator[Metric]:
            return map(metric_of, several)

    made = CollectorRegistry(auto_describe=False)
    made.register(Told())
    return made


def metric_of(family: Family) -> Metric:
    if family.type is Type.HISTOGRAM:
        histogram = HistogramMetricFamily(family.name, family.documentation, labels=family.labels)
        bounds = (*map(str, family.bounds), "+Inf")
        for labels, (*counts, total) in family.rows.items():
            histogram.add_metric(labels, [*zip(bounds, accumulate(counts), strict=True)], total)
        return histogram
    kind = CounterMetricFamily if family.type is Type.COUNTER else GaugeMetricFamily
    metric = kind(family.name, family.documentation, labels=family.labels)
    for labels, (number,) in family.rows.items():
        metric.add_metric(labels, number)
    return metric
