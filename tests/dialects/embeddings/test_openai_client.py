"""Embeddings as a client asks for them: what is asked is what a server reads, and every answer is understood."""

import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.dialects.embeddings.openai import parse_request, render_response
from adapters.dialects.embeddings.openai_client import parse_response, render_request
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse
from domain.errors import MalformedResponse

USAGE = Usage(prompt_tokens=3, completion_tokens=0)
TEXTS = st.text(max_size=20)
TOKEN_IDS = st.lists(st.integers(0, 100_000), min_size=1, max_size=5).map(tuple)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@st.composite
def requests(draw: st.DrawFn) -> EmbeddingRequest:
    ext = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "openai": st.just({"input_type": "query"}),
                "google": st.dictionaries(st.sampled_from(["taskType", "title"]), TEXTS, min_size=1),
            },
        )
    )
    return EmbeddingRequest(
        model=draw(st.text(min_size=1, max_size=9)),
        inputs=tuple(draw(st.lists(TEXTS | TOKEN_IDS, min_size=1, max_size=4))),
        dimensions=draw(st.none() | st.integers(1, 4_096)),
        encoding=draw(st.sampled_from(["float", "base64"])),
        end_user=draw(st.none() | TEXTS),
        ext=ext,
    )


@given(requests())
def test_a_server_reads_what_was_asked(request: EmbeddingRequest) -> None:
    read = parse_request(render_request(request))
    assert (read.model, read.inputs, read.dimensions, read.encoding) == (
        request.model,
        request.inputs,
        request.dimensions,
        request.encoding,
    )
    assert (read.end_user, dict(read.ext)) == (request.end_user, dict(request.ext))


@given(requests(), st.lists(st.lists(SINGLE, max_size=6).map(tuple), max_size=4).map(tuple))
def test_an_answer_is_read_as_it_was_meant(
    request: EmbeddingRequest, vectors: tuple[tuple[float, ...], ...]
) -> None:
    answer = EmbeddingResponse(vectors=vectors, usage=USAGE)
    assert parse_response(json_codec.encode(render_response(answer, request)), USAGE) == answer


def test_vectors_come_in_the_order_of_their_inputs() -> None:
    rows = [{"index": 1, "embedding": [2.0]}, {"index": 0, "embedding": [1]}]
    assert parse_response(json_codec.encode({"data": rows}), None).vectors == ((1.0,), (2.0,))


@pytest.mark.parametrize(
    "row",
    [
        1,
        {"index": 0},
        {"embedding": []},
        {"index": "a", "embedding": [1]},
        {"index": 0, "embedding": [[1]]},
        {"index": 0, "embedding": ["x"]},
        {"index": 0, "embedding": None},
        {"index": 0, "embedding": "not base64"},
        {"index": 0, "embedding": "AAA="},
    ],
)
def test_what_is_no_answer_is_refused(row: object) -> None:
    whole = {"index": 0, "embedding": [0.5]}
    with pytest.raises(MalformedResponse, match="expected embeddings"):
        parse_response(json_codec.encode({"data": [whole, row]}), None)


@given(st.binary())
def test_garbage_is_refused(body: bytes) -> None:
    with pytest.raises(MalformedResponse):
        parse_response(body, None)


def test_singles_are_four_bytes_here() -> None:
    assert array.array("f").itemsize == 4
