from typing import Any

import pytest

from adapters.providers.binding import Bindings, bind
from adapters.providers.deployment_spec import DeploymentSpec, ModelInfo
from adapters.providers.registry import NOT_SERVED, PROVIDERS
from domain.errors import UnknownModel
from domain.secret import Secret


def _bind(model: str, environment: dict[str, str] | None = None, **settings: Any) -> Bindings:
    return bind([DeploymentSpec(group=settings.pop("group", "g"), model=model, **settings)], environment or {})


def _address(bindings: Bindings, model: str = "m", *, client: str = "openai_chat") -> str:
    (route,) = bindings.routes.values()
    wire = route.models.of(model).wire_for(client)
    return f"{route.origin.scheme}://{route.origin.authority}{wire.buffered_target}"


def _unready(bindings: Bindings) -> str | None:
    assert bindings.mistakes == ()
    return bindings.deployments[0].unready


def _mistake(bindings: Bindings) -> str:
    (mistake,) = bindings.mistakes
    assert bindings.deployments == ()
    return mistake.message


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_every_provider_binds_with_a_key_and_a_base(name: str) -> None:
    bindings = _bind(f"{name}/some-model", api_key=Secret("k"), api_base="https://host/v1")
    assert _unready(bindings) is None
    assert bindings.deployments[0].model == "some-model"
    assert bindings.deployments[0].provider == name
    assert bool(bindings.routes) is (name != "echo")


_KEYED = sorted(name for name, provider in PROVIDERS.items() if provider.key_required and provider.base_url)


@pytest.mark.parametrize("name", _KEYED)
def test_a_provider_without_its_key_says_which_variable_to_set(name: str) -> None:
    provider = PROVIDERS[name]
    variable = provider.credentials.variables[0]
    assert _unready(_bind(f"{name}/m")) == f"set {variable}"
    for other in provider.credentials.variables:
        assert _unready(_bind(f"{name}/m", {other: "k"})) is None
        assert _unready(_bind(f"{name}/m", {other: ""})) == f"set {variable}"


def test_names_of_providers_and_of_those_not_served_do_not_overlap() -> None:
    assert not NOT_SERVED & PROVIDERS.keys()


@pytest.mark.parametrize(
    ("base", "address"),
    [
        ("https://host", "https://host/chat/completions"),
        ("https://host/", "https://host/chat/completions"),
        ("https://host/v1", "https://host/v1/chat/completions"),
        ("https://host/v1/", "https://host/v1/chat/completions"),
        ("https://host/v1/chat/completions", "https://host/v1/chat/completions"),
        ("http://127.0.0.1:8000/v1?tenant=a", "http://127.0.0.1:8000/v1/chat/completions?tenant=a"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
    ],
)
def test_a_base_is_used_as_it_is_given(base: str, address: str) -> None:
    for provider in ("openai", "groq", "hosted_vllm"):
        assert _address(_bind(f"{provider}/m", api_key=Secret("k"), api_base=base)) == address


@pytest.mark.parametrize(
    ("base", "address"),
    [
        (None, "http://localhost:11434/v1/chat/completions"),
        ("http://gpu:11434", "http://gpu:11434/v1/chat/completions"),
        ("http://gpu:11434/v1", "http://gpu:11434/v1/chat/completions"),
    ],
)
def test_ollama_is_reached_by_its_v1(base: str | None, address: str) -> None:
    assert _address(_bind("ollama/llama3", api_base=base)) == address
    assert _address(_bind("ollama_chat/llama3", {"OLLAMA_API_BASE": base} if base else {})) == address


@pytest.mark.parametrize(
    ("base", "version", "address"),
    [
        ("https://r.openai.azure.com", "2024-10-21", "/openai/deployments/my%20gpt/chat/completions?api-version=2024-10-21"),
        ("https://r.openai.azure.com/openai", None, "/openai/deployments/my%20gpt/chat/completions?api-version=2025-02-01-preview"),
        ("https://r.openai.azure.com", "v1", "/openai/v1/chat/completions"),
        ("https://r.openai.azure.com", "latest", "/openai/v1/chat/completions"),
        ("https://r.openai.azure.com", "preview", "/openai/v1/chat/completions?api-version=preview"),
        ("https://r.openai.azure.com/openai/v1/", None, "/openai/v1/chat/completions"),
        ("https://r.openai.azure.com/openai/v1", "2024-10-21", "/openai/v1/chat/completions"),
        (
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-02-01",
            "2024-10-21",
            "/openai/deployments/d/chat/completions?api-version=2024-02-01",
        ),
        ("https://r.openai.azure.com/openai/deployments/d", "2024-10-21", "/openai/deployments/d/chat/completions?api-version=2024-10-21"),
    ],
)  # fmt: skip
def test_azure_is_reached_classically_or_by_its_v1(base: str, version: str | None, address: str) -> None:
    bindings = _bind("azure/my gpt", api_key=Secret("k"), api_base=base, api_version=version)
    assert _address(bindings, "my gpt") == f"https://r.openai.azure.com{address}"


def test_azure_takes_its_address_and_version_from_the_environment() -> None:
    environment = {"AZURE_API_BASE": "https://r", "AZURE_API_VERSION": "2024-06-01", "AZURE_API_KEY": "k"}
    assert _address(_bind("azure/d", environment), "d").endswith("/d/chat/completions?api-version=2024-06-01")
    assert _unready(_bind("azure/d")) == "set api_base or AZURE_API_BASE"


@pytest.mark.parametrize(
    ("settings", "environment", "header"),
    [
        ({"api_key": Secret("k")}, {"AZURE_AD_TOKEN": "t"}, ("api-key", "k")),
        ({"azure_ad_token": Secret("t"), "api_key": Secret("k")}, {}, ("authorization", "Bearer t")),
        ({}, {"AZURE_AD_TOKEN": "t"}, ("authorization", "Bearer t")),
        ({}, {"AZURE_OPENAI_API_KEY": "k"}, ("api-key", "k")),
    ],
)
def test_azure_is_shown_a_key_or_a_token_and_never_both(
    settings: dict[str, Any], environment: dict[str, str], header: tuple[str, str]
) -> None:
    bindings = _bind("azure/d", environment, api_base="https://r", **settings)
    (route,) = bindings.routes.values()
    assert [pair for pair in route.headers if pair[0] in ("api-key", "authorization")] == [header]


@pytest.mark.parametrize(
    ("base", "path"),
    [
        (None, "/v1/messages"),
        ("https://api.anthropic.com/v1", "/v1/messages"),
        ("https://proxy/anthropic", "/anthropic/v1/messages"),
        ("https://proxy/anthropic/v1/messages", "/anthropic/v1/messages"),
    ],
)
def test_anthropic_s_base_comes_with_or_without_its_version(base: str | None, path: str) -> None:
    assert _address(_bind("anthropic/claude-opus-4-8", api_key=Secret("k"), api_base=base)).endswith(path)


@pytest.mark.parametrize(
    ("base", "model", "path"),
    [
        (None, "gemini-3-pro", "/v1beta/models/gemini-3-pro:generateContent"),
        ("https://proxy/v1", "gemini-3-pro", "/v1/models/gemini-3-pro:generateContent"),
        ("https://proxy/google", "models/x", "/google/v1beta/models/x:generateContent"),
        ("https://proxy", "tunedModels/x", "/v1beta/tunedModels/x:generateContent"),
    ],
)
def test_gemini_s_base_comes_with_or_without_its_version(base: str | None, model: str, path: str) -> None:
    assert _address(_bind(f"gemini/{model}", api_key=Secret("k"), api_base=base), model).endswith(path)


def test_openai_s_base_may_come_from_either_variable() -> None:
    environment = {"OPENAI_API_BASE": "https://b/v1", "OPENAI_API_KEY": "k"}
    assert _address(_bind("openai/m", environment)).startswith("https://b/")
    assert _address(_bind("openai/m", {**environment, "OPENAI_BASE_URL": "https://a/v1"})).startswith("https://a/")


def test_a_server_that_imitates_openai_needs_no_key() -> None:
    assert _unready(_bind("openai/llama", api_base="http://localhost:8000/v1")) is None
    assert _unready(_bind("openai/gpt-4o", api_base="https://api.openai.com/v1/")) == "set OPENAI_API_KEY"


def test_a_key_that_was_named_and_is_empty_is_not_replaced_by_another() -> None:
    bindings = _bind("openai/m", {"OPENAI_API_KEY": "other"}, api_key=Secret(""), key_variable="MY_KEY")
    assert _unready(bindings) == "set MY_KEY"
    assert bindings.routes == {}


def test_the_key_is_nowhere_to_be_read() -> None:
    key = "sk-very-secret"
    bindings = _bind("openai/m", api_key=Secret(key), extra_headers={"X-Second": Secret("another-secret")})
    assert key not in repr(bindings)
    assert "another-secret" not in repr(bindings)
    (route,) = bindings.routes.values()
    assert ("x-second", "another-secret") in route.headers


@pytest.mark.parametrize(
    ("model", "provider", "bare"),
    [
        ("gpt-4o", "openai", "gpt-4o"),
        ("ft:gpt-4o:org::id", "openai", "ft:gpt-4o:org::id"),
        ("o3-mini", "openai", "o3-mini"),
        ("chatgpt-4o-latest", "openai", "chatgpt-4o-latest"),
        ("claude-opus-4-8", "anthropic", "claude-opus-4-8"),
        ("gemini-3-pro", "gemini", "gemini-3-pro"),
        ("openrouter/anthropic/claude-opus-5", "openrouter", "anthropic/claude-opus-5"),
    ],
)
def test_well_known_names_need_no_prefix(model: str, provider: str, bare: str) -> None:
    deployment = _bind(model, api_key=Secret("k")).deployments[0]
    assert (deployment.provider, deployment.model) == (provider, bare)


def test_custom_llm_provider_decides_and_a_prefix_of_that_name_is_taken_off() -> None:
    for model in ("meta-llama/Llama-3", "together_ai/meta-llama/Llama-3"):
        deployment = _bind(model, api_key=Secret("k"), custom_llm_provider="together_ai").deployments[0]
        assert (deployment.provider, deployment.model) == ("together_ai", "meta-llama/Llama-3")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model": "meta-llama/Llama-3"}, ("'meta-llama' is none", "openai/<model> with its api_base")),
        ({"model": "opnai/gpt-4o"}, ("'opnai' is none", "did you mean openai?")),
        ({"model": "llama3"}, ("names no provider", "openai/llama3")),
        ({"model": "openai/"}, ("expected a model after openai/",)),
        ({"model": "m", "custom_llm_provider": "grok"}, ("did you mean groq?",)),
        ({"model": "openai/*", "group": "g"}, ("model_name must have one too",)),
        ({"model": "openai/m", "api_base": "localhost:8000"}, ("api_base: expected a URL",)),
        ({"model": "openai/m", "api_base": "https://host:port/v1"}, ("api_base: expected a URL",)),
        ({"model": "openai/m", "api_base": "https://u:p@host/v1"}, ("put the key into api_key",)),
    ],
)
def test_mistakes_are_returned_with_their_cure(settings: dict[str, Any], words: tuple[str, ...]) -> None:
    message = _mistake(_bind(**settings))
    for word in words:
        assert word in message


def test_mistakes_do_not_stop_the_others() -> None:
    specs = [DeploymentSpec(group="a", model="nonsense"), DeploymentSpec(group="b", model="echo/echo")]
    bindings = bind(specs, {})
    assert [mistake.spec for mistake in bindings.mistakes] == specs[:1]
    assert [deployment.group for deployment in bindings.deployments] == ["b"]


def test_providers_that_litellm_knows_are_listed_as_not_served() -> None:
    reason = _unready(_bind("bedrock/anthropic.claude-v2"))
    assert reason is not None
    assert "provider bedrock is not served" in reason


def test_a_mock_needs_no_key() -> None:
    bindings = _bind("openai/gpt-4o", mock_response="hello")
    assert _unready(bindings) is None
    assert dict(bindings.mocks) == {bindings.deployments[0].id: "hello"}
    assert bindings.routes == {}


def test_ids_are_stable_distinct_and_the_operator_s_where_given() -> None:
    specs = [
        DeploymentSpec(group="g", model="echo/echo"),
        DeploymentSpec(group="g", model="echo/echo"),
        DeploymentSpec(group="g", model="echo/think"),
        DeploymentSpec(group="g", model="echo/echo", model_info=ModelInfo(id="mine")),
        DeploymentSpec(group="g", model="echo/echo", model_info=ModelInfo(id="mine")),
    ]
    first, second = bind(specs, {}), bind(specs, {})
    ids = [deployment.id for deployment in first.deployments]
    assert ids == [deployment.id for deployment in second.deployments]
    assert len(set(ids)) == len(ids)
    assert ids[1] == f"{ids[0]}-2"
    assert ids[3:] == ["mine", "mine-2"]


def test_what_the_operator_says_of_traffic_and_losses_arrives() -> None:
    deployment = _bind("echo/echo", weight=2.0, rpm=3.0, tpm=4.0, drop_params=False, strict=True).deployments[0]
    assert (deployment.weight, deployment.rpm, deployment.tpm) == (2.0, 3.0, 4.0)
    assert deployment.loss_policy.drop_params is False
    assert deployment.loss_policy.strict


def test_models_of_a_wildcard_are_remembered_within_bounds() -> None:
    (route,) = _bind("openai/*", group="openai/*", api_key=Secret("k")).routes.values()
    for index in range(1000):
        assert route.models.of(f"m{index}").target.model == f"m{index}"
    assert route.models.of.cache_info().currsize == 256


@pytest.mark.parametrize("model", ["gemini/../files", "gemini/a/./b", "azure/.."])
def test_a_captured_name_leads_nowhere_else(model: str) -> None:
    provider, _, captured = model.partition("/")
    bindings = _bind(f"{provider}/*", group="*", api_key=Secret("k"), api_base="https://host.example")
    (route,) = bindings.routes.values()
    with pytest.raises(UnknownModel):
        route.models.of(captured)
    assert route.models.of("a.b/..c").bridge.buffered_target


def test_what_routing_asks_of_a_deployment() -> None:
    told: dict[str, Any] = {
        "order": 2,
        "tags": ("a", "b"),
        "max_parallel_requests": 4,
        "cooldown_s": 0.0,
        "allowed_fails": 5,
    }
    (deployment,) = _bind("echo/e", num_retries=1, weight=3.0, rpm=60, tpm=100, **told).deployments
    assert {name: getattr(deployment, name) for name in told} == told
    assert (deployment.retries, deployment.weight, deployment.rpm, deployment.tpm) == (1, 3.0, 60, 100)
    (plain,) = _bind("echo/e").deployments
    assert (plain.order, plain.tags, plain.max_parallel_requests, plain.retries) == (None, (), None, None)


@pytest.mark.parametrize(
    ("model", "info", "max_prompt_tokens", "always_reasons"),
    [
        ("openai/o3", {}, 200_000, True),
        ("openai/o3", {"supports": {"reasoning": False}}, 200_000, False),
        ("openai/gpt-4.1", {}, 1_047_576, False),
        ("openai/gpt-4.1", {"max_input_tokens": 7}, 7, False),
        ("anthropic/claude-sonnet-4-5", {}, 200_000, False),
        ("gemini/gemini-2.5-pro", {}, 1_048_576, True),
        ("groq/llama", {}, None, False),
        ("azure/mine", {"base_model": "o3"}, 200_000, True),
        ("openai/*", {}, None, False),
        ("openai/*", {"max_input_tokens": 9}, 9, False),
    ],
)
def test_what_is_known_of_a_model_s_prompts_and_thoughts(
    model: str, info: dict[str, Any], max_prompt_tokens: int | None, always_reasons: bool
) -> None:
    group = "*" if "*" in model else "g"
    (deployment,) = _bind(model, group=group, model_info=ModelInfo(**info)).deployments
    assert (deployment.max_prompt_tokens, deployment.always_reasons) == (max_prompt_tokens, always_reasons)


@pytest.mark.parametrize("model", ["openai/gpt-4.1", "openai/*"])
@pytest.mark.parametrize(
    ("members", "always_reasons"),
    [
        ({"reasoning_effort": "low"}, True),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, True),
        ({"reasoning_effort": "none"}, False),
        ({"thinking": {"type": "disabled"}}, False),
    ],
)
@pytest.mark.parametrize("place", ["request_defaults", "extra_body"])
def test_who_is_always_told_to_think_always_reasons(
    model: str, members: dict[str, Any], always_reasons: bool, place: str
) -> None:
    group = "*" if "*" in model else "g"
    (deployment,) = _bind(model, group=group, **{place: members}).deployments
    assert deployment.always_reasons is always_reasons
