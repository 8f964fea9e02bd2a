"""Buffered answers for Responses clients."""

from typing import Any

import pytest
from hypothesis import given

from adapters.dialects.contract import Reply
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.dialects.openai_responses.request import ECHOED
from adapters.dialects.openai_responses.vocabulary import FAMILY
from adapters.dialects.sealed import Sealed, is_sealed, unseal
from domain.chat import events as ev
from domain.chat.content import (
    Citation,
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
from domain.chat.request import Role
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedRequest, RateLimited, UpstreamRejected
from tests.dialects.openai_responses.responses_sdk import check_response, check_stream, parse_stream
from tests.dialects.openai_responses.rich_answers import REPLY, rich_responses
from tests.strategies.canonical import PNG

DIALECT = OpenAIResponses()
STOP = Finish(reason=FinishReason.STOP)
DECLINED = Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal", explanation="not that")


def answer(*parts: Part, finish: Finish = STOP, logprobs: Any = None, reply: Reply = REPLY) -> dict[str, Any]:
    candidate = Candidate(index=0, parts=parts, finish=finish, logprobs=logprobs)
    return DIALECT.render_response(ChatResponse(id="chatcmpl-1", model="m", candidates=(candidate,)), reply)


def output(*parts: Part, **more: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer(*parts, **more)["output"]
    return items


@given(rich_responses())
def test_every_answer_is_one_that_the_type_knows(response: ChatResponse) -> None:
    body = DIALECT.render_response(response, REPLY)
    check_response(body)
    ids = [item["id"] for item in body["output"]]
    assert len(set(ids)) == len(ids)
    assert body["status"] in ("completed", "incomplete")


@given(rich_responses())
def test_what_is_sent_back_is_what_was_said(response: ChatResponse) -> None:
    """Thoughts with their signatures, texts and calls come back from a client that sends the output as input."""
    body = DIALECT.render_response(response, REPLY)
    if not body["output"]:
        return
    request = DIALECT.parse_request({"model": "m", "tools": REPLY.echo["tools"], "input": body["output"]})
    (message,) = request.messages
    assert message.role is Role.ASSISTANT
    kept = (Reasoning, ToolCall)
    said = [_bare(part) for part in response.candidates[0].parts if isinstance(part, kept)]
    assert [_bare(part) for part in message.parts if isinstance(part, kept)] == said
    texts = "".join(part.text for part in response.candidates[0].parts if isinstance(part, Text))
    assert "".join(part.text for part in message.parts if isinstance(part, Text)) == texts


def _bare(part: Part) -> tuple[Any, ...]:
    if isinstance(part, ToolCall):
        return part.id, part.name, part.raw if part.kind == "custom" else part.arguments, part.signature
    assert isinstance(part, Reasoning)
    told = part.signature is not None and part.signature.family == "openai"
    form = part.form if part.text else "summary"
    return part.text, form, part.signature, part.redacted and not told


def test_the_frame_repeats_what_was_asked() -> None:
    body = answer(Text(text="hi"))
    assert body["model"] == "asked/model"
    assert body["created_at"] == 1_800_000_000
    assert body["instructions"] == "Be brief."
    assert body["temperature"] == 0.5
    assert body["tools"] == REPLY.echo["tools"]
    assert body["text"] == {"format": {"type": "text"}, "verbosity": "low"}
    assert (body["tool_choice"], body["parallel_tool_calls"], body["metadata"]) == ("auto", True, {})
    assert (body["error"], body["incomplete_details"], body["usage"]) == (None, None, None)


def test_every_repeated_member_is_one_of_the_type() -> None:
    known = check_response(answer()).__class__.model_fields
    assert set(known) >= ECHOED - {"store"}


def test_the_actual_service_tier_goes_before_the_asked_one() -> None:
    reply = Reply(model="m", echo={"service_tier": "flex"})
    candidate = Candidate(index=0, parts=(), finish=STOP)
    tiers = {
        tier: DIALECT.render_response(
            ChatResponse(id="", model="m", candidates=(candidate,), service_tier=tier), reply
        )["service_tier"]
        for tier in (None, "standard", "priority", "batch")
    }
    assert tiers == {None: "flex", "standard": "default", "priority": "priority", "batch": "flex"}


def test_usage_has_every_count_that_the_type_wants() -> None:
    response = ChatResponse(
        id="r",
        model="m",
        candidates=(Candidate(index=0, parts=(), finish=STOP),),
        usage=Usage(prompt_tokens=5, completion_tokens=7, cache_read_tokens=2),
    )
    assert DIALECT.render_response(response, REPLY)["usage"] == {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 12,
    }


def test_texts_that_follow_one_another_are_one_message() -> None:
    items = output(Text(text="a"), Text(text="b"), Refusal(text="c"), Reasoning(text="d"), Text(text="e"))
    assert [item["type"] for item in items] == ["message", "reasoning", "message"]
    assert [part.get("text", part.get("refusal")) for part in items[0]["content"]] == ["a", "b", "c"]


def test_a_source_without_a_place_is_the_whole_text_s() -> None:
    (item,) = output(Text(text="héllo", citations=(Citation(kind="url", url="https://a.example"),)))
    assert item["content"][0]["annotations"] == [
        {"type": "url_citation", "start_index": 0, "end_index": 5, "title": "", "url": "https://a.example"}
    ]


def test_log_probabilities_have_bytes() -> None:
    entry = {"token": "é", "logprob": -1, "top_logprobs": [{"token": "b", "logprob": -2, "bytes": [98]}]}
    (item,) = output(Text(text="é"), logprobs=[entry])
    assert item["content"][0]["logprobs"] == [
        {
            "token": "é",
            "bytes": [195, 169],
            "logprob": -1,
            "top_logprobs": [{"token": "b", "bytes": [98], "logprob": -2}],
        }
    ]


def test_thoughts_are_summaries_or_the_very_words() -> None:
    summary, raw = output(
        Reasoning(text="a", signature=Opaque(family="openai", value="gAAA")), Reasoning(text="b", form="raw")
    )
    assert (summary["summary"], summary["encrypted_content"]) == ([{"type": "summary_text", "text": "a"}], "gAAA")
    assert (raw["summary"], raw["content"]) == ([], [{"type": "reasoning_text", "text": "b"}])
    assert unseal(raw["encrypted_content"]) == Sealed(None)


def test_signatures_of_other_vendors_travel_sealed_beside_what_they_sign() -> None:
    google = Opaque(family="google", value="g")
    items = output(
        Reasoning(text="a", signature=Opaque(family="anthropic", value="s")),
        Text(text="b", signature=google),
        ToolCall(id="c", name="f", raw="", signature=google),
    )
    assert [item["type"] for item in items] == ["reasoning", "message", "reasoning", "reasoning", "function_call"]
    assert all(is_sealed(items[index]["encrypted_content"]) for index in (0, 2, 3))


def test_calls_are_named_as_the_client_named_their_tools() -> None:
    plain, grouped, custom = output(
        ToolCall(id="1", name="f", raw=" "),
        ToolCall(id="2", name="crm__find", raw='{"a":1}'),
        ToolCall(id="3", name="sql", raw="select", kind="custom"),
        finish=Finish(reason=FinishReason.TOOL_CALLS),
    )
    assert (plain["name"], plain["arguments"], plain["status"]) == ("f", "{}", "completed")
    assert (grouped["namespace"], grouped["name"], grouped["arguments"]) == ("crm", "find", '{"a":1}')
    assert (custom["type"], custom["input"]) == ("custom_tool_call", "select")
    assert [item["id"][:4] for item in (plain, custom)] == ["fc_" + plain["id"][3], "ctc_"]


def test_pictures_are_items_of_their_own() -> None:
    (item,) = output(Image(source=Inline(media_type="image/png", base64=PNG)))
    assert (item["type"], item["result"], item["output_format"]) == ("image_generation_call", PNG, "png")


@pytest.mark.parametrize(
    ("finish", "status", "reason"),
    [
        (STOP, "completed", None),
        (Finish(reason=FinishReason.LENGTH), "incomplete", "max_output_tokens"),
        (Finish(reason=FinishReason.CONTENT_FILTER, detail="safety"), "incomplete", "content_filter"),
        (Finish(reason=FinishReason.CONTENT_FILTER, detail="refusal"), "incomplete", "content_filter"),
        (DECLINED, "completed", None),
        (Finish(reason=FinishReason.PAUSE), "completed", None),
    ],
)
def test_endings_have_their_status(finish: Finish, status: str, reason: str | None) -> None:
    body = answer(Text(text="a"), finish=finish)
    assert body["status"] == status
    assert (body["incomplete_details"] or {}).get("reason") == reason
    assert body["output"][-1]["status"] == status


def test_a_refusal_without_words_of_the_model_is_told_in_the_upstream_s() -> None:
    (item,) = output(finish=DECLINED)
    assert item["content"] == [{"type": "refusal", "refusal": "not that"}]


def test_the_item_that_was_cut_short_says_so() -> None:
    finish = Finish(reason=FinishReason.LENGTH)
    said, called = output(Text(text="a"), ToolCall(id="1", name="f", raw='{"a'), finish=finish)
    assert (said["status"], called["status"]) == ("completed", "incomplete")


@given(rich_responses())
def test_losses_are_what_is_not_in_the_output(response: ChatResponse) -> None:
    lost = {loss.code for event in unfold(response) if (loss := DIALECT.lost(event)) is not None}
    parts = response.candidates[0].parts
    foreign = any(isinstance(part, OpaquePart) and part.family != FAMILY for part in parts)
    assert ("dropped_opaque_part" in lost) is foreign
    assert ("dropped_candidate" in lost) is (len(response.candidates) > 1)
    reworded = response.candidates[0].finish.reason in (FinishReason.PAUSE, FinishReason.OTHER)
    assert ("finish_reworded" in lost) is reworded


def test_media_without_bytes_and_sound_are_lost() -> None:
    shown = ev.MediaAdded(0, Inline(media_type="image/png", base64=PNG))
    by_address = ev.MediaAdded(0, Url(url="https://example.com/a.png"))
    sound = ev.MediaAdded(0, Inline(media_type="audio/wav", base64="AAAA"), "audio")
    assert [getattr(DIALECT.lost(event), "code", None) for event in (shown, by_address, sound)] == [
        None,
        "dropped_media",
        "dropped_media",
    ]


def test_sources_are_lost_or_shortened() -> None:
    whole, words, document = (
        DIALECT.lost(ev.Cited(0, citation))
        for citation in (
            Citation(kind="url", url="u"),
            Citation(kind="url", url="u", cited_text="c"),
            Citation(kind="doc_page"),
        )
    )
    assert whole is None
    assert words is not None
    assert (words.code, words.kind) == ("shortened_citation", LossKind.HINT)
    assert document is not None
    assert document.code == "dropped_citation"


def test_signatures_and_plain_events_lose_nothing() -> None:
    signed = ev.TextSigned(0, Opaque(family="google", value="s"))
    plain = (ev.TextDelta(0, "a"), signed, ev.Finished(STOP), ev.Ended())
    assert [DIALECT.lost(event) for event in plain] == [None] * 4


def test_what_the_upstream_says_of_an_ending_is_lost() -> None:
    said = Finish(reason=FinishReason.CONTENT_FILTER, detail="safety", explanation="blocked")
    loss = DIALECT.lost(ev.Finished(said))
    assert loss is not None
    assert (loss.code, loss.kind) == ("shortened_ending", LossKind.HINT)
    assert DIALECT.lost(ev.Finished(DECLINED)) is None


def test_errors_have_openai_s_body() -> None:
    status, body = DIALECT.render_error(MalformedRequest("input: expected a list, got nothing.", param="input"))
    assert status == 400
    assert body == {
        "error": {
            "message": "input: expected a list, got nothing.",
            "type": "invalid_request_error",
            "param": "input",
            "code": None,
        }
    }


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RateLimited("slow down", kind=ErrorKind.RATE_LIMIT), "rate_limit_exceeded"),
        (UpstreamRejected("x", kind=ErrorKind.RATE_LIMIT, code="tokens"), "rate_limit_exceeded"),
        (UpstreamRejected("x", code="invalid_prompt"), "invalid_prompt"),
        (UpstreamRejected("x", code="insufficient_quota"), "server_error"),
    ],
)
def test_an_error_of_an_unknown_stream_is_whole(error: Any, code: str) -> None:
    broke, failed = parse_stream(DIALECT.encode_error(error))
    assert (broke["type"], broke["message"], broke["error"]["code"]) == ("error", error.message, error.code)
    assert failed["response"]["status"] == "failed"
    assert failed["response"]["error"] == {"code": code, "message": error.message}
    created = {"type": "response.created", "sequence_number": 0, "response": failed["response"]}
    assert check_stream([created, broke, failed])
