from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.observability.counting import OTHER, CallCounts, OutcomeLabels
from adapters.observability.histogram import DURATION_BOUNDS_S, Histogram
from application.call_record import CallRecord
from domain.chat.usage import Usage
from domain.errors import MalformedResponse, UnknownModel
from tests.observability.records import SECONDS, call_record, call_records


def booked(*records: CallRecord, max_label_sets: int = 2_000) -> CallCounts:
    counts = CallCounts(max_label_sets)
    for record in records:
        counts.opened()
        counts.book(record)
    return counts


def test_a_call_in_flight_is_counted_until_it_is_booked() -> None:
    counts = CallCounts()
    counts.opened()
    counts.opened()
    counts.book(call_record())
    assert (counts.in_flight, counts.successful, counts.failed) == (1, 1, 0)


def test_a_failure_after_a_status_200_is_a_failed_call() -> None:
    counts = booked(call_record(error=MalformedResponse("cut")))
    assert (counts.successful, counts.failed) == (0, 1)
    assert list(counts.outcomes()) == [
        (OutcomeLabels("/v1/chat/completions", "gpt", "gpt-1", 200, "provider_bad_gateway"), 1)
    ]


def test_a_client_that_left_is_not_a_success() -> None:
    assert booked(call_record(status=499)).failed == 1


def test_a_call_that_was_never_answered_is_not_a_success() -> None:
    assert booked(call_record(status=0)).failed == 1


def test_unknown_models_share_one_label_set() -> None:
    counts = booked(
        *(
            CallRecord(request_id=str(n), route="/r", received_s=0.0, status=404, error=UnknownModel(f"no {n}"))
            for n in range(50)
        )
    )
    assert list(counts.outcomes()) == [(OutcomeLabels("/r", "", "", 404, "caller_not_found"), 50)]


@given(st.lists(call_records()))
def test_every_call_is_counted_once(records: list[CallRecord]) -> None:
    counts = booked(*records)
    assert counts.in_flight == 0
    assert counts.successful + counts.failed == len(records)
    assert sum(calls for _, calls in counts.outcomes()) == len(records)
    series = [deployment for _, deployment in counts.deployments()]
    assert sum(sum(deployment.duration.counts) for deployment in series) == len(records)
    usages = [record.usage for record in records if record.usage is not None]
    assert sum(d.prompt_tokens for d in series) == sum(usage.prompt_tokens or 0 for usage in usages)
    assert sum(d.completion_tokens for d in series) == sum(usage.completion_tokens or 0 for usage in usages)
    assert sum(d.cache_read_tokens for d in series) == sum(usage.cache_read_tokens or 0 for usage in usages)
    assert sum(d.cache_write_tokens for d in series) == sum(usage.cache_write_tokens or 0 for usage in usages)
    assert sum(d.reasoning_tokens for d in series) == sum(usage.reasoning_tokens or 0 for usage in usages)
    assert sum(d.cost_usd for d in series) == pytest.approx(sum(record.cost_usd or 0.0 for record in records))
    assert sum(d.losses for d in series) == sum(record.losses for record in records)


@given(st.lists(call_records(st.text(max_size=8)), max_size=60))
def test_label_sets_stay_bounded_and_lose_no_call(records: list[CallRecord]) -> None:
    counts = booked(*records, max_label_sets=5)
    outcomes = dict(counts.outcomes())
    assert sum(outcomes.values()) == len(records)
    own = [labels for labels in outcomes if labels.route != OTHER]
    assert len(own) <= 5
    assert len(outcomes) <= 5 + 5 * 2
    assert len(list(counts.deployments())) <= 5 + 1


def test_a_label_set_once_kept_goes_on_counting_when_the_bound_is_reached() -> None:
    kept = call_record()
    counts = booked(kept, *(call_record(status=status) for status in (400, 404, 500)), kept, max_label_sets=1)
    outcomes = dict(counts.outcomes())
    assert outcomes[OutcomeLabels("/v1/chat/completions", "gpt", "gpt-1", 200, "")] == 2
    assert outcomes[OutcomeLabels(OTHER, OTHER, OTHER, 400, "")] == 2


def test_usage_that_was_not_reported_counts_as_nothing() -> None:
    record = call_record()
    record.usage = Usage(completion_tokens=3)
    ((_, series),) = booked(record).deployments()
    assert (series.prompt_tokens, series.completion_tokens) == (0, 3)


@given(st.lists(SECONDS | st.sampled_from(DURATION_BOUNDS_S)))
def test_a_histogram_counts_what_is_at_most_each_bound(values: list[float]) -> None:
    histogram = Histogram(DURATION_BOUNDS_S)
    for value in values:
        histogram.observe(value)
    expected = [sum(value <= bound for value in values) for bound in DURATION_BOUNDS_S]
    assert [*accumulate(histogram.counts)] == [*expected, len(values)]
