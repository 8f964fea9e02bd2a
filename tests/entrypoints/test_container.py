"""The service as it is composed, asked without a server."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.config.loading import load_config
from entrypoints.arguments import parse_arguments
from entrypoints.billing import AnswerReader
from entrypoints.container import Container

CONFIG = "model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]"


def container(tmp_path: Path, config: str = CONFIG) -> Container:
    path = tmp_path / "gateway.yaml"
    path.write_text(config)
    options = parse_arguments(["serve", "--config", str(path)])
    return Container(loaded=load_config(path, {}, dotenv=False), options=options)


async def ask(tmp_path: Path, *, stream: bool) -> bytes:
    body = {"model": "echo", "messages": [{"role": "user", "content": "one two three"}], "stream": stream}
    return await post(container(tmp_path), "/v1/chat/completions", body)


async def post(composed: Container, path: str, body: dict[str, Any]) -> bytes:
    response = await composed.app().test_client().post(path, data=json.dumps(body).encode())
    assert response.status_code == 200
    answer: bytes = await response.get_data(as_text=False)
    return answer


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_without_a_time_of_its_own_is_dated_by_the_gateway(tmp_path: Path, stream: bool) -> None:
    before_s = int(time.time())
    answer = await ask(tmp_path, stream=stream)
    frames = answer.decode().removesuffix("data: [DONE]\n\n").split("\n\n") if stream else [answer.decode()]
    documents: list[dict[str, Any]] = [json.loads(frame.removeprefix("data: ")) for frame in frames if frame]
    (created,) = {document["created"] for document in documents}
    assert before_s <= created <= before_s + 60


MESSAGES = {"messages": [{"role": "user", "content": "one two three"}]}
CONTENTS = {"contents": [{"parts": [{"text": "one two three"}]}]}


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        ("/v1/chat/completions", MESSAGES, b"three"),
        ("/v1/completions", {"prompt": "one two three"}, b"three"),
        ("/v1/responses", {"input": "one two three"}, b"three"),
        ("/v1/messages", {**MESSAGES, "max_tokens": 9}, b"three"),
        ("/v1beta/models/echo:generateContent", CONTENTS, b"three"),
        ("/v1beta/models/echo:streamGenerateContent", CONTENTS, b"three"),
        ("/v1/messages/count_tokens", MESSAGES, b"input_tokens"),
        ("/v1/responses/input_tokens", {"input": "one two three"}, b"input_tokens"),
        ("/v1beta/models/echo:countTokens", CONTENTS, b"totalTokens"),
        ("/v1/embeddings", {"input": "one two three"}, b"embedding"),
    ],
)
async def test_every_route_is_served(tmp_path: Path, path: str, body: dict[str, Any], told: bytes) -> None:
    assert told in await post(container(tmp_path), path, {"model": "echo", **body})


async def test_models_are_listed_with_what_the_operator_says_of_them(tmp_path: Path) -> None:
    composed = container(
        tmp_path,
        "model_list: [{model_name: gpt, litellm_params: {model: openai/gpt-4.1, api_key: k}, "
        "model_info: {max_input_tokens: 77}}, {model_name: echo, litellm_params: {model: echo/echo}}]",
    )
    headers = {"anthropic-version": "2023-06-01"}
    response = await composed.app().test_client().get("/v1/models", headers=headers)
    listed = (await response.get_json())["data"]
    assert [(model["id"], model["max_input_tokens"]) for model in listed] == [("gpt", 77), ("echo", None)]


async def test_where_nothing_is_kept_stored_responses_are_refused(tmp_path: Path) -> None:
    response = await container(tmp_path).app().test_client().get("/v1/responses/resp_1")
    assert (response.status_code, "keeps responses" in await response.get_data(as_text=True)) == (400, True)


def test_answers_are_metered_by_the_dialects_that_clients_speak(tmp_path: Path) -> None:
    composed = container(tmp_path)
    reader, clients = composed.billing().read_answer, composed.dialects()
    assert isinstance(reader, AnswerReader)
    spoken = (clients.chat, clients.completions, clients.responses, clients.messages, clients.gemini)
    assert list(map(id, reader._dialects.values())) == list(map(id, spoken))
