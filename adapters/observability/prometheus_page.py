"""The page that Prometheus scrapes, with what prometheus-client knows of processes and of the formats."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from prometheus_client import ProcessCollector
from prometheus_client.exposition import choose_encoder

from adapters.observability.families import Family, Snapshot, Type
from adapters.observability.metric_text import render_families
from adapters.observability.totals import Others

_START_TIME: Final = "process_start_time_seconds"
_CPU_TIME: Final = "process_cpu_seconds"
_RENAMING: Final = re.compile(r"(?<=escaping=)(?:dots|values)\b")
"""Ways to write names that Prometheus could not read otherwise: of ours they would only make others."""


def render_page(snapshot: Snapshot, others: Others | None, accept: str) -> tuple[str, bytes]:
    """Content type and body: OpenMetrics where `accept` asks for it, else the text format."""
    _, content_type = choose_encoder(_RENAMING.sub("underscores", accept))
    families = (*snapshot, *(_families(ProcessCollector(registry=None)) if others is None else _together(others)))
    return content_type, render_families(families, is_openmetrics="openmetrics" in content_type)


def _together(others: Others) -> Iterable[Family]:
    """The memory, CPU and open files of all processes together; they began when the first of them did."""
    totals: dict[str, Family] = {}
    for pid in others.pids:
        for family in _process(pid):
            total = totals.setdefault(family.name, family)
            if total is family:
                continue
            if family.name == _START_TIME:
                total.rows[()] = min(total.rows[()], family.rows[()])
            else:
                total.merge((), family.rows[()])
    if _CPU_TIME in totals:
        totals[_CPU_TIME].add((), others.gone_cpu_s)
    return totals.values()


def _process(pid: int) -> Iterable[Family]:
    return _families(ProcessCollector(pid=lambda: pid, registry=None))


def _families(collector: ProcessCollector) -> Iterator[Family]:
    """What it tells: one number each, without labels."""
    for metric in collector.collect():
        family = Family(name=metric.name, type=Type(metric.type), documentation=metric.documentation)
        family.add((), metric.samples[0].value)
        yield family
