import json
from typing import Any

import pytest
from hypothesis import given

from domain.chat.json_arguments import parse_arguments
from domain.json_types import MAX_NESTING
from tests.strategies import canonical


@given(canonical.json_objects())
def test_objects_are_parsed_exactly(value: dict[str, Any]) -> None:
    assert parse_arguments(json.dumps(value)) == value


@pytest.mark.parametrize("raw", ["", " ", "\n"])
def test_nothing_means_no_arguments(raw: str) -> None:
    assert parse_arguments(raw) == {}


def test_arguments_are_read_as_deep_as_they_can_be_written_again() -> None:
    raw = '{"a":' * MAX_NESTING + "1" + "}" * MAX_NESTING
    assert json.dumps(parse_arguments(raw), separators=(",", ":")) == raw
    assert parse_arguments(f'{{"a":{raw}}}') is None
    assert parse_arguments('{"a":' + "[" * MAX_NESTING + "]" * MAX_NESTING + "}") is None
    assert parse_arguments('{"a":[' + "[]," * 1_000 + "[]]}") is not None


@pytest.mark.parametrize("raw", ["[1]", "1", "null", '"a"', '{"a":', '{"a": NaN}', "[" * 100_000, "free text"])
def test_anything_else_is_not_an_object(raw: str) -> None:
    assert parse_arguments(raw) is None
