"""Embeddings on the wire: OpenAI's format from both sides, Gemini's as an upstream's."""

import base64
import json
import struct
from typing import Any

import pytest
from google.genai.types import EmbedContentResponse
from hypothesis import given
from hypothesis import strategies as st
from openai.types import CreateEmbeddingResponse

from adapters.dialects.embeddings import gemini, openai
from domain.chat.loss import LossKind
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse
from domain.errors import MalformedRequest, MalformedResponse, UnsupportedFeature

numbers = st.floats(width=32, allow_nan=False, allow_infinity=False)
vectors = st.lists(numbers, min_size=1, max_size=8).map(tuple)
texts = st.lists(st.text(), min_size=1, max_size=4)


@given(texts, st.none() | st.integers(1, 4_096), st.sampled_from(("float", "base64", None)))
def test_requests_are_read(inputs: list[str], dimensions: int | None, encoding: str | None) -> None:
    body = {"model": "m", "input": inputs, "dimensions": dimensions, "encoding_format": encoding, "user": "u"}
    request = openai.parse_request(body)
    assert request.inputs == tuple(inputs)
    assert (request.dimensions, request.encoding, request.end_user) == (dimensions, encoding or "float", "u")
    assert openai.parse_request({"model": "m", "input": inputs[0]}).inputs == (inputs[0],)


def test_token_ids_are_one_input_or_many() -> None:
    assert openai.parse_request({"model": "m", "input": [1, 2]}).inputs == ((1, 2),)
    assert openai.parse_request({"model": "m", "input": [[1], [2, 3]]}).inputs == ((1,), (2, 3))
    assert openai.parse_request({"model": "m", "input": ["a", [2, 3]]}).inputs == ("a", (2, 3))


@pytest.mark.parametrize(
    ("members", "param"),
    [
        ({"model": ""}, "model"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": {}}, "input"),
        ({"input": ["a", 1]}, "input[1]"),
        ({"input": [[1], []]}, "input[1]"),
        ({"input": [True]}, "input[0]"),
        ({"dimensions": 0}, "dimensions"),
        ({"dimensions": 1.5}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"user": 5}, "user"),
    ],
)
def test_mistakes_are_named(members: dict[str, Any], param: str) -> None:
    with pytest.raises(MalformedRequest) as raised:
        openai.parse_request({"model": "m", "input": "a", **members})
    assert raised.value.param == param


@given(st.lists(vectors, min_size=1, max_size=3), st.sampled_from(("float", "base64")))
def test_answers_are_what_the_official_client_reads(given_vectors: list[tuple[float, ...]], encoding: Any) -> None:
    request = EmbeddingRequest(model="asked", inputs=("a",) * len(given_vectors), encoding=encoding)
    response = EmbeddingResponse(vectors=tuple(given_vectors), usage=Usage(prompt_tokens=3))
    rendered = openai.render_response(response, request)
    for one in rendered["data"]:
        if encoding == "base64":
            data = base64.b64decode(one["embedding"])
            one["embedding"] = list(struct.unpack(f"<{len(data) // 4}f", data))
    parsed = CreateEmbeddingResponse.model_validate(rendered)
    assert [tuple(one.embedding) for one in parsed.data] == given_vectors
    assert [one.index for one in parsed.data] == list(range(len(given_vectors)))
    assert (parsed.model, parsed.usage.prompt_tokens, parsed.usage.total_tokens) == ("asked", 3, 3)


@given(texts, st.none() | st.integers(1, 4_096))
def test_gemini_is_asked_for_each_text(inputs: list[str], dimensions: int | None) -> None:
    ext = {"google": {"taskType": "RETRIEVAL_DOCUMENT", "title": "t"}}
    request = EmbeddingRequest(model="asked", inputs=tuple(inputs), dimensions=dimensions, ext=ext)
    rendered = gemini.render_request(request, "gemini-embedding-001")
    assert rendered.losses == ()
    assert [one["content"]["parts"][0]["text"] for one in rendered.body["requests"]] == inputs
    for one in rendered.body["requests"]:
        assert one["model"] == "models/gemini-embedding-001"
        assert one.get("outputDimensionality") == dimensions
        assert (one["taskType"], one["title"]) == ("RETRIEVAL_DOCUMENT", "t")


def test_googles_members_are_taken_from_openais_clients() -> None:
    body = {"model": "m", "input": "a", "task_type": "RETRIEVAL_QUERY", "title": "t", "odd": 1, "user": "u"}
    rendered = gemini.render_request(openai.parse_request(body), "models/m")
    assert rendered.body["requests"][0]["model"] == "models/m"
    assert rendered.body["requests"][0]["taskType"] == "RETRIEVAL_QUERY"
    assert [(loss.where, loss.kind) for loss in rendered.losses] == [
        ("/user", LossKind.HINT),
        ("/odd", LossKind.PARAMETER),
    ]


def test_token_ids_mean_nothing_to_gemini() -> None:
    request = EmbeddingRequest(model="m", inputs=("a", (1, 2)))
    with pytest.raises(UnsupportedFeature) as raised:
        gemini.render_request(request, "m")
    assert raised.value.param == "input[1]"


@given(st.lists(vectors, min_size=1, max_size=3), st.none() | st.integers(1, 100))
def test_geminis_answers(given_vectors: list[tuple[float, ...]], counted: int | None) -> None:
    request = EmbeddingRequest(model="m", inputs=("some words here",) * len(given_vectors))
    body: dict[str, Any] = {"embeddings": [{"values": list(vector)} for vector in given_vectors]}
    if counted is not None:
        body["usageMetadata"] = {"promptTokenCount": counted}
    EmbedContentResponse.model_validate({"embeddings": body["embeddings"]})
    response = gemini.parse_response(body, request, "gemini-embedding-001")
    assert response.vectors == tuple(given_vectors)
    assert response.usage is not None
    assert response.usage.prompt_tokens == (3 * len(given_vectors) if counted is None else counted)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {},
        {"embeddings": []},
        {"embeddings": [{}]},
        {"embeddings": [{"values": ["1"]}]},
        {"embeddings": [{"values": [True]}]},
        {"embeddings": [{"values": [10**400]}]},
        {"embeddings": [{"values": [1]}, {"values": [2]}]},
    ],
)
def test_geminis_broken_answers(body: object) -> None:
    with pytest.raises(MalformedResponse):
        gemini.parse_response(body, EmbeddingRequest(model="m", inputs=("a",)), "m")


def test_relayed_answers_keep_their_bytes() -> None:
    data = b'[{"object": "embedding", "embedding": [1.10, 2e-3, -0.0], "index": 0}]'
    body = b'{"object":"list","model":"up-2024","data":' + data + b',"usage":{"prompt_tokens":2,"total_tokens":2}}'
    relayed, usage = openai.relay_answer(body, "asked")
    assert data in relayed
    assert json.loads(relayed) == {**json.loads(body), "model": "asked"}
    assert usage == Usage(prompt_tokens=2, completion_tokens=0)
    assert openai.relay_answer(b'{"data":[],"usage":{"prompt_tokens":"x"}}', "m")[1] is None


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"<html>", b'{"embeddings":[]}', b'{"data":[],"usage":{"a":' + b"[" * 500]
)
def test_what_is_no_answer(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        openai.relay_answer(body, "m")
