import json
from typing import Any

import pytest
from hypothesis import given

from domain.chat.json_arguments import parse_arguments
from tests.strategies import canonical


@given(canonical.json_objects())
def test_objects_are_parsed_exactly(value: dict[str, Any]) -> None:
    assert parse_arguments(json.dumps(value)) == value


@pytest.mark.parametrize("raw", ["", " ", "\n"])
def test_nothing_means_no_arguments(raw: str) -> None:
    assert parse_arguments(raw) == {}


@pytest.mark.parametrize("raw", ["[1]", "1", "null", '"a"', '{"a":', '{"a": NaN}', "[" * 100_000, "free text"])
def test_anything_else_is_not_an_object(raw: str) -> None:
    assert parse_arguments(raw) is None
