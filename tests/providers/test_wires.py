"""Which API of an upstream answers which client, and where the others are."""

from typing import Any

import pytest

from adapters.providers.apis import Api
from adapters.providers.binding import Bindings, bind
from adapters.providers.deployment_spec import DeploymentSpec, ModelInfo
from adapters.providers.registry import PROVIDERS
from adapters.providers.route import ModelRoute
from domain.secret import Secret

_C, _R, _A, _G = "openai_chat", "openai_responses", "anthropic_messages", "gemini"
_CLIENTS = (_C, _R, _A, _G)
_FOREIGN = {"api_base": "http://127.0.0.1:9/v1"}


def _bind(model: str, **settings: Any) -> Bindings:
    group = "*" if "*" in model else "g"
    return bind([DeploymentSpec(group=group, model=model, api_key=Secret("k"), **settings)], {})


def _route(model: str, asked: str | None = None, **settings: Any) -> ModelRoute:
    bindings = _bind(model, **settings)
    assert bindings.mistakes == ()
    (route,) = bindings.routes.values()
    return route.models.of(asked or bindings.deployments[0].model)


def _answering(route: ModelRoute) -> tuple[str, ...]:
    return tuple(route.wire_for(client).wire.dialect.name for client in _CLIENTS)


@pytest.mark.parametrize(
    ("model", "settings", "dialects"),
    [
        ("openai/gpt-4o", {}, (_C, _R, _C, _C)),
        ("openai/gpt-5", {}, (_C, _R, _R, _R)),
        ("openai/o3", {}, (_C, _R, _R, _R)),
        ("openai/gpt-5", _FOREIGN, (_C, _R, _R, _R)),
        ("openai/llama-3", _FOREIGN, (_C, _R, _C, _C)),
        ("azure/my-gpt", _FOREIGN, (_C, _R, _C, _C)),
        ("azure/my-gpt", {**_FOREIGN, "model_info": ModelInfo(base_model="gpt-5")}, (_C, _R, _R, _R)),
        ("openai/responses/gpt-4o", {}, (_R, _R, _R, _R)),
        ("azure/responses/my-gpt", _FOREIGN, (_R, _R, _R, _R)),
        ("openai/gpt-4o", {"model_info": ModelInfo(mode="responses")}, (_R, _R, _R, _R)),
        ("openai/gpt-4o", {"model_info": ModelInfo(mode="chat")}, (_C, _R, _C, _C)),
        ("openai/gpt-5", {"model_info": ModelInfo(dialects=(_C,))}, (_C, _C, _C, _C)),
        ("openai/responses/gpt-5", {"model_info": ModelInfo(dialects=(_C,))}, (_C, _C, _C, _C)),
        ("gpt-5", {"model_info": ModelInfo(dialects=(_R,))}, (_R, _R, _R, _R)),
        ("anthropic/claude-opus-4-8", {}, (_A, _A, _A, _A)),
        ("anthropic/claude-opus-4-8", {"model_info": ModelInfo(mode="responses")}, (_A, _A, _A, _A)),
        ("gemini/gemini-3-pro", {}, (_G, _G, _G, _G)),
        ("deepseek/deepseek-chat", {}, (_C, _C, _C, _C)),
        ("mistral/x", {"model_info": ModelInfo(mode="responses")}, (_R, _R, _R, _R)),
        ("mistral/x", {"model_info": ModelInfo(dialects=(_R, _C))}, (_C, _R, _C, _C)),
        ("hosted_vllm/x", _FOREIGN, (_C, _R, _C, _C)),
        ("hosted_vllm/x", {**_FOREIGN, "model_info": ModelInfo(dialects=(_C, _A))}, (_C, _C, _A, _C)),
        ("groq/openai/gpt-oss-20b", {}, (_C, _R, _C, _C)),
        ("ollama/llama3", {}, (_C, _R, _C, _C)),
    ],
)
def test_a_client_is_answered_in_its_own_dialect_where_the_upstream_has_it(
    model: str, settings: dict[str, Any], dialects: tuple[str, ...]
) -> None:
    assert _answering(_route(model, **settings)) == dialects


@pytest.mark.parametrize(
    ("model", "asked", "name", "dialects"),
    [
        ("openai/responses/*", "gpt-4o", "gpt-4o", (_R, _R, _R, _R)),
        ("openai/*", "responses/gpt-4o", "gpt-4o", (_R, _R, _R, _R)),
        ("openai/*", "gpt-5", "gpt-5", (_C, _R, _R, _R)),
        ("gemini/*", "responses/x", "responses/x", (_G, _G, _G, _G)),
    ],
)
def test_wildcards_know_responses_before_the_model(
    model: str, asked: str, name: str, dialects: tuple[str, ...]
) -> None:
    route = _route(model, asked)
    assert route.target.model == name
    assert _answering(route) == dialects


@pytest.mark.parametrize(
    ("model", "info", "words"),
    [
        ("gemini/gemini-3-pro", ModelInfo(dialects=(_C,)), ("expected one or more of gemini", "'openai_chat'")),
        ("openai/gpt-4o", ModelInfo(dialects=("chat",)), ("openai_chat, openai_responses", "got 'chat'")),
        ("openai/gpt-4o", ModelInfo(dialects=()), ("got none",)),
    ],
)
def test_dialects_that_a_provider_cannot_speak_are_a_mistake(
    model: str, info: ModelInfo, words: tuple[str, ...]
) -> None:
    (mistake,) = _bind(model, model_info=info).mistakes
    assert mistake.message.startswith("model_info.dialects: ")
    for word in words:
        assert word in mistake.message


def test_responses_needs_a_model_after_it() -> None:
    (mistake,) = _bind("openai/responses/").mistakes
    assert "expected a model after openai/" in mistake.message


@pytest.mark.parametrize(
    ("model", "settings", "target"),
    [
        ("openai/gpt-5", {}, "/v1/responses"),
        ("openai/gpt-5", {"api_base": "http://h/v1/chat/completions"}, "/v1/responses"),
        ("openai/gpt-5", {"api_base": "http://h/v1/responses?t=1"}, "/v1/responses?t=1"),
        ("ollama/x", {"api_base": "http://h:1"}, "/v1/responses"),
        ("azure/d", {"api_base": "https://r/openai/v1"}, "/openai/v1/responses"),
        ("azure/d", {"api_base": "https://r", "api_version": "v1"}, "/openai/v1/responses"),
        (
            "azure/d",
            {"api_base": "https://r", "api_version": "preview"},
            "/openai/v1/responses?api-version=preview",
        ),
        (
            "azure/d",
            {"api_base": "https://r", "api_version": "2025-04-01-preview"},
            "/openai/responses?api-version=2025-04-01-preview",
        ),
        ("azure/d", {"api_base": "https://r", "api_version": "2024-10-21"}, "/openai/v1/responses"),
        ("azure/d", {"api_base": "https://r/openai"}, "/openai/v1/responses"),
        (
            "azure/d",
            {"api_base": "https://r/openai/deployments/d/chat/completions?api-version=2024-02-01"},
            "/openai/v1/responses",
        ),
    ],
)
def test_responses_is_where_its_vendor_has_it(model: str, settings: dict[str, Any], target: str) -> None:
    assert _route(model, **settings).wire_for(_R).buffered_target == target


@pytest.mark.parametrize(
    ("model", "settings", "embeddings", "completions"),
    [
        ("openai/gpt-4o", {}, "/v1/embeddings", None),
        ("openai/gpt-3.5-turbo-instruct", {}, "/v1/embeddings", "/v1/completions"),
        ("openai/ft:davinci-002:org::id", {}, "/v1/embeddings", "/v1/completions"),
        ("openai/base", {**_FOREIGN, "model_info": ModelInfo(mode="completion")}, "/v1/embeddings", "/v1/completions"),
        (
            "azure/d",
            {"api_base": "https://r", "api_version": "2024-10-21", "model_info": ModelInfo(base_model="babbage-002")},
            "/openai/deployments/d/embeddings?api-version=2024-10-21",
            "/openai/deployments/d/completions?api-version=2024-10-21",
        ),
        ("azure/d", {"api_base": "https://r/openai/v1"}, "/openai/v1/embeddings", None),
        ("anthropic/claude-opus-4-8", {}, None, None),
        (
            "gemini/gemini-embedding-001",
            {},
            "/v1beta/models/gemini-embedding-001:batchEmbedContents",
            None,
        ),
        ("hosted_vllm/x", _FOREIGN, "/v1/embeddings", "/v1/completions"),
        ("ollama/x", {}, "/v1/embeddings", "/v1/completions"),
        ("mistral/mistral-embed", {}, "/v1/embeddings", None),
    ],
)  # fmt: skip
def test_further_apis_are_known_by_model(
    model: str, settings: dict[str, Any], embeddings: str | None, completions: str | None
) -> None:
    apis = _route(model, **settings).apis
    assert (apis.get(Api.EMBEDDINGS), apis.get(Api.COMPLETIONS)) == (embeddings, completions)


@pytest.mark.parametrize(
    ("model", "settings", "client", "dialect", "target"),
    [
        ("openai/gpt-4o", {}, _C, _R, "/v1/responses/input_tokens"),
        ("openai/gpt-4o", {}, _A, _R, "/v1/responses/input_tokens"),
        ("openai/gpt-4o", _FOREIGN, _C, None, None),
        ("openai/gpt-4o", {"model_info": ModelInfo(dialects=(_C,))}, _R, None, None),
        ("anthropic/claude-opus-4-8", {}, _A, _A, "/v1/messages/count_tokens"),
        (
            "anthropic/claude-opus-4-8",
            {"api_base": "https://h/v1/messages"},
            _G,
            _A,
            "/v1/messages/count_tokens",
        ),
        ("gemini/gemini-3-pro", {}, _R, _G, "/v1beta/models/gemini-3-pro:countTokens"),
        ("groq/x", {}, _C, None, None),
    ],
)
def test_tokens_are_counted_where_the_vendor_counts_them(
    model: str, settings: dict[str, Any], client: str, dialect: str | None, target: str | None
) -> None:
    counting = _route(model, **settings).counting_for(client)
    if counting is None:
        assert (dialect, target) == (None, None)
    else:
        assert (counting.wire.dialect.name, counting.counting_target) == (dialect, target)


@pytest.mark.parametrize("name", sorted(name for name, provider in PROVIDERS.items() if provider.wires))
def test_every_provider_answers_every_client(name: str) -> None:
    route = _route(f"{name}/some-model", api_base="https://host/v1")
    for client in (*_CLIENTS, "a fifth"):
        wire = route.wire_for(client)
        assert wire.buffered_target.startswith("/")
        assert wire.streamed_target.startswith("/")
        assert wire.wire.dialect.name == client or client not in route.wires


@pytest.mark.parametrize("name", sorted(name for name, provider in PROVIDERS.items() if provider.wires))
def test_everything_that_a_provider_offers_can_be_asked_for(name: str) -> None:
    offered = {wire.dialect.name for wire in PROVIDERS[name].wires}
    for dialect in offered:
        info = ModelInfo(dialects=(dialect,))
        route = _route(f"{name}/some-model", api_base="https://host/v1", model_info=info)
        assert set(_answering(route)) == {dialect}
