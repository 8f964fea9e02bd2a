"""The states of a kept batch, and the names of its results."""

import re

from hypothesis import given
from hypothesis import strategies as st

from domain.batch.job import COMES_AFTER, UNFINISHED, JobCounts, JobStatus, errors_id, output_id


def after(status: JobStatus) -> set[JobStatus]:
    return {later for later, before in COMES_AFTER.items() if status in before}


def test_every_state_leads_to_an_end_and_no_end_leads_on() -> None:
    assert COMES_AFTER.keys() == set(JobStatus)
    for status in JobStatus:
        assert bool(after(status)) == (status in UNFINISHED)
        reached, new = {status}, {status}
        while new:
            new = {later for one in new for later in after(one)} - reached
            reached |= new
        assert reached - UNFINISHED
        assert status not in after(status)


@given(st.text(), st.text())
def test_results_have_names_of_their_own(first: str, second: str) -> None:
    ids = [make(job) for job in (first, second) for make in (output_id, errors_id)]
    assert len(set(ids)) == (4 if first != second else 2)
    assert ids == [make(job) for job in (first, second) for make in (output_id, errors_id)]
    assert all(re.fullmatch("file-[0-9a-f]{32}", one) for one in ids)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 99), st.integers(0, 99))
def test_counts_add_up(succeeded: int, failed: int, unasked: int, left: int) -> None:
    total = succeeded + failed + unasked + left
    assert JobCounts(total=total, succeeded=succeeded, failed=failed, unasked=unasked).left == left
