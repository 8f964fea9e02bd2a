"""One gateway per server in front of the vendors, shared by the end-to-end tests."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest
import pytest_asyncio

from tests.e2e.clients.connected import Apis, connected
from tests.e2e.four_dialects import MASTER_KEY, four_dialects
from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.vendors import Vendors, running_vendors
from tests.http.both_servers import SERVERS, Stage, staged


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    with running_vendors() as running:
        yield running


@pytest.fixture(scope="session", params=["uvicorn", "hypercorn"])
def gateway(
    request: pytest.FixtureRequest, vendors: Vendors, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp(request.param)
    with running_gateway(four_dialects(vendors.base), folder, "--server", request.param) as running:
        yield running
        assert "Traceback" not in running.output


@pytest.fixture
def client(gateway: Gateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway.base + "/v1", api_key=MASTER_KEY, max_retries=0) as client:
        yield client


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def apis(gateway: Gateway) -> AsyncIterator[dict[str, Apis]]:
    """The vendors' own clients, by fashion, before the gateway."""
    async with connected(gateway.base, MASTER_KEY) as clients:
        yield clients


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=SERVERS)
async def running_stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A gateway and its upstream, to be spoken to in bytes."""
    async with staged(request.param, tmp_path_factory.mktemp(request.param)) as stage:
        yield stage


@pytest.fixture
def stage(running_stage: Stage) -> Stage:
    """The same with an upstream that saw nothing yet, and answers."""
    running_stage.plays()
    return running_stage
