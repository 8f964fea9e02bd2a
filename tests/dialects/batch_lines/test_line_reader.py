import contextlib
import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.dialects.batch_lines.line_reader import LineReader
from domain.batch.bad_line import BadLine
from domain.batch.line import BatchLine, LineShape

CHAT = "/v1/chat/completions"
SECRET = "a prompt that nobody should see"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
members = st.dictionaries(st.text(max_size=6).filter(lambda name: name != "stream"), json_values, max_size=4)


def encoded(line: Any) -> bytes:
    return json.dumps(line).encode()


def openai_line(**changes: Any) -> dict[str, Any]:
    line = {"custom_id": "a", "method": "POST", "url": CHAT, "body": {"model": "m", "messages": []}}
    return {name: value for name, value in {**line, **changes}.items() if value is not ...}


def refusal(line: Any, reader: LineReader | None = None) -> BadLine:
    raw = line if isinstance(line, bytes) else encoded(line)
    with pytest.raises(BadLine) as refused:
        (reader or LineReader()).parse(raw, 7)
    assert refused.value.number == 7
    return refused.value


@pytest.mark.parametrize(
    ("url", "path"),
    [
        (CHAT, CHAT),
        ("/chat/completions", CHAT),
        ("/v1/responses", "/v1/responses"),
        ("/v1/embeddings", "/v1/embeddings"),
        ("/v1/completions", "/v1/completions"),
        ("/v1/messages", "/v1/messages"),
        ("/v1beta/models/a/b:generateContent", "/v1beta/models/a/b:generateContent"),
    ],
)
def test_an_openai_line_is_answered_where_its_url_says(url: str, path: str) -> None:
    line = LineReader().parse(encoded(openai_line(url=url)), 3)
    expected = BatchLine(
        number=3,
        custom_id="a",
        shape=LineShape.OPENAI,
        path=path,
        model="a/b" if ":" in path else "m",
        body=encoded({"model": "m", "messages": []}),
    )
    assert line == expected


def test_an_anthropic_line_is_answered_as_a_message() -> None:
    line = LineReader().parse(b'{"custom_id":"b","params":{"model":"m"}}', 1)
    expected = BatchLine(
        number=1, custom_id="b", shape=LineShape.ANTHROPIC, path="/v1/messages", model="m", body=b'{"model":"m"}'
    )
    assert line == expected


@pytest.mark.parametrize(
    ("dialect", "body", "path"),
    [
        ("auto", {"messages": []}, CHAT),
        ("auto", {"input": "x"}, "/v1/responses"),
        ("auto", {"messages": [], "input": "x"}, CHAT),
        ("auto", {"contents": [], "model": "g"}, "/v1beta/models/g:generateContent"),
        ("auto", {"contents": [], "model": "models/g"}, "/v1beta/models/g:generateContent"),
        ("openai_chat", {"odd": 1}, CHAT),
        ("openai_responses", {"prompt": {"id": "p"}}, "/v1/responses"),
        ("anthropic_messages", {"messages": []}, "/v1/messages"),
        ("gemini", {"contents": [], "model": "g"}, "/v1beta/models/g:generateContent"),
    ],
)
def test_a_bare_body_is_answered_in_its_dialect(dialect: str, body: dict[str, Any], path: str) -> None:
    line = LineReader(dialect).parse(encoded(body), 12)
    assert (line.custom_id, line.shape, line.path) == ("line-12", LineShape.BARE, path)
    assert line.model == ("g" if body.get("model") else "")
    kept = {name: value for name, value in body.items() if name != "model" or ":" not in path}
    assert json.loads(line.body) == kept


def test_a_bare_body_may_have_an_id() -> None:
    line = LineReader().parse(b'{"custom_id":"mine","messages":[1.50]}', 1)
    assert (line.custom_id, line.body) == ("mine", b'{"messages":[1.50]}')


@pytest.mark.parametrize(
    ("line", "body"),
    [
        (openai_line(), {"model": "other", "messages": []}),
        ({"custom_id": "a", "params": {"model": "m", "x": 1}}, {"model": "other", "x": 1}),
        ({"messages": []}, {"messages": [], "model": "other"}),
        ({"messages": [], "model": "m", "custom_id": "c"}, {"messages": [], "model": "other"}),
    ],
)
def test_another_model_may_be_asked(line: Any, body: dict[str, Any]) -> None:
    read = LineReader(model="other").parse(encoded(line), 1)
    assert (read.model, json.loads(read.body)) == ("other", body)


@pytest.mark.parametrize(
    "line", [{"contents": [], "model": "g"}, {"contents": []}, openai_line(url="/v1/models/g:generateContent")]
)
def test_another_model_of_gemini_is_asked_by_its_path(line: Any) -> None:
    read = LineReader(model="other").parse(encoded(line), 1)
    assert (read.model, read.path) == ("other", "/v1beta/models/other:generateContent")


@pytest.mark.parametrize("model", [..., None, 5, ["m"]])
def test_a_request_may_name_no_model(model: Any) -> None:
    """It is read all the same: the error says so when it is asked."""
    body = {"messages": []} if model is ... else {"messages": [], "model": model}
    assert LineReader().parse(encoded(openai_line(body=body)), 1).model == ""


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        (b"{", "invalid_json_line", "expected one JSON object"),
        (b"[1]", "invalid_json_line", "another JSON value"),
        (b'{"a": "\xff"}', "invalid_json_line", "byte 7 of the line is not UTF-8"),
        (b'{"a":' * 5000, "invalid_json_line", "expected one JSON object"),
        (b'{"\\ud800": 1', "invalid_json_line", "expected one JSON object"),
        (openai_line(custom_id=...), "invalid_custom_id", "custom_id:"),
        (openai_line(custom_id=""), "invalid_custom_id", "custom_id:"),
        (openai_line(custom_id=5), "invalid_custom_id", "custom_id:"),
        ({"params": {}}, "invalid_custom_id", "custom_id:"),
        (openai_line(method="GET"), "invalid_method", "method:"),
        (openai_line(url=...), "invalid_url", "url:"),
        (openai_line(url=5), "invalid_url", "url:"),
        (openai_line(url="/v1/images/generations"), "invalid_url", "url:"),
        (openai_line(url="/v1beta/models/g:streamGenerateContent"), "invalid_url", "url:"),
        (openai_line(body=...), "missing_required_parameter", "body:"),
        (openai_line(body=None), "invalid_request", "body:"),
        (openai_line(body=[]), "invalid_request", "body:"),
        (openai_line(body={"stream": True}), "invalid_request", "body.stream:"),
        ({"custom_id": "a", "params": "x"}, "invalid_request", "params:"),
        ({"custom_id": "a", "params": {"stream": True}}, "invalid_request", "params.stream:"),
        ({"messages": [], "stream": True}, "invalid_request", "stream:"),
        ({"messages": [], "custom_id": 4}, "invalid_request", "custom_id:"),
        ({"messages": [], "model": 4}, "invalid_request", "model:"),
        ({"prompt": "x"}, "invalid_request", "--dialect"),
        ({}, "invalid_request", "--dialect"),
        ({"contents": []}, "missing_required_parameter", "model:"),
    ],
)
def test_what_is_no_request_is_refused(line: Any, code: str, place: str) -> None:
    mistake = refusal(line)
    assert mistake.code == code
    assert place in mistake.message
    assert str(mistake) == f"line 7: {mistake.message}"


def test_a_batch_with_an_endpoint_has_no_other() -> None:
    reader = LineReader(endpoint="/v1/embeddings")
    assert reader.parse(encoded(openai_line(url="/v1/embeddings")), 1).path == "/v1/embeddings"
    assert refusal(openai_line(), reader).code == "invalid_url"


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [(LineShape.OPENAI, "custom_id, method, url and body"), (LineShape.ANTHROPIC, "custom_id and params")],
)
def test_lines_of_one_shape_have_no_other_and_no_dialect_to_be_told(shape: LineShape, wanted: str) -> None:
    reader = LineReader(shape=shape)
    shapes = {LineShape.OPENAI: openai_line(), LineShape.ANTHROPIC: {"custom_id": "a", "params": {}}}
    others = [line for other, line in shapes.items() if other is not shape]
    for line in ({}, {"custom_id": "a"}, {"messages": []}, *others):
        mistake = refusal(line, reader)
        assert mistake.code == "missing_required_parameter"
        assert wanted in mistake.message
        assert "--dialect" not in mistake.message
    assert reader.parse(encoded(shapes[shape]), 1).shape is shape


@pytest.mark.parametrize("field", ["false", "null", '"yes"'])
def test_only_true_asks_for_a_stream(field: str) -> None:
    raw = b'{"custom_id":"a","params":{"stream":%b}}' % field.encode()
    assert LineReader().parse(raw, 1).custom_id == "a"


@pytest.mark.parametrize(("value", "told"), [(..., "has none"), ("", "is empty"), (5, "is another JSON value")])
def test_the_refusal_of_a_name_says_what_is_there(value: object, told: str) -> None:
    assert refusal(openai_line(custom_id=value)).message.endswith(told)


@pytest.mark.parametrize(
    ("raw", "custom_id"),
    [
        (b'{"custom_id":"a","url":"/v1/responses","body":{"input":"\\ud83d"}}', "a"),
        (b'{"custom_id":"a","params":{"system":"\\ud83d"}}', "a"),
        (b'{"messages":["\\ud83d"]}', "line-1"),
    ],
)
def test_half_an_emoji_is_served(raw: bytes, custom_id: str) -> None:
    line = LineReader().parse(raw, 1)
    assert line.custom_id == custom_id
    assert b"\\ud83d" in line.body
    assert b'"model":"m"' in LineReader(model="m").parse(raw, 1).body


def test_half_an_emoji_hides_nothing() -> None:
    assert refusal(b'{"custom_id":"a","params":{"stream":true,"system":"\\ud83d"}}').message.startswith(
        "params.stream"
    )
    assert refusal(b'{"custom_id":"a","url":"/v1/responses","body":["\\ud83d"]}').message.startswith("body:")
    assert (
        refusal(b'{"custom_id":"a","method":null,"url":"/v1/responses","body":["\\ud83d"]}').code
        == "invalid_method"
    )


@given(body=members, custom_id=st.text(min_size=1, max_size=10), openai=st.booleans())
def test_a_request_keeps_its_bytes(body: dict[str, Any], custom_id: str, openai: bool) -> None:
    request = encoded(body)
    head = encoded(custom_id)
    raw = b'{"custom_id": %b, ' % head + (
        b'"url": "/v1/responses", "body": %b}' % request if openai else b'"params": %b}' % request
    )
    line = LineReader().parse(raw, 1)
    assert (line.custom_id, line.body) == (custom_id, request)


@given(raw=st.binary(max_size=60))
@example(raw=b'{"custom_id":"\\ud800","params":{}}')
def test_garbage_is_refused_and_nothing_else(raw: bytes) -> None:
    with contextlib.suppress(BadLine):
        LineReader().parse(raw, 1)


@given(
    line=st.fixed_dictionaries(
        {},
        optional={
            "custom_id": json_values,
            "method": json_values | st.just("POST"),
            "url": json_values | st.just(CHAT),
            "body": json_values,
            "params": json_values,
            "model": json_values,
            "contents": json_values,
            "stream": json_values,
        },
    ),
    dialect=st.sampled_from(["auto", "openai_chat", "gemini"]),
)
def test_refusals_never_say_what_was_asked(line: dict[str, Any], dialect: str) -> None:
    told = ""
    try:
        LineReader(dialect).parse(encoded({**line, "system": SECRET, "messages": [SECRET]}), 1)
    except BadLine as mistake:
        told = str(mistake)
    assert SECRET not in told


def test_settings_tell_readers_apart() -> None:
    readers = (
        LineReader(),
        LineReader("gemini"),
        LineReader(model="m"),
        LineReader(endpoint="/v1/responses"),
        LineReader(shape=LineShape.ANTHROPIC),
    )
    assert len({reader.settings for reader in readers}) == len(readers)
    assert LineReader(model="m").settings == LineReader(model="n").settings


def test_an_unknown_dialect_is_refused() -> None:
    with pytest.raises(ValueError, match="expected one of auto, openai_chat"):
        LineReader("cohere")


@given(body=members, model=st.text(max_size=8))
def test_whatever_a_line_looks_like_it_tells_the_model_that_its_request_names(
    body: dict[str, Any], model: str
) -> None:
    request = {**body, "model": model}
    reader = LineReader("openai_chat")
    bare = {name: value for name, value in request.items() if name != "custom_id"}
    for line in (openai_line(body=request), {"custom_id": "a", "params": request}, bare):
        if not {"params", "body", "url"} & bare.keys() or "custom_id" in line:
            assert reader.parse(encoded(line), 1).model == model
