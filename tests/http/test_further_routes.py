"""Counting, embedding and the legacy completions, as their clients use them."""

import json
from typing import Any

import pytest
from anthropic.types import MessageTokensCount
from google.genai.types import CountTokensResponse
from openai.types import Completion, CreateEmbeddingResponse
from openai.types.responses import InputTokenCountResponse

from domain.chat.usage import Usage
from tests.http.gateway_under_test import Gateway
from tests.http.http_client import Answer

PROMPT = "How many tokens is this, roughly?"
MESSAGES = {"model": "echo", "messages": [{"role": "user", "content": PROMPT}]}
CONTENTS: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": PROMPT}]}]}
GEMINI_COUNT = "/v1beta/models/echo:countTokens"


async def ask(gateway: Gateway, path: str, body: object, **headers: str) -> Answer:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    response = await gateway.app.test_client().post(path, data=data, headers=sent)
    named = [(name.lower(), value) for name, value in response.headers.items()]
    return Answer(response.status_code, named, await response.get_data(as_text=False))


@pytest.mark.parametrize(
    ("path", "body", "sdk", "counted"),
    [
        ("/v1/messages/count_tokens", MESSAGES, MessageTokensCount, "input_tokens"),
        (
            "/v1/responses/input_tokens",
            {"model": "echo", "input": PROMPT},
            InputTokenCountResponse,
            "input_tokens",
        ),
        (GEMINI_COUNT, CONTENTS, CountTokensResponse, "totalTokens"),
        (GEMINI_COUNT, {"generateContentRequest": CONTENTS}, CountTokensResponse, "totalTokens"),
        (GEMINI_COUNT, {"generate_content_request": CONTENTS}, CountTokensResponse, "totalTokens"),
    ],
)
async def test_counts_are_worded_for_their_clients(
    local: Gateway, path: str, body: object, sdk: Any, counted: str
) -> None:
    answer = await ask(local, path, body)
    assert answer.status == 200
    sdk.model_validate(answer.json)
    assert 5 <= answer.json[counted] <= 25
    assert answer.header("x-feathergate-estimate") == "true"
    assert answer.header("x-litellm-model-id") == "id-echo"
    (record,) = local.books.records
    assert (record.status, record.deployment, record.usage) == (200, "id-echo", None)


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v1/messages/count_tokens", {"model": "echo"}, 400),
        ("/v1/messages/count_tokens", {**MESSAGES, "model": "nobody"}, 404),
        ("/v1/responses/input_tokens", {"model": "echo"}, 400),
        (GEMINI_COUNT, {}, 400),
        (GEMINI_COUNT, {"contents": []}, 400),
        (GEMINI_COUNT, {**CONTENTS, "generateContentRequest": CONTENTS}, 400),
        ("/v1beta/models/nobody:countTokens", CONTENTS, 404),
        (GEMINI_COUNT, b"{", 400),
    ],
)
async def test_what_cannot_be_counted(local: Gateway, path: str, body: object, status: int) -> None:
    answer = await ask(local, path, body)
    assert answer.status == status
    assert answer.error["message"]


@pytest.mark.parametrize("path", ["/v1/embeddings", "/openai/deployments/echo/embeddings"])
async def test_embeddings(local: Gateway, path: str) -> None:
    body = {"input": ["one text", "and another"], "dimensions": 3, "timeout": 5}
    answer = await ask(local, path, body if "deployments" in path else {**body, "model": "echo"})
    assert answer.status == 200
    parsed = CreateEmbeddingResponse.model_validate(answer.json)
    assert parsed.model == "echo"
    assert [len(one.embedding) for one in parsed.data] == [3, 3]
    assert parsed.usage.prompt_tokens == 4
    (record,) = local.books.records
    assert record.usage == Usage(prompt_tokens=4, completion_tokens=0)
    assert answer.header("x-litellm-model-id") == "id-echo"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"input": "hi"}, "model"),
        ({"model": "echo"}, "input"),
        ({"model": "echo", "input": []}, "input"),
        ({"model": "echo", "input": ["a", {}]}, "input[1]"),
        ({"model": "echo", "input": "a", "dimensions": "many"}, "dimensions"),
        ({"model": "echo", "input": "a", "dimensions": 5_000}, "dimensions"),
        ({"model": "echo", "input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"model": "echo", "input": "a", "drop_params": "yes"}, "drop_params"),
        ({"model": "echo", "input": "a", "timeout": "soon"}, "timeout"),
    ],
)
async def test_mistakes_in_requests_for_embeddings(local: Gateway, body: object, param: str) -> None:
    answer = await ask(local, "/v1/embeddings", body)
    assert (answer.status, answer.error["param"]) == (400, param)


@pytest.mark.parametrize("prompt", [PROMPT, [PROMPT]])
async def test_completions(local: Gateway, prompt: object) -> None:
    answer = await ask(local, "/v1/completions", {"model": "echo", "prompt": prompt, "suffix": "!"})
    assert answer.status == 200
    completion = Completion.model_validate(answer.json)
    assert (completion.model, completion.choices[0].text) == ("echo", PROMPT)
    assert completion.choices[0].finish_reason == "stop"
    (record,) = local.books.records
    assert (record.route, record.stream) == ("/v1/completions", False)


async def test_streamed_completions_that_repeat_their_prompt(local: Gateway) -> None:
    members = {"stream": True, "stream_options": {"include_usage": True}, "echo": True}
    answer = await ask(local, "/engines/echo/completions", {"prompt": PROMPT, **members})
    assert answer.body.endswith(b"data: [DONE]\n\n")
    frames = [line[6:] for line in answer.body.splitlines() if line.startswith(b"data: {")]
    chunks = [json.loads(frame) for frame in frames]
    assert "".join(choice["text"] for chunk in chunks for choice in chunk["choices"]) == PROMPT * 2
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] > 0
    assert {chunk["object"] for chunk in chunks} == {"text_completion"}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": "echo"}, "prompt"),
        ({"model": "echo", "prompt": []}, "prompt"),
        ({"prompt": "hi"}, "model"),
        ({"model": "echo", "prompt": ["a", "b"]}, "prompt"),
        ({"model": "echo", "prompt": [1, 2]}, "prompt"),
    ],
)
async def test_mistakes_in_requests_for_completions(local: Gateway, body: object, param: str) -> None:
    answer = await ask(local, "/v1/completions", body)
    assert (answer.status, answer.error["param"]) == (400, param)
