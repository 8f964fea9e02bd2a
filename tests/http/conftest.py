"""Gateways to test, in-process and on real servers."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.scripts import everything

CHAT = "/v1/chat/completions"


def chat_body(model: str, **members: object) -> bytes:
    return json.dumps({"model": model, "messages": [{"role": "user", "content": "hi"}], **members}).encode()


@pytest.fixture
async def local() -> Gateway:
    """A gateway to ask through Quart's test client."""
    return build_gateway(everything())


@pytest.fixture(params=["wire", "uvicorn", "hypercorn"])
async def gateway(request: pytest.FixtureRequest) -> AsyncIterator[Gateway]:
    """A gateway behind each door: the wire, and the lane on both servers."""
    async with served(build_gateway(everything()), request.param) as running:
        yield running


@pytest.fixture(params=["wire", "uvicorn", "hypercorn"])
def server(request: pytest.FixtureRequest) -> str:
    """The name of each door, for gateways that are built for one test."""
    assert isinstance(request.param, str)
    return request.param
