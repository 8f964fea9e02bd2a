"""Efforts and budgets, and what they do to the limit."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.content import Opaque, Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import Effort, Message, ReasoningSettings, Role, Tool, ToolChoice, ToolMode
from domain.models.profile import ModelProfile, Thinking
from tests.dialects.anthropic_messages.targets import (
    ADAPTIVE,
    ALWAYS,
    BUDGET,
    PLAIN,
    UNKNOWN,
    asking,
    codes,
    render,
    said,
)


def thinking_of(profile: ModelProfile, **members: Any) -> tuple[Any, Any]:
    settings = ReasoningSettings(**members)
    body = render(asking(reasoning=settings), profile).body
    return body.get("thinking"), body.get("output_config")


@pytest.mark.parametrize(
    ("effort", "budget"),
    [
        (Effort.MINIMAL, 1_024),
        (Effort.LOW, 2_048),
        (Effort.MEDIUM, 8_192),
        (Effort.HIGH, 16_384),
        (Effort.XHIGH, 24_576),
        (Effort.MAX, 32_768),
    ],
)
def test_efforts_have_budgets(effort: Effort, budget: int) -> None:
    assert thinking_of(BUDGET, effort=effort) == ({"type": "enabled", "budget_tokens": budget}, None)


@pytest.mark.parametrize(
    ("effort", "sent"),
    [
        (Effort.MINIMAL, "low"),
        (Effort.LOW, "low"),
        (Effort.MEDIUM, "medium"),
        (Effort.HIGH, "high"),
        (Effort.XHIGH, "high"),
        (Effort.MAX, "max"),
    ],
)
def test_efforts_guide_adaptive_thinking(effort: Effort, sent: str) -> None:
    assert thinking_of(ADAPTIVE, effort=effort) == (
        {"type": "adaptive", "display": "summarized"},
        {"effort": sent},
    )


@pytest.mark.parametrize(
    ("budget", "effort"),
    [(500, "low"), (1_024, "low"), (4_096, "medium"), (12_288, "high"), (50_000, "high")],
)
def test_budgets_become_efforts_where_there_are_no_budgets(budget: int, effort: str) -> None:
    rendered = render(asking(reasoning=ReasoningSettings(budget_tokens=budget)), ADAPTIVE)
    assert rendered.body["output_config"] == {"effort": effort}
    assert codes(rendered)[0] == ("budget_as_effort", "/reasoning_effort")


def test_the_model_decides_where_nothing_is_said() -> None:
    assert thinking_of(ADAPTIVE, adaptive=True) == ({"type": "adaptive", "display": "summarized"}, None)
    assert thinking_of(ADAPTIVE, budget_tokens=-1, visible=False) == (
        {"type": "adaptive", "display": "omitted"},
        None,
    )
    assert thinking_of(BUDGET, adaptive=True)[0] == {"type": "enabled", "budget_tokens": 16_384}
    assert thinking_of(ADAPTIVE, visible=True) == (None, None)


@pytest.mark.parametrize("off", [{"effort": Effort.NONE}, {"budget_tokens": 0}])
def test_thinking_is_turned_off(off: dict[str, Any]) -> None:
    assert thinking_of(ADAPTIVE, **off) == ({"type": "disabled"}, None)
    assert thinking_of(BUDGET, **off) == ({"type": "disabled"}, None)
    assert thinking_of(PLAIN, **off) == ({"type": "disabled"}, None)
    always = render(asking(reasoning=ReasoningSettings(**off)), ALWAYS)
    assert "thinking" not in always.body
    assert always.body["output_config"] == {"effort": "low"}
    assert codes(always) == [("thinking_not_optional", "/reasoning_effort")]


def test_models_that_do_not_think_are_not_asked_to() -> None:
    rendered = render(asking(reasoning=ReasoningSettings(effort=Effort.HIGH)), PLAIN)
    assert "thinking" not in rendered.body
    assert codes(rendered) == [("dropped_param", "/reasoning_effort")]


def test_effort_alone_is_sent_to_models_that_take_only_that() -> None:
    profile = ModelProfile(thinking=Thinking.EFFORT, efforts=(Effort.LOW, Effort.HIGH))
    assert thinking_of(profile, effort=Effort.MEDIUM) == (None, {"effort": "low"})
    bare = render(asking(reasoning=ReasoningSettings(effort=Effort.LOW)), ModelProfile(thinking=Thinking.ADAPTIVE))
    assert bare.body["thinking"]["type"] == "adaptive"
    assert codes(bare) == [("dropped_param", "/reasoning_effort")]


@pytest.mark.parametrize(
    ("profile", "stream", "limit"),
    [(PLAIN, False, 8_192), (BUDGET, False, 16_384), (BUDGET, True, 64_000), (UNKNOWN, True, 4_096)],
)
def test_a_limit_is_always_sent(profile: ModelProfile, stream: bool, limit: int) -> None:
    assert render(asking(stream=stream), profile).body["max_tokens"] == limit


@given(
    st.one_of(st.none(), st.integers(0, 100_000)),
    st.one_of(st.none(), st.integers(-1, 100_000)),
    st.one_of(st.none(), st.sampled_from(list(Effort))),
    st.booleans(),
)
def test_budget_and_limit_always_fit(
    limit: int | None, budget: int | None, effort: Effort | None, stream: bool
) -> None:
    settings = ReasoningSettings(effort=effort, budget_tokens=budget)
    rendered = render(asking(max_output_tokens=limit, reasoning=settings, stream=stream), BUDGET)
    sent = rendered.body["max_tokens"]
    assert 1 <= sent <= 64_000
    assert limit is None or limit == sent or ("clamped_param", "/max_completion_tokens") in codes(rendered)
    thinking = rendered.body.get("thinking")
    if thinking == {"type": "disabled"}:
        thinking = None
    if thinking is not None:
        assert 1_024 <= thinking["budget_tokens"] < sent
    wanted = effort is not Effort.NONE if effort is not None else budget not in (None, 0)
    assert (thinking is not None) == wanted or ("thinking_disabled", "/reasoning_effort") in codes(rendered)


def test_a_default_limit_leaves_room_for_the_answer() -> None:
    body = render(asking(reasoning=ReasoningSettings(effort=Effort.MAX)), BUDGET).body
    assert body["max_tokens"] == 16_384 + 32_768


def loop(*thoughts: Reasoning) -> tuple[Message, ...]:
    """A turn of two tool calls in a row; the first came with `thoughts`."""
    first, second = ToolCall(id="a", name="f", raw=""), ToolCall(id="b", name="f", raw="")
    return (
        said(Role.USER, "go"),
        Message(role=Role.ASSISTANT, parts=(*thoughts, Text(text="first"), first)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="a", parts=()),)),
        Message(role=Role.ASSISTANT, parts=(second,)),
        Message(role=Role.TOOL, parts=(ToolResult(call_id="b", parts=()),)),
    )


SIGNED = Reasoning(text="t", signature=Opaque(family="anthropic", value="c2ln"))


def test_a_budget_waits_for_the_next_turn_where_the_thoughts_of_this_one_are_lost() -> None:
    settings = ReasoningSettings(effort=Effort.LOW)
    kept = render(asking(*loop(SIGNED), reasoning=settings), BUDGET)
    assert kept.body["thinking"]["type"] == "enabled"
    lost = render(asking(*loop(), reasoning=settings), BUDGET)
    assert "thinking" not in lost.body
    assert ("thinking_disabled", "/reasoning_effort") in codes(lost)
    over = render(
        asking(*loop(), said(Role.ASSISTANT, "done"), said(Role.USER, "next"), reasoning=settings), BUDGET
    )
    assert over.body["thinking"]["type"] == "enabled"
    adaptive = render(asking(*loop(), reasoning=settings), ADAPTIVE)
    assert adaptive.body["thinking"]["type"] == "adaptive"


@pytest.mark.parametrize("mode", [ToolMode.REQUIRED, ToolMode.NAMED])
def test_thinking_with_a_budget_cannot_be_forced_to_call(mode: ToolMode) -> None:
    choice = ToolChoice(mode=mode, names=("f",) if mode is ToolMode.NAMED else ())
    members: dict[str, Any] = {"tools": (Tool(name="f"),), "tool_choice": choice, "parallel_tool_calls": False}
    settings = ReasoningSettings(effort=Effort.LOW)
    relaxed = {"type": "auto", "disable_parallel_tool_use": True}
    for profile in (BUDGET, ALWAYS):
        rendered = render(asking(reasoning=settings, **members), profile)
        assert rendered.body["tool_choice"] == relaxed
        assert ("tool_choice_relaxed", "/tool_choice") in codes(rendered)
    assert render(asking(reasoning=settings, **members), ADAPTIVE).body["tool_choice"]["type"] in ("any", "tool")
    assert render(asking(**members), BUDGET).body["tool_choice"]["type"] in ("any", "tool")
