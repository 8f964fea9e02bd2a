import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from tests.strategies import canonical


@given(canonical.json_values())
def test_values_survive(value: Any) -> None:
    assert json_codec.decode(json_codec.encode(value)) == value
    assert json.loads(json_codec.encode(value)) == value


@given(st.text(st.characters()))
def test_lone_surrogates_survive(text: str) -> None:
    assert json_codec.decode(json_codec.encode(text)) == text


def test_integers_stay_exact() -> None:
    assert json_codec.decode(b"123456789012345678901234567890") == 123456789012345678901234567890
    assert isinstance(json_codec.decode(b"1.0"), float)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"NaN",
        b'"\\ud83d',
        b'["\\ud83d", NaN]',
        b'"\xff"',
        b"[" * 100_000,
        b'"\\u' + b"[" * 9,
        b'["\\ud83d",' + b"[" * 100_000,
    ],
)
def test_what_is_not_json_is_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - its text is the decoder's own
        json_codec.decode(data)


@given(st.binary(max_size=100))
def test_any_bytes_are_json_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        json_codec.decode(data)
