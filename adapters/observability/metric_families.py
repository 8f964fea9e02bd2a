"""The counts as Prometheus metric families, made anew for every scrape."""

from collections.abc import Iterator

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from adapters.observability.counting import CallCounts
from adapters.observability.histogram import Histogram

_OUTCOME_LABELS = ("route", "model", "deployment", "status", "error")
_DEPLOYMENT_LABELS = ("model", "deployment")


class CallCollector(Collector):
    """Tells a registry what has been counted so far."""

    def __init__(self, counts: CallCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        """Every family, whether or not anything was counted in it yet."""
        yield from self._calls()
        yield from self._times()
        yield from self._amounts()

    def _calls(self) -> Iterator[Metric]:
        counts = self._counts
        calls = CounterMetricFamily(
            "feathergate_requests", "Calls that are over, by their outcome.", labels=_OUTCOME_LABELS
        )
        for labels, number in counts.outcomes():
            route, group, deployment, status, error = labels
            calls.add_metric((route, group, deployment, str(status), error), number)
        yield calls
        yield CounterMetricFamily(
            "feathergate_requests_successful", "Calls answered completely.", value=counts.successful
        )
        yield CounterMetricFamily(
            "feathergate_requests_failed",
            "Calls refused, failed or cancelled, failures after a status 200 included.",
            value=counts.failed,
        )
        yield GaugeMetricFamily(
            "feathergate_requests_in_flight", "Calls being answered now.", value=counts.in_flight
        )

    def _times(self) -> Iterator[Metric]:
        duration = _histogram("feathergate_request_duration_seconds", "From a call's arrival to its end.")
        first_token = _histogram(
            "feathergate_time_to_first_token_seconds", "From a call's arrival to the first content of its answer."
        )
        overhead = _histogram(
            "feathergate_overhead_seconds", "The part of a call's duration not spent waiting for the upstream."
        )
        for labels, counts in self._counts.deployments():
            _add(duration, labels, counts.duration)
            _add(first_token, labels, counts.first_token)
            _add(overhead, labels, counts.overhead)
        yield from (duration, first_token, overhead)

    def _amounts(self) -> Iterator[Metric]:
        prompt = CounterMetricFamily(
            "feathergate_prompt_tokens", "Prompt tokens that upstreams reported.", labels=_DEPLOYMENT_LABELS
        )
        completion = CounterMetricFamily(
            "feathergate_completion_tokens",
            "Completion tokens that upstreams reported.",
            labels=_DEPLOYMENT_LABELS,
        )
        losses = CounterMetricFamily(
            "feathergate_translation_losses",
            "Things that translations between dialects dropped or changed.",
            labels=_DEPLOYMENT_LABELS,
        )
        for labels, counts in self._counts.deployments():
            prompt.add_metric(labels, counts.prompt_tokens)
            completion.add_metric(labels, counts.completion_tokens)
            losses.add_metric(labels, counts.losses)
        yield from (prompt, completion, losses)


def _histogram(name: str, documentation: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, documentation, labels=_DEPLOYMENT_LABELS)


def _add(family: HistogramMetricFamily, labels: tuple[str, str], histogram: Histogram) -> None:
    family.add_metric(labels, histogram.cumulative(), histogram.total)
