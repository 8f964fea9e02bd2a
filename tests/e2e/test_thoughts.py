"""Thoughts through every official client: shown, sent back to the vendor that signed them, kept from all others."""

import json
from dataclasses import replace

import pytest

from tests.e2e.canned.contents import ENCRYPTED, REDACTED, SIGNATURE, TEXT
from tests.e2e.clients.asking import QUESTION
from tests.e2e.clients.connected import CLIENTS, FASHIONS, Apis
from tests.e2e.heard import UPSTREAMS
from tests.e2e.pairs import Pair
from tests.e2e.vendors import Vendors

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"]),
    pytest.mark.parametrize("asking", CLIENTS),
]

before_text_and_calls = pytest.mark.parametrize("tools", [False, True], ids=["before-text", "before-calls"])
CROSSINGS = [(signer, other) for signer in UPSTREAMS for other in UPSTREAMS if signer != other]


async def assert_thoughts_go_back(pair: Pair, *, tools: bool) -> None:
    question = pair.client.said(QUESTION)
    told, _ = await pair.ask(question, thoughts=True, tools=tools)
    assert told.thought == pair.shown
    assert (told.text == TEXT, bool(told.calls)) == (not tools, tools)
    _, heard = await pair.ask([*question, *told.turn, *pair.answering(told)], thoughts=True, tools=tools)
    assert heard.thoughts == pair.upstream.kept(pair.shown)
    assert "fg1." not in json.dumps(pair.vendors.asked[-1].body)


@pytest.mark.parametrize("fashion", FASHIONS)
@pytest.mark.parametrize("to", UPSTREAMS)
@before_text_and_calls
async def test_thoughts_go_back_as_they_were(
    apis: dict[str, Apis], vendors: Vendors, fashion: str, asking: str, to: str, *, stream: bool, tools: bool
) -> None:
    pair = Pair(apis[fashion].client(asking), UPSTREAMS[to], vendors, stream=stream)
    await assert_thoughts_go_back(pair, tools=tools)


@pytest.mark.parametrize(
    ("to", "model"), [("messages", "claude-opus-4-8"), ("gemini", "gemini-3-pro-preview"), ("responses", "o3")]
)
@before_text_and_calls
async def test_models_that_think_otherwise_get_theirs_back_too(
    apis: dict[str, Apis], vendors: Vendors, asking: str, to: str, model: str, *, stream: bool, tools: bool
) -> None:
    upstream = replace(UPSTREAMS[to], model=UPSTREAMS[to].named(model))
    await assert_thoughts_go_back(
        Pair(apis["async"].client(asking), upstream, vendors, stream=stream), tools=tools
    )


@pytest.mark.parametrize(("signer", "other"), CROSSINGS)
async def test_signatures_are_kept_from_other_vendors(
    apis: dict[str, Apis], vendors: Vendors, asking: str, signer: str, other: str, *, stream: bool
) -> None:
    first, second = (
        Pair(apis["async"].client(asking), UPSTREAMS[name], vendors, stream=stream) for name in (signer, other)
    )
    question = first.client.said(QUESTION)
    told, _ = await first.ask(question, thoughts=True, tools=True)
    _, heard = await second.ask([*question, *told.turn, *first.answering(told)], tools=True)
    assert len(heard.calls) == len(heard.results) == 2
    sent = json.dumps(vendors.asked[-1].body)
    assert [opaque for opaque in ("fg1.", SIGNATURE, REDACTED, ENCRYPTED) if opaque in sent] == []
