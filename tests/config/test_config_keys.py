"""Every key by name: acted on, without effect, not supported yet, refused; and slips of the pen."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.deployment_keys import LITELLM_PARAMS, REQUEST_PARAMETERS
from adapters.config.keys import ALL_SECTIONS, TOP_LEVEL
from adapters.config.sections import Section, Tier
from adapters.config.spelling import nearest
from domain.routing.policy import Strategy
from tests.config.config_files import MAIN, ONE_MODEL, load_text, mistakes, with_params

_CLOSED = tuple(section for section in ALL_SECTIONS if section.extras is None)
_MODEL = "model_list:\n  - model_name: gpt\n    litellm_params: {model: openai/gpt-4o}\n"


def _placed(section: Section, line: str) -> str:
    """A configuration with one more line in the section, indented as it must be."""
    match section.name:
        case "the configuration":
            return f"{_MODEL}{line}\n"
        case "model_list":
            return f"{_MODEL}    {line}\n"
        case "litellm_params":
            return with_params(line)
        case "model_info":
            return f"{_MODEL}    model_info:\n      {line}\n"
        case "feathergate.limits" | "feathergate.routing" as name:
            return f"{_MODEL}feathergate:\n  {name.split('.')[1]}:\n    {line}\n"
        case "feathergate.routing.hedging":
            return f"{_MODEL}feathergate:\n  routing:\n    hedging:\n      {line}\n"
        case "retry_policy" | "allowed_fails_policy" as name:
            return f"{_MODEL}router_settings:\n  {name}:\n    {line}\n"
        case "model_group_alias":
            return f"{_MODEL}router_settings:\n  model_group_alias:\n    x:\n      model: gpt\n      {line}\n"
        case name:
            return f"{_MODEL}{name}:\n  {line}\n"


@st.composite
def _slips(draw: st.DrawFn) -> tuple[Section, str, str]:
    """A closed section, one of its keys, and that key with one typing slip."""
    section = draw(st.sampled_from(_CLOSED))
    key = draw(st.sampled_from(sorted(key for key in section.known if len(key) > len("id"))))
    at = draw(st.integers(0, len(key) - 1))
    letter = draw(st.sampled_from(string.ascii_lowercase))
    slip = draw(
        st.sampled_from(
            (
                key[:at] + letter + key[at:],
                key[:at] + letter + key[at + 1 :],
                key[:at] + key[at + 1 :],
                key[:at] + key[at : at + 2][::-1] + key[at + 2 :],
            )
        )
    )
    return section, key, slip


@given(_slips())
def test_a_slip_of_the_pen_in_a_closed_section_is_refused_with_the_right_suggestion(
    slipped: tuple[Section, str, str],
) -> None:
    section, key, slip = slipped
    if not slip or section.tier(slip) is not None or any(slip in other.known for other in ALL_SECTIONS):
        return
    suggested = nearest(slip, section.known)
    assert suggested == key or (suggested is not None and nearest(slip, {suggested, key}) == suggested)
    found = mistakes(_placed(section, f"{slip}: x"))
    assert any(f"unknown key '{slip}' in {section.name}; did you mean '{suggested}'?" in line for line in found)


def test_a_key_in_another_style_is_recognised() -> None:
    (found,) = mistakes(with_params("apiBase: http://x"))
    assert found == f"{MAIN}:5: unknown key 'apiBase' in litellm_params; did you mean 'api_base'?"


def test_a_near_miss_in_the_open_section_is_refused() -> None:
    assert mistakes(with_params("api_bse: http://x")) == [
        f"{MAIN}:5: unknown key 'api_bse' in litellm_params; did you mean 'api_base'?"
    ]


def test_an_unknown_key_without_a_likeness_is_refused_without_a_suggestion() -> None:
    assert mistakes(ONE_MODEL + "general_settings:\n  zzzzzzzz: 1\n") == [
        f"{MAIN}:6: unknown key 'zzzzzzzz' in general_settings"
    ]


@pytest.mark.parametrize(
    ("line", "home"),
    [
        ("litellm_settings: {model_group_alias: {a: gpt}}", "router_settings"),
        ("general_settings: {drop_params: true}", "litellm_params"),
        ("api_key: x", "litellm_params"),
        ("router_settings: {master_key: x}", "general_settings"),
    ],
)
def test_a_key_in_the_wrong_section_is_sent_home(line: str, home: str) -> None:
    (found,) = mistakes(ONE_MODEL + line + "\n")
    assert found.endswith(f"; it belongs in {home}")


def test_the_dead_keys_that_litellm_accepts_in_silence_are_refused() -> None:
    found = mistakes(ONE_MODEL + "router_settings:\n  retry_on: [x]\n  context_policy_fallbacks: [{a: [b]}]\n")
    assert [line.split(":")[1] for line in found] == ["6", "7"]
    assert "did you mean 'content_policy_fallbacks'?" in found[1]


@pytest.mark.parametrize("name", sorted(REQUEST_PARAMETERS))
def test_no_request_parameter_counts_as_a_near_miss(name: str) -> None:
    (deployment,) = load_text(with_params(f"{name}: 1")).settings.deployments
    assert deployment.request_defaults == {name: 1}


def test_other_request_parameters_pass_through_as_they_are() -> None:
    line = "vendor_novelty: {deep: [1, {x: null}], 50256: -100}"
    (deployment,) = load_text(with_params(line, "nothing: null")).settings.deployments
    assert deployment.request_defaults == {"vendor_novelty": {"deep": [1, {"x": None}], "50256": -100}}


def test_no_name_is_in_two_tiers() -> None:
    for section in ALL_SECTIONS:
        groups = [{*section.acted_on, *section.choices}, section.harmless, section.restrictive]
        groups = [*groups, section.unsupported | section.unless_true, set(section.extras or ())]
        assert sum(map(len, groups)) == len(set().union(*groups)), section.name


_BY_TIER = [
    (section, key, tier)
    for section in ALL_SECTIONS
    for key in sorted(section.known)
    if (tier := section.tier(key)) is not None and key not in section.choices
]


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, key, tier in _BY_TIER if tier is Tier.RESTRICTIVE]
)
def test_what_would_restrict_is_refused(section: Section, key: str) -> None:
    for value in ("[x]", "{x: y}"):
        (found,) = mistakes(_placed(section, f"{key}: {value}"))
        assert key in found
        assert "refused rather than ignored" in found


@pytest.mark.parametrize(
    ("section", "key"), [(section, key) for section, key, tier in _BY_TIER if tier is Tier.RESTRICTIVE]
)
def test_what_would_restrict_may_be_switched_off(section: Section, key: str) -> None:
    assert mistakes(_placed(section, f"{key}: false")) == []
    assert mistakes(_placed(section, f"{key}:")) == []


@pytest.mark.parametrize(
    ("section", "tier"),
    [(section, tier) for section in ALL_SECTIONS for tier in (Tier.HARMLESS, Tier.UNSUPPORTED)],
)
def test_what_has_no_effect_is_named_once_with_its_line(section: Section, tier: Tier) -> None:
    keys = [key for of, key, its in _BY_TIER if of is section and its is tier]
    written = [(key, value) for key in keys[:8] for value in ("[7]", "{x: y}")]
    for key, value in written:
        notices = load_text(_placed(section, f"{key}: {value}")).notices
        (notice,) = notices
        assert notice.supported is (tier is Tier.HARMLESS)
        name = key if section is TOP_LEVEL else f"{section.name}.{key}"
        assert f"{name} " in notice.message
        assert f"{MAIN}:" in notice.message


def test_harmless_keys_share_one_sentence_and_unsupported_ones_have_their_own() -> None:
    text = (
        ONE_MODEL
        + "litellm_settings: {telemetry: false, turn_off_message_logging: true, cache: true, modify_params: true}\n"
    )
    cache, modify, harmless = load_text(text).notices
    assert cache.message.startswith("litellm_settings.cache is not supported by this version yet")
    assert modify.message.startswith("litellm_settings.modify_params")
    assert "litellm_settings.telemetry" in harmless.message
    assert "litellm_settings.turn_off_message_logging" in harmless.message


@pytest.mark.parametrize("value", ["0", "false", "null", "[]", "{}", "''"])
def test_asking_for_nothing_needs_no_notice(value: str) -> None:
    assert load_text(ONE_MODEL + f"router_settings: {{routing_strategy_args: {value}}}\n").notices == ()


def test_some_keys_ask_for_something_when_they_are_false() -> None:
    assert load_text(ONE_MODEL + "general_settings: {cancel_on_disconnect: true}\n").notices == ()
    (notice,) = load_text(ONE_MODEL + "general_settings: {cancel_on_disconnect: false}\n").notices
    assert "cancel_on_disconnect" in notice.message


def test_an_empty_list_of_what_is_allowed_allows_nothing_and_is_refused() -> None:
    assert mistakes(ONE_MODEL + "general_settings: {allowed_ips: []}\n")
    assert mistakes(ONE_MODEL + "guardrails: []\n") == []


def test_routing_strategies_are_told_apart_by_value() -> None:
    for strategy in Strategy:
        assert load_text(ONE_MODEL + f"router_settings: {{routing_strategy: {strategy}}}\n").notices == ()
    (notice,) = load_text(ONE_MODEL + "router_settings: {routing_strategy: priority}\n").notices
    assert "router_settings.routing_strategy: priority is not supported" in notice.message
    (found,) = mistakes(ONE_MODEL + "router_settings: {routing_strategy: simple-shufle}\n")
    assert found.endswith("; did you mean 'simple-shuffle'?")
    (found,) = mistakes(ONE_MODEL + "router_settings: {routing_strategy: {a: b}}\n")
    assert found.endswith("must be a word")
    (found,) = mistakes(ONE_MODEL + "router_settings: {routing_strategy: [least-busy, simple-shuffle]}\n")
    assert found.endswith("must be one word, not a list")


def test_callbacks_that_log_are_named_and_those_that_guard_are_refused() -> None:
    assert load_text(ONE_MODEL + "litellm_settings: {callbacks: [prometheus]}\n").notices[0].supported
    loaded = load_text(ONE_MODEL + "litellm_settings: {callbacks: [langfuse], success_callback: [my.logger]}\n")
    assert [notice.supported for notice in loaded.notices] == [False, False]
    for guard in ("presidio", "lakera_prompt_injection", "my_hooks.instance", "llmguard_moderations"):
        (found,) = mistakes(ONE_MODEL + f"litellm_settings: {{callbacks: [prometheus, {guard}]}}\n")
        assert "refused rather than ignored" in found


def test_checks_that_enforce_limits_are_refused_and_others_named() -> None:
    assert (
        len(mistakes(ONE_MODEL + "router_settings: {optional_pre_call_checks: [router_budget_limiting]}\n")) == 1
    )
    (notice,) = load_text(ONE_MODEL + "router_settings: {optional_pre_call_checks: [session_affinity]}\n").notices
    assert not notice.supported
    assert load_text(ONE_MODEL + "router_settings: {optional_pre_call_checks: [prompt_caching]}\n").notices == ()


@pytest.mark.parametrize(
    "name", ["aws_secret_access_key", "input_cost_per_token_above_200k_tokens", "vertex_project"]
)
def test_families_of_keys_are_known_by_pattern_and_never_sent(name: str) -> None:
    loaded = load_text(with_params(f"{name}: 5"))
    assert loaded.settings.deployments[0].request_defaults == {}
    assert LITELLM_PARAMS.tier(name) is Tier.UNSUPPORTED
    assert len(loaded.notices) == 1


@given(
    st.text(string.ascii_lowercase + "_", min_size=1, max_size=12),
    st.sets(st.text("abc_", min_size=1, max_size=6)),
)
def test_a_suggestion_is_always_a_known_word(word: str, known: set[str]) -> None:
    assert nearest(word, known) in {None, *known}
