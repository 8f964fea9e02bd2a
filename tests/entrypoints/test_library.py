"""The gateway as a library: against the built-in echo model, and against four vendors on a loopback port."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.config.mistakes import ConfigError
from adapters.dialects.batch_lines.result_reader import read_result
from adapters.persistence.refusals import BatchFilesRefused
from application.batch.run import BatchLimits, EndReason
from domain.chat import events as ev
from domain.chat.content import Text
from domain.chat.fold import fold
from domain.chat.request import ChatRequest, Effort, Message, ReasoningSettings, Role
from domain.chat.response import FinishReason
from domain.embeddings import EmbeddingRequest
from domain.errors import ErrorKind, UnknownModel, UpstreamError
from domain.pricing.price import Price
from entrypoints.batch import BatchOrder, MistakenLines
from entrypoints.library import Gateway, open_gateway
from tests.e2e.canned.contents import PROMPT_TOKENS, TEXT, VECTORS
from tests.e2e.vendors import Vendors, running_vendors

ROOT = Path(__file__).parents[2]
ECHO: Mapping[str, object] = {
    "model_list": [
        {"model_name": "echo", "litellm_params": {"model": "echo/echo", "input_cost_per_token": 1e-6}},
        {"model_name": "refusing", "litellm_params": {"model": "echo/error-400"}},
    ],
    "router_settings": {
        "fallbacks": [{"refusing": ["echo"]}],
        "num_retries": 0,
        "enable_pre_call_checks": True,
        "optional_pre_call_checks": ["prompt_caching"],
    },
}
UPSTREAMS = {
    "chat": "openai/m",
    "responses": "openai/responses/m",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
}


def say(words: str, model: str = "echo") -> ChatRequest:
    return ChatRequest(model=model, messages=(Message(Role.USER, (Text(words),)),), max_output_tokens=50)


def at_vendors(vendors: Vendors, **models: str) -> Mapping[str, object]:
    def base(model: str) -> str:
        return vendors.base if model.startswith(("anthropic", "gemini")) else f"{vendors.base}/v1"

    return {
        "model_list": [
            {
                "model_name": name,
                "litellm_params": {"model": model, "api_key": "k", "api_base": base(model), "max_retries": 0},
            }
            for name, model in models.items()
        ],
        "router_settings": {"num_retries": 0},
    }


@pytest.fixture(scope="module")
def vendors() -> Iterator[Vendors]:
    with running_vendors() as running:
        yield running


async def test_a_request_is_answered_in_the_words_of_the_domain() -> None:
    async with open_gateway(ECHO) as gateway:
        response = await gateway.ask(say("one two three"))
    (candidate,) = response.candidates
    assert candidate.parts == (Text("one two three"),)
    assert candidate.finish.reason is FinishReason.STOP
    assert response.usage is not None
    assert response.usage.total_tokens == 6


async def test_a_stream_tells_what_the_whole_answer_says() -> None:
    async with open_gateway(ECHO) as gateway:
        whole = await gateway.ask(say("one two three"))
        events = [event async for event in gateway.stream(say("one two three"))]
    assert fold(events).candidates == whole.candidates
    assert [event.text for event in events if isinstance(event, ev.TextDelta)] == ["one", " two", " three"]


async def test_texts_are_embedded() -> None:
    async with open_gateway(ECHO) as gateway:
        answer = await gateway.embed(EmbeddingRequest(model="echo", inputs=("a", (1, 2)), dimensions=4))
    assert [len(vector) for vector in answer.vectors] == [4, 4]


@pytest.mark.parametrize("upstream", UPSTREAMS)
async def test_every_upstream_is_asked_in_its_own_dialect(vendors: Vendors, upstream: str) -> None:
    async with open_gateway(at_vendors(vendors, m=UPSTREAMS[upstream]), environment={}) as gateway:
        whole = await gateway.ask(say("weather?", "m"))
        streamed = fold([event async for event in gateway.stream(say("weather?", "m"))])
    for response in (whole, streamed):
        assert "".join(part.text for part in response.candidates[0].parts if isinstance(part, Text)) == TEXT
        assert response.usage is not None
        assert response.usage.prompt_tokens == PROMPT_TOKENS


@pytest.mark.parametrize("encoding", ["float", "base64"])
@pytest.mark.parametrize("upstream", ["openai/m", "gemini/gemini-embedding-001"])
async def test_vectors_of_every_upstream_are_numbers(vendors: Vendors, upstream: str, encoding: str) -> None:
    asked = EmbeddingRequest(model="m", inputs=("a", "b"), encoding="base64" if encoding == "base64" else "float")
    async with open_gateway(at_vendors(vendors, m=upstream), environment={}) as gateway:
        answer = await gateway.embed(asked)
    assert answer.vectors == VECTORS


async def test_what_fails_raises_the_domains_errors() -> None:
    async with open_gateway(ECHO) as gateway:
        with pytest.raises(UnknownModel, match="nobody"):
            await gateway.ask(say("hi", "nobody"))
        with pytest.raises(UpstreamError) as refused:
            await gateway.ask(say("/error 429"))
        assert refused.value.kind is ErrorKind.RATE_LIMIT
        with pytest.raises(UnknownModel):
            await gateway.embed(EmbeddingRequest(model="nobody", inputs=("a",)))


async def test_a_stream_that_breaks_raises_after_what_came() -> None:
    heard: list[ev.StreamEvent] = []

    async def hear(events: AsyncIterator[ev.StreamEvent]) -> None:
        async for event in events:
            heard.append(event)  # noqa: PERF401 - what came before the error is to be kept

    async with open_gateway(ECHO) as gateway:
        with pytest.raises(UpstreamError):
            await hear(gateway.stream(say("/fail mid-stream\none two three four")))
    assert [event.text for event in heard if isinstance(event, ev.TextDelta)] == ["one", " two"]


async def test_another_model_falls_in_as_it_would_for_a_client() -> None:
    asked = ChatRequest(
        model="refusing",
        messages=(Message(Role.USER, (Text("hi"),)),),
        reasoning=ReasoningSettings(effort=Effort.LOW),
    )
    async with open_gateway(ECHO) as gateway:
        response = await gateway.ask(asked)
    assert response.candidates[0].parts == (Text("hi"),)


async def test_who_stops_listening_leaves_no_connection_behind(vendors: Vendors) -> None:
    async with open_gateway(at_vendors(vendors, stall="openai/stall"), environment={}) as gateway:
        async with aclosing(gateway.stream(say("hi", "stall"))) as events:
            async for event in events:
                if isinstance(event, ev.TextDelta):
                    break
        assert await asyncio.to_thread(vendors.wait_for, lambda v: v.connections == 0)


async def test_who_is_cancelled_leaves_no_connection_behind(vendors: Vendors) -> None:
    async with open_gateway(at_vendors(vendors, silent="openai/silent"), environment={}) as gateway:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await gateway.ask(say("hi", "silent"))
        assert await asyncio.to_thread(vendors.wait_for, lambda v: v.connections == 0)


async def test_connections_are_kept_until_the_gateway_is_closed(vendors: Vendors) -> None:
    async with open_gateway(at_vendors(vendors, m="openai/m"), environment={}) as gateway:
        await gateway.ask(say("hi", "m"))
        assert vendors.connections == 1
    assert await asyncio.to_thread(vendors.wait_for, lambda v: v.connections == 0)


async def test_costs_are_told_before() -> None:
    async with open_gateway(ECHO) as gateway:
        found = gateway.estimate(say("one two three"))
        assert gateway.price("echo") == Price(input_usd=1e-6)
        assert gateway.price("refusing") is None
    assert found.answer_tokens == 50
    assert found.cost_usd == pytest.approx(found.prompt_tokens * 1e-6)


async def test_a_file_is_read_as_the_gateway_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "feathergate.yaml"
    path.write_text(
        "model_list: [{model_name: $NAME, litellm_params: {model: echo/echo}}]\n".replace("$NAME", "me")
    )
    for config in (path, str(path)):
        async with open_gateway(config, environment={}) as gateway:
            assert (await gateway.ask(say("hi", "me"))).candidates


async def test_keys_come_from_the_environment_that_is_given(vendors: Vendors) -> None:
    config = {
        "model_list": [
            {
                "model_name": "m",
                "litellm_params": {"model": "openai/m", "api_base": f"{vendors.base}/v1", "api_key": "${MY_KEY}"},
            }
        ]
    }
    async with open_gateway(config, environment={"MY_KEY": "sk-mine"}) as gateway:
        await gateway.ask(say("hi", "m"))
    assert vendors.asked[-1].headers["authorization"] == "Bearer sk-mine"


async def test_the_processs_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FEATHERGATE_TEST_MODEL", "echo/echo")
    params = {"model": "${FEATHERGATE_TEST_MODEL}"}
    async with open_gateway({"model_list": [{"model_name": "m", "litellm_params": params}]}) as gateway:
        assert (await gateway.ask(say("hi", "m"))).candidates


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({}, "empty"),
        ({"model_list": [{"model_name": "m", "litellm_params": {"model": "nowhere/m"}}]}, "<mapping>:"),
        ({"model_list": object()}, "expected texts, numbers"),
    ],
)
async def test_a_mistaken_configuration_is_refused_with_its_mistakes(
    config: Mapping[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        async with open_gateway(config, environment={}):
            pass


def test_a_plain_script_opens_one_after_the_other() -> None:
    async def once() -> int:
        async with open_gateway(ECHO) as gateway:
            answers = await asyncio.gather(*(gateway.ask(say(f"say {number}")) for number in range(20)))
        return len({answer.id for answer in answers})

    assert [asyncio.run(once()), asyncio.run(once())] == [20, 20]


ASKING = """
import asyncio, sys
from domain.chat.content import Text
from domain.chat.request import ChatRequest, Message, Role
from entrypoints.library import open_gateway

async def main():
    config = {"model_list": [{"model_name": "echo", "litellm_params": {"model": "echo/echo"}}]}
    async with open_gateway(config) as gateway:
        await gateway.ask(ChatRequest(model="echo", messages=(Message(Role.USER, (Text("hi"),)),)))

asyncio.run(main())
sys.exit(", ".join({name.partition(".")[0] for name in sys.modules} & {"quart", "uvicorn", "hypercorn"}))
"""


def test_no_server_is_imported() -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASKING], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stderr.strip() == ""


def test_the_facade_says_what_it_offers() -> None:
    public = {name for name in vars(Gateway) if not name.startswith("_")}
    assert {"ask", "stream", "embed", "estimate", "price"} <= public
    assert all(getattr(Gateway, name).__doc__ for name in public)


def lines_of(count: int) -> list[bytes]:
    body = {"model": "echo", "messages": [{"role": "user", "content": "say"}]}
    return [json.dumps({"custom_id": f"id-{number}", **body}).encode() + b"\n" for number in range(count)]


async def test_a_batch_is_answered_into_a_file_and_gone_on_with(tmp_path: Path) -> None:
    requests, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    requests.write_bytes(b"".join(lines_of(20)))
    order = BatchOrder(requests=requests, output=results)
    async with open_gateway(ECHO) as gateway:
        end = await gateway.batch(order)
        with pytest.raises(BatchFilesRefused):
            await gateway.batch(order)
        again = await gateway.batch(replace(order, resume=True))
    assert (end.reason, end.tally.succeeded, again.tally.succeeded) == (EndReason.COMPLETE, 20, 0)
    ids = [json.loads(line)["custom_id"] for line in results.read_text().splitlines()]
    assert sorted(ids) == sorted(f"id-{number}" for number in range(20))


async def test_a_batch_keeps_to_its_budget(tmp_path: Path) -> None:
    requests = tmp_path / "requests.jsonl"
    requests.write_bytes(b"".join(lines_of(20)))
    async with open_gateway(ECHO) as gateway:
        limits = BatchLimits(concurrency=1, budget_usd=gateway.estimate(say("say")).cost_usd)
        end = await gateway.batch(BatchOrder(requests=requests, output=tmp_path / "results.jsonl"), limits)
    assert end.reason is EndReason.BUDGET
    assert 0 < end.tally.succeeded < 20


async def test_mistaken_lines_are_told_before_anything_is_sent(tmp_path: Path) -> None:
    requests, results = tmp_path / "requests.jsonl", tmp_path / "results.jsonl"
    requests.write_bytes(b"{oops\n" + b"".join(lines_of(1)))
    async with open_gateway(ECHO) as gateway:
        with pytest.raises(MistakenLines):
            await gateway.batch(BatchOrder(requests=requests, output=results))
    assert not results.exists() or results.read_bytes() == b""


async def test_lines_in_memory_have_results_in_memory() -> None:
    async with open_gateway(ECHO) as gateway:
        results = await gateway.answer_lines([*lines_of(50), b"\n"], BatchLimits(concurrency=8))
    heads = [read_result(result) for result in results]
    assert {head.custom_id for head in heads if head is not None and head.succeeded} == {
        f"id-{number}" for number in range(50)
    }
    assert all(result.endswith(b"\n") for result in results)


async def test_lines_that_fail_have_results_that_say_why() -> None:
    bad = b'{"custom_id": "a", "url": "/v1/nowhere", "body": {}}'
    unknown = b'{"custom_id": "b", "model": "nobody", "messages": [{"role": "user", "content": "hi"}]}'
    async with open_gateway(ECHO) as gateway:
        results = [json.loads(line) for line in await gateway.answer_lines([bad, unknown])]
    assert [result["response"]["status_code"] for result in results] == [400, 404]
    assert "/v1/chat/completions" in results[0]["response"]["body"]["error"]["message"]


async def test_lines_without_an_id_are_called_by_what_they_say() -> None:
    nameless = [b'{"messages": [{"role": "user", "content": "%d"}]}' % number for number in range(3)]
    async with open_gateway(ECHO) as gateway:
        first = await gateway.answer_lines(nameless, model="echo")
        second = await gateway.answer_lines(reversed(nameless), model="echo")
    ids = [{json.loads(result)["custom_id"] for result in results} for results in (first, second)]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 3
