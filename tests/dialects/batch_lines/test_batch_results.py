import json
from typing import Any

import pytest
from anthropic.types.messages import MessageBatchIndividualResponse
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import ChatCompletion

from adapters.dialects.batch_lines.result_reader import read_result
from adapters.dialects.batch_lines.results import render_cancelled, render_expired, render_result
from domain.batch.line import BatchLine, LineOutcome, LineShape
from domain.batch.result_head import ResultHead
from domain.errors import UpstreamRejected

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [{"type": "text", "text": "Grüße\n"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "hi"}}],
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
shapes = st.sampled_from(list(LineShape))


def line_of(shape: LineShape, custom_id: str = "a") -> BatchLine:
    path = "/v1/messages" if shape is LineShape.ANTHROPIC else "/v1/chat/completions"
    return BatchLine(number=1, custom_id=custom_id, shape=shape, path=path, model="m", body=b"{}")


def outcome_of(body: Any, status: int = 200, request_id: str = "r-1") -> LineOutcome:
    return LineOutcome(
        status=status,
        body=body if isinstance(body, bytes) else json.dumps(body).encode(),
        request_id=request_id,
        error=None if status == 200 else UpstreamRejected("refused", status=status),
        usage=None,
        cost_usd=None,
        attempts=1,
        duration_s=0.1,
    )


@pytest.mark.parametrize("shape", [LineShape.OPENAI, LineShape.BARE])
def test_an_openai_result_has_the_members_of_openais(shape: LineShape) -> None:
    result = json.loads(render_result(line_of(shape), outcome_of(COMPLETION)))
    assert list(result) == ["id", "custom_id", "response", "error"]
    assert result["id"].startswith("batch_req_")
    assert (result["custom_id"], result["error"]) == ("a", None)
    assert (result["response"]["status_code"], result["response"]["request_id"]) == (200, "r-1")
    ChatCompletion.model_validate(result["response"]["body"], strict=True)


def test_a_failed_openai_result_keeps_status_and_body() -> None:
    result = json.loads(render_result(line_of(LineShape.OPENAI), outcome_of({"error": {"message": "no"}}, 429)))
    assert result["response"] == {"status_code": 429, "request_id": "r-1", "body": {"error": {"message": "no"}}}
    assert result["error"] is None


def test_every_asking_has_its_own_id() -> None:
    ids = {
        json.loads(render_result(line_of(LineShape.OPENAI, name), outcome_of({}, request_id=request_id)))["id"]
        for name, request_id in (("a", "r1"), ("a", "r2"), ("a", ""), ("b", ""))
    }
    assert len(ids) == 4


def test_an_anthropic_message_is_one_for_the_official_client() -> None:
    rendered = render_result(line_of(LineShape.ANTHROPIC), outcome_of(MESSAGE))
    response = MessageBatchIndividualResponse.model_validate_json(rendered, strict=True)
    assert response.result.type == "succeeded"
    assert response.result.message.content[0].text == "Grüße\n"  # type: ignore[union-attr]  # a text, as it was written


@pytest.mark.parametrize(
    "body",
    [
        {"type": "error", "error": {"type": "overloaded_error", "message": "refused"}, "request_id": "r"},
        b"<html>refused</html>",
        b"",
    ],
)
def test_an_anthropic_error_is_one_for_the_official_client(body: Any) -> None:
    rendered = render_result(line_of(LineShape.ANTHROPIC), outcome_of(body, 529))
    response = MessageBatchIndividualResponse.model_validate_json(rendered, strict=True)
    assert response.result.type == "errored"
    assert response.result.error.error.message == "refused"


def test_requests_that_were_never_asked_say_so_to_the_official_client() -> None:
    line = line_of(LineShape.ANTHROPIC)
    types = [
        MessageBatchIndividualResponse.model_validate_json(rendered).result.type
        for rendered in (render_cancelled(line), render_expired(line))
    ]
    assert types == ["canceled", "expired"]


def test_requests_that_were_never_asked_have_an_error_and_no_response() -> None:
    line = line_of(LineShape.OPENAI)
    for rendered, code in ((render_cancelled(line), "batch_cancelled"), (render_expired(line), "batch_expired")):
        result = json.loads(rendered)
        assert (result["custom_id"], result["response"], result["error"]["code"]) == ("a", None, code)
        assert result["id"].startswith("batch_req_")
        assert result["error"]["message"]


@given(
    shape=shapes,
    custom_id=st.text(min_size=1),
    body=json_values,
    ok=st.booleans(),
    indent=st.sampled_from([None, 2]),
)
def test_what_is_rendered_can_be_read(
    shape: LineShape, custom_id: str, body: Any, ok: bool, indent: int | None
) -> None:
    written = json.dumps(body, indent=indent, ensure_ascii=bool(indent)).encode()
    rendered = render_result(line_of(shape, custom_id), outcome_of(written, 200 if ok else 500))
    assert rendered.endswith(b"\n")
    assert rendered.count(b"\n") == 1
    assert read_result(rendered) == ResultHead(custom_id=custom_id, succeeded=ok)
    result = json.loads(rendered)
    if shape is not LineShape.ANTHROPIC:
        assert result["response"]["body"] == body
    elif ok:
        assert result["result"]["message"] == body


@given(shape=shapes, body=json_values | st.binary(max_size=30), share=st.floats(0, 1, exclude_max=True))
def test_half_a_result_is_none(shape: LineShape, body: Any, share: float) -> None:
    rendered = render_result(line_of(shape), outcome_of(body)).rstrip(b"\n")
    assert read_result(rendered[: int(len(rendered) * share)]) is None


@given(shape=shapes)
def test_requests_that_were_never_asked_did_not_succeed(shape: LineShape) -> None:
    for rendered in (render_cancelled(line_of(shape, "x")), render_expired(line_of(shape, "x"))):
        assert read_result(rendered) == ResultHead(custom_id="x", succeeded=False)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", None),
        (b"not JSON\n", "not JSON\n"),
        (b'"\xff"', '"\ufffd"'),
        (b'{"a":1}{', '{"a":1}{'),
        (b'{ "a" : 1.50,\r\n "b": 1e400 }', {"a": 1.5, "b": float("inf")}),
        (b'{"a":\n"\\ud83d"}', {"a": "\ud83d"}),
    ],
)
def test_any_answer_fits_on_a_line(body: bytes, told: Any) -> None:
    rendered = render_result(line_of(LineShape.OPENAI), outcome_of(body))
    assert rendered.count(b"\n") == 1
    assert json.loads(rendered)["response"]["body"] == told
    assert read_result(rendered) == ResultHead(custom_id="a", succeeded=True)


def test_answers_keep_their_numbers() -> None:
    assert b'{"a":1.50,"b":1e400}' in render_result(
        line_of(LineShape.OPENAI), outcome_of(b'{"a": 1.50,\n"b":1e400}')
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b"[]",
        b'{"custom_id":"a"}',
        b'{"custom_id":"a","response":null,"error":null}',
        b'{"custom_id":5,"response":{"status_code":200}}',
        b'{"custom_id":"a","response":{"status_code":"200"}}',
        b'{"custom_id":"a","url":"/v1/responses","body":{}}',
        b'{"custom_id":"a","params":"\\ud83d"}',
        b'{"custom_id":"\\ud83d',
        b'{"custom_id":"a","result":"\xff"}',
    ],
)
def test_what_is_no_result_is_not_read(raw: bytes) -> None:
    assert read_result(raw) is None
