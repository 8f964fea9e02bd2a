"""Counting the tokens of a request."""

from functools import cache
from typing import Any

import pytest
from anthropic.types import MessageTokensCount
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from hypothesis import given, settings
from pydantic import TypeAdapter

from adapters.dialects.anthropic_messages.counting import parse_count, render_count, render_count_request
from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from domain.chat.request import ChatRequest
from domain.errors import MalformedResponse
from tests.dialects.anthropic_messages.targets import ADAPTIVE, render
from tests.strategies.anthropic_wire import request_bodies
from tests.strategies.canonical import requests

BETA = ("context_management", "mcp_servers")


@cache
def _adapter() -> TypeAdapter[Any]:
    return TypeAdapter(MessageCountTokensParams)


@settings(max_examples=25)
@given(requests())
def test_any_request_can_be_counted(request: ChatRequest) -> None:
    counted = render_count_request(render(request, ADAPTIVE))
    _adapter().validate_python(counted, extra="forbid")
    assert {"model", "messages"} <= counted.keys()


@settings(max_examples=25)
@given(request_bodies())
def test_what_counts_is_sent_as_it_came(body: dict[str, Any]) -> None:
    counted = render_count_request(render(AnthropicMessages().parse_request(body)))
    assert counted.items() <= {**body, "model": "claude-x"}.items()
    assert not {"max_tokens", "stream", "metadata", "stop_sequences", "temperature"} & counted.keys()
    _adapter().validate_python({name: value for name, value in counted.items() if name not in BETA})


def test_a_count_is_read_and_told() -> None:
    assert parse_count({"input_tokens": 7, "context_management": {}}) == 7
    assert MessageTokensCount.model_validate(render_count(7)).input_tokens == 7


@pytest.mark.parametrize(
    "body", [None, [], {}, {"input_tokens": "7"}, {"input_tokens": True}, {"input_tokens": -1}]
)
def test_what_is_no_count_is_refused(body: Any) -> None:
    with pytest.raises(MalformedResponse):
        parse_count(body)
