"""Embeddings from upstreams and from echo."""

import base64
import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.embeddings.document import EmbeddingsDocument
from adapters.dialects.envelope import Envelope
from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.echo.embeddings import EchoEmbedder
from adapters.providers.embedders import Embedders
from adapters.providers.embeddings import HttpEmbedder
from application.call_record import CallRecord
from application.embedding_call import EmbeddingCall
from application.ports.embedder import RelayedEmbeddings
from domain.chat.usage import Usage
from domain.embeddings import EmbeddingRequest, EmbeddingResponse
from domain.errors import ErrorKind, MalformedResponse, UnsupportedFeature, UpstreamRejected
from domain.json_types import JSON
from domain.routing.fleet import Deployment
from domain.secret import Secret
from tests.providers.fake_upstream import FakeUpstream, document

KEY = Secret("sk-1234567890")
ECHO = Deployment(id="e", group="g", provider="echo", model="any")
VECTOR = base64.b64encode(struct.pack("<2f", 0.5, -1.0)).decode()
ANSWER = {
    "object": "list",
    "data": [{"object": "embedding", "index": 0, "embedding": VECTOR}],
    "model": "text-embedding-3-small",
    "usage": {"prompt_tokens": 2, "total_tokens": 2},
}
GEMINIS = {"embeddings": [{"values": [0.5, -1.0]}], "usageMetadata": {"promptTokenCount": 4}}


def embedding_call(**members: Any) -> EmbeddingCall:
    body = json.dumps({"model": "asked", "input": "hi there", **members}).encode()
    return EmbeddingCall(
        request_id="r",
        model="asked",
        document=EmbeddingsDocument(Envelope.decode(body)),
        record=CallRecord(request_id="r", route="/v1/embeddings", received_s=0.0),
    )


async def embedded(
    model: str, call: EmbeddingCall, answer: bytes, *, status: int = 200, **fields: Any
) -> tuple[EmbeddingResponse | RelayedEmbeddings, FakeUpstream]:
    bindings = bind([DeploymentSpec(group="asked", model=model, api_key=KEY, **fields)], {})
    assert bindings.mistakes == ()
    upstream = FakeUpstream(document(answer, status=status))
    embedder = HttpEmbedder({True: upstream}, bindings.routes)
    return await embedder.embed(bindings.deployments[0], call), upstream


@pytest.mark.parametrize(
    ("model", "target"),
    [
        ("openai/text-embedding-3-small", "/v1/embeddings"),
        ("mistral/mistral-embed", "/v1/embeddings"),
    ],
)
async def test_pass_through(model: str, target: str) -> None:
    """Only the model's name is another; what the gateway does not know passes too."""
    call = embedding_call(encoding_format="base64", dimensions=2, input=["hi", [1, 2]], unknown={"a": 1.50})
    answer, upstream = await embedded(model, call, json.dumps(ANSWER).encode())
    (request,) = upstream.requests
    assert request.target == target
    sent = json.loads(bytes(request.body))
    assert sent == {
        "model": model.partition("/")[2],
        "encoding_format": "base64",
        "dimensions": 2,
        "input": ["hi", [1, 2]],
        "unknown": {"a": 1.5},
    }
    assert isinstance(answer, RelayedEmbeddings)
    assert json.loads(answer.body) == {**ANSWER, "model": "asked"}
    assert answer.usage == Usage(prompt_tokens=2, completion_tokens=0)
    assert call.upstream_headers["x-request-id"] == "req-up"


async def test_the_operators_wishes() -> None:
    call = embedding_call(user="me", dimensions=5)
    _, upstream = await embedded(
        "openai/text-embedding-3-small",
        call,
        json.dumps(ANSWER).encode(),
        request_defaults={"dimensions": 9, "encoding_format": "float"},
        additional_drop_params=("user",),
        extra_body={"metadata": {"team": "a"}},
        api_base="http://127.0.0.1:9/v1",
    )
    sent = json.loads(bytes(upstream.requests[0].body))
    assert (sent["dimensions"], sent["encoding_format"], sent["metadata"]) == (5, "float", {"team": "a"})
    assert "user" not in sent


async def test_gemini() -> None:
    call = embedding_call(dimensions=2, task_type="RETRIEVAL_QUERY", encoding_format="base64")
    answer, upstream = await embedded("gemini/gemini-embedding-001", call, json.dumps(GEMINIS).encode())
    (request,) = upstream.requests
    assert request.target == "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    assert json.loads(bytes(request.body))["requests"] == [
        {
            "model": "models/gemini-embedding-001",
            "taskType": "RETRIEVAL_QUERY",
            "outputDimensionality": 2,
            "content": {"parts": [{"text": "hi there"}]},
        }
    ]
    assert answer == EmbeddingResponse(vectors=((0.5, -1.0),), usage=Usage(prompt_tokens=4, completion_tokens=0))


async def test_strict_callers_hear_what_gemini_lacks() -> None:
    call = embedding_call(odd=1)
    call.strict = True
    with pytest.raises(UnsupportedFeature, match="odd"):
        await embedded("gemini/gemini-embedding-001", call, b"{}")


async def test_providers_without_embeddings() -> None:
    with pytest.raises(UnsupportedFeature, match="anthropic has no embeddings") as raised:
        await embedded("anthropic/claude-sonnet-4-5", embedding_call(), b"{}")
    assert (raised.value.status, raised.value.param) == (400, "model")


@pytest.mark.parametrize(
    ("model", "body", "kind"),
    [
        (
            "openai/m",
            {"error": {"message": f"bad {KEY.reveal()}", "code": "model_not_found"}},
            ErrorKind.NOT_FOUND,
        ),
        ("gemini/m", {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}, ErrorKind.NOT_FOUND),
    ],
)
async def test_refusals(model: str, body: object, kind: ErrorKind) -> None:
    with pytest.raises(UpstreamRejected) as raised:
        await embedded(model, embedding_call(), json.dumps(body).encode(), status=404)
    assert raised.value.kind is kind
    assert raised.value.request_id == "req-up"
    assert KEY.reveal() not in raised.value.message


@pytest.mark.parametrize("model", ["openai/m", "gemini/m"])
async def test_answers_without_vectors(model: str) -> None:
    with pytest.raises(MalformedResponse):
        await embedded(model, embedding_call(), b"<html>")


class Asked:
    def __init__(self, request: EmbeddingRequest) -> None:
        self._request = request

    def canonical(self) -> EmbeddingRequest:
        return self._request

    def changed(self, model: str, changes: Mapping[str, JSON]) -> "Asked":
        return self


@given(st.lists(st.text() | st.lists(st.integers(0, 9), min_size=1).map(tuple), min_size=1, max_size=3))
async def test_echo_is_the_same_each_time(inputs: list[Any]) -> None:
    call = embedding_call()
    call.document = Asked(EmbeddingRequest(model="m", inputs=tuple(inputs)))
    first = await EchoEmbedder().embed(ECHO, call)
    assert await EchoEmbedder().embed(ECHO, call) == first
    assert isinstance(first, EmbeddingResponse)
    assert all(math.isclose(math.hypot(*vector), 1) for vector in first.vectors)
    assert len(set(first.vectors)) == len(set(inputs))


async def test_echo_counts_words_and_bounds_dimensions() -> None:
    answer = await EchoEmbedder().embed(ECHO, embedding_call(input=["hi there", [1, 2, 3]], dimensions=3))
    assert isinstance(answer, EmbeddingResponse)
    assert ([len(vector) for vector in answer.vectors], answer.usage) == (
        [3, 3],
        Usage(prompt_tokens=5, completion_tokens=0),
    )
    with pytest.raises(UnsupportedFeature):
        await EchoEmbedder().embed(ECHO, embedding_call(dimensions=4_097))


async def test_each_deployment_is_asked_where_it_is() -> None:
    class Routed:
        async def embed(self, deployment: Deployment, call: EmbeddingCall) -> RelayedEmbeddings:
            return RelayedEmbeddings(body=b"routed", usage=None)

    embedders = Embedders(Routed(), EchoEmbedder(), routed=frozenset({"h"}))
    here = Deployment(id="h", group="g", provider="openai", model="m")
    assert await embedders.embed(here, embedding_call()) == RelayedEmbeddings(body=b"routed", usage=None)
    assert isinstance(await embedders.embed(ECHO, embedding_call()), EmbeddingResponse)
