"""Counts calls as plain numbers; `exposition` turns them into metrics when somebody scrapes."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from adapters.observability.histogram import DURATION_BOUNDS_S, OVERHEAD_BOUNDS_S, Histogram
from application.call_record import CallRecord

MAX_LABEL_SETS: Final = 2_000
"""How many distinct label sets are kept; calls beyond them are counted under OTHER, so that memory is bounded."""

MAX_UNSETTLED: Final = 256
"""So many calls are counted at a time, if nobody asks before: one after the other they take a third as long."""

OTHER: Final = "other"


class OutcomeLabels(NamedTuple):
    """What distinguishes one outcome from another. `error` is "" for calls that did not fail."""

    route: str
    group: str
    deployment: str
    status: int
    error: str


class DeploymentLabels(NamedTuple):
    """A model group and the deployment that answered; both "" for calls that were refused before routing."""

    group: str
    deployment: str


@dataclass(slots=True, kw_only=True)
class DeploymentCounts:
    """What the calls through one deployment add up to. Times are seconds."""

    duration: Histogram = field(default_factory=lambda: Histogram(DURATION_BOUNDS_S))
    first_token: Histogram = field(default_factory=lambda: Histogram(DURATION_BOUNDS_S))
    overhead: Histogram = field(default_factory=lambda: Histogram(OVERHEAD_BOUNDS_S))
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    cost_usd: float = 0.0
    losses: int = 0


@dataclass(slots=True)
class _Outcome:
    """One label set's count, with its deployment's counts at hand so that booking needs one look-up."""

    counts: DeploymentCounts
    calls: int = 0


class CallCounts:
    """Counts calls; belongs to one event loop."""

    __slots__ = (
        "_deployments",
        "_failed",
        "_max_label_sets",
        "_outcomes",
        "_successful",
        "_unsettled",
        "in_flight",
    )

    def __init__(self, max_label_sets: int = MAX_LABEL_SETS) -> None:
        self._max_label_sets = max_label_sets
        self._outcomes: dict[OutcomeLabels, _Outcome] = {}
        self._deployments: dict[DeploymentLabels, DeploymentCounts] = {}
        self._unsettled: list[CallRecord] = []
        self._successful = 0
        self._failed = 0
        self.in_flight = 0

    def opened(self) -> None:
        """A call is in flight."""
        self.in_flight += 1

    def book(self, record: CallRecord) -> None:
        """A call is over, and its record changes no more.

        It succeeded if its status was good and nothing failed after it.
        """
        self.in_flight -= 1
        self._unsettled.append(record)
        if len(self._unsettled) >= MAX_UNSETTLED or record.error is not None:  # errors hold on to what they saw
            self._settle()

    @property
    def successful(self) -> int:
        """How many calls were answered completely."""
        self._settle()
        return self._successful

    @property
    def failed(self) -> int:
        """How many were not."""
        self._settle()
        return self._failed

    def outcomes(self) -> Iterator[tuple[OutcomeLabels, int]]:
        """How many calls ended with each label set."""
        self._settle()
        for labels, outcome in self._outcomes.items():
            yield labels, outcome.calls

    def deployments(self) -> Iterator[tuple[DeploymentLabels, DeploymentCounts]]:
        """The counts of each deployment."""
        self._settle()
        yield from self._deployments.items()

    def _settle(self) -> None:
        """Count the calls that were booked."""
        records, self._unsettled = self._unsettled, []
        for record in records:
            error = record.error
            if succeeded(record):
                self._successful += 1
            else:
                self._failed += 1
            label = "" if error is None else error.label
            # A plain tuple finds what was stored under the named one, and is made in half the time.
            labels = (record.route, record.group, record.deployment, record.status, label)
            outcome = self._outcomes.get(labels) or self._outcome(OutcomeLabels(*labels))  # type: ignore[call-overload]  # see above
            outcome.calls += 1
            _add(record, outcome.counts)

    def _outcome(self, labels: OutcomeLabels) -> _Outcome:
        """The outcome of a label set met for the first time."""
        if len(self._outcomes) >= self._max_label_sets:
            labels = OutcomeLabels(OTHER, OTHER, OTHER, labels.status // 100 * 100, OTHER if labels.error else "")
        deployment = DeploymentLabels(labels.group, labels.deployment)
        counts = self._deployments.setdefault(deployment, DeploymentCounts())
        return self._outcomes.setdefault(labels, _Outcome(counts))


def succeeded(record: CallRecord) -> bool:
    """Whether the client got a good status and the answer was completed."""
    return record.error is None and 200 <= record.status < 400


def _add(record: CallRecord, counts: DeploymentCounts) -> None:
    counts.duration.observe(record.duration_s)
    counts.overhead.observe(record.overhead_s)
    if record.first_token_s is not None:
        counts.first_token.observe(record.first_token_s - record.received_s)
    usage = record.usage
    if usage is not None:
        counts.prompt_tokens += usage.prompt_tokens or 0
        counts.completion_tokens += usage.completion_tokens or 0
        counts.cache_read_tokens += usage.cache_read_tokens or 0
        counts.cache_write_tokens += usage.cache_write_tokens or 0
        counts.reasoning_tokens += usage.reasoning_tokens or 0
    if record.cost_usd is not None:
        counts.cost_usd += record.cost_usd
    counts.losses += record.losses
