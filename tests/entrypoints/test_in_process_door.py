"""The door of this process to the gateway as it is composed: every kind of line, answered and estimated."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.loading import load_mapping
from adapters.http.in_process import InProcessDoor
from domain.batch.line import BatchLine, LineEstimate, LineShape
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedRequest, RequestError, UnknownModel
from domain.models.token_estimate import estimate_text
from domain.pricing.cost import cost_usd
from entrypoints.container import close_container
from entrypoints.library import quiet_container

PRICED = {"model": "echo/echo", "input_cost_per_token": 1e-6, "output_cost_per_token": 4e-6}
GPT = {"model": "openai/gpt-4.1-mini", "api_key": "k"}
CONFIG: Mapping[str, object] = {
    "model_list": [
        {"model_name": "echo", "litellm_params": PRICED},
        {"model_name": "unpriced", "litellm_params": {"model": "echo/echo"}},
        {
            "model_name": "free",
            "litellm_params": {**PRICED, "input_cost_per_token": 0, "output_cost_per_token": 0},
        },
        {"model_name": "two", "litellm_params": PRICED},
        {"model_name": "two", "litellm_params": {**PRICED, "output_cost_per_token": 9e-6}},
        {"model_name": "gpt", "litellm_params": GPT},
        {"model_name": "thinker", "litellm_params": {**GPT, "output_cost_per_reasoning_token": 1.0}},
        {"model_name": "refusing", "litellm_params": {"model": "echo/error-400"}},
    ],
    "general_settings": {"master_key": "sk-own", "litellm_key_header_name": "x-my-key"},
    "router_settings": {"fallbacks": [{"refusing": ["echo"]}], "num_retries": 0},
}
WORDS = "one two three four"
MESSAGES = {"messages": [{"role": "user", "content": WORDS}]}
CONTENTS = {"contents": [{"parts": [{"text": WORDS}]}]}
LINES: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("/v1/chat/completions", MESSAGES, "max_completion_tokens"),
    ("/v1/completions", {"prompt": WORDS}, "max_tokens"),
    ("/v1/responses", {"input": WORDS}, "max_output_tokens"),
    ("/v1/messages", {**MESSAGES, "max_tokens": 9}, "max_tokens"),
    ("/v1beta/models/echo:generateContent", CONTENTS, "generationConfig"),
)


def door(config: Mapping[str, object] = CONFIG) -> InProcessDoor:
    opened: InProcessDoor = quiet_container(load_mapping(config, {})).in_process_door()
    return opened


def line(path: str, body: dict[str, Any] | bytes) -> BatchLine:
    written = body if isinstance(body, bytes) else json.dumps({"model": "echo", **body}).encode()
    return BatchLine(number=1, custom_id="one", shape=LineShape.OPENAI, path=path, model="echo", body=written)


def chat(**members: Any) -> BatchLine:
    return line("/v1/chat/completions", {**MESSAGES, **members})


@pytest.mark.parametrize(("path", "body", "_"), LINES, ids=[path for path, _, _ in LINES])
async def test_every_dialect_is_answered_in_its_own_words(path: str, body: dict[str, Any], _: str) -> None:
    outcome = await door().ask(line(path, body))
    assert (outcome.status, outcome.error, outcome.attempts) == (200, None, 1)
    assert WORDS.encode() in outcome.body
    assert outcome.usage == Usage(prompt_tokens=4, completion_tokens=4)
    assert outcome.cost_usd == pytest.approx(4 * 1e-6 + 4 * 4e-6)
    assert outcome.duration_s > 0
    assert len(outcome.request_id) == 32


async def test_embeddings_are_answered() -> None:
    outcome = await door().ask(line("/v1/embeddings", {"input": ["a b", "c"], "dimensions": 3}))
    assert outcome.error is None
    assert [len(row["embedding"]) for row in json.loads(outcome.body)["data"]] == [3, 3]
    assert outcome.cost_usd == pytest.approx(3e-6)


async def test_a_path_that_is_no_route_is_not_found_in_openais_words() -> None:
    outcome = await door().ask(line("/v1/nothing", MESSAGES))
    assert (outcome.status, outcome.attempts) == (404, 0)
    assert outcome.error is not None
    assert outcome.error.kind is ErrorKind.NOT_FOUND
    error = json.loads(outcome.body)["error"]
    assert (error["code"], "/v1/nothing" in error["message"]) == ("not_found", True)


async def test_errors_come_in_the_dialect_of_the_line() -> None:
    asked = {"messages": [{"role": "user", "content": "/error 429"}], "max_tokens": 9}
    openai = await door().ask(line("/v1/chat/completions", asked))
    anthropic = await door().ask(line("/v1/messages", asked))
    for outcome in (openai, anthropic):
        assert outcome.error is not None
        assert (outcome.status, outcome.error.kind, outcome.error.retryable) == (429, ErrorKind.RATE_LIMIT, True)
    assert json.loads(anthropic.body)["error"]["type"] == "rate_limit_error"
    assert json.loads(openai.body)["error"]["message"]


async def test_fallbacks_count_as_attempts() -> None:
    outcome = await door().ask(chat(model="refusing"))
    assert (outcome.status, outcome.attempts) == (200, 2)


async def test_many_lines_at_a_time() -> None:
    asked = door()
    outcomes = await asyncio.gather(*(asked.ask(chat(user=str(number))) for number in range(100)))
    assert {outcome.status for outcome in outcomes} == {200}
    assert len({outcome.request_id for outcome in outcomes}) == 100


def test_whatever_a_line_holds_it_has_an_outcome() -> None:
    asked = door()
    members = st.dictionaries(st.text(), st.none() | st.text())

    with asyncio.Runner() as runner:

        @given(st.binary() | members.map(lambda body: json.dumps(body).encode()), st.sampled_from(LINES))
        def is_refused(body: bytes, asking: tuple[str, object, str]) -> None:
            outcome = runner.run(asked.ask(line(asking[0], body)))
            assert 400 <= outcome.status < 500
            assert isinstance(outcome.error, RequestError)
            assert isinstance(json.loads(outcome.body), dict | list)
            with pytest.raises(RequestError):
                asked.estimate(line(asking[0], body))

        is_refused()


async def test_the_upstreams_socket_is_closed_with_the_lines_task() -> None:
    asked, gone = asyncio.Event(), asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        asked.set()
        await reader.read()
        gone.set()
        writer.close()

    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        reached = {"model": "openai/m", "api_base": f"http://127.0.0.1:{port}/v1", "api_key": "k"}
        container = quiet_container(
            load_mapping({"model_list": [{"model_name": "echo", "litellm_params": reached}]}, {})
        )
        task = asyncio.get_running_loop().create_task(container.in_process_door().ask(chat()))
        async with asyncio.timeout(5):
            await asked.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await gone.wait()
        await close_container(container)


@pytest.mark.parametrize(("path", "body", "limit"), LINES, ids=[path for path, _, _ in LINES])
def test_what_a_line_takes_at_most_is_told_before(path: str, body: dict[str, Any], limit: str) -> None:
    most: object = {"maxOutputTokens": 70} if limit == "generationConfig" else 70
    found = door().estimate(line(path, {**body, limit: most}))
    assert 4 <= found.prompt_tokens <= 20
    assert found.answer_tokens == 70
    assert found.cost_usd == pytest.approx(found.prompt_tokens * 1e-6 + 70 * 4e-6)


def test_several_answers_cost_several_times() -> None:
    one, three = (door().estimate(chat(max_tokens=10, n=n)) for n in (1, 3))
    assert (one.answer_tokens, three.answer_tokens) == (10, 30)


def test_without_a_limit_the_models_own_counts_and_without_that_nothing_is_known() -> None:
    assert door().estimate(chat(model="gpt")).answer_tokens == 32_768
    unknown = door().estimate(chat())
    assert (unknown.answer_tokens, unknown.cost_usd) == (None, None)
    free = door().estimate(chat(model="free"))
    assert (free.answer_tokens, free.cost_usd) == (None, 0.0)


def test_the_dearest_deployment_and_the_dearest_tokens_count() -> None:
    found = door().estimate(chat(model="two", max_tokens=10))
    assert found.cost_usd == pytest.approx(found.prompt_tokens * 1e-6 + 10 * 9e-6)
    thought = door().estimate(chat(model="thinker", max_tokens=10))
    assert thought.cost_usd is not None
    assert thought.cost_usd > 10.0


def test_models_without_a_key_are_estimated_all_the_same() -> None:
    config = {"model_list": [{"model_name": "gpt", "litellm_params": {**GPT, "api_key": "${NO_SUCH_KEY:-}"}}]}
    assert door(config).estimate(chat(model="gpt")) == door().estimate(chat(model="gpt"))


def test_a_price_that_nobody_knows_leaves_the_cost_unknown() -> None:
    assert door().estimate(chat(model="unpriced", max_tokens=10)).cost_usd is None


def test_embeddings_have_no_answers_to_pay_for() -> None:
    found = door().estimate(line("/v1/embeddings", {"input": ["one two", [1, 2, 3]]}))
    tokens = estimate_text("one two", "echo") + 3
    assert found == LineEstimate(prompt_tokens=tokens, answer_tokens=0, cost_usd=tokens * 1e-6)


def test_prompts_that_no_conversation_holds_are_estimated_one_by_one() -> None:
    asked = door()
    whole, half = (
        asked.estimate(line("/v1/completions", {"prompt": prompt, "max_tokens": 5}))
        for prompt in (["a b c", "a b c"], "a b c")
    )
    assert whole.prompt_tokens == 2 * half.prompt_tokens
    assert (whole.answer_tokens, half.answer_tokens) == (10, 5)
    ids = asked.estimate(line("/v1/completions", {"prompt": [1, 2, 3], "max_tokens": 5}))
    lists = asked.estimate(line("/v1/completions", {"prompt": [[1, 2], [3]], "max_tokens": 5}))
    assert (ids.prompt_tokens, ids.answer_tokens) == (3, 5)
    assert (lists.prompt_tokens, lists.answer_tokens) == (3, 10)
    assert asked.estimate(line("/v1/completions", {"prompt": ["a", "b"]})).cost_usd is None


def test_what_cannot_be_asked_cannot_be_estimated() -> None:
    asked = door()
    with pytest.raises(UnknownModel):
        asked.estimate(chat(model="nobody"))
    with pytest.raises(MalformedRequest, match="messages"):
        asked.estimate(chat(messages=[]))
    with pytest.raises(MalformedRequest, match="only counts"):
        asked.estimate(line("/v1/messages/count_tokens", MESSAGES))
    with pytest.raises(MalformedRequest, match="is none"):
        asked.estimate(line("/nothing", MESSAGES))


def test_no_answer_within_its_limits_costs_more_than_estimated() -> None:
    container = quiet_container(load_mapping(CONFIG, {}))
    price = container.prices()(container.fleet().deployments("gpt")[0])
    found = container.in_process_door().estimate(chat(model="gpt", max_tokens=70))
    most_usd = found.cost_usd
    assert price is not None
    assert most_usd is not None

    @given(prompt=st.integers(0, found.prompt_tokens), answer=st.integers(0, 70))
    def is_cheaper(prompt: int, answer: int) -> None:
        assert cost_usd(Usage(prompt_tokens=prompt, completion_tokens=answer), price) <= most_usd

    is_cheaper()
