"""A gateway that keeps batches, and what the tests do with it by the vendors' own clients."""

import json
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import anthropic
import openai

from tests.e2e.gated_upstream import GatedUpstream
from tests.e2e.gateway import Gateway, running_gateway

KEY = "sk-batch-tests"
CONCURRENCY = 4
PATIENCE_S = 20.0
CHAT: Final = "/v1/chat/completions"


def config(folder: Path, upstream: GatedUpstream | None = None, *, more_limits: str = "") -> str:
    """`gpt` is asked upstream, `echo` answers by itself."""
    base = "http://127.0.0.1:9" if upstream is None else upstream.base
    return f"""
model_list:
  - {{model_name: echo, litellm_params: {{model: echo/echo}}}}
  - {{model_name: gpt, litellm_params: {{model: hosted_vllm/gpt, api_base: "{base}/v1", num_retries: 0}}}}
general_settings: {{master_key: {KEY}}}
feathergate:
  log_level: warning
  data_dir: {folder / "kept"}
  limits: {{batch_concurrency: {CONCURRENCY}{more_limits}}}
"""


@contextmanager
def keeping(folder: Path, upstream: GatedUpstream | None = None, *arguments: str) -> Iterator[Gateway]:
    """A gateway that keeps what it is given in `folder`, whoever kept something there before."""
    with running_gateway(config(folder, upstream), folder, *arguments) as gateway:
        yield gateway
        assert "Traceback" not in gateway.output


@contextmanager
def openai_client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base + "/v1", api_key=KEY, max_retries=0, timeout=PATIENCE_S) as client:
        yield client


@contextmanager
def anthropic_client(gateway: Gateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.base, api_key=KEY, max_retries=0, timeout=PATIENCE_S) as client:
        yield client


def line(custom_id: str, prompt: str, model: str = "gpt", url: str = CHAT) -> bytes:
    body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body}).encode()


def lines(number: int, model: str = "gpt") -> bytes:
    return b"\n".join(line(f"id-{index}", f"prompt {index}", model) for index in range(number))


def begin(client: openai.OpenAI, content: bytes, **more: Any) -> openai.types.Batch:
    """Upload, and create the batch."""
    file = client.files.create(file=("in.jsonl", content), purpose="batch")
    return client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h", **more)


def until(condition: Callable[[], bool], told: Callable[[], object] = lambda: "") -> None:
    """Poll; each round asks the gateway something, so it takes its time."""
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE_S, deadline.set)
    timer.start()
    try:
        while not condition():
            assert not deadline.wait(0.02), told()
    finally:
        timer.cancel()


def ended(client: openai.OpenAI, batch_id: str, *statuses: str) -> openai.types.Batch:
    """The batch, once it is in one of these states."""
    seen = [client.batches.retrieve(batch_id)]

    def is_there() -> bool:
        seen[0] = client.batches.retrieve(batch_id)
        return seen[0].status in statuses

    until(is_there, lambda: seen[0])
    return seen[0]


def results(client: openai.OpenAI, file_id: str | None) -> list[dict[str, Any]]:
    """The lines of a file of results; none where there is no file."""
    if file_id is None:
        return []
    return [json.loads(text) for text in client.files.content(file_id).text.splitlines()]


def ids(found: Iterable[dict[str, Any]]) -> list[str]:
    return [result["custom_id"] for result in found]
