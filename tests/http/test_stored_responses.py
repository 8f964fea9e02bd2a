"""The routes about responses that an upstream keeps."""

import json
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field

import pytest

from adapters.http.access import AccessPolicy
from application.ports.response_store import StoredAnswer, StoredCall
from domain.errors import ErrorKind, UpstreamRejected, UpstreamUnavailable
from domain.routing.fleet import Deployment
from domain.secret import Secret
from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.scripts import everything

PREFIXES = ("/v1/responses", "/responses", "/openai/v1/responses")
JSON = {"content-type": "application/json", "x-request-id": "up-1"}


@dataclass
class Kept:
    """One answer to all calls; `breaks` after its pieces."""

    pieces: tuple[bytes, ...] = (b'{"id":', b'"resp_1"}')
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    breaks: bool = False
    refusal: UpstreamRejected | None = None
    calls: list[StoredCall] = field(default_factory=list)
    closed: int = 0
    status: int = 200

    def keeps(self, deployment: Deployment) -> bool:
        return deployment.unready is None

    async def open(self, deployment: Deployment, call: StoredCall) -> StoredAnswer:
        self.calls.append(call)
        if self.refusal is not None:
            raise self.refusal
        return self

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        for piece in self.pieces:
            yield piece
        if self.breaks:
            raise UpstreamUnavailable("the upstream hung up")

    async def aclose(self) -> None:
        self.closed += 1


def gateway_over(kept: Kept, access: AccessPolicy | None = None) -> Gateway:
    return build_gateway(everything(), response_store=kept, access=access)


@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize(
    ("method", "below"), [("GET", ""), ("DELETE", ""), ("GET", "/input_items"), ("POST", "/cancel")]
)
async def test_calls_are_forwarded_and_answers_as_they_are(prefix: str, method: str, below: str) -> None:
    kept = Kept()
    client = gateway_over(kept).app.test_client()
    headers = {"openai-beta": "b", "cookie": "c", "authorization": "Bearer k"}
    path = f"{prefix}/resp_1{below}?include[]=a&include[]=b%26c&model=echo&key=k&limit=2"
    ask = {"GET": client.get, "DELETE": client.delete, "POST": client.post}[method]
    answer = await ask(path, headers=headers)
    assert await answer.get_data(as_text=False) == b'{"id":"resp_1"}'
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    (call,) = kept.calls
    assert (call.method, call.suffix, call.group) == (method, f"resp_1{below}", "echo")
    assert call.query == "include%5B%5D=a&include%5B%5D=b%26c&limit=2"
    assert dict(call.headers) == {"openai-beta": "b"}
    assert kept.closed == 1


@pytest.mark.parametrize(
    ("headers", "query", "group"),
    [
        ({}, "", None),
        ({}, "?model=", None),
        ({"x-feathergate-model": "echo"}, "", "echo"),
        ({"x-feathergate-model": "echo"}, "?model=refused", "echo"),
        ({}, "?model=vendor%2Ftranslated", "vendor/translated"),
    ],
)
async def test_the_caller_may_name_the_group(headers: dict[str, str], query: str, group: str | None) -> None:
    kept = Kept()
    client = gateway_over(kept).app.test_client()
    assert (await client.get(f"/v1/responses/resp_1{query}", headers=headers)).status_code == 200
    assert kept.calls[0].group == group


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("PUT", "/v1/responses/resp_1", 405),
        ("POST", "/v1/responses/resp_1", 405),
        ("GET", "/v1/responses/resp_1/cancel", 405),
        ("GET", "/v1/responses/resp_1/nowhere", 404),
        ("GET", "/v1/responses/resp.1", 400),
        ("GET", "/v1/responses/..%2Ffiles", 404),
        ("GET", "/v1/responses/%2e%2e", 400),
        ("GET", "/v1/responses/resp_1?model=nobody", 404),
        ("GET", "/v1/responses/resp_1?model=off", 503),
    ],
)
async def test_nothing_else_is_forwarded(method: str, path: str, status: int, server: str) -> None:
    kept = Kept()
    async with served(gateway_over(kept), server) as gateway:
        answer = await gateway.ask(method, path)
    assert (answer.status, bool(answer.error["message"])) == (status, True)
    assert kept.calls == []


async def test_the_upstream_s_refusal_is_told() -> None:
    refusal = UpstreamRejected("no such response", kind=ErrorKind.NOT_FOUND, status=404)
    answer = await gateway_over(Kept(refusal=refusal)).app.test_client().get("/v1/responses/resp_1")
    assert (answer.status_code, "no such response" in await answer.get_data(as_text=True)) == (404, True)


async def test_an_answer_that_breaks_is_an_error() -> None:
    kept = Kept(breaks=True)
    answer = await gateway_over(kept).app.test_client().get("/v1/responses/resp_1")
    assert (answer.status_code, (await answer.get_json())["error"]["message"]) == (503, "the upstream hung up")
    assert kept.closed == 1


@pytest.mark.parametrize("breaks", [False, True])
async def test_a_stream_is_handed_on_and_its_failure_is_its_last_event(server: str, breaks: bool) -> None:
    pieces = (b"event: response.created\n", b'data: {"type":"response.created"}\n\n')
    kept = Kept(pieces=pieces, headers={"content-type": "text/event-stream"}, breaks=breaks)
    async with served(gateway_over(kept), server) as gateway:
        answer = await gateway.ask("GET", "/v1/responses/resp_1?stream=true&starting_after=4")
    assert kept.calls[0].query == "stream=true&starting_after=4"
    assert answer.header("x-accel-buffering") == "no"
    assert answer.body.startswith(b"".join(pieces))
    failure = answer.body.removeprefix(b"".join(pieces))
    assert bool(failure) is breaks
    if breaks:
        first = failure.strip().split(b"data: ")[1].split(b"\n")[0]
        assert "the upstream hung up" in json.loads(first)["error"]["message"]
    assert kept.closed == 1


async def test_the_key_guards_what_is_kept() -> None:
    kept = Kept()
    client = gateway_over(kept, access=AccessPolicy(master_key=Secret("sk-gateway"))).app.test_client()
    assert (await client.get("/v1/responses/resp_1")).status_code == 401
    assert (await client.get("/v1/responses/resp_1", headers={"api-key": "sk-gateway"})).status_code == 200
    assert len(kept.calls) == 1
