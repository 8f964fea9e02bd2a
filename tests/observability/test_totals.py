"""What several workers counted comes to what one would have counted."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families as parse_text

from adapters.observability.counting import OTHER, CallCounts
from adapters.observability.exposition import MetricsPage
from adapters.observability.families import Across, Family, Snapshot, Type, decode_snapshot, encode_snapshot
from adapters.observability.totals import Others, add_up, lasting
from application.call_record import CallRecord
from tests.observability.records import call_record, call_records

SHARES = st.lists(st.tuples(st.integers(0, 2), call_records()), max_size=20)


def page_of(records: Iterable[CallRecord]) -> MetricsPage:
    counts = CallCounts()
    for record in records:
        counts.opened()
        counts.book(record)
    return MetricsPage(counts)


def numbers(snapshot: Snapshot) -> dict[tuple[str, tuple[str, ...]], list[float]]:
    """What is told, but for rounding and zeros."""
    return {
        (family.name, labels): [round(number, 6) for number in row]
        for family in snapshot
        for labels, row in family.rows.items()
    }


def others(*snapshots: Snapshot) -> Others:
    return Others(snapshots=snapshots, pids=(), gone_cpu_s=0.0, serving=len(snapshots) + 1, restarts=4)


@given(SHARES)
def test_shares_add_up_to_the_whole(shares: list[tuple[int, CallRecord]]) -> None:
    pages = [page_of(record for worker, record in shares if worker == number) for number in range(3)]
    whole = page_of(record for _, record in shares)
    assert numbers(add_up(page.snapshot() for page in pages)) == numbers(whole.snapshot())


@given(st.lists(call_records(st.text(max_size=8)), max_size=5))
def test_a_snapshot_arrives_as_it_was_sent(records: list[CallRecord]) -> None:
    snapshot = page_of(records).snapshot()
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot


def test_adding_up_changes_nothing_that_was_added() -> None:
    snapshot = page_of([call_record()]).snapshot()
    before = encode_snapshot(snapshot)
    add_up((snapshot, snapshot, snapshot))
    assert encode_snapshot(snapshot) == before


def gauge(value: float, across: Across) -> Family:
    family = Family(name="g", type=Type.GAUGE, documentation="", across=across)
    family.add((), value)
    return family


def test_a_gauge_says_what_several_come_to() -> None:
    ((total,), (most,)) = (add_up([(gauge(1, across),), (gauge(2, across),)]) for across in Across)
    assert total.rows == {(): [3]}
    assert most.rows == {(): [2]}


def test_of_those_that_are_gone_counters_and_histograms_remain() -> None:
    counts = CallCounts()
    counts.opened()
    page = MetricsPage(counts)
    assert {family.type for family in page.snapshot()} == {*Type}
    assert {family.type for family in lasting(page.snapshot())} == {Type.COUNTER, Type.HISTOGRAM}


@given(st.lists(call_records(st.text("abcd", min_size=1, max_size=2)), max_size=20), st.integers(1, 4))
def test_what_remains_is_bounded_and_complete(records: list[CallRecord], most: int) -> None:
    snapshot = add_up([page_of(records).snapshot()])
    kept = lasting(snapshot, most)
    assert all(len(family.rows) <= most + 1 for family in kept)
    assert all({*labels} == {OTHER} for family in kept for labels in list(family.rows)[most:])
    sums = {
        family.name: [round(sum(row), 6) for row in zip(*family.rows.values(), strict=True)] for family in kept
    }
    assert sums == {
        family.name: [round(sum(row), 6) for row in zip(*family.rows.values(), strict=True)]
        for family in snapshot
        if family.type is not Type.GAUGE
    }


async def test_a_scrape_of_one_shows_all_and_tells_first_what_it_shows() -> None:
    told: list[Snapshot] = []

    async def ask(own: Snapshot) -> Others:
        told.append(own)
        return others(page_of([call_record(), call_record()]).snapshot())

    page = page_of([call_record()])
    page.join(ask)
    _, body = await page.scrape()
    samples = {sample.name: sample.value for family in parse_text(body.decode()) for sample in family.samples}
    assert samples["feathergate_requests_total"] == 3
    assert samples["feathergate_request_duration_seconds_count"] == 3
    assert samples["feathergate_workers"] == 2
    assert samples["feathergate_worker_restarts_total"] == 4
    assert [numbers(snapshot) for snapshot in told] == [numbers(page.snapshot())]


async def test_a_page_of_one_process_says_nothing_of_workers() -> None:
    page = page_of([call_record()])
    assert await page.scrape() == page.render()
    assert b"feathergate_worker" not in page.render()[1]
