"""Models, health, metrics; and that no answer is ever Quart's own HTML."""

import pytest

from adapters.http.access import AccessPolicy
from application.list_models import ListModels
from domain.secret import Secret
from tests.http.conftest import CHAT
from tests.http.gateway_under_test import Gateway, build_gateway
from tests.http.scripts import everything

BEARER = {"authorization": "Bearer sk-gateway"}


@pytest.fixture
def locked() -> Gateway:
    return build_gateway(everything(), access=AccessPolicy(master_key=Secret("sk-gateway")))


@pytest.mark.parametrize("path", ["/v1/models", "/models"])
async def test_models_are_listed_without_those_that_cannot_be_called(local: Gateway, path: str) -> None:
    listed = await (await local.app.test_client().get(path)).get_json()
    assert listed["object"] == "list"
    assert {"id": "refused", "object": "model", "created": 1677610602, "owned_by": "scripted"} in listed["data"]
    assert "off" not in [model["id"] for model in listed["data"]]


@pytest.mark.parametrize("path", ["/v1/models/vendor/translated", "/models/vendor%2Ftranslated"])
async def test_one_model_may_have_a_slash_in_its_id(local: Gateway, path: str) -> None:
    assert (await (await local.app.test_client().get(path)).get_json())["id"] == "vendor/translated"


@pytest.mark.parametrize("name", ["off", "nobody", "vendor//translated"])
async def test_models_that_are_not_there_are_404(local: Gateway, name: str) -> None:
    response = await local.app.test_client().get(f"/v1/models/{name}")
    assert (response.status_code, (await response.get_json())["error"]["code"]) == (404, "model_not_found")


async def test_health_is_free_and_counts(locked: Gateway) -> None:
    health = await (await locked.app.test_client().get("/health")).get_json()
    models = {"ready": len(everything()), "not_configured": 1}
    assert health == {"status": "ok", "service": "feathergate", "version": "0.0", "models": models}


async def test_liveness_and_readiness_follow_the_drain(locked: Gateway) -> None:
    client = locked.app.test_client()
    for path in ("/health/liveliness", "/health/liveness"):
        assert await (await client.get(path)).get_data(as_text=True) == '"I\'m alive!"'
    assert (await (await client.get("/health/readiness")).get_json())["status"] == "healthy"
    locked.drain.begin(60)
    for path in ("/health/liveliness", "/health/liveness", "/health/readiness"):
        response = await client.get(path)
        assert (response.status_code, await response.get_json()) == (503, {"status": "shutting_down"})
    assert (await client.get("/health")).status_code == 200
    await locked.drain.wait()


async def test_metrics_hand_the_accept_header_on(local: Gateway) -> None:
    response = await local.app.test_client().get("/metrics", headers={"accept": "text/x"})
    assert response.content_type == "text/plain; version=0.0.4"
    assert await response.get_data(as_text=True) == "accept text/x\n"


@pytest.mark.parametrize(("need_key", "status"), [(True, 401), (False, 200)])
async def test_metrics_need_a_key_or_not(need_key: bool, status: int) -> None:
    access = AccessPolicy(master_key=Secret("sk-gateway"))
    gateway = build_gateway({}, access=access, metrics_need_key=need_key)
    client = gateway.app.test_client()
    assert (await client.get("/metrics")).status_code == status
    assert (await client.get("/metrics", headers=BEARER)).status_code == 200


@pytest.mark.parametrize("path", ["/v1/models", "/models/x", "/nowhere", "/healthy"])
async def test_the_key_guards_all_but_health(locked: Gateway, path: str) -> None:
    client = locked.app.test_client()
    assert (await client.get(path)).status_code == 401
    assert (await client.get(path, headers=BEARER)).status_code != 401


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("POST", "/", 404, "not_found"),
        ("GET", "/v1//models", 404, "not_found"),
        ("GET", "/openai/deployments//chat/completions", 404, "not_found"),
        ("DELETE", "/v1/models", 405, "method_not_allowed"),
        ("GET", CHAT, 405, "method_not_allowed"),
        ("PUT", "/engines/a/b/chat/completions", 405, "method_not_allowed"),
    ],
)
async def test_what_is_not_there_is_json(gateway: Gateway, method: str, path: str, status: int, code: str) -> None:
    answer = await gateway.ask(method, path)
    assert (answer.status, answer.error["code"]) == (status, code)
    assert answer.header("content-type") == "application/json"
    assert answer.header("x-request-id")
    assert (status == 405) == (answer.header("allow") is not None)
    assert gateway.books.requests == [(method, path, status)]


@pytest.mark.parametrize("path", ["/health", "/v1/models", CHAT])
async def test_head_and_options_have_no_body(gateway: Gateway, path: str) -> None:
    async with await gateway.connect() as client:
        for method, statuses in (("HEAD", {200, 405}), ("OPTIONS", {200, 204})):
            await client.request(method, path)
            answer = await client.answer(method=method)
            assert answer.status in statuses
            assert method == "HEAD" or "OPTIONS" in (answer.header("allow") or "")


@pytest.mark.parametrize("path", [CHAT, "/v1/models", "/health", "/nowhere"])
async def test_request_ids_are_echoed_if_sane_and_minted_if_not(gateway: Gateway, path: str) -> None:
    method = "POST" if path == CHAT else "GET"
    kept = await gateway.ask(method, path, headers={"x-request-id": "my-id/1"})
    assert kept.header("x-request-id") == "my-id/1"
    for wild in ("x" * 129, "a b", "caf\xe9", "a, b"):
        minted = (await gateway.ask(method, path, headers={"x-request-id": wild})).header("x-request-id")
        assert minted
        assert minted != wild
        assert len(minted) == 32


async def test_a_defect_in_a_route_is_a_json_500(
    local: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: ListModels) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(ListModels, "run", broken)
    response = await local.app.test_client().get("/v1/models", headers={"x-request-id": "me"})
    assert response.status_code == 500
    assert "request id me" in (await response.get_json())["error"]["message"]
    assert [entry.exc_info is not None for entry in caplog.records] == [True]


async def test_bodies_of_control_routes_are_bounded_too(gateway: Gateway) -> None:
    answer = await gateway.ask("POST", "/v1/models", headers={"content-length": "999999999"})
    assert answer.status in {405, 413}
    assert "error" in answer.json


@pytest.mark.parametrize("host", ["127.0.0.1:99999999", "localhost:x", "[::1", "a b", "\xe9"])
async def test_strange_hosts_get_json(gateway: Gateway, host: str) -> None:
    for path in ("/v1/models", "/health"):
        answer = await gateway.ask("GET", path, headers={"host": host})
        assert answer.header("content-type") in {"application/json", None, "text/plain; charset=utf-8"}
        assert b"<html" not in answer.body.lower()
