"""What counts in the usage of an answer."""

import pytest

from adapters.dialects.counts import counts
from domain.json_types import JSON


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ({"a": 0, "b": 12.0, "c": 2**63 - 1}, {"a": 0, "b": 12, "c": 2**63 - 1}),
        ({"a": -1, "b": 2**63, "c": True, "d": "1", "e": None, "f": {}, "g": float("nan")}, {}),
        (None, {}),
        ([1], {}),
        ("1", {}),
    ],
)
def test_numbers_from_zero_up_are_counts(owner: JSON, expected: dict[str, int]) -> None:
    assert counts(owner) == expected
