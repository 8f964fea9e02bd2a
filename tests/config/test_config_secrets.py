"""No secret is printed, whatever key it came by; and the report says where every value came from."""

from collections.abc import Mapping

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.loading import LoadedConfig
from adapters.config.mistakes import ConfigError
from adapters.config.report import render_effective
from adapters.config.secrecy import Masker, holds_secret
from domain.secret import MASK
from tests.config.config_files import MAIN, ONE_MODEL, load_text, with_params

_SECRETS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_\-+/.!*&]{10,30}Z", fullmatch=True)

_PLACES: dict[str, str] = {
    "api_key": with_params("api_key: {value}"),
    "api_key and a header": with_params("api_key: {value}", "extra_headers: {{x-other: 'a {raw} b'}}"),
    "header": with_params("extra_headers: {{Authorization: {value}}}"),
    "bearer": with_params("headers: {{X-Auth-Token: 'Bearer {raw}'}}"),
    "url": with_params("api_base: 'http://user:{raw}@example.com/v1?api-key={raw}'"),
    "open parameter": with_params("vendor_api_key: {value}", "deep: [{{accessToken: {value}}}]"),
    "extra body": with_params("extra_body: {{auth: {{client_secret: {value}}}}}"),
    "other vendors": with_params("aws_secret_access_key: {value}", "vertex_credentials: {{private_key: {value}}}"),
    "master key": ONE_MODEL + "general_settings: {{master_key: {value}}}\n",
    "cache": ONE_MODEL + "litellm_settings: {{cache_params: {{password: {value}}}}}\n",
    "database": ONE_MODEL + "general_settings: {{database_url: 'postgres://me:{raw}@db/x'}}\n",
    "environment": "environment_variables: {{MY_API_KEY: {value}}}\n" + with_params("user: ${{MY_API_KEY}}"),
    "own variable": "environment_variables: {{MINE: {value}}}\n" + with_params("api_key: ${{MINE}}"),
    "organization": with_params("organization: os.environ/SOME_TOKEN_2", "user: '<${{SOME_TOKEN_2}}>'"),
    "default": with_params("api_key: '${{UNSET:-{raw}}}'"),
    "wrong kind": with_params("rpm: {value}", "timeout: {value}", "drop_params: {value}", "extra_body: {value}"),
    "wrong place": ONE_MODEL
    + "router_settings: {{routing_strategy: {value}}}\nfeathergate: {{log_level: {value}}}\n",
    "wrong list": ONE_MODEL + "feathergate: {{cors_origins: [{value}], limits: {value}}}\nmodel_list: {value}\n",
    "wrong reference": with_params("api_key: 'os.environ/{raw}!'", "user: '${{{raw}!'"),
    "wrong header": with_params("extra_headers: {{x: '{raw}é'}}"),
    "wrong address": with_params("api_base: {value}"),
    "broken yaml": with_params("api_key: *{raw}"),
    "broken tag": with_params("api_key: !{raw}"),
    "broken handle": with_params("api_key: !{raw}!x y"),
    "broken quote": with_params("api_key: '{raw}"),
    "broken colon": with_params("api_key: {raw}: {raw}"),
    "broken key": with_params("api_key: x", "  {raw}: x"),
    "typo": with_params("api_kye: {value}"),
}


def _everything_printed(text: str, environment: Mapping[str, str]) -> str:
    try:
        loaded = load_text(text, environment)
    except ConfigError as error:
        return "\n".join((str(error), repr(error), *map(repr, error.mistakes)))
    printed = (render_effective(loaded), repr(loaded), str(loaded), *map(str, loaded.notices))
    return "\n".join((*printed, repr(loaded.settings), *map(repr, loaded.settings.deployments)))


@pytest.mark.parametrize("place", sorted(_PLACES))
@given(secret=_SECRETS)
def test_a_secret_is_never_printed_whatever_key_it_came_by(place: str, secret: str) -> None:
    text = _PLACES[place].format(value=f"'{secret}'", raw=secret)
    assert secret not in _everything_printed(text, {"SOME_TOKEN_2": secret})


@given(_SECRETS)
def test_a_secret_from_the_environment_is_never_printed(secret: str) -> None:
    environment = {"K": secret, "OTHER_PASSWORD": secret}
    lines = ("api_key: os.environ/K", "user: ${OTHER_PASSWORD}", "metadata: {note: 'with ${K} inside'}")
    assert secret not in _everything_printed(with_params(*lines), environment)


@pytest.mark.parametrize(
    "name",
    [
        "api_key",
        "apiKey",
        "APIKEY",
        "OPENAI_API_KEY",
        "OPENAI_API_KEY_2",
        "KEY1",
        "ACCESS_KEY_EU",
        "master_key",
        "Authorization",
        "proxy-authorization",
        "x-api-key",
        "X-Auth-Token",
        "x-goog-api-key",
        "client_secret",
        "aws_access_key_id",
        "aws_secret_access_key",
        "vertex_credentials",
        "azure_ad_token",
        "redis_password",
        "alert_to_webhook_url",
        "Cookie",
        "set-cookie",
        "litellm_license",
        "GITHUB_TOKEN_RO",
        "privateKey",
        "salt",
    ],
)
def test_names_of_secrets(name: str) -> None:
    assert holds_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "model",
        "max_tokens",
        "max_input_tokens",
        "input_cost_per_token",
        "cache_read_input_token_cost",
        "user",
        "api_base",
        "api_version",
        "litellm_key_header_name",
        "key_management_system",
        "thinking",
        "budget_tokens",
        "tpm",
        "keyword",
        "monkey",
        "author",
        "",
    ],
)
def test_names_of_other_things(name: str) -> None:
    assert not holds_secret(name)


@pytest.mark.parametrize(
    "text",
    [
        "sk-abcdef123456",
        "see gsk_abcdef123456 there",
        "AIzaSyA1234567890abc",
        "Bearer abc",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
    ],
)
def test_what_has_the_shape_of_a_key_is_masked(text: str) -> None:
    assert MASK in Masker().mask(text)


def test_other_text_is_left_as_it_is() -> None:
    for text in ("openai/gpt-4o", "https://example.com/v1?x=1", "a task-list of skills", "sk", ""):
        assert Masker(["short"]).mask(text) == text


def test_a_url_keeps_all_but_its_credentials() -> None:
    masked = Masker().mask("postgres://user:pw@db:5432/x?sslmode=on&password=pw")
    assert masked == f"postgres://{MASK}@db:5432/x?sslmode=on&password={MASK}"


def _line(report: str, key: str) -> str:
    return next(
        line.strip() for line in report.splitlines() if line.strip().removeprefix("- ").startswith(f"{key}:")
    )


def _loaded() -> LoadedConfig:
    text = """environment_variables: {REGION: eu, MY_SECRET: hidden-value}
model_list:
  - model_name: gpt
    litellm_params:
      model: openai/gpt-4o
      api_key: ${OPENAI_API_KEY:-}
      api_base: https://${REGION}.example.com/v1
      user: os.environ/WHO
      weight: ${WEIGHT:-3}
      stop: ["\\n\\n", "yes", END]
      logit_bias: {50256: -100}
      metadata: {}
      rpd: 1
      extra_headers: {Authorization: token-value-1}
    model_info: {tags: []}
router_settings: {timeout: 20, num_retries: 2}
litellm_settings: {json_logs: true, max_fallbacks: 5}
feathergate:
  limits: {idle_timeout_s: 9}
"""
    return load_text(text, {"WHO": "me: # you", "LITELLM_MASTER_KEY": "sk-master-key"})


def test_the_report_says_where_every_value_came_from() -> None:
    report = render_effective(_loaded())
    assert _line(report, "REGION").startswith("REGION: eu  # ")
    assert _line(report, "REGION").endswith(f"{MAIN}:1")
    assert _line(report, "MY_SECRET").startswith(f'MY_SECRET: "{MASK}"')
    assert _line(report, "api_key").startswith('api_key: ""  # ')
    assert _line(report, "api_key").endswith(f"{MAIN}:6, from the default of $OPENAI_API_KEY")
    assert _line(report, "api_base").startswith("api_base: https://eu.example.com/v1  # ")
    assert _line(report, "api_base").endswith(f"{MAIN}:7, from $REGION")
    assert _line(report, "user").startswith('user: "me: # you"  # ')
    assert _line(report, "rpd").endswith(f"{MAIN}:13, not supported yet")
    assert _line(report, "Authorization").startswith(f'Authorization: "{MASK}"  # ')
    assert _line(report, "master_key") == f'master_key: "{MASK}"  # environment, from $LITELLM_MASTER_KEY'
    assert _line(report, "idle_timeout_s").startswith("idle_timeout_s: 9  # ")


def test_the_report_says_what_holds_by_default_or_by_another_key() -> None:
    report = render_effective(_loaded())
    assert _line(report, "connect_timeout_s") == "connect_timeout_s: 5.0  # default"
    assert _line(report, "max_request_size_mb") == "max_request_size_mb: 32  # default"
    assert _line(report, "request_timeout") == "request_timeout: 20.0  # from router_settings.timeout"
    assert _line(report, "log_format") == "log_format: json  # from litellm_settings.json_logs"
    assert _line(report, "log_level") == "log_level: info  # default"
    assert _line(report, "num_retries") == _line(report, "timeout").replace("timeout: 20", "num_retries: 2")
    assert _line(report, "max_fallbacks") == "max_fallbacks: 5  # from litellm_settings.max_fallbacks"
    assert _line(report, "ttft_timeout") == "ttft_timeout: 12.0  # default"
    assert _line(report, "quantile") == "quantile: 0.95  # default"
    bare = render_effective(load_text(ONE_MODEL))
    assert _line(bare, "cors_origins") == "cors_origins: []  # default"
    assert _line(bare, "total_timeout_s") == "total_timeout_s: 6000.0  # default"


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("router_settings: {max_retries: 5}", "num_retries", "num_retries: 5  # from router_settings.max_retries"),
        (
            "router_settings: {optional_pre_call_checks: [prompt_caching]}",
            "affinity",
            "affinity: true  # from router_settings.optional_pre_call_checks",
        ),
        ("router_settings: {optional_pre_call_checks: []}", "affinity", "affinity: false  # default"),
    ],
)
def test_the_report_names_the_key_that_decided(text: str, key: str, line: str) -> None:
    assert _line(render_effective(load_text(f"{ONE_MODEL}{text}\n")), key) == line


def test_the_router_s_own_word_is_named_before_litellm_s() -> None:
    text = f"{ONE_MODEL}litellm_settings: {{num_retries: 3}}\nrouter_settings: {{max_retries: 5}}\n"
    assert "  num_retries: 5  # from router_settings.max_retries\n" in render_effective(load_text(text))


@pytest.mark.parametrize("section", ["feathergate:", "feathergate: {}", "feathergate:\n  routing:"])
def test_sections_without_content_show_their_defaults(section: str) -> None:
    read = yaml.safe_load(render_effective(load_text(f"{ONE_MODEL}{section}\n")))
    assert read == yaml.safe_load(render_effective(load_text(ONE_MODEL)))


def test_the_report_is_yaml_that_reads_back() -> None:
    read = yaml.safe_load(render_effective(_loaded()))
    (model,) = read["model_list"]
    assert model["litellm_params"]["stop"] == ["\n\n", "yes", "END"]
    assert model["litellm_params"]["logit_bias"] == {"50256": -100}
    assert model["litellm_params"]["weight"] == "3"
    assert model["litellm_params"]["metadata"] == {}
    assert model["model_info"] == {"tags": []}
    assert read["feathergate"]["limits"]["idle_timeout_s"] == 9
    assert read["feathergate"]["limits"]["connect_timeout_s"] == 5.0
    assert read["feathergate"]["routing"]["hedging"] == {"enabled": False, "quantile": 0.95, "share": 0.05}
    assert read["general_settings"]["master_key"] == MASK


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("ab :#-?7", max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text("abc", min_size=1), _JSON, min_size=1, max_size=3))
def test_any_open_value_arrives_and_reads_back_from_the_report(value: dict[str, object]) -> None:
    text = "model_list:\n- " + yaml.safe_dump(
        {"model_name": "m", "litellm_params": {"model": "m/m", "extra_body": value}},
        default_flow_style=True,
        width=1 << 30,
    )
    if "$" in text or "os.environ/" in text:
        return
    loaded = load_text(text)
    assert loaded.settings.deployments[0].extra_body == value
    read = yaml.safe_load(render_effective(loaded))["model_list"][0]["litellm_params"]["extra_body"]
    assert read == value
