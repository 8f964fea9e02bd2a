"""The routes beside conversations, asked by the official clients: counts, vectors, continued texts, lists of models."""

import json
from typing import Any

import anthropic
import openai
import pytest

from tests.e2e.canned.contents import COMPLETION_TOKENS, PROMPT_TOKENS, TEXT, VECTORS
from tests.e2e.clients.asking import MAX_TOKENS, QUESTION, Wish, listed, settled
from tests.e2e.clients.connected import CLIENTS, FASHIONS, Apis, connected
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway
from tests.e2e.heard import UPSTREAMS
from tests.e2e.vendors import Vendors

pytestmark = pytest.mark.asyncio(loop_scope="session")

in_both_fashions = pytest.mark.parametrize("fashion", FASHIONS)
of_every_upstream = pytest.mark.parametrize("to", UPSTREAMS)

COUNTING = {"messages": "/v1/messages/count_tokens", "gemini": ":countTokens"}
"""The vendors that count, where they are not only imitated."""


async def count(api: Apis, asking: str, model: str) -> tuple[int, bool]:
    """The tokens of a question as a vendor's client is told them, and whether they are called an estimate."""
    turn: Any = {"role": "user", "content": QUESTION}
    match asking:
        case "responses":
            raw = await settled(
                api.openai.responses.input_tokens.with_raw_response.count(model=model, input=[turn])
            )
            return (await settled(raw.parse())).input_tokens, "x-feathergate-estimate" in raw.headers
        case "messages":
            raw = await settled(
                api.anthropic.messages.with_raw_response.count_tokens(model=model, messages=[turn])
            )
            return (await settled(raw.parse())).input_tokens, "x-feathergate-estimate" in raw.headers
        case _:
            told = await settled(api.google.models.count_tokens(model=model, contents=QUESTION))
            return told.total_tokens, "x-feathergate-estimate" in told.sdk_http_response.headers


@in_both_fashions
@of_every_upstream
@pytest.mark.parametrize("asking", ["responses", "messages", "gemini"])
async def test_tokens_are_counted(
    apis: dict[str, Apis], vendors: Vendors, fashion: str, asking: str, to: str
) -> None:
    before = len(vendors.asked)
    tokens, estimated = await count(apis[fashion], asking, UPSTREAMS[to].model)
    if to in COUNTING:
        assert (tokens, estimated) == (PROMPT_TOKENS, False)
        assert vendors.asked[-1].path.endswith(COUNTING[to])
        assert QUESTION in json.dumps(vendors.asked[-1].body)
    else:
        assert estimated
        assert 4 <= tokens <= 20
        assert len(vendors.asked) == before


@in_both_fashions
@pytest.mark.parametrize(("to", "path"), [
    ("chat", "/v1/embeddings"),
    ("responses", "/v1/embeddings"),
    ("gemini", ":batchEmbedContents"),
])  # fmt: skip
async def test_vectors(apis: dict[str, Apis], vendors: Vendors, fashion: str, to: str, path: str) -> None:
    """The client asks for base64 and unpacks it itself, unless it is told to ask for numbers."""
    api, model = apis[fashion].openai, UPSTREAMS[to].model
    told = await settled(api.embeddings.create(model=model, input=["Paris", "Rome"]))
    assert [tuple(vector.embedding) for vector in told.data] == list(VECTORS)
    assert (told.model, told.usage.prompt_tokens) == (model, PROMPT_TOKENS)
    assert vendors.asked[-1].path.endswith(path)
    told = await settled(api.embeddings.create(model=model, input="Paris", encoding_format="float"))
    assert [tuple(vector.embedding) for vector in told.data] == [VECTORS[0]]


@in_both_fashions
async def test_vectors_of_a_vendor_without_any(apis: dict[str, Apis], fashion: str) -> None:
    with pytest.raises(openai.BadRequestError, match="embeddings"):
        await settled(apis[fashion].openai.embeddings.create(model=UPSTREAMS["messages"].model, input="Paris"))


@in_both_fashions
@of_every_upstream
async def test_texts_are_continued(apis: dict[str, Apis], vendors: Vendors, fashion: str, to: str) -> None:
    """By the older API where the upstream has it, else by a chat."""
    completions, upstream = apis[fashion].openai.completions, UPSTREAMS[to]
    asked: dict[str, Any] = {"model": upstream.model, "prompt": QUESTION, "max_tokens": MAX_TOKENS}
    told = await settled(completions.create(**asked))
    assert (told.choices[0].text, told.choices[0].finish_reason, told.model) == (TEXT, "stop", upstream.model)
    assert (told.usage.prompt_tokens, told.usage.completion_tokens) == (PROMPT_TOKENS, COMPLETION_TOKENS)
    assert vendors.asked[-1].path.endswith("/v1/completions" if to == "chat" else upstream.paths[0])
    chunks = await listed(completions.create(**asked, stream=True))
    assert "".join(choice.text for chunk in chunks for choice in chunk.choices) == TEXT
    assert [choice.finish_reason for chunk in chunks for choice in chunk.choices][-1] == "stop"


@in_both_fashions
async def test_models_are_listed_to_every_client(apis: dict[str, Apis], fashion: str) -> None:
    api = apis[fashion]
    names = {model.id for model in await listed(api.openai.models.list())}
    assert {"gpt", "claude", "gemini", "echo"} <= names
    assert "unset" not in names
    assert {model.id for model in await listed(api.anthropic.models.list(limit=7))} == names
    assert {model.name for model in await listed(api.google.models.list(config={"page_size": 7}))} == {
        f"models/{name}" for name in names
    }


@in_both_fashions
async def test_one_model_is_told_to_every_client(apis: dict[str, Apis], fashion: str) -> None:
    api = apis[fashion]
    assert (await settled(api.openai.models.retrieve("claude"))).id == "claude"
    assert (await settled(api.anthropic.models.retrieve("claude"))).max_input_tokens > 0
    assert (await settled(api.google.models.get(model="claude"))).name == "models/claude"
    with pytest.raises(openai.NotFoundError):
        await settled(api.openai.models.retrieve("gtp"))
    with pytest.raises(anthropic.NotFoundError):
        await settled(api.anthropic.models.retrieve("gtp"))


@in_both_fashions
@of_every_upstream
async def test_googles_client_may_ask_for_the_beta(gateway: Gateway, fashion: str, to: str) -> None:
    async with connected(gateway.base, MASTER_KEY, api_version="v1beta") as clients:
        client = clients[fashion].client("gemini")
        assert (await client.ask(UPSTREAMS[to].model, client.said(QUESTION), Wish())).text == TEXT


@pytest.mark.parametrize(("model", "asking", "path"), [
    *(("openai/gpt-5", asking, "/responses") for asking in CLIENTS if asking != "chat"),
    *(("openai/gpt-4o", asking, "/chat/completions") for asking in CLIENTS if asking != "responses"),
    ("openai/gpt-5", "chat", "/chat/completions"),
    ("openai/gpt-4o", "responses", "/responses"),
])  # fmt: skip
async def test_openai_is_asked_in_the_dialect_that_carries_most(
    apis: dict[str, Apis], vendors: Vendors, model: str, asking: str, path: str
) -> None:
    client = apis["async"].client(asking)
    assert (await client.ask(model, client.said(QUESTION), Wish())).text == TEXT
    assert vendors.asked[-1].path == f"/v1{path}"
