"""Calls about stored responses on their way to the upstream and back."""

from typing import Any

import pytest

from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.stored_responses import HttpResponseStore
from application.ports.response_store import StoredCall
from application.stored_responses import StoredResponses
from domain.errors import UpstreamError, UpstreamRejected, UpstreamUnavailable
from domain.routing.fleet import Fleet
from domain.secret import MASK, Secret
from tests.providers.fake_upstream import FakeResponse, FakeUpstream, document, stream_of

_KEY = "sk-very-secret-key-0123456789"
_AZURE = {"model": "azure/d", "api_base": "https://r", "api_version": "2025-04-01-preview"}


def _spec(**settings: Any) -> DeploymentSpec:
    return DeploymentSpec(**{"group": "g", "model": "openai/gpt-5", "api_key": Secret(_KEY), **settings})


def _use_case(upstream: FakeUpstream, *specs: DeploymentSpec) -> StoredResponses:
    bindings = bind(specs, {})
    return StoredResponses(Fleet.of(bindings.deployments), HttpResponseStore({True: upstream}, bindings.routes))


async def _body(upstream: FakeUpstream, call: StoredCall, *specs: DeploymentSpec) -> bytes:
    answer = await _use_case(upstream, *specs).run(call)
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        await answer.aclose()


@pytest.mark.parametrize(
    ("settings", "call", "target"),
    [
        ({}, StoredCall(method="GET", suffix="resp_1"), "/v1/responses/resp_1"),
        (
            {},
            StoredCall(method="GET", suffix="resp_1/input_items", query="limit=2&order=asc"),
            "/v1/responses/resp_1/input_items?limit=2&order=asc",
        ),
        (_AZURE, StoredCall(method="DELETE", suffix="resp_1"), "/openai/responses/resp_1?api-version=2025-04-01-preview"),
        (
            _AZURE,
            StoredCall(method="GET", suffix="resp_1", query="stream=true"),
            "/openai/responses/resp_1?api-version=2025-04-01-preview&stream=true",
        ),
    ],
)  # fmt: skip
async def test_the_call_reaches_the_account_as_it_is(
    settings: dict[str, Any], call: StoredCall, target: str
) -> None:
    raw = b'{"id": "resp_1",  "model": "up"}'
    answer = document(raw)
    upstream = FakeUpstream(answer)
    assert await _body(upstream, call, _spec(**settings)) == raw
    (request,) = upstream.requests
    assert (request.method, request.target, request.body) == (call.method, target, b"")
    assert sum(_KEY in value for _, value in request.headers) == 1
    assert "content-type" not in dict(request.headers)
    assert answer.closed == 1


async def test_a_body_keeps_its_bytes_and_its_type() -> None:
    upstream = FakeUpstream(document(b"{}"))
    await _body(upstream, StoredCall(method="POST", suffix="r/cancel", body=b'{ "a":1}'), _spec())
    (request,) = upstream.requests
    assert request.body == b'{ "a":1}'
    assert ("content-type", "application/json") in request.headers


async def test_the_caller_s_headers_for_the_vendor_travel() -> None:
    upstream = FakeUpstream(document(b"{}"))
    call = StoredCall(method="GET", suffix="r", headers={"openai-beta": "b", "authorization": "theirs"})
    await _body(upstream, call, _spec())
    headers = dict(upstream.requests[0].headers)
    assert headers["openai-beta"] == "b"
    assert headers["authorization"] == f"Bearer {_KEY}"


async def test_the_client_sees_status_type_id_and_limits() -> None:
    headers = {"x-ratelimit-limit-requests": "1", "set-cookie": "c"}
    upstream = FakeUpstream(document(b"{}", status=202, headers=headers))
    answer = await _use_case(upstream, _spec()).run(StoredCall(method="GET", suffix="r"))
    assert answer.status == 202
    assert answer.headers == {
        "content-type": "application/json",
        "x-request-id": "req-up",
        "x-ratelimit-limit-requests": "1",
    }
    await answer.aclose()


async def test_a_stream_is_forwarded_as_it_comes() -> None:
    chunks = (b"event: a\n", b"data: {}\n\n", b"data: x\n\n")
    answer = stream_of(*chunks)
    call = StoredCall(method="GET", suffix="r", query="stream=true")
    forwarded = await _use_case(FakeUpstream(answer), _spec()).run(call)
    assert [chunk async for chunk in forwarded.chunks()] == list(chunks)
    assert forwarded.headers["content-type"] == "text/event-stream"


async def test_a_refusal_is_the_upstream_s_own_without_its_key() -> None:
    body = b'{"error": {"message": "no such key: %s", "type": "x", "code": "not_found"}}' % _KEY.encode()
    answer = document(body, status=404)
    with pytest.raises(UpstreamRejected) as refused:
        await _body(FakeUpstream(answer), StoredCall(method="GET", suffix="r"), _spec())
    assert refused.value.status == 404
    assert refused.value.provider == "openai"
    assert refused.value.request_id == "req-up"
    assert _KEY not in refused.value.message
    assert answer.closed == 1


async def test_a_break_on_the_way_tells_its_place() -> None:
    error = UpstreamUnavailable(f"reset {_KEY}")
    answer = FakeResponse((b"{", error))
    with pytest.raises(UpstreamError) as broken:
        await _body(FakeUpstream(answer), StoredCall(method="GET", suffix="r"), _spec())
    assert broken.value.message == f"reset {MASK}"
    assert broken.value.provider == "openai"
    assert answer.closed == 1
    with pytest.raises(UpstreamUnavailable) as refused:
        await _body(FakeUpstream(UpstreamUnavailable("refused")), StoredCall(method="GET", suffix="r"), _spec())
    assert refused.value.provider == "openai"


async def test_only_what_speaks_responses_keeps_them() -> None:
    upstream = FakeUpstream(document(b"{}"))
    specs = (
        _spec(group="claude", model="anthropic/claude-x"),
        _spec(group="seek", model="deepseek/x"),
        _spec(group="echo", model="echo/echo"),
        _spec(group="gpt"),
    )
    await _body(upstream, StoredCall(method="GET", suffix="r"), *specs)
    assert upstream.requests[0].origin.host == "api.openai.com"
