"""What the keys mean: kinds of values, defaults, and which place wins."""

import dataclasses

import pytest

from adapters.config.settings import AliasSettings, DeploymentSettings, LimitSettings, Settings
from domain.secret import Secret
from tests.config.config_files import MAIN, ONE_MODEL, load_text, mistakes, with_params

MIB = 1024 * 1024


def _settings(text: str, environment: dict[str, str] | None = None) -> Settings:
    return load_text(ONE_MODEL + text, environment).settings


def _deployment(*lines: str) -> DeploymentSettings:
    (deployment,) = load_text(with_params(*lines)).settings.deployments
    return deployment


def test_every_acted_on_key_of_a_deployment_arrives() -> None:
    text = """
model_list:
  - model_name: chat
    litellm_params:
      model: azure/gpt-4o
      custom_llm_provider: azure
      api_key: key-1
      base_url: https://example.com
      api_version: "2024-10-21"
      organization: org
      weight: 2
      rpm: 60
      tpm: 1e6
      timeout: 30
      stream_timeout: 2.5
      drop_params: true
      additional_drop_params: [user, seed]
      allowed_openai_params: [tools]
      headers: {x-a: 1, x-b: old}
      extra_headers: {x-b: new, Authorization: Bearer t, x-flag: true}
      extra_body: {deep: {a: [1]}}
      mock_response: "two\\nlines"
      ssl_verify: /etc/ca.pem
      order: 2
      tags: [paid, eu]
      max_parallel_requests: 4
      num_retries: 1
      cooldown_time: 7
      input_cost_per_token: 0.00003
      output_cost_per_token: "6e-5"
      temperature: 0.5
      logit_bias: {50256: -100}
    model_info:
      id: one
      mode: chat
      dialects: [openai_chat, openai_responses]
      base_model: gpt-4o
      max_tokens: 4096
      max_input_tokens: 128000
      max_output_tokens: 4096
      cooldown_time: 0
      allowed_fails: 5
      input_cost_per_token: 1
      cache_read_input_token_cost: 0
      supports_vision: true
      supports_reasoning: false
"""
    (found,) = load_text(text).settings.deployments
    expected = DeploymentSettings.from_dict(
        {
            "model_name": "chat",
            "model": "azure/gpt-4o",
            "location": found.location,
            "custom_llm_provider": "azure",
            "api_key": "key-1",
            "api_base": "https://example.com",
            "api_version": "2024-10-21",
            "organization": "org",
            "weight": 2.0,
            "rpm": 60,
            "tpm": 1_000_000,
            "timeout_s": 30.0,
            "stream_timeout_s": 2.5,
            "drop_params": True,
            "additional_drop_params": ["user", "seed"],
            "allowed_openai_params": ["tools"],
            "extra_headers": {
                "x-a": {"value": "1", "secret": False},
                "x-b": {"value": "new", "secret": False},
                "Authorization": {"value": "Bearer t", "secret": True},
                "x-flag": {"value": "true", "secret": False},
            },
            "extra_body": {"deep": {"a": [1]}},
            "mock_response": "two\nlines",
            "ssl_verify": "/etc/ca.pem",
            "order": 2,
            "tags": ["paid", "eu"],
            "max_parallel_requests": 4,
            "num_retries": 1,
            "cooldown_s": 0.0,
            "allowed_fails": 5,
            "prices": {
                "cache_read_input_token_cost": 0.0,
                "input_cost_per_token": 3e-05,
                "output_cost_per_token": 6e-05,
            },
            "request_defaults": {"temperature": 0.5, "logit_bias": {"50256": -100}},
            "model_info": {
                "id": "one",
                "mode": "chat",
                "dialects": ["openai_chat", "openai_responses"],
                "base_model": "gpt-4o",
                "max_tokens": 4096,
                "max_input_tokens": 128000,
                "max_output_tokens": 4096,
                "supports": {"vision": True, "reasoning": False},
            },
        }
    )
    assert found == expected
    assert isinstance(found.rpm, int)
    assert isinstance(found.additional_drop_params, tuple)
    assert found.model_info.dialects == ("openai_chat", "openai_responses")
    assert found.extra_headers["Authorization"] == Secret("Bearer t")
    assert found.extra_headers["x-b"] == "new"


def test_settings_cannot_be_changed() -> None:
    settings = _settings("")
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.strict = True  # type: ignore[misc]  # the point of the test
    with pytest.raises(TypeError):
        settings.deployments[0].request_defaults["x"] = 1  # type: ignore[index]  # the point of the test
    with pytest.raises(TypeError):
        settings.routing.fallbacks["x"] = ()  # type: ignore[index]  # the point of the test


def test_defaults() -> None:
    settings = _settings("")
    (deployment,) = settings.deployments
    assert settings == Settings(deployments=(deployment,))
    assert deployment == DeploymentSettings(model_name="gpt", model="openai/gpt-4o", location=deployment.location)


@pytest.mark.parametrize(
    "section", ["litellm_settings", "router_settings", "general_settings", "feathergate", "guardrails"]
)
def test_a_section_without_content_is_as_good_as_none(section: str) -> None:
    assert len(_settings(f"{section}:\n").deployments) == 1
    assert len(_settings(f"{section}: {{}}\n").deployments) == 1


def test_gateway_wide_settings_arrive() -> None:
    settings = _settings("""
litellm_settings: {drop_params: false, request_timeout: 10, ssl_verify: false, require_auth_for_metrics_endpoint: false}
router_settings: {stream_timeout: 3}
general_settings: {master_key: sk-1, litellm_key_header_name: X-My-Key, max_request_size_mb: 0.5}
feathergate:
  strict: true
  cors_origins: ["https://App.example.com", "*"]
  log_format: JSON
  log_level: warning
  data_dir: /srv/feathergate
  limits:
    {connect_timeout_s: 1, first_byte_timeout_s: 2, idle_timeout_s: 3, total_timeout_s: 4, max_response_mb: 5,
     max_upload_mb: 6, batch_concurrency: 7}
""")
    assert settings == Settings(
        deployments=settings.deployments,
        drop_params=False,
        strict=True,
        request_timeout_s=10.0,
        stream_timeout_s=3.0,
        master_key=Secret("sk-1"),
        key_header_name="X-My-Key",
        ssl_verify=False,
        cors_origins=("https://app.example.com", "*"),
        log_format="json",
        log_level="warning",
        limits=LimitSettings(
            connect_timeout_s=1.0,
            first_byte_timeout_s=2.0,
            idle_timeout_s=3.0,
            total_timeout_s=4.0,
            max_response_bytes=5 * MIB,
            max_upload_bytes=6 * MIB,
            batch_concurrency=7,
        ),
        data_dir="/srv/feathergate",
        max_request_bytes=MIB // 2,
        metrics_need_key=False,
    )


def test_the_routers_timeout_beats_litellms() -> None:
    both = "litellm_settings: {request_timeout: 10}\nrouter_settings: {timeout: 20}\n"
    assert _settings(both).request_timeout_s == 20


def test_our_own_section_beats_litellms_spellings() -> None:
    theirs = (
        "litellm_settings: {json_logs: true, set_verbose: true}\ngeneral_settings: {max_response_size_mb: 2}\n"
    )
    settings = _settings(theirs)
    assert (settings.log_format, settings.log_level, settings.limits.max_response_bytes) == (
        "json",
        "debug",
        2 * MIB,
    )
    settings = _settings(
        theirs + "feathergate: {log_format: console, log_level: error, limits: {max_response_mb: 3}}\n"
    )
    assert (settings.log_format, settings.log_level) == ("console", "error")
    assert settings.limits.max_response_bytes == 3 * MIB


def test_metrics_need_the_key_where_there_is_one() -> None:
    assert _settings("").metrics_need_key
    assert _settings("general_settings: {master_key: sk-1}\n").metrics_need_key


def test_asking_for_a_key_on_metrics_without_having_one_is_a_mistake() -> None:
    (found,) = mistakes(ONE_MODEL + "litellm_settings:\n  require_auth_for_metrics_endpoint: true\n")
    assert found == (
        f"{MAIN}:6: 'require_auth_for_metrics_endpoint' needs a master_key in general_settings to ask for"
    )


def test_the_master_key_may_come_from_litellms_variable() -> None:
    environment = {"LITELLM_MASTER_KEY": "sk-env"}
    for text in ("", "general_settings:\n", "general_settings: {master_key: }\n"):
        assert _settings(text, environment).master_key == Secret("sk-env")
    assert _settings("general_settings: {master_key: sk-own}\n", environment).master_key == Secret("sk-own")


def test_an_empty_master_key_must_be_meant() -> None:
    assert _settings("general_settings: {master_key: '${KEY:-}'}\n").master_key is None
    for value, environment in (("''", {}), ("os.environ/KEY", {"KEY": ""}), ("'${KEY}'", {"KEY": " "})):
        (found,) = mistakes(ONE_MODEL + f"general_settings: {{master_key: {value}}}\n", environment)
        assert found.startswith(f"{MAIN}:5: 'master_key' is empty")


@pytest.mark.parametrize("key", ["schlüssel", '"sk\\ttab"'])
def test_a_master_key_that_no_header_can_carry_is_refused(key: str) -> None:
    (found,) = mistakes(ONE_MODEL + f"general_settings: {{master_key: {key}}}\n")
    assert found.startswith(f"{MAIN}:5: 'master_key' in general_settings must be text")


def test_aliases() -> None:
    settings = _settings("router_settings: {model_group_alias: {a: gpt, b: {model: gpt, hidden: true}}}\n")
    assert settings.aliases == (
        AliasSettings(name="a", target="gpt"),
        AliasSettings(name="b", target="gpt", hidden=True),
    )


def test_an_alias_may_stand_for_what_a_wildcard_covers() -> None:
    text = "model_list: [{model_name: openai/*, litellm_params: {model: openai/*}}]\n"
    settings = load_text(text + "router_settings: {model_group_alias: {a: openai/gpt-4o}}\n").settings
    assert settings.aliases[0].target == "openai/gpt-4o"
    assert mistakes(text + "router_settings: {model_group_alias: {a: groq/x}}\n")


@pytest.mark.parametrize(
    ("alias", "words"),
    [
        ("gtp", "stands for a name that no entry of model_list has; did you mean 'gpt'?"),
        ("{hidden: true}", "needs 'model'"),
        ("[gpt]", "must be a model_name, or a mapping with 'model'"),
        ("{model: 3}", "'model' in model_group_alias must be text"),
        ("{model: gpt, hiden: true}", "unknown key 'hiden' in model_group_alias; did you mean 'hidden'?"),
    ],
)
def test_aliases_that_lead_nowhere_are_mistakes(alias: str, words: str) -> None:
    found = mistakes(ONE_MODEL + f"router_settings:\n  model_group_alias:\n    a: {alias}\n")
    assert found
    assert all(line.startswith(f"{MAIN}:7: ") for line in found)
    assert any(words in line for line in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("general_settings: {}\n", f"{MAIN}: there is no model_list"),
        ("model_list:\n", f"{MAIN}:1: there is no model_list"),
        ("model_list: []\n", f"{MAIN}:1: there is no model_list"),
        ("model_list: {a: b}\n", f"{MAIN}:1: 'model_list' must be a list"),
        ("model_list:\n- gpt\n", f"{MAIN}:2: an entry of model_list must be a mapping"),
        ("model_list:\n- model_name: a\n", f"{MAIN}:2: an entry of model_list needs 'litellm_params'"),
        ("model_list:\n- litellm_params: {model: a}\n", f"{MAIN}:2: an entry of model_list needs 'model_name'"),
        ("model_list:\n- {model_name: a, litellm_params: {}}\n", f"{MAIN}:2: litellm_params needs 'model'"),
        (
            "model_list:\n- {model_name: a, litellm_params: x}\n",
            f"{MAIN}:2: 'litellm_params' in model_list must be a mapping, not text",
        ),
        ("model_list:\n- {model_name: a, litellm_params: {model: }}\n", f"{MAIN}:2: litellm_params needs 'model'"),
        (ONE_MODEL + "feathergate: [a]\n", f"{MAIN}:5: feathergate must be a mapping"),
    ],
)
def test_what_is_missing_or_of_another_shape_is_said(text: str, expected: str) -> None:
    (found,) = mistakes(text)
    assert found.startswith(expected)


def test_two_deployments_cannot_have_one_id() -> None:
    entry = "- {model_name: a, litellm_params: {model: m/a}, model_info: {id: same}}\n"
    (found,) = mistakes("model_list:\n" + entry + entry)
    assert found.startswith(f"{MAIN}:3: 'id' in model_info is the same as that of ")
    assert found.endswith(f"{MAIN}:2")


def test_two_addresses_that_differ_are_a_mistake() -> None:
    assert _deployment("api_base: http://a", "base_url: http://a").api_base == "http://a"
    (found,) = mistakes(with_params("api_base: http://a", "base_url: http://b"))
    assert "'api_base' and 'base_url' mean the same and differ" in found


def test_an_address_that_resolves_to_nothing_counts_as_not_given() -> None:
    assert _deployment("api_base: ${BASE:-}").api_base is None


@pytest.mark.parametrize(
    "line",
    [
        "api_key: 12345678",
        "api_key: [a]",
        'api_key: "two\\nlines"',
        "api_key: schlüssel",
        "api_base: example.com/v1",
        "api_base: ftp://example.com",
        "api_base: http://",
        "api_base: http://[::1",
        "api_base: http://a:99999",
        "api_base: 'http://a b'",
        "api_version: 3",
        "organization: [a, b]",
        "organization: ''",
        "weight: heavy",
        "weight: -1",
        "rpm: 1.5",
        "rpm: true",
        "order: first",
        "tags: free",
        "tags: [1]",
        "max_parallel_requests: 0",
        "num_retries: -1",
        "num_retries: 1.5",
        "cooldown_time: long",
        "input_cost_per_token: free",
        "output_cost_per_token: -1",
        "tpm: -1",
        "timeout: 0",
        "timeout: soon",
        "timeout: " + "9" * 400,
        "drop_params: 1",
        "drop_params: maybe",
        "additional_drop_params: user",
        "additional_drop_params: [user, 7]",
        "extra_headers: [a]",
        "extra_headers: {x: [a]}",
        "extra_headers: {x: }",
        "extra_headers: {'x y': a}",
        'extra_headers: {x: "a\\r\\nb: c"}',
        "extra_headers: {x: é}",
        "extra_headers: {Content-Length: 7}",
        "extra_headers: {host: a}",
        "extra_body: text",
        "mock_response: [a]",
        "ssl_verify: 7",
    ],
)
def test_values_of_another_kind_are_mistakes_with_their_line(line: str) -> None:
    found = mistakes(with_params(line))
    assert len(found) == 1
    assert found[0].startswith(f"{MAIN}:5: '")
    assert " must be " in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "feathergate: {cors_origins: [app.example.com]}",
        "feathergate: {cors_origins: ['https://a/path']}",
        "feathergate: {log_format: xml}",
        "feathergate: {log_level: [info]}",
        "feathergate: {limits: {idle_timeout_s: -1}}",
        "feathergate: {limits: {max_response_mb: 0}}",
        "feathergate: {limits: {max_upload_mb: none}}",
        "feathergate: {limits: {batch_concurrency: 0}}",
        "feathergate: {data_dir: [data]}",
        "feathergate: {limits: 5}",
        "general_settings: {litellm_key_header_name: 'a b'}",
        "general_settings: {max_request_size_mb: big}",
        "feathergate: {routing: fast}",
        "feathergate: {routing: {ttft_timeout: 0}}",
        "feathergate: {routing: {longest_wait: -1}}",
        "feathergate: {routing: {stream_guard: half}}",
        "feathergate: {routing: {stream_bad_frame: true}}",
        "feathergate: {routing: {affinity: warm}}",
        "feathergate: {routing: {hedging: true}}",
        "feathergate: {routing: {hedging: {quantile: 1}}}",
        "feathergate: {routing: {hedging: {share: 1.5}}}",
        "model_list: 1",
        "litellm_settings: text",
        "litellm_settings: {num_retries: often}",
        "router_settings: {max_retries: -1}",
        "router_settings: {retry_after: soon}",
        "router_settings: {retry_policy: 3}",
        "router_settings: {retry_policy: {TimeoutErrorRetries: many}}",
        "router_settings: {model_group_retry_policy: [gpt]}",
        "router_settings: {allowed_fails: 1.5}",
        "router_settings: {allowed_fails_policy: {TimeoutErrorAllowedFails: []}}",
        "router_settings: {cooldown_time: -1}",
        "router_settings: {disable_cooldowns: 2}",
        "router_settings: {fallbacks: gpt}",
        "router_settings: {fallbacks: {gpt: [gpt]}}",
        "router_settings: {fallbacks: [gpt]}",
        "router_settings: {fallbacks: [{gpt: gpt}]}",
        "router_settings: {fallbacks: [{gpt: [5]}]}",
        "router_settings: {default_fallbacks: gpt}",
        "router_settings: {default_fallbacks: [[gpt]]}",
        "router_settings: {max_fallbacks: -1}",
        "router_settings: {default_max_parallel_requests: 0}",
        "router_settings: {enable_tag_filtering: some}",
        "router_settings: {model_group_alias: [a]}",
    ],
)
def test_gateway_wide_values_of_another_kind_are_mistakes(line: str) -> None:
    assert len(mistakes((ONE_MODEL if "model_list" not in line else "") + line + "\n")) == 1


def test_what_came_is_said_in_words() -> None:
    assert mistakes(with_params("rpm: many")) == [
        f"{MAIN}:5: 'rpm' in litellm_params must be a whole number, zero or more, not text"
    ]
    assert mistakes(with_params("model_list: x")) is not None


@pytest.mark.parametrize(("text", "truth"), [("'true'", True), ("'No'", False), ("yes", True), ("'1'", True)])
def test_booleans_may_be_written_as_words(text: str, truth: object) -> None:
    assert _deployment(f"drop_params: {text}").drop_params is truth
    assert _deployment(f"ssl_verify: {text}").ssl_verify is truth


def test_keys_and_headers_lose_the_space_around_them() -> None:
    deployment = _deployment("api_key: ' key '", "extra_headers: {x: ' a '}")
    assert deployment.api_key == Secret("key")
    assert deployment.extra_headers == {"x": "a"}


def test_the_notes_of_a_litellm_like_configuration() -> None:
    text = """
model_list:
  - model_name: gpt-4o
    litellm_params: &vendor
      model: openai/gpt-4o
      api_key: os.environ/OPENAI_API_KEY
      rpm: 480
      order: 1
      tags: [paid]
    model_info: {input_cost_per_token: 0.00003, supports_function_calling: true, access_groups: [beta]}
  - model_name: "*"
    litellm_params: {<<: *vendor, model: "*"}
litellm_settings:
  drop_params: true
  num_retries: 3
  fallbacks: [{gpt-4o: [claude]}]
  success_callback: [langfuse]
  callbacks: [prometheus]
router_settings:
  routing_strategy: usage-based-routing-v2
  redis_host: os.environ/REDIS_HOST
  enable_pre_call_checks: true
  model_group_alias: {gpt-4: gpt-4o}
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
  database_url: postgres://user:pass@db/litellm
  alerting: [slack]
"""
    environment = {"OPENAI_API_KEY": "sk-o", "REDIS_HOST": "r", "LITELLM_MASTER_KEY": "sk-m"}
    loaded = load_text(text, environment)
    assert [each.model_name for each in loaded.settings.deployments] == ["gpt-4o", "*"]
    assert loaded.settings.deployments[1].variables == {"api_key": "OPENAI_API_KEY"}
    named = "\n".join(notice.message for notice in loaded.notices if not notice.supported)
    for key in (
        "model_info.access_groups",
        "litellm_settings.success_callback",
        "router_settings.redis_host",
        "general_settings.database_url",
        "general_settings.alerting",
    ):
        assert f"{key} is not supported" in named
    assert len(named.splitlines()) == 5


def test_the_configuration_of_a_gateway_before_replayed_upstreams_loads() -> None:
    text = """model_list:
  - {model_name: "openai/*", litellm_params: {model: "openai/*", api_key: sk-up, api_base: "http://127.0.0.1:9400/v1"}}
  - {model_name: "gemini/*", litellm_params: {model: "gemini/*", api_key: sk-up, api_base: "http://127.0.0.1:9400"}}
litellm_settings: {drop_params: true, num_retries: 0, request_timeout: 30}
router_settings: {num_retries: 0, disable_cooldowns: true}
general_settings: {master_key: sk-x}
"""
    loaded = load_text(text)
    assert loaded.settings.request_timeout_s == 30
    assert loaded.notices == ()
