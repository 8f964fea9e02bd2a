"""The tally: counts that add up, and quantiles that are nearly right, in constant space."""

from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch.latencies import Latencies
from domain.batch.tally import Tally
from domain.chat.usage import Usage
from domain.errors import MalformedRequest, RateLimited, UpstreamTimeout
from tests.domain.batch.outcomes import outcome


def test_it_counts_lines_tokens_money_and_errors() -> None:
    tally = Tally()
    slow = UpstreamTimeout("slow")
    tally.retrying(outcome(slow, usage=Usage(prompt_tokens=5), cost_usd=0.5), slow)
    tally.finished(outcome(usage=Usage(prompt_tokens=10, completion_tokens=20, cache_read_tokens=4), cost_usd=1.0))
    tally.finished(outcome())
    tally.finished(outcome(MalformedRequest("no"), duration_s=99.0))
    assert (tally.succeeded, tally.failed, tally.finished_lines, tally.retried) == (2, 1, 3, 1)
    assert (tally.prompt_tokens, tally.completion_tokens, tally.cached_tokens, tally.tokens) == (15, 20, 4, 35)
    assert (tally.cost_usd, tally.unpriced) == (1.5, 1)
    assert tally.failures == {"caller_invalid_request": 1}
    assert tally.retries == {"provider_timeout": 1}
    assert (tally.latencies.count, tally.latencies.longest_s) == (2, 1.0)


def test_errors_of_one_kind_are_counted_together() -> None:
    tally = Tally()
    for _ in range(3):
        error = RateLimited("no")
        tally.finished(outcome(error))
        tally.retrying(outcome(error), error)
    assert tally.failures == tally.retries == {"policy_rate_limit": 3}


@given(
    durations=st.lists(st.floats(2e-4, 9e4), min_size=1, max_size=300),
    share=st.sampled_from([0.0, 0.5, 0.9, 0.95, 0.99, 1.0]),
)
def test_a_quantile_is_within_three_percent(durations: list[float], share: float) -> None:
    latencies = Latencies()
    for seconds in durations:
        latencies.add(seconds)
    exact_s = sorted(durations)[max(1, ceil(share * len(durations))) - 1]
    assert latencies.quantile(share) == pytest.approx(exact_s, rel=0.03)


@given(seconds=st.floats(0.0, 1e12))
def test_any_duration_can_be_counted(seconds: float) -> None:
    latencies = Latencies()
    latencies.add(seconds)
    assert latencies.count == 1
    assert latencies.longest_s == seconds
    quantile_s = latencies.quantile(0.5)
    assert quantile_s is not None
    assert quantile_s <= seconds


def test_nothing_has_no_quantile() -> None:
    assert Latencies().quantile(0.5) is None
