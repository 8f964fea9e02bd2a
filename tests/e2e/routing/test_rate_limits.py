"""A rate limit that one caller met is remembered for all."""

from collections.abc import Iterator

import httpx
import pytest

from domain.errors import ErrorKind
from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.routing.cells import ALONE, Cell, configuration, rehearse
from tests.e2e.routing.formats import Refusal
from tests.e2e.routing.raw_clients import CLIENTS, Said, callers
from tests.e2e.routing.scenarios import FINE, SHAPES, Scenario
from tests.e2e.routing.speech import refusing
from tests.e2e.scripted_upstream import ScriptedUpstream, running_upstream

WAIT_S = 50
CALLERS = 5
LIMITED = Scenario("limited", refusing(Refusal.RATE, f"retry-after: {WAIT_S}"), FINE)
CELLS = tuple(
    Cell(name=f"{client}{number}", scenario=LIMITED, shape=shape, stream=False, client=client, upstream="chat")
    for client in CLIENTS
    for number, shape in enumerate(SHAPES)
)


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    with running_upstream() as running:
        rehearse(running, CELLS)
        yield running


@pytest.fixture(scope="module")
def limited(upstream: ScriptedUpstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway before upstreams that want to be left alone."""
    with running_gateway(configuration(CELLS, upstream.base, ""), tmp_path_factory.mktemp("limited")) as gateway:
        yield gateway


async def ask(gateway: Gateway, cell: Cell) -> list[tuple[httpx.Response, Said]]:
    """The same question, by several callers, one after the other; none of them can wait that long."""
    client = CLIENTS[cell.client]
    async with callers(gateway) as clients:
        return [await client.ask(http, cell.name, stream=False) for http in clients[:CALLERS]]


@pytest.mark.parametrize(
    "cell", [cell for cell in CELLS if cell.shape != ALONE], ids=lambda cell: f"{cell.client}-{cell.shape}"
)
async def test_somebody_else_answers_at_once(limited: Gateway, upstream: ScriptedUpstream, cell: Cell) -> None:
    answers = await ask(limited, cell)
    assert {answer.status_code for answer, _ in answers} == {200}
    assert (upstream.calls[cell.first], upstream.calls[cell.other]) == (1, CALLERS)


@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell.shape == ALONE], ids=lambda c: c.client)
async def test_nobody_asks_again_in_vain(limited: Gateway, upstream: ScriptedUpstream, cell: Cell) -> None:
    """All are told the same, and when to come again, by one call of the upstream."""
    for answer, said in await ask(limited, cell):
        assert answer.status_code == 429
        assert said.error is not None
        assert CLIENTS[cell.client].tells(said.error, ErrorKind.RATE_LIMIT)
        assert WAIT_S - 10 <= int(answer.headers["retry-after"]) <= WAIT_S
    assert upstream.calls[cell.first] == 1
