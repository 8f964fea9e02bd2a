"""Buffered answers of every upstream for clients of every dialect: the official types take them and read the same."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.chat.content import Reasoning, Text, ToolCall
from domain.chat.fold import fold, unfold
from tests.strategies.canonical import words
from tests.strategies.dialects import DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation import said as saying
from tests.translation.crossing import (
    decoded,
    each_client,
    each_pair,
    encoded,
    parsed,
    rendered_body,
    streamed,
    whole,
)
from tests.translation.official_clients import read_body, read_stream
from tests.translation.said import EXACT_ARGUMENTS, SURROGATES, Call, Said
from tests.translation.upstreams import UPSTREAMS

TEXT_WIRES = (OPENAI_CHAT, OPENAI_RESPONSES)
"""Dialects that hold a call's arguments as text, and must keep its spelling."""


def calling(*arguments: str) -> Said:
    calls = tuple(Call(id=f"call_{n}abcdef", name="f", arguments=one) for n, one in enumerate(arguments))
    return Said(calls=calls, ending="tool_calls")


EVERY_ARGUMENT = calling(*EXACT_ARGUMENTS)


@each_pair
@settings(max_examples=12)
@given(told=saying.answers())
@example(told=EVERY_ARGUMENT)
def test_official_clients_read_what_was_said(upstream: str, client: str, told: Said) -> None:
    read = read_body(client, whole(upstream, client, UPSTREAMS[upstream].body(told)))
    assert read.meant() == told.meant()


@pytest.mark.parametrize("upstream", TEXT_WIRES)
@pytest.mark.parametrize("client", TEXT_WIRES)
def test_arguments_keep_their_spelling_where_they_are_text(upstream: str, client: str) -> None:
    read = read_body(client, whole(upstream, client, UPSTREAMS[upstream].body(EVERY_ARGUMENT)))
    assert read.calls == EVERY_ARGUMENT.calls


@each_pair
@settings(max_examples=12)
@given(text=st.one_of(words(), st.sampled_from(["\ud83d", "half \udc00 an emoji"])))
def test_what_is_sent_is_read_back(upstream: str, client: str, text: str) -> None:
    """Half characters included, which a client that cuts texts anywhere gives and gets."""
    told = Said(text=text, calls=calling(*EXACT_ARGUMENTS, SURROGATES).calls, ending="tool_calls")
    body = whole(upstream, client, UPSTREAMS[upstream].body(told))
    (candidate,) = parsed(client, body).candidates
    assert "".join(part.text for part in candidate.parts if isinstance(part, Text)) == text
    arguments = [part.arguments for part in candidate.parts if isinstance(part, ToolCall)]
    assert [json.dumps(one) for one in arguments] == [
        json.dumps(json.loads(call.arguments)) for call in told.calls
    ]


@each_pair
@pytest.mark.parametrize("ending", ["stop", "tool_calls"])
def test_an_answer_that_calls_ends_so(upstream: str, client: str, ending: saying.Ending) -> None:
    """Even where the upstream's own word is that it merely stopped."""
    told = replace(EVERY_ARGUMENT, ending=ending)
    assert read_body(client, whole(upstream, client, UPSTREAMS[upstream].body(told))).ending == "tool_calls"
    frames = UPSTREAMS[upstream].frames(told, 9)
    assert read_stream(client, streamed(upstream, client, frames)).ending == "tool_calls"


# ---- several candidates --------------------------------------------------------------------------------------------


def _several(upstream: str, each: tuple[Said, Said]) -> Any:
    first, second = (UPSTREAMS[upstream].body(one) for one in each)
    name = "choices" if upstream == OPENAI_CHAT else "candidates"
    return {**first, name: [first[name][0], {**second[name][0], "index": 1}]}


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, GEMINI])
@each_client
@settings(max_examples=12)
@given(first=saying.answers(), second=saying.answers())
def test_candidates_stay_apart(upstream: str, client: str, first: Said, second: Said) -> None:
    """Nothing of one is said by another; where there is room for one answer, the first is told and the loss named."""
    answer = parsed(upstream, _several(upstream, (first, second)))
    events = list(unfold(answer))
    for read in (
        parsed(client, rendered_body(client, answer)),
        fold(decoded(client, [encoded(client, events)])),
    ):
        kept = [first, second] if client in (OPENAI_CHAT, GEMINI) else [first]
        assert [_said(candidate.parts) for candidate in read.candidates] == [
            (one.thought, one.text, tuple(call.name for call in one.calls)) for one in kept
        ]
    codes = {loss.code for event in events if (loss := DIALECTS[client].lost(event)) is not None}
    assert ("dropped_candidate" in codes) is (client not in (OPENAI_CHAT, GEMINI))


def _said(parts: tuple[Any, ...]) -> tuple[str, str, tuple[str, ...]]:
    return (
        "".join(part.text for part in parts if isinstance(part, Reasoning)),
        "".join(part.text for part in parts if isinstance(part, Text)),
        tuple(part.name for part in parts if isinstance(part, ToolCall)),
    )


# ---- sources -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", [OPENAI_CHAT, OPENAI_RESPONSES, GEMINI])
@settings(max_examples=12)
@given(before=words(), cited=words(), after=words())
@example(before="é😀", cited="ü", after="😀")
def test_a_cited_place_is_the_cited_text(client: str, before: str, cited: str, after: str) -> None:
    """Gemini counts bytes; the others count characters, whatever their bytes are."""
    start, end = len(before.encode()), len((before + cited).encode())
    segment = {"startIndex": start, "endIndex": end, "text": cited}
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }
    body = UPSTREAMS[GEMINI].body(Said(text=before + cited + after))
    body["candidates"][0]["groundingMetadata"] = grounding
    told = whole(GEMINI, client, body)
    text, place = _cited(client, told)
    assert text[place] == cited if client != GEMINI else text.encode()[place].decode() == cited


def _cited(client: str, told: Any) -> tuple[str, slice]:
    if client == OPENAI_CHAT:
        message = told["choices"][0]["message"]
        (source,) = (note["url_citation"] for note in message["annotations"])
        return message["content"], slice(source["start_index"], source["end_index"])
    if client == OPENAI_RESPONSES:
        (part,) = told["output"][0]["content"]
        (source,) = part["annotations"]
        return part["text"], slice(source["start_index"], source["end_index"])
    candidate = told["candidates"][0]
    (support,) = candidate["groundingMetadata"]["groundingSupports"]
    text = "".join(part["text"] for part in candidate["content"]["parts"])
    return text, slice(support["segment"].get("startIndex", 0), support["segment"]["endIndex"])
