"""The counts as metric families, made anew whenever somebody asks."""

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import Final

from adapters.observability.counting import CallCounts, DeploymentCounts
from adapters.observability.families import Family, Type

_OUTCOME_LABELS = ("route", "model", "deployment", "status", "error")
_DEPLOYMENT_LABELS = ("model", "deployment")
_AMOUNTS: Final[tuple[tuple[str, str, Callable[[DeploymentCounts], float]], ...]] = (
    (
        "prompt_tokens",
        "Prompt tokens as upstreams reported them, or estimated where they did not.",
        attrgetter("prompt_tokens"),
    ),
    (
        "completion_tokens",
        "Completion tokens as upstreams reported them, or estimated where they did not.",
        attrgetter("completion_tokens"),
    ),
    ("cache_read_tokens", "Prompt tokens read from upstreams' caches.", attrgetter("cache_read_tokens")),
    ("cache_write_tokens", "Prompt tokens written to upstreams' caches.", attrgetter("cache_write_tokens")),
    ("reasoning_tokens", "Completion tokens spent on reasoning.", attrgetter("reasoning_tokens")),
    ("cost_usd", "What answers of models with a known price cost, in US dollars.", attrgetter("cost_usd")),
    (
        "translation_losses",
        "Things that translations between dialects dropped or changed.",
        attrgetter("losses"),
    ),
)
"""What is added up for each deployment: name, documentation, where it is counted."""


class CallCollector:
    """Tells what has been counted so far."""

    def __init__(self, counts: CallCounts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Family]:
        """Every family, whether or not anything was counted in it yet."""
        yield from self._calls()
        yield from self._times()
        yield from self._amounts()

    def _calls(self) -> Iterator[Family]:
        counts = self._counts
        calls = _counter("requests", "Calls that are over, by their outcome.", _OUTCOME_LABELS)
        for labels, number in counts.outcomes():
            route, group, deployment, status, error = labels
            calls.add((route, group, deployment, str(status), error), number)
        yield calls
        successful = _counter("requests_successful", "Calls answered completely.")
        successful.add((), counts.successful)
        yield successful
        failed = _counter(
            "requests_failed", "Calls refused, failed or cancelled, failures after a status 200 included."
        )
        failed.add((), counts.failed)
        yield failed
        in_flight = Family(
            name="feathergate_requests_in_flight", type=Type.GAUGE, documentation="Calls being answered now."
        )
        in_flight.add((), counts.in_flight)
        yield in_flight

    def _times(self) -> Iterator[Family]:
        duration = _histogram("feathergate_request_duration_seconds", "From a call's arrival to its end.")
        first_token = _histogram(
            "feathergate_time_to_first_token_seconds", "From a call's arrival to the first content of its answer."
        )
        overhead = _histogram(
            "feathergate_overhead_seconds", "The part of a call's duration not spent waiting for the upstream."
        )
        for labels, counts in self._counts.deployments():
            duration.observe(labels, counts.duration)
            first_token.observe(labels, counts.first_token)
            overhead.observe(labels, counts.overhead)
        yield from (duration, first_token, overhead)

    def _amounts(self) -> Iterator[Family]:
        for name, documentation, amount in _AMOUNTS:
            family = _counter(name, documentation, _DEPLOYMENT_LABELS)
            for labels, counts in self._counts.deployments():
                family.add(labels, amount(counts))
            yield family


def _counter(name: str, documentation: str, labels: tuple[str, ...] = ()) -> Family:
    return Family(name=f"feathergate_{name}", type=Type.COUNTER, documentation=documentation, labels=labels)


def _histogram(name: str, documentation: str) -> Family:
    return Family(name=name, type=Type.HISTOGRAM, documentation=documentation, labels=_DEPLOYMENT_LABELS)
