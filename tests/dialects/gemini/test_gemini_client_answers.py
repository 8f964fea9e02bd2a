"""Answers for Gemini clients: Google's types take them, they say what was said, and every loss is named."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import Reply
from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Citation,
    FileRef,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Url,
)
from domain.chat.fold import unfold
from domain.chat.loss import LossKind
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from tests.dialects.gemini.gemini_sdk import GEMINI, NOTHING_RENAMED, accepted
from tests.strategies.canonical import PNG, WAV, answers, responses, words
from tests.strategies.gemini_wire import merged, streams

REPLY = Reply(model="asked/model")
ANTHROPICS = Opaque(family="anthropic", value="sig==")
GOOGLES = Opaque(family="google", value="YWJj")
STOP = Finish(reason=FinishReason.STOP)


def answer(*parts: Part, finish: Finish = STOP, logprobs: Any = None, **members: Any) -> ChatResponse:
    told = Candidate(index=0, parts=parts, finish=finish, logprobs=logprobs)
    return ChatResponse(id="r1", model="upstream", candidates=(told,), **members)


def rendered(response: ChatResponse) -> dict[str, Any]:
    """The answer, after Google's types have accepted it."""
    document = GEMINI.render_response(response, REPLY)
    accepted(document)
    return document


def candidate(*parts: Part, finish: Finish = STOP, logprobs: Any = None) -> dict[str, Any]:
    (only,) = rendered(answer(*parts, finish=finish, logprobs=logprobs))["candidates"]
    return dict(only)


def said(*parts: Part) -> list[dict[str, Any]]:
    return list(candidate(*parts)["content"]["parts"])


def understood(parts: tuple[Part, ...]) -> list[Any]:
    """What of an answer every reader must agree on."""
    return [
        (each.name, each.arguments, each.id) if isinstance(each, ToolCall) else (type(each), each.text)
        for each in parts
        if isinstance(each, (ToolCall, Text, Reasoning))
    ]


# ---- every answer --------------------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(responses(max_candidates=3))
def test_reading_gives_back_what_was_said(response: ChatResponse) -> None:
    read = GEMINI.parse_response(rendered(response), NOTHING_RENAMED)
    assert [understood(each.parts) for each in read.candidates] == [
        understood(each.parts) for each in response.candidates
    ]
    assert [each.finish.reason for each in read.candidates] == [each.finish.reason for each in response.candidates]
    assert read.usage == response.usage
    assert (read.id, read.created_unix_s, read.model) == (response.id, response.created_unix_s, "asked/model")


@settings(max_examples=30)
@given(responses(family="anthropic"))
def test_an_answer_sent_back_means_what_it_meant(response: ChatResponse) -> None:
    (told,) = response.candidates
    document = rendered(response)
    contents = [document["candidates"][0]["content"], {"role": "user", "parts": [{"text": "go on"}]}]
    turn, _ = GEMINI.parse_request({"model": "m", "contents": contents}).messages
    history = [each for each in turn.parts if each != Text(text="")]
    assert understood(tuple(history)) == understood(told.parts)
    assert [each.signature for each in history if isinstance(each, Reasoning)] == [
        each.signature for each in told.parts if isinstance(each, Reasoning)
    ]


@settings(max_examples=30)
@given(streams())
def test_geminis_own_answers_come_through_translation_unchanged(chunks: list[dict[str, Any]]) -> None:
    response = GEMINI.parse_response(merged(chunks), NOTHING_RENAMED)
    read = GEMINI.parse_response(rendered(response), NOTHING_RENAMED)
    assert read.candidates == response.candidates
    assert read.usage == response.usage


@settings(max_examples=30)
@given(answers(max_candidates=2))
def test_what_every_dialect_can_tell_is_no_loss(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    assert [GEMINI.lost(event) for event in told[1] if GEMINI.lost(event) is not None] == []


# ---- parts ---------------------------------------------------------------------------------------------------------


def test_parts_keep_their_order_and_their_signatures() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}}
    call = ToolCall(id="c1", name="f", raw='{"a":1}', arguments={"a": 1}, signature=GOOGLES)
    assert said(
        Reasoning(text="hm", signature=GOOGLES),
        Text(text="a", signature=GOOGLES),
        call,
        OpaquePart(family="google", kind="executableCode", raw=code),
        OpaquePart(family="anthropic", kind="server_tool_use", raw={}),
        Refusal(text="no"),
    ) == [
        {"text": "hm", "thought": True, "thoughtSignature": "YWJj"},
        {"text": "a", "thoughtSignature": "YWJj"},
        {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "YWJj"},
        code,
        {"text": "no"},
    ]


def test_what_others_signed_is_sealed() -> None:
    (thought,) = said(Reasoning(text="hm", signature=ANTHROPICS))
    assert thought["thoughtSignature"] not in {"", ANTHROPICS.value}
    request = GEMINI.parse_request({"model": "m", "contents": [{"role": "model", "parts": [thought]}]})
    assert request.messages[0].parts == (Reasoning(text="hm", signature=ANTHROPICS),)


def test_arguments_that_are_no_object_are_not_lost() -> None:
    cut = ToolCall(id="1", name="f", raw='{"a":')
    custom = ToolCall(id="2", name="g", raw="ls", kind="custom")
    assert [each["functionCall"]["args"] for each in said(cut, custom)] == [{"__raw__": '{"a":'}, {"input": "ls"}]


def test_pictures_and_sound_are_inline() -> None:
    picture = Inline(media_type="image/png", base64=PNG)
    sound = Inline(media_type="audio/wav", base64=WAV)
    assert said(
        Image(source=picture), Audio(source=sound), Image(source=Url(url="https://example.com/a.png"))
    ) == [
        {"inlineData": {"mimeType": "image/png", "data": PNG}},
        {"inlineData": {"mimeType": "audio/wav", "data": WAV}},
    ]


def test_an_answer_that_says_nothing_has_a_part_all_the_same() -> None:
    assert said() == [{"text": ""}]
    assert (
        rendered(answer(finish=Finish(reason=FinishReason.LENGTH)))["candidates"][0]["finishReason"]
        == "MAX_TOKENS"
    )


# ---- endings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("finish", "word"),
    [
        (Finish(reason=FinishReason.STOP, native="end_turn"), "STOP"),
        (Finish(reason=FinishReason.TOOL_CALLS), "STOP"),
        (Finish(reason=FinishReason.LENGTH, native="length"), "MAX_TOKENS"),
        (Finish(reason=FinishReason.LENGTH, native="CONTINUATION", detail="continuation"), "CONTINUATION"),
        (Finish(reason=FinishReason.CONTENT_FILTER, native="content_filter"), "SAFETY"),
        (Finish(reason=FinishReason.CONTENT_FILTER, native="RECITATION", detail="recitation"), "RECITATION"),
        (Finish(reason=FinishReason.STOP, detail="refusal"), "SAFETY"),
        (Finish(reason=FinishReason.PAUSE), "STOP"),
        (Finish(reason=FinishReason.OTHER), "OTHER"),
    ],
)
def test_endings(finish: Finish, word: str) -> None:
    assert candidate(Text(text="a"), finish=finish)["finishReason"] == word


def test_who_declines_ends_with_safety_and_says_why() -> None:
    declined = candidate(Refusal(text="no"), finish=Finish(reason=FinishReason.STOP))
    assert declined["finishReason"] == "SAFETY"
    why = Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="harm")
    assert candidate(finish=why)["finishMessage"] == "harm"


def test_a_blocked_prompt_has_feedback_and_no_candidates() -> None:
    blocked = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "blockReasonMessage": "no"}}
    response = GEMINI.parse_response(blocked | {"responseId": "r1"}, NOTHING_RENAMED)
    assert rendered(response) == {**blocked, "modelVersion": "asked/model", "responseId": "r1"}


# ---- about the answer ----------------------------------------------------------------------------------------------


def test_usage_adds_up_and_leaves_zeros_out() -> None:
    usage = Usage(
        prompt_tokens=10,
        completion_tokens=7,
        cache_read_tokens=4,
        cache_write_tokens=0,
        reasoning_tokens=3,
        tool_prompt_tokens=2,
        audio_prompt_tokens=1,
        audio_completion_tokens=2,
    )
    assert rendered(answer(usage=usage))["usageMetadata"] == {
        "promptTokenCount": 8,
        "cachedContentTokenCount": 4,
        "candidatesTokenCount": 4,
        "toolUsePromptTokenCount": 2,
        "thoughtsTokenCount": 3,
        "totalTokenCount": 17,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
    }
    plain = rendered(answer(usage=Usage(prompt_tokens=1, completion_tokens=0, reasoning_tokens=0)))
    assert plain["usageMetadata"] == {"promptTokenCount": 1, "candidatesTokenCount": 0, "totalTokenCount": 1}


@given(words(), st.lists(words(), min_size=1, max_size=3), st.data())
def test_segments_are_the_bytes_of_what_is_cited(before: str, texts: list[str], data: st.DataObject) -> None:
    parts = [Text(text=before)]
    for text in texts:
        start = data.draw(st.integers(0, len(text) - 1))
        end = data.draw(st.integers(start + 1, len(text)))
        cited = Citation(kind="url", url="https://example.com/é", title="t", start=start, end=end)
        parts.append(Text(text=text, citations=(cited, replace(cited, kind="file", url=None))))
    grounding = candidate(*parts)["groundingMetadata"]
    assert grounding["groundingChunks"] == [
        {"web": {"uri": "https://example.com/é", "title": "t"}},
        {"retrievedContext": {"title": "t"}},
    ]
    whole = "".join(part.text for part in parts).encode()
    for support in grounding["groundingSupports"]:
        segment = support["segment"]
        assert whole[segment["startIndex"] : segment["endIndex"]].decode() == segment["text"]
    assert [support["groundingChunkIndices"] for support in grounding["groundingSupports"]] == [[0], [1]] * len(
        texts
    )


def test_a_source_without_a_place_supports_the_whole_text() -> None:
    source = Citation(kind="url", url="https://example.com")
    (support,) = candidate(Text(text="ab", citations=(source,)))["groundingMetadata"]["groundingSupports"]
    assert support["segment"] == {"startIndex": 0, "endIndex": 2, "text": "ab"}
    assert candidate(Text(text="", citations=(source,)))["groundingMetadata"] == {
        "groundingChunks": [{"web": {"uri": "https://example.com"}}]
    }


def test_logprobs_have_geminis_shape() -> None:
    entry = {"token": "a", "logprob": -0.5, "bytes": [97], "top_logprobs": [{"token": "b", "logprob": -1.0}]}
    result = candidate(Text(text="a"), logprobs=[entry])["logprobsResult"]
    assert result == {
        "chosenCandidates": [{"token": "a", "logProbability": -0.5}],
        "topCandidates": [{"candidates": [{"token": "b", "logProbability": -1.0}]}],
    }


def test_times_that_are_none_are_not_told() -> None:
    assert rendered(answer(created_unix_s=0))["createTime"] == "1970-01-01T00:00:00Z"
    assert "createTime" not in rendered(answer(created_unix_s=2**53))


# ---- losses --------------------------------------------------------------------------------------------------------


def losses(response: ChatResponse) -> dict[str, str]:
    found = [loss for event in unfold(response) if (loss := GEMINI.lost(event)) is not None]
    return {loss.code: loss.where for loss in found}


@pytest.mark.parametrize(
    ("response", "code", "where"),
    [
        (answer(finish=Finish(reason=FinishReason.PAUSE)), "finish_reworded", "/candidates/0/finishReason"),
        (
            answer(finish=Finish(reason=FinishReason.STOP, stop_sequence="END")),
            *("dropped_stop_sequence", "/candidates/0/finishReason"),
        ),
        (
            answer(finish=Finish(reason=FinishReason.LENGTH, detail="context_window")),
            *("dropped_finish_detail", "/candidates/0/finishReason"),
        ),
        (
            answer(OpaquePart(family="anthropic", kind="x", raw={})),
            *("dropped_opaque_part", "/candidates/0/content"),
        ),
        (
            answer(Image(source=FileRef(family="openai", file_id="x"))),
            *("dropped_media", "/candidates/0/content"),
        ),
        (
            answer(Audio(source=Inline(media_type="audio/wav", base64=WAV), transcript="hi")),
            *("dropped_transcript", "/candidates/0/content"),
        ),
        (
            answer(Text(text="a", citations=(Citation(kind="doc_page", title="t"),))),
            *("dropped_citation", "/candidates/0/groundingMetadata"),
        ),
        (
            answer(Text(text="a", citations=(Citation(kind="url", url="u", cited_text="t"),))),
            *("shortened_citation", "/candidates/0/groundingMetadata"),
        ),
        (
            answer(usage=Usage(prompt_tokens=3, completion_tokens=0, cache_write_tokens=2)),
            *("dropped_usage_detail", "/usageMetadata"),
        ),
        (answer(service_tier="priority"), "dropped_service_tier", "/serviceTier"),
    ],
)
def test_losses_are_named(response: ChatResponse, code: str, where: str) -> None:
    assert losses(response) == {code: where}


def test_only_what_was_said_weighs() -> None:
    (loss,) = (GEMINI.lost(event) for event in unfold(answer(service_tier="flex")) if GEMINI.lost(event))
    assert loss is not None
    assert loss.kind is LossKind.HINT
    assert losses(answer(OpaquePart(family="google", kind="x", raw={}), service_tier="default")) == {}
