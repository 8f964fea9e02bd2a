"""The vendors' own clients at the routes: their paths, their heads, and their readers of answers and errors."""

import warnings
from collections.abc import AsyncIterator

import anthropic
import openai
import pytest

from adapters.http.access import AccessPolicy
from domain.secret import Secret
from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.scripts import everything

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from google import genai
    from google.genai import types as google

KEY = "sk-gateway"


@pytest.fixture
async def locked(server: str) -> AsyncIterator[Gateway]:
    gateway = build_gateway(everything(), access=AccessPolicy(master_key=Secret(KEY)))
    async with served(gateway, server) as running:
        yield running


def address(gateway: Gateway, path: str = "") -> str:
    return f"http://127.0.0.1:{gateway.port}{path}"


@pytest.mark.parametrize("base", ["/v1", "/openai/v1"])
async def test_openai_s_client_asks_for_responses(locked: Gateway, base: str) -> None:
    async with openai.AsyncOpenAI(base_url=address(locked, base), api_key=KEY, max_retries=0) as client:
        answer = await client.responses.create(model="echo", input="hi there")
        assert (answer.output_text, answer.status) == ("hi there", "completed")
        async with client.responses.stream(model="echo", input="hi there") as stream:
            assert (await stream.get_final_response()).output_text == "hi there"
        with pytest.raises(openai.NotFoundError, match="ecco"):
            await client.responses.create(model="ecco", input="hi")
        with pytest.raises(openai.APIError, match="no more"):
            async for _ in await client.responses.create(model="breaks-translated", input="hi", stream=True):
                pass
    assert {record.route for record in locked.books.records} == {"/v1/responses"}


async def test_openai_s_client_asks_for_counts_vectors_and_completions(locked: Gateway) -> None:
    async with openai.AsyncOpenAI(base_url=address(locked, "/v1"), api_key=KEY, max_retries=0) as client:
        counted = await client.responses.input_tokens.count(model="echo", input="hi there")
        assert counted.input_tokens > 0
        embedded = await client.embeddings.create(model="echo", input=["hi", "there"])
        assert [len(vector.embedding) for vector in embedded.data] == [16, 16]
        completed = await client.completions.create(model="echo", prompt="hi there")
        assert completed.choices[0].text == "hi there"


async def test_azure_s_client_names_the_model_in_the_path(locked: Gateway) -> None:
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=address(locked), api_key=KEY, api_version="2026-10-01", max_retries=0
    ) as client:
        answer = await client.chat.completions.create(
            model="vendor/translated", messages=[{"role": "user", "content": "hi"}]
        )
        assert answer.choices[0].message.content == "Grüß Gott"
        assert len((await client.embeddings.create(model="echo", input="hi")).data) == 1


@pytest.mark.parametrize("base", ["", "/anthropic"])
async def test_anthropic_s_client_asks_for_messages(locked: Gateway, base: str) -> None:
    async with anthropic.AsyncAnthropic(base_url=address(locked, base), api_key=KEY, max_retries=0) as client:
        hi: anthropic.types.MessageParam = {"role": "user", "content": "hi there"}
        answer = await client.messages.create(model="echo", max_tokens=100, messages=[hi])
        assert [block.text for block in answer.content if block.type == "text"] == ["hi there"]
        async with client.messages.stream(model="echo", max_tokens=100, messages=[hi]) as stream:
            assert await stream.get_final_text() == "hi there"
        assert (await client.messages.count_tokens(model="echo", messages=[hi])).input_tokens > 0
        beta_hi: anthropic.types.beta.BetaMessageParam = {"role": "user", "content": "hi"}
        await client.beta.messages.create(model="echo", max_tokens=9, messages=[beta_hi], betas=["a-1", "b-2"])
        call = locked.provider.calls[-1]
        assert call.headers["anthropic-beta"] == "a-1,b-2"
        assert "anthropic-version" in call.headers
        with pytest.raises(anthropic.NotFoundError, match="ecco"):
            await client.messages.create(model="ecco", max_tokens=9, messages=[hi])
        with pytest.raises(anthropic.APIStatusError, match="no more"):
            async with client.messages.stream(model="breaks-translated", max_tokens=9, messages=[hi]) as broken:
                await broken.get_final_text()


@pytest.mark.parametrize("version", ["v1", "v1beta"])
async def test_google_s_client_generates_content(locked: Gateway, version: str) -> None:
    options = google.HttpOptions(base_url=address(locked), api_version=version)
    async with genai.Client(api_key=KEY, http_options=options).aio as client:
        answer = await client.models.generate_content(model="vendor/translated", contents="hi")
        assert answer.text == "Grüß Gott"
        chunks = await client.models.generate_content_stream(model="echo", contents="hi there")
        assert "".join([chunk.text or "" async for chunk in chunks]) == "hi there"
        counted = await client.models.count_tokens(model="echo", contents="hi there")
        assert (counted.total_tokens or 0) > 0
        with pytest.raises(genai.errors.ClientError, match="ecco"):
            await client.models.generate_content(model="ecco", contents="hi")
        with pytest.raises(genai.errors.APIError, match="no more"):
            async for _ in await client.models.generate_content_stream(model="breaks-translated", contents="hi"):
                pass
