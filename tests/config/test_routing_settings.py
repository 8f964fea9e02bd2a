"""What the keys about routing mean: which place wins, and which names must exist."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.routing_settings import HedgingSettings, RoutingSettings
from adapters.config.settings import Settings
from tests.config.config_files import MAIN, load_text, mistakes

MODELS = """\
model_list:
  - {model_name: a, litellm_params: {model: echo/a}}
  - {model_name: b, litellm_params: {model: echo/b}, model_info: {id: the-b}}
  - {model_name: "c/*", litellm_params: {model: echo/*}}
"""
ALIAS = "model_group_alias: {short: a}"
TARGETS = ("a", "b", "c/x", "c/*", "short", "the-b")


def settings(text: str) -> Settings:
    loaded = load_text(MODELS + text)
    assert loaded.notices == ()
    return loaded.settings


def routing(text: str) -> RoutingSettings:
    return settings(text).routing


def test_defaults_are_those_of_the_policy() -> None:
    assert routing("") == RoutingSettings()
    assert (routing("").num_retries, routing("").max_fallbacks, routing("").cooldown_s) == (2, 5, None)


def test_every_key_of_litellm_arrives() -> None:
    found = routing("""
router_settings:
  routing_strategy: least-busy
  num_retries: 4
  retry_after: 1.5
  retry_policy: {TimeoutErrorRetries: 3, RateLimitErrorRetries: 0}
  model_group_retry_policy: {a: {InternalServerErrorRetries: 1}}
  allowed_fails: 6
  allowed_fails_policy: {AuthenticationErrorAllowedFails: 0}
  cooldown_time: 9
  disable_cooldowns: true
  fallbacks: [{a: [b, c/x]}, {b: [a]}]
  context_window_fallbacks: [{a: [c/x]}]
  content_policy_fallbacks: [{"*": [b]}]
  max_fallbacks: 2
  enable_pre_call_checks: true
  enable_tag_filtering: true
  tag_filtering_match_any: false
  default_max_parallel_requests: 8
  optional_pre_call_checks: [prompt_caching]
""")
    assert found == RoutingSettings(
        strategy="least-busy",
        num_retries=4,
        retry_after_s=1.5,
        retries_by_class={"TimeoutError": 3, "RateLimitError": 0},
        retries_by_group={"a": {"InternalServerError": 1}},
        allowed_fails=6,
        allowed_fails_by_class={"AuthenticationError": 0},
        cooldown_s=9.0,
        disable_cooldowns=True,
        fallbacks={"a": ("b", "c/x"), "b": ("a",)},
        context_window_fallbacks={"a": ("c/x",)},
        content_policy_fallbacks={"*": ("b",)},
        max_fallbacks=2,
        pre_call_checks=True,
        tag_filtering=True,
        match_any_tag=False,
        default_max_parallel_requests=8,
        affinity=True,
    )


def test_every_key_of_our_own_arrives() -> None:
    found = settings("""
feathergate:
  routing:
    ttft_timeout: 3
    reasoning_ttft_timeout: 30
    longest_wait: 0
    stream_guard: full
    stream_bad_frame: skip
    affinity: true
    hedging: {enabled: true, quantile: 0.9, share: 0.1}
""")
    assert found.skip_bad_frames
    assert found.routing == RoutingSettings(
        first_event_s=3.0,
        reasoning_first_event_s=30.0,
        longest_wait_s=0.0,
        guards_whole_streams=True,
        affinity=True,
        hedging=HedgingSettings(enabled=True, quantile=0.9, share=0.1),
    )
    first = settings(
        "feathergate: {routing: {stream_guard: first, stream_bad_frame: fail, hedging: {share: 1}}}\n"
    )
    assert first.routing == RoutingSettings(hedging=HedgingSettings(share=1.0))
    assert not first.skip_bad_frames


_SHARED = {
    "num_retries": ("num_retries", 1, 7),
    "retry_after": ("retry_after_s", 1, 7),
    "allowed_fails": ("allowed_fails", 1, 7),
    "cooldown_time": ("cooldown_s", 1, 7),
    "max_fallbacks": ("max_fallbacks", 1, 7),
}


@pytest.mark.parametrize("key", sorted(_SHARED))
def test_the_router_s_place_beats_litellm_s(key: str) -> None:
    field, litellm, router = _SHARED[key]
    assert getattr(routing(f"litellm_settings: {{{key}: {litellm}}}\n"), field) == litellm
    assert getattr(routing(f"router_settings: {{{key}: {router}}}\n"), field) == router
    both = f"litellm_settings: {{{key}: {litellm}}}\nrouter_settings: {{{key}: {router}}}\n"
    assert getattr(routing(both), field) == router


def test_the_router_s_fallbacks_replace_litellm_s() -> None:
    both = "litellm_settings: {fallbacks: [{a: [b]}, {b: [a]}]}\nrouter_settings: {fallbacks: [{a: [c/x]}]}\n"
    assert routing(both).fallbacks == {"a": ("c/x",)}


def test_max_retries_is_another_name() -> None:
    assert routing("router_settings: {max_retries: 5}\n").num_retries == 5
    assert routing("router_settings: {max_retries: 5, num_retries: 3}\n").num_retries == 3
    assert routing("litellm_settings: {num_retries: 3}\nrouter_settings: {max_retries: 5}\n").num_retries == 5


def test_default_retries_count_for_all_classes_that_are_not_named() -> None:
    found = routing("router_settings: {retry_policy: {DefaultRetries: 4, TimeoutErrorRetries: 0}}\n")
    assert found.retries_by_class["TimeoutError"] == 0
    assert set(found.retries_by_class.values()) == {0, 4}
    assert len(found.retries_by_class) == 8


def test_default_fallbacks_are_those_of_every_group() -> None:
    assert routing("litellm_settings: {default_fallbacks: [b, a]}\n").fallbacks == {"*": ("b", "a")}
    both = "litellm_settings: {default_fallbacks: [b]}\nrouter_settings: {fallbacks: [{a: [c/x]}]}\n"
    assert routing(both).fallbacks == {"a": ("c/x",), "*": ("b",)}


@pytest.mark.parametrize("section", ["router_settings", "litellm_settings"])
def test_every_group_has_one_list_of_default_fallbacks(section: str) -> None:
    text = f"router_settings:\n  fallbacks: [{{'*': [a]}}]\n{section}:\n  default_fallbacks: [b]\n"
    if section == "router_settings":
        text = "router_settings:\n  fallbacks: [{'*': [a]}]\n\n  default_fallbacks: [b]\n"
    (found,) = mistakes(MODELS + text)
    assert found.startswith(f"{MAIN}:8: 'fallbacks' has two lists for one model")


def test_affinity_has_two_places_and_ours_wins() -> None:
    for check in ("prompt_caching", "[deployment_affinity]"):
        assert routing(f"router_settings: {{optional_pre_call_checks: {check}}}\n").affinity
    assert not routing(
        "router_settings: {optional_pre_call_checks: [prompt_caching]}\nfeathergate: {routing: {affinity: false}}\n"
    ).affinity


def test_a_deployment_s_retries_have_two_names() -> None:
    text = "model_list: [{model_name: a, litellm_params: {model: echo/a, %s}}]\n"
    for params, retries in (("max_retries: 4", 4), ("max_retries: 4, num_retries: 0", 0)):
        (deployment,) = load_text(text % params).settings.deployments
        assert deployment.num_retries == retries


@given(
    st.dictionaries(
        st.sampled_from((*TARGETS, "*")),
        st.lists(st.sampled_from(TARGETS), max_size=4),
        max_size=5,
    ),
    st.sampled_from(("fallbacks", "context_window_fallbacks", "content_policy_fallbacks")),
    st.sampled_from(("router_settings", "litellm_settings")),
    st.booleans(),
)
def test_any_fallbacks_between_names_that_exist_arrive(
    fallbacks: dict[str, list[str]], key: str, section: str, one_mapping: bool
) -> None:
    entries = [fallbacks] if one_mapping else [{name: others} for name, others in fallbacks.items()]
    sections: dict[str, dict[str, object]] = {
        "router_settings": {"model_group_alias": {"short": "a"}},
        "litellm_settings": {},
    }
    sections[section] |= {key: entries}
    found = load_text(MODELS + "".join(f"{name}: {keys!r}\n" for name, keys in sections.items())).settings.routing
    assert getattr(found, key) == {name: tuple(others) for name, others in fallbacks.items()}


@pytest.mark.parametrize(
    ("line", "key", "suggestion"),
    [
        ("fallbacks: [{aa: [b]}]", "fallbacks", "a"),
        ("fallbacks: [{a: [shrot]}]", "fallbacks", "short"),
        ("context_window_fallbacks: [{a: [b, the_b]}]", "context_window_fallbacks", "the-b"),
        ("content_policy_fallbacks: [{'*': [zzzzzz]}]", "content_policy_fallbacks", None),
        ("default_fallbacks: [zzzzzz]", "default_fallbacks", None),
        ("default_fallbacks: ['*']", "default_fallbacks", None),
        ("model_group_retry_policy: {zzzzzz: {DefaultRetries: 1}}", "model_group_retry_policy", None),
    ],
)
@pytest.mark.parametrize("section", ["router_settings", "litellm_settings"])
def test_names_that_nobody_serves_are_mistakes_with_their_line(
    section: str, line: str, key: str, suggestion: str | None
) -> None:
    aliases = "router_settings: {model_group_alias: {short: a}}\n"
    first = "router_settings:\n  model_group_alias: {short: a}\n"
    text = f"{first}  {line}\n" if section == "router_settings" else f"{aliases}{section}:\n  {line}\n"
    (found,) = mistakes(MODELS + text)
    cure = f"; did you mean '{suggestion}'?" if suggestion else ""
    assert found == f"{MAIN}:7: '{key}' names a model that no entry of model_list has{cure}"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("fallbacks: [a]", "each entry of 'fallbacks' must be a mapping such as {model_name: [other_model_name]}"),
        ("fallbacks: [{a: b}]", "each model in 'fallbacks' must have a list of names"),
        ("fallbacks: [{a: [{model: b, max_tokens: 5}]}]", "'fallbacks' must name models; what else of a request"),
        ("fallbacks: [{a: [b]}, {a: [c/x]}]", "'fallbacks' has two lists for one model"),
        ("retry_policy: {TimeoutErorRetries: 1}", "did you mean 'TimeoutErrorRetries'?"),
        ("allowed_fails_policy: {TimeoutErrorRetries: 1}", "it belongs in retry_policy"),
        ("fallbackss: []", "did you mean 'fallbacks'?"),
    ],
)
def test_other_shapes_are_mistakes(line: str, words: str) -> None:
    (found,) = mistakes(f"{MODELS}router_settings:\n  {line}\n")
    assert found.startswith(f"{MAIN}:6: ")
    assert words in found


def test_a_variable_that_is_missing_is_reported_once() -> None:
    text = (
        "router_settings:\n  fallbacks: ['${GONE}', {a: '${GONE}'}, {b: ['${GONE}']}]\n"
        "  default_fallbacks: ${GONE}\n"
    )
    found = mistakes(MODELS + text)
    assert all("GONE" in line for line in found)
    assert {line.split(":")[1] for line in found} == {"6", "7"}


def test_numbers_may_come_from_the_environment() -> None:
    loaded = load_text(MODELS + "router_settings: {num_retries: '${N}', cooldown_time: '${T:-2.5}'}\n", {"N": "3"})
    assert (loaded.settings.routing.num_retries, loaded.settings.routing.cooldown_s) == (3, 2.5)
