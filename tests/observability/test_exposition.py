import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from adapters.observability.counting import CallCounts
from adapters.observability.exposition import MetricsPage
from application.call_record import CallRecord
from domain.errors import UpstreamTimeout
from tests.observability.records import call_record, call_records

NAMES = {
    "feathergate_requests",
    "feathergate_requests_successful",
    "feathergate_requests_failed",
    "feathergate_requests_in_flight",
    "feathergate_request_duration_seconds",
    "feathergate_time_to_first_token_seconds",
    "feathergate_overhead_seconds",
    "feathergate_prompt_tokens",
    "feathergate_completion_tokens",
    "feathergate_cache_read_tokens",
    "feathergate_cache_write_tokens",
    "feathergate_reasoning_tokens",
    "feathergate_cost_usd",
    "feathergate_translation_losses",
}


def scraped(counts: CallCounts) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    _, body = MetricsPage(counts).render()
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse_text(body.decode())
        for sample in family.samples
    }


def test_every_family_is_there_before_the_first_call() -> None:
    _, body = MetricsPage(CallCounts()).render()
    assert {family.name for family in parse_text(body.decode())} >= NAMES


def test_what_was_counted_is_told() -> None:
    counts = CallCounts()
    counts.opened()
    for record in (call_record(), call_record(error=UpstreamTimeout("silent"))):
        counts.opened()
        counts.book(record)
    samples = scraped(counts)
    outcome = {"route": "/v1/chat/completions", "model": "gpt", "deployment": "gpt-1", "status": "200"}
    deployment = (("deployment", "gpt-1"), ("model", "gpt"))
    assert samples["feathergate_requests_total", tuple(sorted({**outcome, "error": ""}.items()))] == 1
    failed = tuple(sorted({**outcome, "error": "provider_timeout"}.items()))
    assert samples["feathergate_requests_total", failed] == 1
    assert samples["feathergate_requests_successful_total", ()] == 1
    assert samples["feathergate_requests_failed_total", ()] == 1
    assert samples["feathergate_requests_in_flight", ()] == 1
    assert samples["feathergate_prompt_tokens_total", deployment] == 14
    assert samples["feathergate_completion_tokens_total", deployment] == 22
    assert samples["feathergate_cache_read_tokens_total", deployment] == 10
    assert samples["feathergate_cache_write_tokens_total", deployment] == 0
    assert samples["feathergate_reasoning_tokens_total", deployment] == 6
    assert samples["feathergate_cost_usd_total", deployment] == 0.000025
    assert samples["feathergate_translation_losses_total", deployment] == 4
    assert samples["feathergate_request_duration_seconds_count", deployment] == 2
    assert samples["feathergate_request_duration_seconds_sum", deployment] == 3.0
    assert samples["feathergate_time_to_first_token_seconds_sum", deployment] == 0.5
    assert round(samples["feathergate_overhead_seconds_sum", deployment], 9) == 0.2


@given(st.lists(call_records(st.text(max_size=8)), max_size=20))
def test_any_labels_give_a_page_that_can_be_read_in_both_formats(records: list[CallRecord]) -> None:
    counts = CallCounts()
    for record in records:
        counts.opened()
        counts.book(record)
    samples = scraped(counts)
    assert sum(value for (name, _), value in samples.items() if name == "feathergate_requests_total") == len(
        records
    )
    content_type, body = MetricsPage(counts).render("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    families = parse_openmetrics(body.decode())  # type: ignore[no-untyped-call] # the library leaves it untyped
    assert {family.name for family in families} >= NAMES


def test_a_page_can_be_scraped_again() -> None:
    counts = CallCounts()
    page = MetricsPage(counts)
    first = page.render()
    counts.opened()
    assert page.render()[0] == first[0]
    assert b"feathergate_requests_in_flight 1.0" in page.render()[1]


def test_two_pages_share_nothing() -> None:
    one, other = CallCounts(), CallCounts()
    one.opened()
    assert b"in_flight 1.0" in MetricsPage(one).render()[1]
    assert b"in_flight 0.0" in MetricsPage(other).render()[1]


def test_prometheus_is_imported_by_the_first_scrape_only() -> None:
    program = (
        "import sys\n"
        "from adapters.observability.counting import CallCounts\n"
        "from adapters.observability.exposition import MetricsPage\n"
        "page = MetricsPage(CallCounts())\n"
        "assert 'prometheus_client' not in sys.modules\n"
        "page.render()\n"
        "assert 'prometheus_client' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
