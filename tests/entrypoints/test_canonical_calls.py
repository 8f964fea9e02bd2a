"""What routing asks of a request that was never written in a dialect."""

from dataclasses import replace

import pytest
from hypothesis import given

from adapters.observability.system_clock import SystemClock
from domain.chat.content import Text
from domain.chat.request import ChatRequest, Effort, Message, ReasoningSettings, Role
from entrypoints.canonical_calls import CanonicalDocument, chat_call
from tests.strategies.canonical import requests

HELLO = Message(Role.USER, (Text("hello"),))
REQUEST = ChatRequest(model="m", messages=(HELLO,))


@given(requests())
def test_a_request_is_called_as_it_is(request: ChatRequest) -> None:
    for stream in (False, True):
        call = chat_call(request, SystemClock(), stream=stream)
        assert (call.model, call.stream) == (request.model, stream)
        assert call.document.canonical() == replace(request, stream=stream, include_usage=stream)


def test_every_call_has_an_id_of_its_own() -> None:
    assert len({chat_call(REQUEST, SystemClock(), stream=False).request_id for _ in range(10)}) == 10


@pytest.mark.parametrize(
    ("settings", "reasons"),
    [
        (None, False),
        (ReasoningSettings(effort=Effort.NONE), False),
        (ReasoningSettings(budget_tokens=0), False),
        (ReasoningSettings(effort=Effort.LOW), True),
        (ReasoningSettings(budget_tokens=-1), True),
        (ReasoningSettings(adaptive=True), True),
    ],
)
def test_who_asks_for_thought_is_given_the_time_for_it(settings: ReasoningSettings | None, reasons: bool) -> None:
    assert CanonicalDocument(replace(REQUEST, reasoning=settings)).asks_to_reason() is reasons


def test_requests_that_begin_alike_open_alike() -> None:
    longer = replace(REQUEST, messages=(HELLO,) * 5, max_output_tokens=9)
    even_longer = replace(REQUEST, messages=(HELLO,) * 9)
    assert CanonicalDocument(longer).opening() == CanonicalDocument(even_longer).opening()
    assert CanonicalDocument(longer).opening() != CanonicalDocument(REQUEST).opening()


def test_another_model_gets_the_same_request() -> None:
    changed = CanonicalDocument(REQUEST).changed("other", {})
    assert changed.canonical() == replace(REQUEST, model="other")
    assert changed.place("/messages/0") == "/messages/0"
