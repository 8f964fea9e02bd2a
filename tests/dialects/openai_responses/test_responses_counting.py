"""The counting endpoint of Responses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import InputTokenCountResponse
from openai.types.responses.input_token_count_params import InputTokenCountParams
from pydantic import TypeAdapter

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_responses.counting import parse_count, render_count, render_count_request
from domain.errors import MalformedResponse


def test_only_what_the_endpoint_knows_is_sent() -> None:
    body = {
        "model": "gpt-5",
        "input": [{"role": "user", "content": "hi"}],
        "instructions": "Be brief.",
        "stream": True,
        "store": False,
        "max_output_tokens": 5,
        "temperature": 1,
        "tools": [{"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": True}],
    }
    counted = render_count_request(RenderedRequest(body=body))
    assert set(counted) == {"model", "input", "instructions", "tools"}
    TypeAdapter(InputTokenCountParams).validate_python(counted)


@given(st.integers(min_value=0))
def test_counts_go_round(tokens: int) -> None:
    assert parse_count(render_count(tokens)) == tokens
    InputTokenCountResponse.model_validate(render_count(tokens))


@pytest.mark.parametrize(
    "body", [None, [], {}, {"input_tokens": "3"}, {"input_tokens": True}, {"input_tokens": -1}]
)
def test_what_is_no_count(body: object) -> None:
    with pytest.raises(MalformedResponse):
        parse_count(body)
