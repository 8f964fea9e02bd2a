"""Families as prometheus-client knows them, and the page that it makes of them."""

from collections.abc import Iterable, Iterator
from typing import assert_never

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from adapters.observability.families import Family, Snapshot, Type
from adapters.observability.histogram import Histogram
from adapters.observability.totals import Others

_START_TIME = "process_start_time_seconds"
_CPU_TIME = "process_cpu_seconds"


def render_page(snapshot: Snapshot, others: Others | None, accept: str) -> tuple[str, bytes]:
    """Content type and body: OpenMetrics where `accept` asks for it, else the text format."""
    encode, content_type = choose_encoder(accept)
    registry = CollectorRegistry()
    registry.register(_Families(snapshot))
    registry.register(ProcessCollector(registry=None) if others is None else _Processes(others))
    return content_type, encode(registry)


class _Families(Collector):
    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        return map(_metric, self._families)


class _Processes(Collector):
    """The memory, CPU and open files of all processes together; they began when the first of them did."""

    def __init__(self, others: Others) -> None:
        self._others = others

    def collect(self) -> Iterator[Metric]:
        totals: dict[str, Metric] = {}
        for pid in self._others.pids:
            for metric in _process(pid):
                total = totals.setdefault(metric.name, metric)
                if total is not metric:
                    together = min if metric.name == _START_TIME else _sum
                    _set(total, together(_value(total), _value(metric)))
        if _CPU_TIME in totals:
            _set(totals[_CPU_TIME], _value(totals[_CPU_TIME]) + self._others.gone_cpu_s)
        return iter(totals.values())


def _metric(family: Family) -> Metric:
    match family.type:
        case Type.COUNTER:
            return _numbers(CounterMetricFamily(family.name, family.documentation, labels=family.labels), family)
        case Type.GAUGE:
            return _numbers(GaugeMetricFamily(family.name, family.documentation, labels=family.labels), family)
        case Type.HISTOGRAM:
            histograms = HistogramMetricFamily(family.name, family.documentation, labels=family.labels)
            for labels, (*counts, total) in family.rows.items():
                histogram = Histogram.of(family.bounds, [*map(int, counts)], total)
                histograms.add_metric(labels, histogram.cumulative(), total)
            return histograms
        case _:
            assert_never(family.type)


def _numbers(
    metric: CounterMetricFamily | GaugeMetricFamily, family: Family
) -> CounterMetricFamily | GaugeMetricFamily:
    for labels, (number,) in family.rows.items():
        metric.add_metric(labels, number)
    return metric


def _process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()


def _value(metric: Metric) -> float:
    return metric.samples[0].value


def _set(metric: Metric, value: float) -> None:
    metric.samples[0] = metric.samples[0]._replace(value=value)


def _sum(one: float, other: float) -> float:
    return one + other
