"""Answers with all the liberties that upstreams take: clients get sound streams, which say what the bodies say."""

import json
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.chat.events import StreamEvent
from domain.chat.fold import fold, unfold
from tests.dialects.openai_responses import answer_wire
from tests.strategies import anthropic_wire, canonical, gemini_wire
from tests.strategies.dialects import ANTHROPIC_MESSAGES, GEMINI, OPENAI_RESPONSES
from tests.translation.crossing import decoded, each_client, encoded, parsed, rendered_body
from tests.translation.official_clients import read_body, read_stream
from tests.translation.stream_grammars import check_stream


def told_to(client: str, events: list[StreamEvent]) -> None:
    """The client's official package reads the same in the stream as in the body."""
    stream = encoded(client, events)
    check_stream(client, stream)
    whole = rendered_body(client, fold(events))
    assert read_stream(client, stream) == read_body(client, whole)


@each_client
@settings(max_examples=20)
@given(answer=anthropic_wire.answers())
def test_messages(client: str, answer: anthropic_wire.WireAnswer) -> None:
    ids = [block["id"] for block in answer.body["content"] if block["type"] == "tool_use"]
    assume(len(ids) == len(set(ids)))
    told_to(client, decoded(ANTHROPIC_MESSAGES, [answer.stream]))
    told_to(client, list(unfold(parsed(ANTHROPIC_MESSAGES, answer.body))))


@each_client
@settings(max_examples=20)
@given(chunks=gemini_wire.streams(max_candidates=1))
def test_generate_content(client: str, chunks: list[dict[str, Any]]) -> None:
    parts = (part for chunk in chunks for part in chunk["candidates"][0].get("content", {}).get("parts", ()))
    ids = [part["functionCall"]["id"] for part in parts if part.get("functionCall", {}).get("id")]
    assume(len(ids) == len(set(ids)))
    counts = {"usageMetadata": chunks[-1]["usageMetadata"]}  # they only grow
    told = [{**chunk, **counts} for chunk in chunks]
    told_to(client, decoded(GEMINI, [gemini_wire.sse(told)]))
    told_to(client, list(unfold(parsed(GEMINI, gemini_wire.merged(told)))))


def output_items() -> st.SearchStrategy[dict[str, Any]]:
    """Items of Responses in every form that others have no word for, or another one."""
    words = canonical.words()
    parts = st.one_of(words.map(answer_wire.text), words.map(answer_wire.refusal))
    return st.one_of(
        st.lists(parts, min_size=1, max_size=3).map(lambda said: answer_wire.message(*said)),
        words.map(answer_wire.custom_call),
        st.builds(answer_wire.call, arguments=canonical.json_objects().map(json.dumps)),
        st.lists(words, max_size=3).map(lambda summary: answer_wire.thought(*summary, encrypted="gA")),
        words.map(lambda raw: answer_wire.thought(raw=(raw,))),
        st.just(answer_wire.SEARCH),
    )


@each_client
@settings(max_examples=20)
@given(output=st.lists(output_items(), max_size=4))
def test_responses(client: str, output: list[dict[str, Any]]) -> None:
    told = [_numbered(item, number) for number, item in enumerate(output)]
    whole = answer_wire.body(*told)
    told_to(client, decoded(OPENAI_RESPONSES, [answer_wire.sse(*answer_wire.events_of(whole))]))
    told_to(client, list(unfold(parsed(OPENAI_RESPONSES, whole))))


def _numbered(item: dict[str, Any], number: int) -> dict[str, Any]:
    return {name: f"{value}{number}" if name in ("id", "call_id") else value for name, value in item.items()}
