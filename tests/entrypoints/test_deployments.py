"""From the words of the file to deployments."""

import pytest

from adapters.config.mistakes import ConfigError
from entrypoints.deployments import bind_deployments, fleet_of
from tests.config.config_files import ONE_MODEL, load_text

_KEY = {"OPENAI_API_KEY": "k"}


@pytest.mark.parametrize(
    ("info", "dialects"),
    [
        ("{}", ["openai_chat", "openai_responses"]),
        ("{mode: responses}", ["openai_responses"]),
        ("{dialects: [openai_chat]}", ["openai_chat"]),
        ("{mode: responses, dialects: [openai_chat, anthropic_messages]}", ["openai_chat", "anthropic_messages"]),
    ],
)
def test_the_operator_says_what_an_upstream_speaks(info: str, dialects: list[str]) -> None:
    bindings = bind_deployments(load_text(f"{ONE_MODEL}    model_info: {info}\n", _KEY))
    (route,) = bindings.routes.values()
    assert [wire.dialect.name for wire in route.wires] == dialects


def test_a_dialect_that_is_none_is_told_with_its_place() -> None:
    with pytest.raises(ConfigError) as refused:
        bind_deployments(load_text(f"{ONE_MODEL}    model_info: {{dialects: [nonsense]}}\n", _KEY))
    (mistake,) = refused.value.mistakes
    assert mistake.line == 2
    assert "model_info.dialects: expected one or more of openai_chat" in mistake.message


@pytest.mark.parametrize("base_model", ["gpt-4.1", "azure/gpt-4.1", "openai/gpt-4.1"])
def test_the_model_behind_a_deployment_may_be_told_with_its_provider(base_model: str) -> None:
    text = ONE_MODEL.replace("openai/gpt-4o", "azure/mine\n      api_base: https://r.openai.azure.com")
    bindings = bind_deployments(load_text(f"{text}    model_info: {{base_model: {base_model}}}\n"))
    assert bindings.deployments[0].max_prompt_tokens == 1_047_576


def test_what_holds_for_all_reaches_those_that_do_not_say() -> None:
    text = (
        "model_list:\n"
        "- {model_name: a, litellm_params: {model: echo/a, max_parallel_requests: 3}}\n"
        "- {model_name: a, litellm_params: {model: echo/b}}\n"
        "router_settings: {default_max_parallel_requests: 9, num_retries: 5, cooldown_time: 4}\n"
    )
    first, second = bind_deployments(load_text(text)).deployments
    assert (first.max_parallel_requests, second.max_parallel_requests) == (3, 9)
    assert (second.retries, second.cooldown_s, second.allowed_fails) == (None, None, None)


def test_what_the_operator_says_counts_for_models_of_wildcards_that_nobody_reaches() -> None:
    text = (
        "model_list:\n"
        "- {model_name: 'openai/*', litellm_params: {model: 'openai/*', mock_response: hi, reasoning_effort: low},"
        " model_info: {max_input_tokens: 77}}\n"
    )
    loaded = load_text(text)
    (deployment,) = fleet_of(bind_deployments(loaded), loaded.settings).deployments("openai/gpt-4o")
    assert (deployment.max_prompt_tokens, deployment.always_reasons) == (77, True)
