"""The service as it is composed, asked without a server."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from adapters.config.loading import load_config
from entrypoints.arguments import parse_arguments
from entrypoints.container import Container

CONFIG = "model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]"


async def ask(tmp_path: Path, *, stream: bool) -> bytes:
    path = tmp_path / "gateway.yaml"
    path.write_text(CONFIG)
    options = parse_arguments(["serve", "--config", str(path)])
    container = Container(loaded=load_config(path, {}, dotenv=False), options=options)
    body = {"model": "echo", "messages": [{"role": "user", "content": "one two three"}], "stream": stream}
    response = await container.app().test_client().post("/v1/chat/completions", data=json.dumps(body).encode())
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
