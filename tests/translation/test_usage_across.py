"""Counts of every upstream for clients of every dialect: parts add up to their wholes, there and back."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.chat import events as ev
from domain.chat.fold import unfold
from domain.chat.usage import Usage
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.crossing import each_client, each_pair, encoded, parsed, rendered_body, whole
from tests.translation.official_clients import documents, read_body
from tests.translation.said import Said
from tests.translation.upstreams import UPSTREAMS

number = st.integers(0, 100_000)
USAGE = {OPENAI_CHAT: "usage", OPENAI_RESPONSES: "usage", ANTHROPIC_MESSAGES: "usage", GEMINI: "usageMetadata"}
DETAILS = {
    OPENAI_CHAT: ("prompt_tokens_details", "completion_tokens_details"),
    OPENAI_RESPONSES: ("input_tokens_details", "output_tokens_details"),
}


def counted(upstream: str, usage: dict[str, Any]) -> Any:
    return {**UPSTREAMS[upstream].body(Said(text="hi")), USAGE[upstream]: usage}


@st.composite
def anthropic_usages(draw: st.DrawFn) -> dict[str, int]:
    names = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
    return {name: draw(number) for name in names}


@each_client
@settings(max_examples=40)
@given(usage=anthropic_usages())
def test_caches_count_into_the_prompt_and_out_again(client: str, usage: dict[str, int]) -> None:
    """Messages counts beside the cache, the others with it. Gemini has no word for what was written to it."""
    prompt = usage["input_tokens"] + usage["cache_read_input_tokens"] + usage["cache_creation_input_tokens"]
    body = whole(ANTHROPIC_MESSAGES, client, counted(ANTHROPIC_MESSAGES, usage))
    assert read_body(client, body).counts.prompt == prompt
    answer = parsed(client, body)
    assert answer.usage is not None
    assert answer.usage.total_tokens == prompt + usage["output_tokens"]
    again = rendered_body(ANTHROPIC_MESSAGES, answer)["usage"]
    back = {name: again.get(name) or 0 for name in usage}
    if client == GEMINI:
        back["input_tokens"] -= usage["cache_creation_input_tokens"]
        back["cache_creation_input_tokens"] += usage["cache_creation_input_tokens"]
        lost = DIALECTS[client].lost(ev.UsageReported(Usage(cache_write_tokens=1)))
        assert lost is not None
    assert back == usage


@st.composite
def gemini_usages(draw: st.DrawFn) -> dict[str, int]:
    """Counts as protobuf sends them: no zeros."""
    cached, fresh, tool, said, thought = (draw(number) for _ in range(5))
    fresh += 1
    counts = {
        "promptTokenCount": cached + fresh,
        "cachedContentTokenCount": cached,
        "toolUsePromptTokenCount": tool,
        "candidatesTokenCount": said,
        "thoughtsTokenCount": thought,
        "totalTokenCount": cached + fresh + tool + said + thought,
    }
    return {name: count for name, count in counts.items() if count}


@each_client
@settings(max_examples=40)
@given(usage=gemini_usages())
def test_geminis_parts_add_up_to_its_total(client: str, usage: dict[str, int]) -> None:
    counts = read_body(client, whole(GEMINI, client, counted(GEMINI, usage))).counts
    assert counts.prompt == usage.get("promptTokenCount", 0) + usage.get("toolUsePromptTokenCount", 0)
    assert counts.completion == usage.get("candidatesTokenCount", 0) + usage.get("thoughtsTokenCount", 0)
    assert counts.prompt + counts.completion == usage.get("totalTokenCount", 0)
    assert counts.cached == usage.get("cachedContentTokenCount", 0)
    assert counts.reasoned == usage.get("thoughtsTokenCount", 0)


def test_geminis_parts_are_never_more_than_their_whole() -> None:
    """Even where another upstream contradicts itself."""
    usage = Usage(prompt_tokens=2, completion_tokens=1, reasoning_tokens=5, tool_prompt_tokens=3)
    answer = replace(parsed(GEMINI, UPSTREAMS[GEMINI].body(Said(text="hi"))), usage=usage)
    counts = read_body(GEMINI, rendered_body(GEMINI, answer)).counts
    assert (counts.prompt, counts.completion, counts.reasoned) == (2, 1, 1)


@each_pair
@settings(max_examples=20)
@given(fresh=number, cached=number, said=number, thought=number)
def test_counts_are_the_same_after_a_round_trip(
    upstream: str, client: str, fresh: int, cached: int, said: int, thought: int
) -> None:
    usage = Usage(
        prompt_tokens=fresh + cached,
        completion_tokens=said + thought,
        cache_read_tokens=cached or None,
        reasoning_tokens=thought or None,
    )
    answer = parsed(upstream, UPSTREAMS[upstream].body(Said(text="hi")))
    told = [ev.UsageReported(usage) if isinstance(event, ev.UsageReported) else event for event in unfold(answer)]
    seen = {json.dumps(_numbers(client, document)) for document in _last_usages(client, encoded(client, told))}
    assert seen == {json.dumps([fresh + cached, cached, said + thought, thought])}


def _last_usages(client: str, stream: bytes) -> list[Any]:
    """The counts of the stream's last words about them."""
    found = [document.get("response", document) for document in documents(stream)]
    return [document[USAGE[client]] for document in found if document.get(USAGE[client])][-1:]


def _numbers(client: str, usage: dict[str, Any]) -> list[int]:
    """Prompt, of which cached, completion, of which thought."""
    if client == ANTHROPIC_MESSAGES:
        read = usage.get("cache_read_input_tokens") or 0
        thought = (usage.get("output_tokens_details") or {}).get("thinking_tokens", 0)
        return [usage["input_tokens"] + read, read, usage["output_tokens"], thought]
    if client == GEMINI:
        thought = usage.get("thoughtsTokenCount", 0)
        said = usage.get("candidatesTokenCount", 0)
        return [usage.get("promptTokenCount", 0), usage.get("cachedContentTokenCount", 0), said + thought, thought]
    read, written = (usage.get(name) or {} for name in DETAILS[client])
    prompt, completion = ("prompt", "completion") if client == OPENAI_CHAT else ("input", "output")
    assert usage["total_tokens"] == usage[f"{prompt}_tokens"] + usage[f"{completion}_tokens"]
    return [
        usage[f"{prompt}_tokens"],
        read.get("cached_tokens") or 0,
        usage[f"{completion}_tokens"],
        written.get("reasoning_tokens") or 0,
    ]


@each_pair
def test_who_does_not_count_is_not_made_to(upstream: str, client: str) -> None:
    """An answer without counts has none, or zeros where the client's type demands a number; never a guess."""
    body = UPSTREAMS[upstream].body(Said(text="hi"))
    del body[USAGE[upstream]]
    answer = parsed(upstream, body)
    assert answer.usage is None
    told = rendered_body(client, answer).get(USAGE[client])
    assert not told or not any(told.values())


@pytest.mark.parametrize("client", [OPENAI_CHAT, OPENAI_RESPONSES])
def test_responses_writes_to_the_cache_are_told(client: str) -> None:
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 3},
        "output_tokens": 4,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 13,
    }
    told = whole(OPENAI_RESPONSES, client, counted(OPENAI_RESPONSES, usage))["usage"]
    assert told[DETAILS[client][0]]["cache_write_tokens"] == 3
    assert whole(OPENAI_RESPONSES, ANTHROPIC_MESSAGES, counted(OPENAI_RESPONSES, usage))["usage"] == {
        "input_tokens": 4,
        "cache_read_input_tokens": 2,
        "cache_creation_input_tokens": 3,
        "output_tokens": 4,
        "output_tokens_details": {"thinking_tokens": 1},
    }
