"""Usage that passes through is read as usage that is translated."""

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.openai_chat.usage import parse_usage
from adapters.dialects.openai_chat.usage_tap import glance_at_usage
from domain.errors import MalformedResponse

_COUNTS = st.one_of(
    st.integers(0, 100),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none(),
    st.booleans(),
    st.text(max_size=2),
)
_DETAILS = st.dictionaries(
    st.sampled_from(
        ["cached_tokens", "audio_tokens", "image_tokens", "cache_write_tokens", "reasoning_tokens", "other"]
    ),
    _COUNTS,
)


def _usages() -> st.SearchStrategy[Any]:
    totals = ["prompt_tokens", "completion_tokens", "total_tokens", "cache_read_input_tokens", "other"]
    plain = st.dictionaries(st.sampled_from(totals), st.one_of(st.integers(0, 50), _COUNTS))
    details = st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens_details": st.one_of(_DETAILS, st.none(), st.just([])),
            "completion_tokens_details": st.one_of(_DETAILS, st.none()),
        },
    )
    objects = st.builds(lambda one, other: {**one, **other}, plain, details)
    return st.one_of(objects, st.none(), st.just([]), st.just("x"))


@given(_usages())
@example({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3})
@example({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 9})
@example({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3, "prompt_tokens_details": {}})
def test_it_says_what_parsing_says(usage: Any) -> None:
    raw = msgspec.Raw(json_codec.encode(usage))
    assert glance_at_usage(raw) == parse_usage(usage)


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(MalformedResponse):
        glance_at_usage(msgspec.Raw(b'{"prompt_tokens": '))
