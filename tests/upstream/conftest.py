"""Both clients on both event loops."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING

import pytest

from adapters.upstream.httpx_client import HttpxUpstream
from adapters.upstream.pooled import PooledUpstream

if TYPE_CHECKING:
    from adapters.upstream.port import UpstreamHttp


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
    try:
        import uvloop
    except ImportError:  # Windows
        return factories
    return {**factories, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=[PooledUpstream, HttpxUpstream], ids=["pooled", "httpx"])
async def upstream(request: pytest.FixtureRequest) -> "AsyncIterator[UpstreamHttp]":
    """One client after the other, behind the port."""
    client: UpstreamHttp = request.param()
    yield client
    await client.aclose()


@pytest.fixture
async def pooled() -> AsyncIterator[PooledUpstream]:
    client = PooledUpstream()
    yield client
    await client.aclose()
