"""Buffered Responses of an upstream, and their events, as canonical answers."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.openai_responses.answer_reader import AnswerReader, parse_response
from adapters.dialects.openai_responses.citations import parse_annotation, render_annotation
from adapters.dialects.openai_responses.errors import parse_error, parse_stream_error
from adapters.dialects.openai_responses.finish import parse_finish, render_finish
from adapters.dialects.openai_responses.response import render_response
from adapters.dialects.openai_responses.usage import parse_usage, render_usage
from domain.chat import events as ev
from domain.chat.content import Citation, Image, Inline, Opaque, OpaquePart, Reasoning, Refusal, Text, ToolCall
from domain.chat.response import Finish, FinishReason
from domain.chat.tool_names import ToolNames
from domain.chat.usage import Usage
from domain.errors import ErrorKind, FeatherGateError, MalformedResponse, UpstreamError
from tests.dialects.openai_responses.answer_wire import (
    RENDERED,
    SEARCH,
    body,
    call,
    custom_call,
    message,
    parts_of,
    refusal,
    text,
    thought,
    told,
)
from tests.strategies import canonical

R = FinishReason
CITED = {"type": "url_citation", "start_index": 1, "end_index": 2, "title": "A", "url": "https://a"}


def failure(whole: Any) -> FeatherGateError:
    with pytest.raises(UpstreamError) as raised:
        parse_response(whole, RENDERED)
    return raised.value


def test_whose_answer_it_is() -> None:
    answer = told(message(text("hi")), service_tier="default")
    assert (answer.id, answer.model, answer.created_unix_s) == ("resp_1", "gpt-5", 1_700_000_000)
    assert answer.service_tier == "standard"
    assert answer.usage == Usage(
        prompt_tokens=5, completion_tokens=3, cache_read_tokens=1, cache_write_tokens=2, reasoning_tokens=1
    )
    asked = told(message(text("hi")), service_tier="auto", created_at="?", id=None, usage=None)
    assert (asked.service_tier, asked.created_unix_s, asked.id, asked.usage) == (None, None, "", None)


def test_texts_and_refusals() -> None:
    said = message(text("héllo 😀"), text(""), text("more"), refusal("no"))
    assert parts_of(said, message(text("x"))) == (
        Text(text="héllo 😀"), Text(text="more"), Refusal(text="no"), Text(text="x"),
    )  # fmt: skip
    assert parts_of(message()) == ()


def test_sources() -> None:
    filed = {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 7}
    (said,) = parts_of(message(text("abc", annotations=[CITED, filed])))
    assert isinstance(said, Text)
    assert said.citations == (
        Citation(kind="url", url="https://a", title="A", start=1, end=2),
        Citation(
            kind="file",
            title="a.pdf",
            ext={"openai_responses": {"type": "file_citation", "file_id": "file-1", "index": 7}},
        ),
    )


@pytest.mark.parametrize(
    "annotation",
    [
        CITED,
        {**CITED, "odd": 1},
        {"type": "file_citation", "file_id": "f", "filename": "a", "index": 0},
        {"type": "file_path", "file_id": "f", "index": 3},
        {
            "type": "container_file_citation",
            "container_id": "c",
            "file_id": "f",
            "filename": "a",
            "start_index": 0,
            "end_index": 4,
        },
    ],
)
def test_sources_go_back_as_they_came(annotation: dict[str, Any]) -> None:
    assert render_annotation(parse_annotation(annotation), 9) == annotation


def test_sources_of_other_vendors() -> None:
    whole = render_annotation(Citation(kind="url"), 9)
    assert whole == {"type": "url_citation", "start_index": 0, "end_index": 9, "title": "", "url": ""}
    assert render_annotation(Citation(kind="doc_page", title="x"), 9) is None


def test_log_probabilities_have_the_shape_of_chat_completions() -> None:
    entries = [
        {"token": "é", "logprob": -0.5, "top_logprobs": [{"token": "e", "logprob": -1.0}]},
        {"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": []},
    ]
    candidate = told(message(text("éx", logprobs=entries))).candidates[0]
    assert candidate.logprobs == [
        {
            "token": "é",
            "logprob": -0.5,
            "bytes": [195, 169],
            "top_logprobs": [{"token": "e", "logprob": -1.0, "bytes": [101]}],
        },
        {"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": []},
    ]


def test_thoughts() -> None:
    signed = Opaque(family="openai", value="gAAA")
    assert parts_of(thought("one", "", "two")) == (Reasoning(text="one\n\ntwo"),)
    assert parts_of(thought("one", encrypted="gAAA")) == (Reasoning(text="one", signature=signed),)
    assert parts_of(thought(encrypted="gAAA")) == (Reasoning(text="", signature=signed, redacted=True),)
    assert parts_of(thought(raw=("a", "b"))) == (Reasoning(text="a\n\nb", form="raw"),)
    assert parts_of(thought()) == ()
    both = parse_response(body(thought("sum", raw=("raw",))), RENDERED).candidates[0].parts
    assert both == (Reasoning(text="sum\n\nraw", form="raw"),)


def test_calls() -> None:
    answer = told(message(text("let me")), call(), call("call_2", arguments=""), custom_call("free"))
    assert answer.candidates[0].parts[1:] == (
        ToolCall(id="call_1", name="look", raw='{"a": 1}', arguments={"a": 1}),
        ToolCall(id="call_2", name="look", raw="", arguments={}),
        ToolCall(id="call_c", name="write", raw="free", kind="custom"),
    )
    assert answer.candidates[0].finish == Finish(reason=R.TOOL_CALLS, native="completed")


def test_calls_of_servers_that_copy_the_wire() -> None:
    (odd,) = parts_of({**call(arguments={"a": 1}), "call_id": None})
    assert odd == ToolCall(id="fc_1", name="look", raw='{"a":1}', arguments={"a": 1})
    (nameless,) = parse_response(body({**call(), "call_id": None, "id": None}), RENDERED).candidates[0].parts
    assert isinstance(nameless, ToolCall)
    assert nameless.id.startswith("call_")
    assert "a name in every tool call" in str(failure(body(call(name=""))))


def test_names_are_the_callers_own() -> None:
    names = ToolNames.fitting(["größe.x"])
    wire = names.wire("größe.x")
    declared = {"tools": [{"type": "namespace", "name": "crm", "tools": []}, {"type": "web_search"}]}
    rendered = RenderedRequest(body=declared, tool_names=names)
    parts = parts_of(
        call(name=wire),
        call(name="find", namespace="crm"),
        call(name="find", namespace="found"),
        rendered=rendered,
    )
    assert [part.name for part in parts if isinstance(part, ToolCall)] == ["größe.x", "crm__find", "find"]


def test_pictures_and_other_items() -> None:
    drawn = {"type": "image_generation_call", "id": "ig_1", "result": canonical.PNG, "output_format": "webp"}
    pending = {"type": "image_generation_call", "id": "ig_2", "status": "failed", "result": None}
    assert parts_of(drawn, SEARCH, pending) == (
        Image(source=Inline(media_type="image/png", base64=canonical.PNG)),
        OpaquePart(family="openai_responses", kind="web_search_call", raw=SEARCH),
        OpaquePart(family="openai_responses", kind="image_generation_call", raw=pending),
    )
    assert "encoded well" in str(failure(body({**drawn, "result": "%"})))


@pytest.mark.parametrize(
    ("status", "reason", "output", "finish"),
    [
        ("completed", None, message(text("x")), Finish(reason=R.STOP, native="completed")),
        ("complete", None, message(text("x")), Finish(reason=R.STOP, native="complete")),
        ("completed", None, message(refusal("no")), Finish(reason=R.STOP, native="completed", detail="refusal")),
        ("incomplete", "max_output_tokens", call(), Finish(reason=R.LENGTH, native="max_output_tokens")),
        ("incomplete", "max_messages", SEARCH, Finish(reason=R.LENGTH, native="max_messages")),
        ("incomplete", "content_filter", SEARCH, Finish(reason=R.CONTENT_FILTER, native="content_filter")),
        ("incomplete", "steered", SEARCH, Finish(reason=R.OTHER, native="steered")),
        ("cancelled", None, message(text("x")), Finish(reason=R.OTHER, native="cancelled")),
    ],
)
def test_endings(status: str, reason: str | None, output: Any, finish: Finish) -> None:
    details = None if reason is None else {"reason": reason}
    whole = body(output, status=status, incomplete_details=details)
    assert parse_response(whole, RENDERED).candidates[0].finish == finish


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"status": "queued"}, ErrorKind.BAD_GATEWAY),
        ({"status": "in_progress"}, ErrorKind.BAD_GATEWAY),
        ({"status": "enlightened"}, ErrorKind.BAD_GATEWAY),
        ({"status": None}, ErrorKind.TRUNCATED),
        ({"status": ["completed"]}, ErrorKind.TRUNCATED),
        ({"status": "incomplete"}, ErrorKind.BAD_GATEWAY),
        ({"status": "incomplete", "incomplete_details": {"reason": "odd"}}, ErrorKind.BAD_GATEWAY),
        ({"status": "incomplete", "incomplete_details": {"reason": []}}, ErrorKind.BAD_GATEWAY),
        ({"status": "failed"}, ErrorKind.BAD_GATEWAY),
        ({"status": "failed", "error": {"code": "server_error", "message": "m"}}, ErrorKind.SERVER),
        ({"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}}, ErrorKind.RATE_LIMIT),
        ({"status": "failed", "error": {"code": "invalid_prompt", "message": "m"}}, ErrorKind.CONTENT_POLICY),
        ({"status": "completed", "error": {"code": "invalid_image", "message": "m"}}, ErrorKind.INVALID_REQUEST),
    ],
)
def test_what_is_no_good_ending(members: dict[str, Any], kind: ErrorKind) -> None:
    assert failure(body(message(text("x")), **members)).kind is kind


def test_what_a_failed_answer_consumed_is_told() -> None:
    failed = body(status="failed", error={"code": "server_error", "message": "m"})
    events = AnswerReader(RENDERED).read({"type": "response.failed", "response": failed})
    assert [type(event) for event in events] == [ev.Started, ev.UsageReported, ev.Failed]


@pytest.mark.parametrize("garbage", [None, [], "x", {}, {"output": 3}])
def test_garbage_is_no_answer(garbage: Any) -> None:
    assert isinstance(failure(garbage), MalformedResponse)


@given(canonical.json_values())
def test_garbage_raises_only_upstream_errors(garbage: Any) -> None:
    for whole in (garbage, body(garbage), body({"type": "message", "content": [garbage]}), body(status=garbage)):
        with suppress(UpstreamError):
            parse_response(whole, RENDERED)


FINISHES = [
    (Finish(reason=R.STOP), False, ("completed", None)),
    (Finish(reason=R.TOOL_CALLS), False, ("completed", None)),
    (Finish(reason=R.PAUSE), False, ("completed", None)),
    (Finish(reason=R.OTHER), False, ("completed", None)),
    (Finish(reason=R.LENGTH), False, ("incomplete", {"reason": "max_output_tokens"})),
    (Finish(reason=R.CONTENT_FILTER), False, ("incomplete", {"reason": "content_filter"})),
    (Finish(reason=R.CONTENT_FILTER), True, ("completed", None)),
]


@pytest.mark.parametrize(("finish", "refused", "rendered"), FINISHES)
def test_endings_for_clients(finish: Finish, refused: bool, rendered: Any) -> None:
    assert render_finish(finish, refused=refused) == rendered
    back = parse_finish(*rendered, called=finish.reason is R.TOOL_CALLS, refused=refused)
    assert back.reason is finish.reason or finish.reason in {R.PAUSE, R.OTHER} or refused


# ---- usage ---------------------------------------------------------------------------------------------------------


@given(canonical.usages())
def test_usage_adds_up_and_comes_back(usage: Usage) -> None:
    rendered = render_usage(usage)
    assert rendered["total_tokens"] == rendered["input_tokens"] + rendered["output_tokens"] == usage.total_tokens
    back = parse_usage(json.loads(json.dumps(rendered)))
    assert back is not None
    assert (back.prompt_tokens, back.completion_tokens) == (usage.prompt_tokens, usage.completion_tokens)
    assert (back.cache_read_tokens, back.reasoning_tokens) == (
        usage.cache_read_tokens or 0,
        usage.reasoning_tokens or 0,
    )


def test_rarer_counts() -> None:
    counts = {
        "input_tokens": 9,
        "input_tokens_details": {
            "cached_tokens": 0,
            "cache_write_tokens": 3,
            "cache_write_tokens_details": {"ttl_30m_tokens": 1, "ttl_12h_tokens": 2},
            "audio_tokens": 4,
        },
        "output_tokens": 1,
        "output_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 1},
        "total_tokens": 10,
    }
    usage = parse_usage(counts)
    assert usage is not None
    assert dict(usage.cache_write_tokens_by_ttl) == {"30m": 1, "12h": 2}
    assert render_usage(usage) == counts


def test_counts_that_are_none() -> None:
    assert parse_usage(None) is None
    assert parse_usage({"total_tokens": 3}) is None
    odd = parse_usage({"input_tokens": True, "output_tokens": 2, "input_tokens_details": None})
    assert odd == Usage(completion_tokens=2)
    left_out = parse_usage({"input_tokens": 5, "output_tokens": 1, "total_tokens": 60})
    assert left_out is not None
    assert left_out.completion_tokens == 55


# ---- errors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (
            400,
            {"message": "m", "type": "invalid_request_error", "param": "input", "code": None},
            ErrorKind.INVALID_REQUEST,
        ),
        (400, {"message": "Your input exceeds the context window of this model."}, ErrorKind.CONTEXT_LENGTH),
        (400, {"message": "m", "code": "context_length_exceeded"}, ErrorKind.CONTEXT_LENGTH),
        (400, {"message": "string too long, maximum length 64"}, ErrorKind.INVALID_REQUEST),
        (429, {"message": "too many tokens per minute", "code": "rate_limit_exceeded"}, ErrorKind.RATE_LIMIT),
        (429, {"message": "m", "code": "insufficient_quota"}, ErrorKind.BILLING),
        (404, {"message": "m", "code": "model_not_found"}, ErrorKind.NOT_FOUND),
        (401, {"message": "m", "code": "401"}, ErrorKind.AUTH),
        (500, {"message": {"odd": 1}}, ErrorKind.SERVER),
    ],
)
def test_error_bodies(status: int, error: dict[str, Any], kind: ErrorKind) -> None:
    parsed = parse_error(status, {"x-request-id": "r"}, json.dumps({"error": error}).encode())
    assert (parsed.kind, parsed.status, parsed.request_id, parsed.param) == (kind, status, "r", error.get("param"))


@pytest.mark.parametrize("garbage", [b"", b"<html>", b"[]", b'{"error": {}}'])
def test_error_bodies_that_cannot_be_read(garbage: bytes) -> None:
    assert parse_error(400, {}, garbage).kind is ErrorKind.BAD_GATEWAY
    assert parse_error(503, {}, garbage).kind is ErrorKind.UNAVAILABLE


def test_a_failed_response_with_a_good_status() -> None:
    failed = json.dumps(body(status="failed", error={"code": "server_error", "message": "m"})).encode()
    error = parse_error(200, {}, failed)
    assert (error.kind, error.status, error.message) == (ErrorKind.SERVER, 500, "m")
    assert parse_error(200, {}, b"?").kind is ErrorKind.BAD_GATEWAY


@pytest.mark.parametrize(
    ("document", "kind", "message"),
    [
        ({"type": "error", "code": "server_error", "message": "m", "param": None}, ErrorKind.SERVER, "m"),
        (
            {"type": "error", "error": {"type": "invalid_request_error", "message": "m"}},
            ErrorKind.INVALID_REQUEST,
            "m",
        ),
        ({"error": {"code": 429, "message": "m"}}, ErrorKind.RATE_LIMIT, "m"),
        ({"error": "broken"}, ErrorKind.BAD_GATEWAY, "broken"),
        ({"response": body(error={"code": "rate_limit_exceeded"})}, ErrorKind.RATE_LIMIT, "rate_limit_exceeded"),
        ({"type": "error"}, ErrorKind.BAD_GATEWAY, "the upstream broke off its answer"),
        (None, ErrorKind.BAD_GATEWAY, "the upstream broke off its answer"),
    ],
)
def test_errors_inside_an_answer(document: Any, kind: ErrorKind, message: str) -> None:
    error = parse_stream_error(document)
    assert (error.kind, error.message) == (kind, message)


@given(st.data())
def test_any_answer_survives(data: st.DataObject) -> None:
    """What this dialect renders for a client it understands as an upstream's."""
    answer = data.draw(canonical.responses(family="openai"))
    back = parse_response(json.loads(json.dumps(render_response(answer, Reply(model="m")))), RENDERED)
    (wanted,), (got,) = answer.candidates, back.candidates
    assert got.finish.reason is wanted.finish.reason
    assert [(part.name, part.arguments) for part in got.parts if isinstance(part, ToolCall)] == [
        (part.name, part.arguments) for part in wanted.parts if isinstance(part, ToolCall)
    ]
    assert "".join(part.text for part in got.parts if isinstance(part, Text)) == "".join(
        part.text for part in wanted.parts if isinstance(part, Text)
    )
    assert back.usage is not None
    assert answer.usage is not None
    assert back.usage.total_tokens == answer.usage.total_tokens
