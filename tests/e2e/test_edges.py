"""The edge of the gateway: compressed and oversized bodies, and who may ask where no key guards it."""

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.vendors import Vendors

CONFIG = """
model_list: [{model_name: echo, litellm_params: {model: echo/echo}}]
general_settings: {max_request_size_mb: 1}
"""
CHAT = "/v1/chat/completions"


@pytest.fixture(scope="module", params=["uvicorn", "hypercorn"])
def open_gateway(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway without a key, of small bodies."""
    with running_gateway(CONFIG, tmp_path_factory.mktemp("open"), "--server", request.param) as gateway:
        yield gateway


def payload(text: str) -> bytes:
    return json.dumps({"model": "echo", "messages": [{"role": "user", "content": text}]}).encode()


def post(gateway: Gateway, content: bytes | Iterator[bytes], **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.post(gateway.base + CHAT, content=content, headers=named, timeout=10)


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies_are_inflated(open_gateway: Gateway, coding: str, compress: Any) -> None:
    answer = post(open_gateway, compress(payload("squeezed")), content_encoding=coding)
    assert "squeezed" in answer.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("kind", ["declared", "chunked", "inflated"])
def test_oversized_bodies_are_413(open_gateway: Gateway, kind: str) -> None:
    big = payload("x" * 2_000_000)
    match kind:
        case "declared":
            answer = post(open_gateway, big)
        case "chunked":
            answer = post(open_gateway, iter([big[i : i + 65_536] for i in range(0, len(big), 65_536)]))
        case _:
            answer = post(open_gateway, gzip.compress(big), content_encoding="gzip")
    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "headers", [{"origin": "https://evil.example"}, {"host": "evil.example"}, {"origin": "null"}]
)
def test_web_pages_are_refused_where_no_key_guards(open_gateway: Gateway, headers: dict[str, str]) -> None:
    for method, path in (("POST", CHAT), ("GET", "/v1/models"), ("GET", "/metrics")):
        refused = httpx.request(method, open_gateway.base + path, headers=headers, timeout=10)
        assert refused.status_code == 403, path
        assert "access-control-allow-origin" not in refused.headers


def test_metrics_tell_the_totals(open_gateway: Gateway) -> None:
    page = httpx.get(open_gateway.base + "/metrics").text
    for name in ("requests_total", "requests_successful_total", "requests_failed_total"):
        assert f"feathergate_{name}" in page


def test_an_open_gateway_answers_this_machine(open_gateway: Gateway, vendors: Vendors) -> None:
    answer = post(open_gateway, payload("hello"))
    assert answer.status_code == 200
    assert answer.headers["x-request-id"]
