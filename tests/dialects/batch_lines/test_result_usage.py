"""What the answers in a batch's results took, in the words of every endpoint."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.batch_lines.result_usage import read_usage
from domain.batch.job import JobUsage


def result(body: Any) -> bytes:
    response = {"status_code": 200, "request_id": "r", "body": body}
    return json.dumps({"id": "b", "custom_id": "a", "response": response, "error": None}).encode() + b"\n"


CHAT = {
    "prompt_tokens": 7,
    "completion_tokens": 5,
    "total_tokens": 12,
    "prompt_tokens_details": {"cached_tokens": 3, "audio_tokens": None},
    "completion_tokens_details": {"reasoning_tokens": 2},
}
RESPONSES = {
    "input_tokens": 7,
    "output_tokens": 5,
    "total_tokens": 12,
    "input_tokens_details": {"cached_tokens": 3},
    "output_tokens_details": {"reasoning_tokens": 2},
}
WHOLE = JobUsage(prompt_tokens=7, cached_tokens=3, answer_tokens=5, reasoning_tokens=2)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        (CHAT, WHOLE),
        (RESPONSES, WHOLE),
        ({"prompt_tokens": 7, "total_tokens": 7}, JobUsage(prompt_tokens=7)),
        (
            {"prompt_tokens": 7, "completion_tokens": None, "prompt_tokens_details": None},
            JobUsage(prompt_tokens=7),
        ),
        ({}, JobUsage()),
    ],
)
def test_every_endpoint_says_what_it_took(usage: Any, expected: JobUsage) -> None:
    assert read_usage(result({"usage": usage})) == expected
    assert read_usage(result({"text": "\ud800", "usage": usage})) == expected


@pytest.mark.parametrize(
    "raw",
    [
        result({}),
        result({"usage": None}),
        result({"usage": {"prompt_tokens": "seven"}}),
        result({"usage": 7, "text": "\ud800"}),
        result("text"),
        b'{"id":"b","custom_id":"a","response":null,"error":{"code":"batch_expired"}}\n',
        b"\n",
        b"{",
        b'"\xff"',
        b'{"response":{"body":{"text":' + b"[" * 5_000,
    ],
)
def test_what_says_nothing_is_nothing(raw: bytes) -> None:
    assert read_usage(raw) is None


COUNTS = st.integers(0, 2**62)


@given(st.lists(st.builds(JobUsage, prompt_tokens=COUNTS, cached_tokens=COUNTS, answer_tokens=COUNTS)))
def test_usage_adds_up(several: list[JobUsage]) -> None:
    total = sum(several, JobUsage())
    assert total.prompt_tokens == sum(one.prompt_tokens for one in several)
    assert total.cached_tokens == sum(one.cached_tokens for one in several)
    assert total.answer_tokens == sum(one.answer_tokens for one in several)
    assert total.reasoning_tokens == 0
