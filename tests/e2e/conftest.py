"""One gateway per server in front of the three vendors, shared by the end-to-end tests."""

from collections.abc import Iterator

import pytest

from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.three_vendors import three_vendors
from tests.e2e.vendors import Vendors, running_vendors


@pytest.fixture(scope="session")
def vendors() -> Iterator[Vendors]:
    with running_vendors() as running:
        yield running


@pytest.fixture(scope="session", params=["uvicorn", "hypercorn"])
def gateway(
    request: pytest.FixtureRequest, vendors: Vendors, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp(request.param)
    with running_gateway(three_vendors(vendors.base), folder, "--server", request.param) as running:
        yield running
