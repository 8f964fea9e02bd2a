import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.request import Effort
from domain.models.catalogue import known_models, profile_for
from domain.models.profile import Thinking, nearest_effort

_PROVIDERS = ("openai", "azure", "anthropic", "gemini", "groq", "mistral", "deepseek", "xai", "no_such_provider")


@given(st.sampled_from(_PROVIDERS), st.text(max_size=30))
def test_every_id_has_a_profile_that_is_consistent(provider: str, model: str) -> None:
    profile = profile_for(provider, model)
    assert (profile.thinking in (Thinking.EFFORT, Thinking.ADAPTIVE, Thinking.LEVEL)) is bool(profile.efforts)
    assert list(profile.efforts) == sorted(profile.efforts, key=list(Effort).index)
    assert profile.min_thinking_tokens < profile.max_thinking_tokens


@pytest.mark.parametrize("provider", _PROVIDERS)
def test_known_models_have_limits(provider: str) -> None:
    for model in known_models(provider):
        assert profile_for(provider, model).context_tokens


def test_azure_s_names_are_the_operator_s_and_so_is_what_nobody_knows() -> None:
    assert known_models("azure") == ()
    assert known_models("no_such_provider") == ()
    assert "gpt-4o" in known_models("openai")
    assert "claude-opus-5" in known_models("anthropic")


@pytest.mark.parametrize(
    ("model", "thinking", "sampling", "optional", "forced", "mid_system", "prefill", "schema"),
    [
        ("claude-3-haiku-20240307", Thinking.NONE, True, True, True, False, True, False),
        ("claude-3-5-sonnet-20241022", Thinking.NONE, True, True, True, False, True, False),
        ("claude-3-7-sonnet-20250219", Thinking.BUDGET, True, True, True, False, True, False),
        ("claude-sonnet-4-20250514", Thinking.BUDGET, True, True, True, False, True, False),
        ("claude-opus-4-20250514", Thinking.BUDGET, True, True, True, False, True, False),
        ("claude-opus-4-1-20250805", Thinking.BUDGET, True, True, True, False, True, True),
        ("claude-sonnet-4-5-20250929", Thinking.BUDGET, True, True, True, False, True, True),
        ("claude-haiku-4-5", Thinking.BUDGET, True, True, True, False, True, True),
        ("claude-opus-4-6", Thinking.ADAPTIVE, True, True, True, False, False, True),
        ("claude-opus-4-7", Thinking.ADAPTIVE, False, True, True, False, False, True),
        ("claude-opus-4-8", Thinking.ADAPTIVE, False, True, True, True, False, True),
        ("claude-sonnet-5", Thinking.ADAPTIVE, False, True, True, True, False, True),
        ("claude-opus-5-20260901", Thinking.ADAPTIVE, False, True, True, True, False, True),
        ("claude-haiku-5-5", Thinking.ADAPTIVE, False, True, True, True, False, True),
        ("claude-fable-5", Thinking.ADAPTIVE, False, False, False, True, False, True),
        ("claude-mythos-5-1", Thinking.ADAPTIVE, False, False, False, True, False, True),
        ("claude-opus-5-5", Thinking.ADAPTIVE, False, False, False, True, False, True),
        ("claude-opus-7", Thinking.ADAPTIVE, False, False, False, True, False, True),
    ],
)
def test_anthropic_s_generations(
    model: str,
    thinking: Thinking,
    sampling: bool,
    optional: bool,
    forced: bool,
    mid_system: bool,
    prefill: bool,
    schema: bool,
) -> None:
    profile = profile_for("anthropic", model)
    assert profile.thinking is thinking
    assert (profile.sampling, profile.thinking_optional, profile.forced_tools) == (sampling, optional, forced)
    assert (profile.mid_system, profile.prefill, profile.json_schema) == (mid_system, prefill, schema)
    assert profile.forced_tools_with_thinking is (forced and thinking is not Thinking.BUDGET) or (
        thinking is Thinking.NONE
    )


@pytest.mark.parametrize(
    ("model", "sampling", "lowest", "highest", "limit"),
    [
        ("gpt-4o", True, None, None, 16_384),
        ("gpt-4o-2024-11-20", True, None, None, 16_384),
        ("gpt-4.1-mini", True, None, None, 32_768),
        ("ft:gpt-4o-mini:org::x", True, None, None, None),
        ("gpt-5-chat-latest", True, None, None, 16_384),
        ("o1-mini", False, None, None, None),
        ("o3-mini-2025-01-31", False, Effort.LOW, Effort.HIGH, 100_000),
        ("o4-mini", False, Effort.LOW, Effort.HIGH, 100_000),
        ("gpt-5", False, Effort.MINIMAL, Effort.HIGH, 128_000),
        ("gpt-5-mini-2025-08-07", False, Effort.MINIMAL, Effort.HIGH, 128_000),
        ("gpt-5-pro", False, Effort.HIGH, Effort.HIGH, None),
        ("gpt-5.1", False, Effort.NONE, Effort.HIGH, 128_000),
        ("gpt-5.2", False, Effort.NONE, Effort.XHIGH, 128_000),
        ("gpt-5.10", False, Effort.NONE, Effort.XHIGH, None),
        ("gpt-6-sol", False, Effort.NONE, Effort.MAX, 128_000),
        ("gpt-6.1-sol", False, Effort.LOW, Effort.MAX, 128_000),
        ("gpt-9", False, Effort.NONE, Effort.MAX, None),
        ("my-deployment", True, Effort.NONE, Effort.MAX, None),
    ],
)
def test_openai_s_generations(
    model: str, sampling: bool, lowest: Effort | None, highest: Effort | None, limit: int | None
) -> None:
    for provider in ("openai", "azure"):
        profile = profile_for(provider, model)
        assert profile.sampling is sampling
        assert (profile.efforts or (None,))[0] is lowest
        assert (profile.efforts or (None,))[-1] is highest
        assert profile.max_output_tokens == limit
        if profile.efforts:
            assert profile.thinking_optional is (Effort.NONE in profile.efforts)


@pytest.mark.parametrize(
    ("model", "thinking", "third_generation", "lowest"),
    [
        ("gemini-1.5-pro", Thinking.NONE, False, None),
        ("gemini-2.0-flash-001", Thinking.NONE, False, None),
        ("gemini-2.5-pro", Thinking.BUDGET, False, 128),
        ("gemini-2.5-flash-lite", Thinking.BUDGET, False, 512),
        ("gemini-2.5-flash", Thinking.BUDGET, False, 0),
        ("gemini-2.5-flash-preview-09-2025", Thinking.BUDGET, False, 0),
        ("gemini-3-pro-preview", Thinking.LEVEL, True, Effort.LOW),
        ("gemini-3-flash-preview", Thinking.LEVEL, True, Effort.MINIMAL),
        ("gemini-3.1-pro-preview", Thinking.LEVEL, True, Effort.LOW),
        ("gemini-3.5-flash", Thinking.LEVEL, True, Effort.MINIMAL),
        ("gemini-3.7-flash", Thinking.LEVEL, True, Effort.LOW),
        ("models/gemini-3.8-flash", Thinking.LEVEL, True, Effort.LOW),
        ("gemini-4-argon", Thinking.LEVEL, True, Effort.LOW),
        ("gemini-flash-latest", Thinking.LEVEL, True, Effort.LOW),
    ],
)
def test_gemini_s_generations(
    model: str, thinking: Thinking, third_generation: bool, lowest: Effort | int | None
) -> None:
    profile = profile_for("gemini", model)
    assert profile.thinking is thinking
    for ability in (
        profile.call_ids,
        profile.builtin_tools_with_functions,
        profile.result_media,
        profile.signed_calls,
        profile.json_schema_with_tools,
    ):
        assert ability is third_generation
    if isinstance(lowest, Effort):
        assert profile.efforts[0] is lowest
    elif lowest is not None:
        assert profile.min_thinking_tokens == lowest
    assert profile.thinking_optional is not (third_generation or model == "gemini-2.5-pro")


def test_gemini_stopped_taking_sampling_with_3_6() -> None:
    assert profile_for("gemini", "gemini-3.5-flash").sampling
    assert not profile_for("gemini", "gemini-3.6-flash").sampling
    assert not profile_for("gemini", "gemini-3.6-flash").prefill


def test_a_compatible_server_is_taken_at_its_word() -> None:
    profile = profile_for("groq", "openai/gpt-oss-120b")
    assert profile.sampling
    assert profile.efforts == tuple(Effort)
    assert profile.max_output_tokens == 65_536
    assert profile_for("no_such_provider", "m").efforts == tuple(Effort)


@given(st.sampled_from(list(Effort)), st.sets(st.sampled_from(list(Effort)), min_size=1))
def test_the_nearest_effort_is_supported_and_nearest(wanted: Effort, supported: set[Effort]) -> None:
    order = list(Effort)
    found = nearest_effort(wanted, tuple(sorted(supported, key=order.index)))
    assert found in supported
    choices = supported if wanted is Effort.NONE else supported - {Effort.NONE} or supported
    distance = abs(order.index(found) - order.index(wanted))
    assert all(abs(order.index(one) - order.index(wanted)) >= distance for one in choices)
    if wanted in supported:
        assert found is wanted


def test_a_little_thought_is_not_none() -> None:
    efforts = (Effort.NONE, Effort.LOW, Effort.HIGH)
    assert nearest_effort(Effort.MINIMAL, efforts) is Effort.LOW
    assert nearest_effort(Effort.NONE, efforts) is Effort.NONE
    assert nearest_effort(Effort.MINIMAL, (Effort.NONE,)) is Effort.NONE
