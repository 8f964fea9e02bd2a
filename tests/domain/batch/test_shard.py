"""Shards: every line is in exactly one, and they are of one size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch.shard import Shard


@given(count=st.integers(1, 20), lines=st.integers(0, 200))
def test_every_line_is_in_exactly_one_and_they_are_even(count: int, lines: int) -> None:
    shards = [Shard(index, count) for index in range(1, count + 1)]
    parts = [[number for number in range(1, lines + 1) if shard.has(number)] for shard in shards]
    assert sorted(number for part in parts for number in part) == list(range(1, lines + 1))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize(("index", "count"), [(0, 3), (4, 3), (-1, 3), (1, 0), (0, 0)])
def test_a_shard_that_is_none_is_refused(index: int, count: int) -> None:
    with pytest.raises(ValueError, match=rf"got {index}/{count}"):
        Shard(index, count)
