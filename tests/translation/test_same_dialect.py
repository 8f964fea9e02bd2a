"""Requests that stay in their dialect: writing them is the inverse of reading them, and nothing is lost."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from domain.chat.request import ChatRequest
from tests.strategies.canonical import json_objects
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, target
from tests.translation.requests_across import BODIES, MODELS, each_foreign_pair

TAKES_EVERYTHING = OpenAIChat(ChatQuirks(returns_reasoning=True, cache_hints="cache_control", top_k=True))
"""A server that speaks Chat Completions with all that its copies added."""
OWN = {**DIALECTS, OPENAI_CHAT: TAKES_EVERYTHING}
NEW = {"xUnheardOf": {"a": [1, {"b": None}]}}
PLACES: dict[str, str] = {
    OPENAI_CHAT: "messages",
    OPENAI_RESPONSES: "input",
    ANTHROPIC_MESSAGES: "messages",
    GEMINI: "contents",
}
each_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def sent(dialect: str, request: ChatRequest) -> RenderedRequest:
    return OWN[dialect].render_request(
        request, target(dialect, "claude-x" if dialect == ANTHROPIC_MESSAGES else "m")
    )


@each_dialect
@settings(max_examples=25)
@given(data=st.data())
def test_what_is_written_means_what_was_read(dialect: str, data: st.DataObject) -> None:
    body = data.draw(BODIES[dialect])
    asked = OWN[dialect].parse_request(body)
    written = {"stream": asked.stream, **sent(dialect, asked).body, "model": asked.model}
    again = OWN[dialect].parse_request(written)
    assert sent(dialect, again).body == sent(dialect, asked).body
    if dialect != OPENAI_CHAT:  # whose clients add what no server takes back: thoughts, marks on calls, sources
        assert replace(again, include_usage=asked.include_usage) == asked


@each_dialect
@settings(max_examples=10)
@given(data=st.data(), new=json_objects())
def test_members_that_came_later_stay_where_they_stood(
    dialect: str, data: st.DataObject, new: dict[str, Any]
) -> None:
    body = {**data.draw(BODIES[dialect]), "xUnheardOf": {"a": 1, **new}}
    written = sent(dialect, OWN[dialect].parse_request(body))
    assert written.body["xUnheardOf"] == body["xUnheardOf"]


@each_foreign_pair
@settings(max_examples=10)
@given(data=st.data())
def test_members_that_came_later_are_named_elsewhere(client: str, upstream: str, data: st.DataObject) -> None:
    plain: dict[str, dict[str, Any]] = {
        OPENAI_CHAT: {"messages": [{"role": "user", "content": "hi"}]},
        OPENAI_RESPONSES: {"input": [{"role": "user", "content": "hi"}]},
        ANTHROPIC_MESSAGES: {"messages": [{"role": "user", "content": "hi"}], "max_tokens": 100},
        GEMINI: {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
    }
    body: dict[str, Any] = {"model": "m", **plain[client], **NEW}
    said = body[PLACES[client]]
    body[PLACES[client]] = [{**said[0], "xInside": True}]
    asked = DIALECTS[client].parse_request(body)
    rendered = DIALECTS[upstream].render_request(
        asked, target(upstream, data.draw(st.sampled_from(MODELS[upstream])))
    )
    places = {DIALECTS[client].place(loss.where, body) for loss in rendered.losses}
    assert {"/xUnheardOf", f"/{PLACES[client]}/0/xInside"} <= places
    assert "xUnheardOf" not in rendered.body
