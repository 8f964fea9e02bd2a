"""Every official client, sync and async, against every upstream dialect, streamed and whole, on both servers."""

import json
from dataclasses import replace

import pytest

from tests.e2e.canned.contents import TEXT, VERDICT
from tests.e2e.clients.asking import QUESTION, TOOL, Told
from tests.e2e.clients.connected import CLIENTS, FASHIONS, Apis
from tests.e2e.conversations import PNG
from tests.e2e.heard import UPSTREAMS
from tests.e2e.pairs import CALLED, RESULTS, THANKS, USAGE, Pair
from tests.e2e.vendors import Vendors

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"]),
    pytest.mark.parametrize("to", UPSTREAMS),
    pytest.mark.parametrize("asking", CLIENTS),
    pytest.mark.parametrize("fashion", FASHIONS),
]


@pytest.fixture
def pair(apis: dict[str, Apis], vendors: Vendors, fashion: str, asking: str, to: str, stream: bool) -> Pair:
    return Pair(apis[fashion].client(asking), UPSTREAMS[to], vendors, stream=stream)


async def test_text(pair: Pair) -> None:
    told, heard = await pair.ask(pair.client.said(QUESTION))
    assert replace(told, turn=()) == Told(
        text=TEXT,
        thought="",
        calls=(),
        ending=pair.client.endings[0],
        usage=USAGE,
        model=told.model,
        turn=(),
    )
    assert heard.texts == (QUESTION,)
    follow_up = [*pair.client.said(QUESTION), *told.turn, *pair.client.said(THANKS)]
    _, heard = await pair.ask(follow_up)
    assert (heard.texts, heard.answers) == ((QUESTION, THANKS), (TEXT,))


async def test_parallel_calls_and_their_results(pair: Pair) -> None:
    client = pair.client
    told, heard = await pair.ask(client.said(QUESTION), tools=True)
    assert (told.text, told.ending) == ("", client.endings[1])
    assert tuple((call.name, call.arguments) for call in told.calls) == CALLED
    assert heard.tools == (TOOL,)
    told, heard = await pair.ask([*client.said(QUESTION), *told.turn, *pair.answering(told)], tools=True)
    assert (told.text, told.ending) == (TEXT, client.endings[0])
    assert heard.calls == CALLED
    assert heard.results == RESULTS
    assert heard.texts == (QUESTION,)


async def test_an_object_in_a_schema(pair: Pair) -> None:
    told, heard = await pair.ask(pair.client.said(QUESTION), verdict=True)
    assert heard.verdict
    assert json.loads(told.text) == VERDICT


async def test_an_image(pair: Pair) -> None:
    told, heard = await pair.ask(pair.client.said(QUESTION, png=PNG))
    assert heard.images == (PNG,)
    assert heard.texts == (QUESTION,)
    assert told.text == TEXT
