"""The router examples of litellm's documentation (docs.litellm.ai, 2026-11), as policies and deployments.

Each has the keys and shapes of the page that its test names; names of models are ours where they do not matter.
"""

from collections.abc import Sequence
from typing import Any

import pytest

from adapters.config.loading import LoadedConfig
from domain.routing.failure import ErrorClass
from domain.routing.fleet import Deployment
from domain.routing.policy import (
    CooldownPolicy,
    FallbackPolicy,
    HedgingPolicy,
    PatiencePolicy,
    RetryPolicy,
    RoutingPolicy,
    Strategy,
)
from entrypoints.deployments import bind_deployments, fleet_of
from entrypoints.routing import routing_policy
from tests.config.config_files import ONE_MODEL, load_text

ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-openai",
    "ANTHROPIC_API_KEY": "sk-anthropic",
    "AZURE_API_KEY": "sk-azure",
    "AZURE_API_BASE": "https://east.openai.azure.com",
    "AZURE_EUROPE_API_BASE": "https://europe.openai.azure.com",
    "AZURE_EUROPE_API_KEY": "sk-europe",
    "REDIS_HOST": "redis",
    "LITELLM_MASTER_KEY": "sk-master",
}


def load(text: str) -> LoadedConfig:
    return load_text(text, ENVIRONMENT, dotenv=False)


def policy(text: str) -> RoutingPolicy:
    return routing_policy(load(text).settings)


def group(text: str, name: str) -> tuple[Deployment, ...]:
    loaded = load(text)
    return fleet_of(bind_deployments(loaded), loaded.settings).deployments(name)


def of_each(deployments: Sequence[Deployment], field: str) -> list[Any]:
    return [getattr(deployment, field) for deployment in deployments]


def unsupported(text: str) -> list[str]:
    return [notice.message.split(" ")[0] for notice in load(text).notices if not notice.supported]


def test_without_settings_the_policy_is_the_default_one() -> None:
    assert policy(ONE_MODEL) == RoutingPolicy()


LOAD_BALANCING = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/my-first-deployment
      api_base: os.environ/AZURE_API_BASE
      api_key: os.environ/AZURE_API_KEY
      rpm: 6
  - model_name: gpt-4o
    litellm_params:
      model: azure/my-second-deployment
      api_base: https://canada.openai.azure.com/
      api_key: os.environ/AZURE_API_KEY
      rpm: 60
  - model_name: gpt-4o
    litellm_params:
      model: azure/my-third-deployment
      api_base: https://france.openai.azure.com/
      api_key: os.environ/AZURE_API_KEY
      rpm: 1440
router_settings:
  routing_strategy: simple-shuffle
  model_group_alias: {"gpt-4": "gpt-4o"}
  num_retries: 2
  timeout: 30
  redis_host: os.environ/REDIS_HOST
  redis_password: ""
  redis_port: 1992
"""


def test_load_balancing() -> None:
    """proxy/load_balancing: three deployments of one name, shared by rpm; another name for them; Redis later."""
    assert policy(LOAD_BALANCING) == RoutingPolicy(retry=RetryPolicy(retries=2))
    for name in ("gpt-4o", "gpt-4"):
        assert of_each(group(LOAD_BALANCING, name), "rpm") == [6, 60, 1440]
    assert unsupported(LOAD_BALANCING) == ["router_settings.redis_host", "router_settings.redis_port"]
    assert load(LOAD_BALANCING).settings.request_timeout_s == 30


@pytest.mark.parametrize("strategy", list(Strategy))
def test_routing_strategies(strategy: Strategy) -> None:
    """routing: every strategy by its name, and arguments of strategies that are named as having no effect."""
    text = f"{ONE_MODEL}router_settings:\n  routing_strategy: {strategy}\n  routing_strategy_args: {{ttl: 10}}\n"
    assert policy(text) == RoutingPolicy(strategy=strategy)
    assert unsupported(text) == ["router_settings.routing_strategy_args"]


WEIGHTS = """
model_list:
  - model_name: o1
    litellm_params: {model: openai/o1-preview, api_key: os.environ/OPENAI_API_KEY, weight: 1}
  - model_name: o1
    litellm_params: {model: openai/o1-preview, api_key: os.environ/OPENAI_API_KEY, weight: 2}
"""


def test_weights() -> None:
    """routing: deployments that are picked in shares of their weights."""
    assert of_each(group(WEIGHTS, "o1"), "weight") == [1, 2]


ORDER = """
model_list:
  - model_name: gpt-4
    litellm_params: {model: azure/gpt-4-primary, api_base: os.environ/AZURE_API_BASE, order: 1}
  - model_name: gpt-4
    litellm_params: {model: azure/gpt-4-fallback, api_base: os.environ/AZURE_API_BASE, order: 2}
router_settings:
  enable_pre_call_checks: true
"""


def test_deployment_ordering() -> None:
    """routing: the deployment with the lowest order first."""
    assert of_each(group(ORDER, "gpt-4"), "order") == [1, 2]
    assert policy(ORDER).pre_call_checks


RELIABILITY = """
model_list:
  - model_name: zephyr-beta
    litellm_params:
      model: huggingface/HuggingFaceH4/zephyr-7b-beta
      api_base: http://0.0.0.0:8001
  - model_name: zephyr-beta
    litellm_params:
      model: huggingface/HuggingFaceH4/zephyr-7b-beta
      api_base: http://0.0.0.0:8002
  - model_name: small
    litellm_params: {model: gpt-3.5-turbo, api_key: os.environ/OPENAI_API_KEY}
  - model_name: large
    litellm_params: {model: gpt-3.5-turbo-16k, api_key: os.environ/OPENAI_API_KEY}
litellm_settings:
  num_retries: 3
  request_timeout: 10
  fallbacks: [{"zephyr-beta": ["small"]}]
  context_window_fallbacks: [{"zephyr-beta": ["large"]}, {"small": ["large"]}]
  allowed_fails: 3
  cooldown_time: 30
"""


def test_fallbacks_retries_timeouts_and_cooldowns() -> None:
    """proxy/reliability: all of it under `litellm_settings`."""
    assert policy(RELIABILITY) == RoutingPolicy(
        retry=RetryPolicy(retries=3),
        cooldown=CooldownPolicy(cooldown_s=30, allowed_fails=3),
        fallbacks=FallbackPolicy(
            general={"zephyr-beta": ("small",)},
            context_window={"zephyr-beta": ("large",), "small": ("large",)},
        ),
    )
    assert load(RELIABILITY).settings.request_timeout_s == 10
    assert len(group(RELIABILITY, "zephyr-beta")) == 2
    assert unsupported(RELIABILITY) == []


SPECIALISED = """
model_list:
  - model_name: gpt-3.5-turbo-small
    litellm_params:
      model: azure/chatgpt-v-2
      api_base: os.environ/AZURE_API_BASE
      api_key: os.environ/AZURE_API_KEY
      api_version: "2023-07-01-preview"
    model_info:
      base_model: azure/gpt-4-1106-preview
  - model_name: gpt-3.5-turbo-large
    litellm_params: {model: gpt-3.5-turbo-1106, api_key: os.environ/OPENAI_API_KEY}
    model_info: {max_input_tokens: 16000}
  - model_name: claude-opus
    litellm_params: {model: claude-3-opus-20240229, api_key: os.environ/ANTHROPIC_API_KEY}
router_settings:
  enable_pre_call_checks: true
litellm_settings:
  default_fallbacks: ["claude-opus"]
  content_policy_fallbacks: [{"gpt-3.5-turbo-small": ["claude-opus"]}]
  context_window_fallbacks: [{"gpt-3.5-turbo-small": ["gpt-3.5-turbo-large", "claude-opus"]}]
"""


def test_fallbacks_for_long_prompts_for_refused_content_and_for_everybody() -> None:
    """proxy/reliability: context window, content policy and default fallbacks, and pre-call checks."""
    found = policy(SPECIALISED)
    assert found.pre_call_checks
    assert found.fallbacks == FallbackPolicy(
        general={"*": ("claude-opus",)},
        content_policy={"gpt-3.5-turbo-small": ("claude-opus",)},
        context_window={"gpt-3.5-turbo-small": ("gpt-3.5-turbo-large", "claude-opus")},
    )
    (large,) = group(SPECIALISED, "gpt-3.5-turbo-large")
    assert large.max_prompt_tokens == 16_000
    (small,) = group(SPECIALISED, "gpt-3.5-turbo-small")
    assert not small.always_reasons


BY_ID = """
model_list:
  - model_name: gpt-4
    litellm_params: {model: openai/gpt-4, api_key: os.environ/OPENAI_API_KEY}
    model_info: {id: my-special-model-id}
  - model_name: small
    litellm_params: {model: openai/gpt-4.1-mini, api_key: os.environ/OPENAI_API_KEY}
litellm_settings:
  fallbacks: [{"gpt-4": ["my-special-model-id"]}]
"""


def test_a_fallback_to_one_deployment() -> None:
    """proxy/reliability: a deployment by its id."""
    assert policy(BY_ID).fallbacks.general == {"gpt-4": ("my-special-model-id",)}


EUROPE = """
router_settings:
  enable_pre_call_checks: true
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-4o-europe
      api_base: os.environ/AZURE_EUROPE_API_BASE
      api_key: os.environ/AZURE_EUROPE_API_KEY
      region_name: eu
  - model_name: gpt-4o
    litellm_params: {model: gpt-4o, api_key: os.environ/OPENAI_API_KEY}
"""


def test_regions_are_not_looked_at_yet_and_that_is_said() -> None:
    """proxy/reliability: the region of a deployment."""
    assert policy(EUROPE).pre_call_checks
    assert unsupported(EUROPE) == ["litellm_params.region_name"]


POLICIES = """
model_list:
  - model_name: bad-model
    litellm_params: {model: openai/gpt-4.1, api_key: bad-key}
    model_info: {allowed_fails: 10, cooldown_time: 60}
router_settings:
  retry_policy:
    AuthenticationErrorRetries: 3
    TimeoutErrorRetries: 3
    RateLimitErrorRetries: 3
    ContentPolicyViolationErrorRetries: 4
    InternalServerErrorRetries: 4
  model_group_retry_policy:
    bad-model: {RateLimitErrorRetries: 0}
  allowed_fails_policy:
    BadRequestErrorAllowedFails: 1000
    AuthenticationErrorAllowedFails: 10
    TimeoutErrorAllowedFails: 12
    RateLimitErrorAllowedFails: 10000
    ContentPolicyViolationErrorAllowedFails: 15
    InternalServerErrorAllowedFails: 20
  retry_after: 5
"""


def test_retries_and_cooldowns_by_exception_type() -> None:
    """proxy/reliability and routing: numbers for each class of errors, also for one group."""
    found = policy(POLICIES)
    assert found.retry == RetryPolicy(
        by_class={
            ErrorClass.AUTHENTICATION: 3,
            ErrorClass.TIMEOUT: 3,
            ErrorClass.RATE_LIMIT: 3,
            ErrorClass.CONTENT_POLICY: 4,
            ErrorClass.INTERNAL_SERVER: 4,
        },
        by_group={"bad-model": {ErrorClass.RATE_LIMIT: 0}},
        least_wait_s=5,
    )
    assert found.cooldown == CooldownPolicy(
        allowed_by_class={
            ErrorClass.BAD_REQUEST: 1000,
            ErrorClass.AUTHENTICATION: 10,
            ErrorClass.TIMEOUT: 12,
            ErrorClass.RATE_LIMIT: 10_000,
            ErrorClass.CONTENT_POLICY: 15,
            ErrorClass.INTERNAL_SERVER: 20,
        }
    )
    (deployment,) = group(POLICIES, "bad-model")
    assert (deployment.allowed_fails, deployment.cooldown_s) == (10, 60)


def test_cooldowns_may_be_switched_off() -> None:
    """routing: `disable_cooldowns`."""
    assert not policy(f"{ONE_MODEL}router_settings: {{disable_cooldowns: true}}\n").cooldown.enabled


TAGS = """
model_list:
  - model_name: gpt-4
    litellm_params: {model: openai/fake, api_key: fake-key, api_base: https://example.com/, tags: ["free"]}
  - model_name: gpt-4
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, tags: ["paid"]}
  - model_name: gpt-4
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, tags: ["default"]}
router_settings:
  enable_tag_filtering: True
  tag_filtering_match_any: False
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""


def test_tag_routing() -> None:
    """proxy/tag_routing: deployments for requests with a tag, and those for requests without any."""
    found = policy(TAGS)
    assert (found.tag_filtering, found.match_any_tag) == (True, False)
    assert of_each(group(TAGS, "gpt-4"), "tags") == [("free",), ("paid",), ("default",)]


TIMEOUTS = """
model_list:
  - model_name: gpt-4o
    litellm_params:
      model: azure/gpt-east
      api_base: os.environ/AZURE_API_BASE
      api_key: os.environ/AZURE_API_KEY
      timeout: 300
      stream_timeout: 30
      max_retries: 5
  - model_name: gpt-4o
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}
router_settings:
  timeout: 20
"""


def test_timeouts() -> None:
    """proxy/timeout: of all calls, and of one deployment."""
    loaded = load(TIMEOUTS)
    bindings = bind_deployments(loaded)
    first, second = (bindings.routes[deployment.id] for deployment in bindings.deployments)
    assert (first.limits.buffered.total_s, first.limits.streamed.first_byte_s) == (300, 30)
    assert (second.limits.buffered.total_s, second.limits.streamed.first_byte_s) == (20, 20)
    assert bindings.deployments[0].retries == 5


PARALLEL = """
model_list:
  - model_name: a
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY, max_parallel_requests: 10}
  - model_name: a
    litellm_params: {model: openai/gpt-4o, api_key: os.environ/OPENAI_API_KEY}
router_settings:
  default_max_parallel_requests: 20
"""


def test_max_parallel_requests() -> None:
    """routing: of a deployment, and of those that do not say."""
    assert of_each(group(PARALLEL, "a"), "max_parallel_requests") == [10, 20]


def test_prompt_caching() -> None:
    """response_api and tutorials: calls go where the prompt is cached."""
    text = f'{ONE_MODEL}router_settings: {{optional_pre_call_checks: ["prompt_caching"]}}\n'
    assert policy(text) == RoutingPolicy(affinity=True)


PRICES = """
model_list:
  - model_name: mine
    litellm_params:
      model: openai/mine
      api_key: os.environ/OPENAI_API_KEY
      input_cost_per_token: 0.00000001
      output_cost_per_token: 0.000421
    model_info:
      input_cost_per_token: 5
      cache_read_input_token_cost: 0.0000003
      mode: chat
"""


def test_custom_prices() -> None:
    """proxy/custom_pricing: of a deployment, or of its model; the deployment's count."""
    (deployment,) = load(PRICES).settings.deployments
    assert deployment.prices == {
        "input_cost_per_token": 1e-8,
        "output_cost_per_token": 0.000421,
        "cache_read_input_token_cost": 3e-7,
    }
    assert unsupported(PRICES) == []


WILDCARDS = """
model_list:
  - model_name: "anthropic/*"
    litellm_params: {model: "anthropic/*", api_key: os.environ/ANTHROPIC_API_KEY}
  - model_name: "*"
    litellm_params: {model: "openai/*", api_key: os.environ/OPENAI_API_KEY}
litellm_settings:
  fallbacks: [{"anthropic/claude-sonnet-4-5": ["gpt-4.1"]}, {"anthropic/*": ["gpt-4.1-mini"]}]
"""


def test_wildcards() -> None:
    """wildcard_routing: every model of a provider; fallbacks between names that wildcards cover."""
    assert policy(WILDCARDS).fallbacks.general == {
        "anthropic/claude-sonnet-4-5": ("gpt-4.1",),
        "anthropic/*": ("gpt-4.1-mini",),
    }
    (deployment,) = group(WILDCARDS, "anthropic/claude-sonnet-4-5")
    assert (deployment.model, deployment.max_prompt_tokens) == ("claude-sonnet-4-5", 200_000)


def test_our_own_keys() -> None:
    text = (
        f"{ONE_MODEL}feathergate: {{routing: {{ttft_timeout: 4, reasoning_ttft_timeout: 40, longest_wait: 9,"
        " stream_guard: full, affinity: true, hedging: {enabled: true, quantile: 0.9, share: 0.2}}}\n"
    )
    assert policy(text) == RoutingPolicy(
        patience=PatiencePolicy(first_event_s=4, reasoning_first_event_s=40, longest_wait_s=9),
        hedging=HedgingPolicy(enabled=True, quantile=0.9, share=0.2),
        affinity=True,
        guards_whole_streams=True,
    )
