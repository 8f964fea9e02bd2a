"""What the vendors' own clients make of failing upstreams: they notice nothing, or raise what they should."""

from collections.abc import AsyncIterator, Iterator, Mapping

import openai
import pytest
import pytest_asyncio

from tests.e2e.clients.asking import QUESTION, Told, Wish
from tests.e2e.clients.connected import CLIENTS, FASHIONS, Apis, connected
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway, running_gateway
from tests.e2e.routing.cells import ALONE, WITH_FALLBACK, WITH_SECOND, Cell, cells, configuration, rehearse
from tests.e2e.routing.formats import TOKENS, words
from tests.e2e.scripted_upstream import refusing_port, running_upstream
from tests.e2e.test_failures import IN_STREAM, RAISES, status_of

BEFORE_WORDS = ("500", "connection refused", "connection reset", "200, then an error", "ends without a word")
MIDWAY = ("cut at 40 of 60 tokens", "a frame that is no JSON, after 40 tokens", "an error after 40 tokens")
LIMITED = "429, `Retry-After` of 120 s"
PLAYED = tuple(
    cell for cell in cells() if cell.upstream == "chat" and cell.scenario.name in (*BEFORE_WORDS, *MIDWAY, LIMITED)
)

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize("asking", CLIENTS),
    pytest.mark.parametrize("fashion", FASHIONS),
]


@pytest.fixture(scope="module")
def failing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway before upstreams that fail."""
    with running_upstream() as upstream, refusing_port() as port:
        rehearse(upstream, PLAYED)
        config = configuration(PLAYED, upstream.base, f"http://127.0.0.1:{port}")
        with running_gateway(config, tmp_path_factory.mktemp("failing")) as gateway:
            yield gateway
            assert "Traceback" not in gateway.output


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def clients(failing: Gateway) -> AsyncIterator[Mapping[str, Apis]]:
    async with connected(failing.base, MASTER_KEY) as connected_clients:
        yield connected_clients


def the_cell(name: str, shape: str, asking: str, *, stream: bool) -> Cell:
    return next(
        cell
        for cell in PLAYED
        if (cell.scenario.name, cell.shape, cell.client, cell.stream) == (name, shape, asking, stream)
    )


async def ask(apis: Apis, cell: Cell) -> Told:
    client = apis.client(cell.client)
    return await client.ask(cell.name, client.said(QUESTION), Wish(stream=cell.stream))


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("name", "shape"), [*((name, WITH_SECOND) for name in BEFORE_WORDS), (LIMITED, WITH_FALLBACK)]
)
async def test_a_failure_before_the_first_word_goes_unnoticed(
    clients: Mapping[str, Apis], fashion: str, asking: str, name: str, shape: str, stream: bool
) -> None:
    told = await ask(clients[fashion], the_cell(name, shape, asking, stream=stream))
    assert told.text == words(TOKENS)


@pytest.mark.parametrize("name", MIDWAY)
async def test_a_failure_midway_is_raised(
    clients: Mapping[str, Apis], fashion: str, asking: str, name: str
) -> None:
    with pytest.raises(IN_STREAM[asking]) as caught:
        await ask(clients[fashion], the_cell(name, WITH_SECOND, asking, stream=True))
    assert not isinstance(caught.value, openai.APIStatusError)


@pytest.mark.parametrize("stream", [True, False])
async def test_a_rate_limit_that_nobody_can_wait_for_is_raised(
    clients: Mapping[str, Apis], fashion: str, asking: str, stream: bool
) -> None:
    raised, status = RAISES[asking][429]
    with pytest.raises(raised) as caught:
        await ask(clients[fashion], the_cell(LIMITED, ALONE, asking, stream=stream))
    assert status_of(caught.value) == status
    response = getattr(caught.value, "response", None)
    assert response is not None
    assert 110 <= int(response.headers["retry-after"]) <= 120
