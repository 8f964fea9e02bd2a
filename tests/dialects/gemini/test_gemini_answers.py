"""Answers of the Gemini API: buffered and streamed say the same, endings are honest, usage adds up."""

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest
from domain.chat import events as ev
from domain.chat.content import Audio, Citation, Image, Inline, Opaque, OpaquePart, Reasoning, Text, ToolCall
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, Finish, FinishReason
from domain.chat.tool_names import ToolNames
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedResponse, UpstreamError
from tests.dialects.gemini.gemini_sdk import GEMINI, NOTHING_RENAMED, decoded
from tests.strategies.canonical import PNG, WAV, json_values, splits, words
from tests.strategies.gemini_wire import merged, sse, streams, usage_counts


def candidate(*parts: dict[str, Any], finish: Any = "STOP", **members: Any) -> dict[str, Any]:
    return {"content": {"role": "model", "parts": list(parts)}, "finishReason": finish, **members}


def read(*candidates: dict[str, Any], rendered: RenderedRequest = NOTHING_RENAMED, **members: Any) -> ChatResponse:
    body = {"candidates": list(candidates), "responseId": "r1", "modelVersion": "gemini-3-flash", **members}
    return GEMINI.parse_response(body, rendered)


def call(name: str = "f", **members: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, **members}}


# ---- streamed and buffered -----------------------------------------------------------------------------------------


@given(streams())
def test_streamed_equals_buffered(chunks: list[dict[str, Any]]) -> None:
    assert fold(decoded(sse(chunks))) == GEMINI.parse_response(merged(chunks), NOTHING_RENAMED)


@given(st.data())
def test_any_split_of_the_bytes_gives_the_same_events(data: st.DataObject) -> None:
    stream = sse(data.draw(streams()), data.draw(st.sampled_from(["\r\n", "\n"])))
    assert decoded(*data.draw(splits(stream))) == decoded(stream)


@given(streams())
def test_blocks_are_opened_and_closed_once_and_in_sequence(chunks: list[dict[str, Any]]) -> None:
    events = decoded(sse(chunks))
    assert isinstance(events[0], ev.Started)
    assert isinstance(events[-1], ev.Ended)
    opened: dict[int, int | None] = {}
    following: dict[int, int] = {}
    for event in events:
        if isinstance(event, ev.BlockStarted):
            assert opened.get(event.candidate) is None
            assert event.block == following.get(event.candidate, 0)
            opened[event.candidate], following[event.candidate] = event.block, event.block + 1
        elif isinstance(event, ev.BlockStopped):
            assert opened[event.candidate] == event.block
            opened[event.candidate] = None


@given(streams())
def test_candidates_do_not_leak_into_each_other(chunks: list[dict[str, Any]]) -> None:
    whole = merged(chunks)
    together = GEMINI.parse_response(whole, NOTHING_RENAMED)
    for index, alone in enumerate(whole["candidates"]):
        single = GEMINI.parse_response(whole | {"candidates": [alone]}, NOTHING_RENAMED)
        assert single.candidates == (together.candidates[index],)


@given(st.data())
def test_a_stream_cut_between_events_fails(data: st.DataObject) -> None:
    chunks = data.draw(streams(max_candidates=1))
    kept = chunks[: data.draw(st.integers(0, len(chunks) - 1))]
    last = decoded(sse(kept))[-1]
    assert isinstance(last, ev.Failed)
    assert last.error.kind is ErrorKind.TRUNCATED


# ---- parts ---------------------------------------------------------------------------------------------------------


def test_plain_text_in_pieces_is_one_text() -> None:
    answer = read(candidate({"text": "a"}, {"text": ""}, {"text": "b"}))
    assert answer.candidates[0].parts == (Text(text="ab"),)


def test_thoughts_are_reasoning_and_the_signature_stays_with_its_part() -> None:
    answer = read(
        candidate(
            {"text": "hm", "thought": True},
            {"text": "!", "thought": True, "thoughtSignature": "YQ=="},
            {"text": "said"},
            {"text": "signed", "thoughtSignature": "Yg=="},
            {"text": "after"},
        )
    )
    assert answer.candidates[0].parts == (
        Reasoning(text="hm"),
        Reasoning(text="!", signature=Opaque(family="google", value="YQ==")),
        Text(text="said"),
        Text(text="signed", signature=Opaque(family="google", value="Yg==")),
        Text(text="after"),
    )


def test_a_signature_alone_belongs_to_the_text_before_it() -> None:
    answer = read(candidate({"text": "said"}, {"text": "", "thoughtSignature": "Yg=="}))
    assert answer.candidates[0].parts == (Text(text="said", signature=Opaque(family="google", value="Yg==")),)


def test_a_signature_without_any_text_before_it_is_an_empty_text() -> None:
    answer = read(candidate(call(id="1"), {"text": "", "thoughtSignature": "Yg=="}))
    assert answer.candidates[0].parts[1] == Text(text="", signature=Opaque(family="google", value="Yg=="))


def test_calls_keep_their_id_arguments_and_signature() -> None:
    big = 2**60 + 1
    answer = read(candidate({**call(id="fc_1", args={"n": big, "x": 1.0}), "thoughtSignature": "YQ=="}, call("g")))
    first, second = answer.candidates[0].parts
    assert first == ToolCall(
        id="fc_1",
        name="f",
        raw=f'{{"n":{big},"x":1.0}}',
        arguments={"n": big, "x": 1.0},
        signature=Opaque(family="google", value="YQ=="),
    )
    assert isinstance(second, ToolCall)
    assert (second.raw, second.arguments) == ("{}", {})


def test_minted_ids_depend_on_the_answer_and_the_place() -> None:
    def ids(response_id: str | None, *calls: dict[str, Any]) -> list[str]:
        parts = read(candidate(*calls), responseId=response_id).candidates[0].parts
        return [part.id for part in parts if isinstance(part, ToolCall)]

    assert ids("r1", call(), call()) == ids("r1", call(), call())
    assert len({*ids("r1", call(), call()), *ids("r2", call())}) == 3
    assert all(one.startswith("call_") and len(one) <= 40 for one in ids("r1", call()))
    # Without an answer's id, the call itself keeps the turns of a conversation apart.
    assert ids(None, call(args={"a": 1})) != ids(None, call(args={"a": 2}))


def test_names_are_the_callers_again_and_custom_tools_get_their_text() -> None:
    names = ToolNames.fitting(["mit leerzeichen", "shell"])
    rendered = RenderedRequest(
        body={}, tool_names=names, custom_tools=frozenset({"shell", names.wire("mit leerzeichen")})
    )
    answer = read(
        candidate(
            call(names.wire("mit leerzeichen"), args={"input": "ls\n-l"}),
            call("shell", args={"input": 3}),
        ),
        rendered=rendered,
    )
    first, second = answer.candidates[0].parts
    assert isinstance(first, ToolCall)
    assert isinstance(second, ToolCall)
    assert (first.name, first.kind, first.raw) == ("mit leerzeichen", "custom", "ls\n-l")
    assert (second.name, second.kind, second.raw) == ("shell", "custom", '{"input":3}')


def test_pictures_sounds_and_foreign_parts() -> None:
    url_safe = PNG.replace("+", "-").replace("/", "_").rstrip("=")
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "YQ=="}
    thought_picture = {"inlineData": {"mimeType": "image/png", "data": PNG}, "thought": True}
    pdf = {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}}
    answer = read(
        candidate(
            {"inlineData": {"mimeType": "image/png", "data": url_safe}},
            {"inlineData": {"mimeType": "audio/wav", "data": WAV}},
            code,
            thought_picture,
            pdf,
            {},
        )
    )
    assert answer.candidates[0].parts == (
        Image(source=Inline(media_type="image/png", base64=PNG)),
        Audio(source=Inline(media_type="audio/wav", base64=WAV)),
        OpaquePart(family="google", kind="executableCode", raw=code),
        OpaquePart(family="google", kind="inlineData", raw=thought_picture),
        OpaquePart(family="google", kind="inlineData", raw=pdf),
    )


def test_arguments_in_pieces_are_put_together() -> None:
    def piece(**members: Any) -> dict[str, Any]:
        return candidate({"functionCall": members}, finish=None)

    pieces = [
        piece(name="light", id="c1", willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.level", "numberValue": 50}], willContinue=True),
        piece(
            partialArgs=[{"jsonPath": "$.where", "stringValue": "kit", "willContinue": True}], willContinue=True
        ),
        piece(partialArgs=[{"jsonPath": "$.where", "stringValue": "chen"}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.colors[0]['na.me']", "stringValue": "red"}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.colors[1].on", "boolValue": True}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.colors[1].off", "boolValue": False}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.none", "nullValue": "NULL_VALUE"}], willContinue=True),
        piece(),
        piece(),
        candidate(),
    ]
    answer = fold(decoded(sse([{"candidates": [each], "responseId": "r"} for each in pieces])))
    (made,) = answer.candidates[0].parts
    assert isinstance(made, ToolCall)
    assert made.arguments == {
        "level": 50,
        "where": "kitchen",
        "colors": [{"na.me": "red"}, {"on": True, "off": False}],
        "none": None,
    }


@pytest.mark.parametrize("path", ["level", "$.a[7]", "$.a..b", "$" + ".a" * 65, None])
def test_arguments_that_lead_nowhere_are_malformed(path: str | None) -> None:
    lost = {"functionCall": {"name": "f", "partialArgs": [{"jsonPath": path, "stringValue": "x"}]}}
    with pytest.raises(MalformedResponse, match="jsonPath"):
        read(candidate(lost))


# ---- endings -------------------------------------------------------------------------------------------------------

ENDINGS = [
    ("STOP", FinishReason.STOP, None),
    (1, FinishReason.STOP, None),
    ("MAX_TOKENS", FinishReason.LENGTH, None),
    (2, FinishReason.LENGTH, None),
    ("CONTINUATION", FinishReason.LENGTH, "continuation"),
    ("SAFETY", FinishReason.CONTENT_FILTER, "safety"),
    (4, FinishReason.CONTENT_FILTER, "recitation"),
    ("MODEL_ARMOR", FinishReason.CONTENT_FILTER, "model_armor"),
    ("LANGUAGE", FinishReason.CONTENT_FILTER, "language"),
    ("OTHER", FinishReason.OTHER, None),
    (5, FinishReason.OTHER, None),
]


@pytest.mark.parametrize(("native", "reason", "detail"), ENDINGS)
def test_endings(native: Any, reason: FinishReason, detail: str | None) -> None:
    finish = read({"finishReason": native, "finishMessage": "why"}).candidates[0].finish
    assert (finish.reason, finish.detail, finish.explanation) == (reason, detail, "why")


@pytest.mark.parametrize(
    "native",
    ["MALFORMED_FUNCTION_CALL", 12, "MISSING_THOUGHT_SIGNATURE", "FINISH_REASON_UNSPECIFIED", "NEW", 99, -1],
)
def test_broken_and_unknown_endings_are_errors(native: Any) -> None:
    broken = candidate({"text": "a"}, finish=native, finishMessage="Malformed call: f(")
    with pytest.raises(MalformedResponse, match=r"ended it with .*Malformed call") as raised:
        read(broken)
    assert raised.value.retryable
    assert isinstance(decoded(sse([{"candidates": [broken]}]))[-1], ev.Failed)


@given(st.sampled_from(["STOP", "MAX_TOKENS", "SAFETY"]))
def test_a_call_ends_with_tool_calls(native: str) -> None:
    expected = {"STOP": FinishReason.TOOL_CALLS, "MAX_TOKENS": FinishReason.LENGTH}
    finish = read(candidate(call(), {"text": "done"}, finish=native)).candidates[0].finish
    assert finish.reason is expected.get(native, FinishReason.CONTENT_FILTER)


def test_no_ending_is_a_truncation() -> None:
    with pytest.raises(MalformedResponse) as raised:
        read(candidate({"text": "a"}, finish=None))
    assert raised.value.kind is ErrorKind.TRUNCATED


def test_an_ending_in_the_middle_is_not_the_last() -> None:
    turn = {"candidates": [candidate(call("mcp_weather"))]}
    rest = {"candidates": [{"content": {"parts": [{"text": "Sunny"}]}}]}
    end = {"candidates": [{"content": {"parts": [{"text": "."}]}, "finishReason": "STOP"}]}
    assert isinstance(decoded(sse([turn, rest, end]))[-1], ev.Ended)
    assert isinstance(decoded(sse([turn, rest]))[-1], ev.Failed)
    empty = {"candidates": [{"content": {"parts": [{"text": ""}]}}]}
    assert isinstance(decoded(sse([turn, empty]))[-1], ev.Ended)


@pytest.mark.parametrize(("reason", "name"), [("SAFETY", "SAFETY"), (4, "PROHIBITED_CONTENT")])
def test_a_blocked_prompt_is_an_empty_filtered_answer(reason: Any, name: str) -> None:
    body = {"promptFeedback": {"blockReason": reason, "blockReasonMessage": "no"}, "responseId": "r1"}
    answer = GEMINI.parse_response(body, NOTHING_RENAMED)
    assert answer == fold(decoded(sse([body])))
    assert answer.candidates[0].parts == ()
    assert answer.candidates[0].finish == Finish(
        reason=FinishReason.CONTENT_FILTER, native=name, detail="prompt_blocked", category=name, explanation="no"
    )


def test_a_blocked_prompt_with_an_unfinished_candidate_is_filtered() -> None:
    answer = read({"content": {"role": "model"}}, promptFeedback={"blockReason": "SAFETY"})
    assert answer.candidates[0].finish.detail == "prompt_blocked"


@pytest.mark.parametrize("body", [{}, {"candidates": []}, {"promptFeedback": {}}, {"usageMetadata": {}}])
def test_an_answer_without_candidates_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedResponse):
        GEMINI.parse_response(body, NOTHING_RENAMED)


@pytest.mark.parametrize("finish", ["STOP", "MAX_TOKENS", "SAFETY"])
@pytest.mark.parametrize("content", [{}, {"content": {}}, {"content": {"role": "model"}}])
def test_an_ending_without_content_is_an_empty_candidate(finish: str, content: dict[str, Any]) -> None:
    answer = read({"finishReason": finish, **content})
    assert [each.parts for each in answer.candidates] == [()]


# ---- what stands beside the content --------------------------------------------------------------------------------


def test_identity_time_and_tier() -> None:
    answer = read(
        candidate({"text": "a"}),
        createTime="2026-02-15T07:50:37.854117Z",
        usageMetadata={"promptTokenCount": 1, "serviceTier": "STANDARD"},
    )
    assert (answer.id, answer.model, answer.created_unix_s) == ("r1", "gemini-3-flash", 1_771_141_837)
    assert answer.service_tier == "standard"
    assert read(candidate({"text": "a"}), createTime="soon").created_unix_s is None


@given(usage_counts())
def test_usage_adds_up(counts: dict[str, int]) -> None:
    usage = read(candidate({"text": "a"}), usageMetadata=counts).usage
    assert usage is not None
    assert usage.total_tokens == counts["totalTokenCount"]
    assert usage.prompt_tokens == counts["promptTokenCount"] + counts.get("toolUsePromptTokenCount", 0)
    assert usage.completion_tokens == counts.get("candidatesTokenCount", 0) + counts.get("thoughtsTokenCount", 0)
    assert usage.reasoning_tokens == counts.get("thoughtsTokenCount")


def test_where_the_sum_contradicts_the_total_the_total_is_right() -> None:
    counts = {"promptTokenCount": 10, "candidatesTokenCount": 30, "thoughtsTokenCount": 20, "totalTokenCount": 40}
    usage = read(candidate({"text": "a"}), usageMetadata=counts).usage
    assert usage is not None
    assert (usage.completion_tokens, usage.reasoning_tokens) == (30, 20)


def test_usage_by_modality_and_cache() -> None:
    def of(**counts: int) -> list[dict[str, Any]]:
        return [{"modality": name.upper(), "tokenCount": count} for name, count in counts.items()]

    counts = {
        "promptTokenCount": 100,
        "cachedContentTokenCount": 60,
        "promptTokensDetails": of(text=50, image=30, audio=20),
        "candidatesTokenCount": 9,
        "candidatesTokensDetails": of(audio=9),
        "totalTokenCount": None,
    }
    assert read(candidate({"text": "a"}), usageMetadata=counts).usage == Usage(
        prompt_tokens=100,
        completion_tokens=9,
        cache_read_tokens=60,
        audio_prompt_tokens=20,
        image_prompt_tokens=30,
        audio_completion_tokens=9,
    )


def test_the_last_usage_of_a_stream_counts() -> None:
    chunks: list[dict[str, Any]] = [
        {"candidates": [], "usageMetadata": {"trafficType": "ON_DEMAND"}},
        {"candidates": [{"content": {"parts": [{"text": "a"}]}}], "usageMetadata": {"promptTokenCount": 3}},
        {"candidates": [{"finishReason": "STOP"}], "usageMetadata": {"promptTokenCount": 3}},
        {"usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 2}},
    ]
    events = decoded(sse(chunks))
    assert [event.usage.completion_tokens for event in events if isinstance(event, ev.UsageReported)] == [0, 2]


@given(words(), words(), words())
def test_grounding_is_told_in_code_points(before: str, cited: str, after: str) -> None:
    start = len(before.encode())
    segment = {"startIndex": start, "endIndex": start + len(cited.encode()), "text": cited}
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://example.com/a", "title": "A"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0, 9]}],
    }
    text = before + cited + after
    answer = read(candidate({"text": text}, groundingMetadata=grounding))
    (part,) = answer.candidates[0].parts
    assert isinstance(part, Text)
    (citation,) = part.citations
    assert (citation.url, citation.title, citation.cited_text) == ("https://example.com/a", "A", cited)
    assert text[citation.start : citation.end] == cited


def test_grounding_that_miscounts_is_corrected_by_its_text() -> None:
    grounding = {
        "groundingChunks": [{"retrievedContext": {"title": "notes.txt"}}, {"maps": {}}, {"other": {}}],
        "groundingSupports": [
            {"segment": {"startIndex": 4, "endIndex": 9, "text": "bcd"}, "groundingChunkIndices": [0, 1, 2]},
            {"segment": {"startIndex": 4, "endIndex": 90, "text": "not there"}, "groundingChunkIndices": [0]},
            {"groundingChunkIndices": [0]},
        ],
    }
    answer = read(
        candidate({"text": "x", "thoughtSignature": "YQ=="}, {"text": "abcde"}, groundingMetadata=grounding)
    )
    part = answer.candidates[0].parts[1]
    assert isinstance(part, Text)
    assert [(each.kind, each.title, each.start, each.end) for each in part.citations] == [
        ("file", "notes.txt", 1, 4),
        ("file", "notes.txt", None, None),
        ("file", "notes.txt", None, None),
    ]


def test_sources_without_segments_and_recitations_cite_too() -> None:
    answer = read(
        candidate(
            {"text": "abc"},
            groundingMetadata={"groundingChunks": [{"web": {"uri": "https://a"}}, {"web": {}}]},
            citationMetadata={"citations": [{"uri": "https://b", "endIndex": 2}, {"license": "mit"}]},
        )
    )
    (part,) = answer.candidates[0].parts
    assert isinstance(part, Text)
    assert [(each.url, each.start, each.end) for each in part.citations] == [
        ("https://a", None, None),
        ("https://b", 0, 2),
    ]


def test_sources_of_an_answer_that_ends_with_a_call_stand_alone() -> None:
    grounding = {"groundingChunks": [{"web": {"uri": "https://a"}}]}
    answer = read(candidate({"text": "abc"}, call(id="1"), groundingMetadata=grounding))
    assert answer.candidates[0].parts[0] == Text(text="abc")
    assert answer.candidates[0].parts[2] == Text(text="", citations=(Citation(kind="url", url="https://a"),))


def test_an_answer_that_counts_nothing_used_nothing() -> None:
    body = {"promptFeedback": {"blockReason": "MODEL_ARMOR"}, "usageMetadata": {"trafficType": "ON_DEMAND"}}
    assert GEMINI.parse_response(body, NOTHING_RENAMED).usage == Usage(prompt_tokens=0, completion_tokens=0)


def test_logprobs_have_openais_shape() -> None:
    chosen = [{"token": "é", "logProbability": -0.5}, {"token": "b"}]
    tops = [{"candidates": [{"token": "é", "logProbability": -0.5}, {"token": "e", "logProbability": -2.0}]}]
    answer = read(candidate({"text": "éb"}, logprobsResult={"chosenCandidates": chosen, "topCandidates": tops}))
    assert answer.candidates[0].logprobs == [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [
                {"token": "é", "logprob": -0.5, "bytes": [195, 169]},
                {"token": "e", "logprob": -2.0, "bytes": [101]},
            ],
        },
        {"token": "b", "logprob": 0.0, "bytes": [98], "top_logprobs": []},
    ]


# ---- garbage -------------------------------------------------------------------------------------------------------

_MEMBERS = st.sampled_from(
    [
        *("candidates", "content", "parts", "text", "functionCall", "name", "args", "inlineData", "data", "error"),
        *("usageMetadata", "promptTokensDetails", "groundingMetadata", "groundingChunks", "finishReason", "index"),
        *("promptFeedback", "blockReason", "logprobsResult", "responseId", "partialArgs", "mimeType", "details"),
    ]
)
_GARBAGE = st.recursive(
    json_values(),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(_MEMBERS, inner, max_size=3)),
    max_leaves=12,
)


@given(_GARBAGE)
def test_garbage_gives_only_upstream_errors(body: Any) -> None:
    with contextlib.suppress(UpstreamError):
        GEMINI.parse_response(body, NOTHING_RENAMED)
    events = decoded(sse([body]))
    assert sum(isinstance(event, (ev.Ended, ev.Failed)) for event in events) == 1
    assert isinstance(events[-1], (ev.Ended, ev.Failed))


MALFORMED: list[Any] = [
    [],
    "text",
    {"candidates": {}},
    {"candidates": [1]},
    {"candidates": [{"content": []}]},
    {"candidates": [{"content": {"parts": [{"text": 1}]}}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"args": {"a": 1}}}]}}]},
    {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png", "data": "?"}}]}}]},
    {"usageMetadata": {"promptTokenCount": "many"}},
]


@pytest.mark.parametrize("body", MALFORMED)
def test_what_breaks_the_format_is_malformed(body: Any) -> None:
    with pytest.raises(MalformedResponse, match="expected"):
        GEMINI.parse_response(body, NOTHING_RENAMED)
