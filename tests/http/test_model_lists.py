"""Lists of models, as each vendor's own client reads them."""

import warnings
from collections.abc import Sequence
from typing import Any

import anthropic
import openai
import pytest
from anthropic.types import ModelInfo
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Model
from pydantic import TypeAdapter

from adapters.http.access import AccessPolicy
from adapters.http.client_kind import ClientKind
from adapters.http.model_lists import render_models, render_one
from application.list_models import ListedModel
from domain.errors import MalformedRequest
from domain.secret import Secret
from tests.http.gateway_under_test import Gateway, build_gateway, served
from tests.http.scripts import everything

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from google import genai
    from google.genai import types as google

KEY = "sk-gateway"
NAMES = list(everything())

names = st.lists(st.text(min_size=1, max_size=5), unique=True, max_size=12)


def listed(models: Sequence[str]) -> list[ListedModel]:
    return [ListedModel(name, "echo", 10, 5) for name in models]


def every_anthropic_page(models: Sequence[ListedModel], size: int) -> list[str]:
    found: list[str] = []
    query = {"limit": str(size)}
    while True:
        page: Any = render_models(models, ClientKind.ANTHROPIC, query)
        ids = [model["id"] for model in page["data"]]
        assert (page["first_id"], page["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))
        found += ids
        if not page["has_more"]:
            return found
        query = {"limit": str(size), "after_id": page["last_id"]}


def every_gemini_page(models: Sequence[ListedModel], size: int) -> list[str]:
    found: list[str] = []
    query = {"pageSize": str(size)}
    while True:
        page: Any = render_models(models, ClientKind.GEMINI, query)
        found += [model["name"].removeprefix("models/") for model in page["models"]]
        if "nextPageToken" not in page:
            return found
        query = {"pageSize": str(size), "pageToken": page["nextPageToken"]}


@given(names, st.integers(1, 5))
def test_the_pages_together_are_the_list(models: list[str], size: int) -> None:
    assert every_anthropic_page(listed(models), size) == models
    assert every_gemini_page(listed(models), size) == models


@given(names.filter(bool), st.data())
def test_pages_before_a_model_end_with_its_neighbour(models: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(models) - 1))
    size = data.draw(st.integers(1, 5))
    query = {"before_id": models[position], "limit": str(size)}
    page: Any = render_models(listed(models), ClientKind.ANTHROPIC, query)
    assert [model["id"] for model in page["data"]] == models[max(0, position - size) : position]
    assert page["has_more"] == (position > size)


@pytest.mark.parametrize("kind", list(ClientKind))
def test_without_a_size_all_are_listed(kind: ClientKind) -> None:
    models = listed([f"m{number}" for number in range(300)])
    page: Any = render_models(models, kind, {})
    assert len(page["models" if kind is ClientKind.GEMINI else "data"]) == 300


@pytest.mark.parametrize(
    ("kind", "query", "param"),
    [
        (ClientKind.ANTHROPIC, {"limit": "0"}, "limit"),
        (ClientKind.ANTHROPIC, {"limit": "1001"}, "limit"),
        (ClientKind.ANTHROPIC, {"limit": "9" * 5_000}, "limit"),
        (ClientKind.ANTHROPIC, {"limit": "two"}, "limit"),
        (ClientKind.ANTHROPIC, {"after_id": "nobody"}, "after_id"),
        (ClientKind.ANTHROPIC, {"before_id": "nobody"}, "before_id"),
        (ClientKind.GEMINI, {"pageSize": "-1"}, "pageSize"),
        (ClientKind.GEMINI, {"pageSize": "٣"}, "pageSize"),
        (ClientKind.GEMINI, {"pageToken": "nobody"}, "pageToken"),
    ],
)
def test_pages_that_cannot_be_are_refused(kind: ClientKind, query: dict[str, str], param: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        render_models(listed(["m"]), kind, query)
    assert refused.value.param == param


@pytest.mark.parametrize("size", ["0", "5000"])
def test_google_takes_sizes_of_nothing_and_of_too_much(size: str) -> None:
    page: Any = render_models(listed(["a", "b"]), ClientKind.GEMINI, {"pageSize": size})
    assert len(page["models"]) == 2


@pytest.mark.parametrize("limits", [(None, None), (1_000, 100)])
def test_each_vendor_s_type_accepts_its_model(limits: tuple[int | None, int | None]) -> None:
    model = ListedModel("a/b", "echo", *limits)
    openais = TypeAdapter(Model).validate_python(render_one(model, ClientKind.OPENAI), strict=True, extra="forbid")
    assert openais.id == "a/b"
    anthropics = TypeAdapter(ModelInfo).validate_python(render_one(model, ClientKind.ANTHROPIC), extra="forbid")
    assert (anthropics.max_input_tokens, anthropics.max_tokens) == limits
    assert anthropics.created_at.tzinfo is not None
    googles = google.Model.model_validate(
        {
            "name": render_one(model, ClientKind.GEMINI)["name"],
            "input_token_limit": render_one(model, ClientKind.GEMINI).get("inputTokenLimit"),
        }
    )
    assert (googles.name, googles.input_token_limit) == ("models/a/b", limits[0])


@pytest.fixture
def locked() -> Gateway:
    return build_gateway(everything(), access=AccessPolicy(master_key=Secret(KEY)))


async def test_openai_s_client_lists_and_gets_models(locked: Gateway, server: str) -> None:
    async with served(locked, server) as gateway:
        base_url = f"http://127.0.0.1:{gateway.port}/v1"
        async with openai.AsyncOpenAI(base_url=base_url, api_key=KEY) as client:
            assert [model.id async for model in client.models.list()] == NAMES
            assert (await client.models.retrieve("vendor/translated")).owned_by == "scripted"
            with pytest.raises(openai.NotFoundError):
                await client.models.retrieve("nobody")


@pytest.mark.parametrize("prefix", ["", "/anthropic"])
async def test_anthropic_s_client_lists_and_gets_models(locked: Gateway, server: str, prefix: str) -> None:
    async with served(locked, server) as gateway:
        base_url = f"http://127.0.0.1:{gateway.port}{prefix}"
        async with anthropic.AsyncAnthropic(base_url=base_url, api_key=KEY) as client:
            assert [model.id async for model in client.models.list(limit=2)] == NAMES
            assert (await client.models.retrieve("vendor/translated")).max_input_tokens == 1_000
            with pytest.raises(anthropic.NotFoundError):
                await client.models.retrieve("nobody")


@pytest.mark.parametrize("version", ["v1", "v1beta", "v1alpha"])
async def test_google_s_client_lists_and_gets_models(locked: Gateway, server: str, version: str) -> None:
    async with served(locked, server) as gateway:
        options = google.HttpOptions(base_url=f"http://127.0.0.1:{gateway.port}", api_version=version)
        async with genai.Client(api_key=KEY, http_options=options).aio as client:
            pages = await client.models.list(config={"page_size": 2})
            assert [model.name async for model in pages] == [f"models/{name}" for name in NAMES]
            model = await client.models.get(model="vendor/translated")
            assert (model.input_token_limit, model.output_token_limit) == (1_000, 100)
            with pytest.raises(genai.errors.ClientError, match="404"):
                await client.models.get(model="nobody")
