"""GET /router/state, POST /router/explain, and what failing calls tell, in the service as it is composed."""

import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
from quart.typing import TestClientProtocol as Client

from adapters.config.loading import load_config
from entrypoints.arguments import parse_arguments
from entrypoints.container import Container

MODELS = """
model_list:
- model_name: smart
  litellm_params: {model: openai/gpt-4o, api_key: secret-of-one, api_base: "http://127.0.0.1:PORT/v1", weight: 3}
  model_info: {id: one}
- model_name: smart
  litellm_params: {model: openai/gpt-4o-mini, api_key: secret-of-two, api_base: "http://127.0.0.1:PORT/v1"}
  model_info: {id: two}
- {model_name: backup, litellm_params: {model: echo/echo}, model_info: {id: three}}
- {model_name: eu, litellm_params: {model: echo/echo, tags: [eu], order: 1}, model_info: {id: four}}
- {model_name: "vendor/*", litellm_params: {model: "openai/*", api_key: "${NOT_THERE:-}"}, model_info: {id: five}}
router_settings:
  fallbacks: [{smart: [backup]}]
  context_window_fallbacks: [{smart: [eu]}]
  num_retries: 1
  allowed_fails: 0
"""
LOCK = "general_settings: {master_key: sk-gateway}\n"
CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "a secret prompt"}]


@pytest.fixture
def composed(tmp_path: Path) -> Container:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]  # closed again: nobody listens there
    return container(tmp_path, MODELS.replace("PORT", str(port)))


def container(tmp_path: Path, config: str) -> Container:
    path = tmp_path / "gateway.yaml"
    path.write_text(config)
    options = parse_arguments(["serve", "--config", str(path)])
    return Container(loaded=load_config(path, {}, dotenv=False), options=options)


@pytest.fixture
def client(composed: Container) -> Client:
    client: Client = composed.app().test_client()
    return client


async def post(client: Client, path: str, **body: object) -> tuple[int, dict[str, str], dict[str, Any]]:
    response = await client.post(path, data=json.dumps(body).encode())
    headers = {name.lower(): value for name, value in response.headers.items()}
    return response.status_code, headers, await response.get_json()


async def explained(client: Client, **body: object) -> dict[str, Any]:
    status, _, answer = await post(client, "/router/explain", **body)
    assert status == 200
    return answer


async def state(client: Client) -> dict[str, Any]:
    response = await client.get("/router/state")
    assert response.status_code == 200
    answer: dict[str, Any] = await response.get_json()
    return answer


def by_id(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for group in report["groups"] for one in group["deployments"]}


async def test_the_state_tells_every_deployment(client: Client) -> None:
    report = await state(client)
    assert report["pid"] == os.getpid()
    assert report["policy"]["strategy"] == "simple-shuffle"
    assert report["policy"]["retry"]["retries"] == 1
    assert report["policy"]["fallbacks"]["general"] == {"smart": ["backup"]}
    assert [group["model"] for group in report["groups"]] == ["smart", "backup", "eu", "vendor/*"]
    told = by_id(report)
    assert told["one"] == {
        "id": "one",
        "provider": "openai",
        "model": "gpt-4o",
        "order": None,
        "tags": [],
        "weight": 3.0,
        "rpm": None,
        "tpm": None,
        "max_parallel_requests": None,
        "state": "closed",
        "why": None,
        "since_s": None,
        "next_probe_s": None,
        "rate_limited_s": 0.0,
        "in_flight": 0,
        "last_minute": {"requests": 0.0, "tokens": 0.0, "failures": 0.0},
        "first_answer_s": None,
        "share": None,
    }
    assert (told["four"]["order"], told["four"]["tags"]) == (1, ["eu"])
    assert (told["five"]["state"], "NOT_THERE" in told["five"]["why"]) == ("not configured", True)


async def test_the_state_tells_why_a_deployment_is_left_alone(client: Client) -> None:
    status, headers, _ = await post(client, CHAT, model="smart", messages=HELLO)
    assert (status, headers["x-feathergate-fallback"], headers["x-feathergate-attempts"]) == (200, "backup", "3")
    report = await state(client)
    told = by_id(report)
    for ident in ("one", "two"):
        assert told[ident]["state"] == "open"
        assert told[ident]["why"].startswith("provider_unavailable; 1 in a row")
        assert told[ident]["since_s"] >= 0
        assert told[ident]["next_probe_s"] > 0
        assert told[ident]["last_minute"]["failures"] == 1
        assert told[ident]["share"] == 0.5
    assert told["three"]["last_minute"]["requests"] == 1
    assert told["three"]["first_answer_s"] is not None
    assert "secret" not in json.dumps(report)


async def test_the_same_seed_gives_the_same_choice(client: Client) -> None:
    choices = set()
    for seed in (*range(20), 19):
        first = await explained(client, model="smart", messages=HELLO, seed=seed)
        assert await explained(client, model="smart", messages=HELLO, seed=seed) == first
        choices.add(first["choice"])
    assert choices == {"one"}  # the other one has no weight
    first = await explained(client, model="smart", messages=HELLO, seed=19)
    assert first == {
        "text": first["text"],
        "candidates": ["one", "two"],
        "probes": [],
        "skipped": [],
        "choice": first["choice"],
        "wait_s": None,
        "error": None,
        "seed": 19,
        "fallbacks": ["backup"],
        "context_window_fallbacks": ["eu"],
        "content_policy_fallbacks": [],
        "retries": 1,
    }
    assert first["text"].startswith("model 'smart'\ncandidates: one (openai/gpt-4o), two (openai/gpt-4o-mini)\n")
    assert f"\nchoice: {first['choice']}\ndrawn: " in first["text"]
    assert "secret" not in json.dumps(first)


async def test_a_seed_that_was_drawn_is_told(client: Client) -> None:
    drawn = await explained(client, model="smart")
    assert await explained(client, model="smart", seed=drawn["seed"]) == drawn


async def test_a_dry_run_changes_nothing(client: Client, composed: Container) -> None:
    await post(client, CHAT, model="smart", messages=HELLO)
    roster = composed.roster()
    before = [(one.standing.health, one.standing.in_flight) for one in roster.standings()]
    found = await explained(client, model="smart")
    assert found["choice"] == "three"
    assert [one["deployment"] for one in found["skipped"]] == ["one", "two"]
    assert "fallback: 'backup'" in found["text"]
    assert [(one.standing.health, one.standing.in_flight) for one in roster.standings()] == before
    counted = composed.routing_counts().attempts
    assert sum(counted.values()) == 3


async def test_a_callers_own_routing_counts(client: Client) -> None:
    found = await explained(client, model="smart", fallbacks=["eu"], num_retries=7, seed=1)
    assert (found["fallbacks"], found["retries"]) == (["eu"], 7)
    alone = await explained(client, model="smart", disable_fallbacks=True)
    assert (alone["fallbacks"], alone["context_window_fallbacks"]) == ([], [])
    mocked = await explained(client, model="smart", mock_testing_fallbacks=True)
    assert mocked["choice"] == "three"
    assert "failed as the caller asked: provider_server" in mocked["text"]


async def test_nobody_to_ask_is_told_with_the_error_that_a_call_would_get(client: Client) -> None:
    found = await explained(client, model="vendor/any", messages=HELLO)
    assert found["choice"] is None
    assert found["error"]["class"] == "gateway_not_configured"
    assert "NOT_THERE" in found["skipped"][0]["reason"]
    assert found["text"].splitlines()[:2] == ["model 'vendor/any'", "group 'vendor/*'"]


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"model": "nobody"}, 404, "model"),
        ({}, 400, "model"),
        ({"model": 3}, 400, "model"),
        ({"model": "smart", "seed": "x"}, 400, "seed"),
        ({"model": "smart", "seed": True}, 400, "seed"),
        ({"model": "smart", "num_retries": -1}, 400, "num_retries"),
    ],
)
async def test_calls_that_cannot_be_explained(
    client: Client, body: dict[str, Any], status: int, param: str
) -> None:
    found, headers, answer = await post(client, "/router/explain", **body)
    assert (found, answer["error"]["param"]) == (status, param)
    assert headers["x-feathergate-error"].startswith("caller_")


async def test_both_are_guarded_by_the_master_key(tmp_path: Path) -> None:
    locked = container(tmp_path, MODELS.replace("PORT", "9") + LOCK).app().test_client()
    assert (await locked.get("/router/state")).status_code == 401
    assert (await locked.post("/router/explain", data=b'{"model": "smart"}')).status_code == 401
    bearer = {"authorization": "Bearer sk-gateway"}
    assert (await locked.get("/router/state", headers=bearer)).status_code == 200


async def test_a_call_that_fails_tells_its_attempts(client: Client) -> None:
    status, headers, answer = await post(client, CHAT, model="smart", messages=HELLO, disable_fallbacks=True)
    assert status == 503
    assert headers["x-feathergate-error"] == "provider_unavailable"
    assert headers["x-feathergate-attempts"] == "2"
    assert headers["x-litellm-attempted-retries"] == "1"
    assert headers["x-litellm-attempted-fallbacks"] == "0"
    _, _, tried = answer["error"]["message"].partition("Tried: ")
    assert sorted(tried.split("; ")) == [
        "openai/gpt-4o (one): provider_unavailable",
        "openai/gpt-4o-mini (two): provider_unavailable",
    ]


async def test_a_call_that_nobody_could_be_asked_for_has_no_attempts(client: Client) -> None:
    status, headers, _ = await post(client, CHAT, model="vendor/any", messages=HELLO)
    assert (status, headers["x-feathergate-error"]) == (503, "gateway_not_configured")
    assert "x-feathergate-attempts" not in headers


async def test_a_fallback_that_was_asked_for_is_told_though_it_was_the_only_try(client: Client) -> None:
    status, headers, _ = await post(client, CHAT, model="smart", messages=HELLO, mock_testing_fallbacks=True)
    assert (status, headers["x-litellm-attempted-fallbacks"], headers["x-feathergate-fallback"]) == (
        200,
        "1",
        "backup",
    )


async def test_a_scrape_tells_how_deployments_stand(client: Client) -> None:
    await post(client, CHAT, model="smart", messages=HELLO)
    page = await (await client.get("/metrics")).get_data(as_text=True)
    assert 'feathergate_deployment_state{deployment="one",model="smart",provider="openai"} 2.0' in page
    assert 'feathergate_attempts_total{deployment="three",model="backup",outcome="ok",provider="echo"} 1.0' in page
