"""What most requests are, told apart from the rest: renderers look for nothing rare in them."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given

from domain.chat.content import CacheHint, Citation, Image, Opaque, Text, Url
from domain.chat.request import (
    ChatRequest,
    Message,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Sampling,
    Tool,
    ToolChoice,
    ToolMode,
    is_plain_talk,
)
from domain.chat.tool_names import AS_THEY_ARE, ToolNames
from domain.chat.usage import Usage
from domain.json_types import NO_EXT
from tests.strategies import canonical

HI = Text(text="hi")
PLAIN = Message(role=Role.USER, parts=(HI,))
SIMPLE = ChatRequest(model="m", messages=(PLAIN,), max_output_tokens=5, store=False, stream=True, source="x")

RARE: dict[str, Any] = {
    "tool_choice": ToolChoice(mode=ToolMode.AUTO),
    "parallel_tool_calls": False,
    "response_format": ResponseFormat(kind="text"),
    "candidates": 2,
    "logprobs": 0,
    "reasoning": ReasoningSettings(),
    "modalities": ("text",),
    "audio_output": {},
    "prediction": {},
    "verbosity": "low",
    "service_tier": "flex",
    "end_user": "u",
    "cache_key": "k",
    "metadata": {"a": "b"},
    "ext": {"openai": {"a": 1}},
}
COMMON = frozenset(
    {"model", "messages", "tools", "sampling", "max_output_tokens", "store", "stream", "include_usage", "source"}
)
"""What every renderer looks at in any case; `legacy_functions` is the answer's business."""


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.DEVELOPER, Role.USER, Role.ASSISTANT])
@pytest.mark.parametrize("marked", [False, True])
def test_a_lone_text_is_plain(role: Role, *, marked: bool) -> None:
    ext = {"anthropic": dict[str, Any]()} if marked else NO_EXT  # a mark that says nothing to others
    said = Message(role=role, parts=(Text(text="hi", ext=ext),), standing=role is Role.SYSTEM)
    assert said.plain_text == "hi"
    assert is_plain_talk((said, PLAIN))
    assert replace(said, parts=(Text(text="ho"),)).plain_text == "ho"


@pytest.mark.parametrize(
    "said",
    [
        replace(PLAIN, parts=()),
        replace(PLAIN, parts=(HI, HI)),
        replace(PLAIN, parts=(Image(source=Url(url="https://a.example/b.png")),)),
        replace(PLAIN, role=Role.TOOL),
        replace(PLAIN, name="bob"),
        replace(PLAIN, ext={"openai": {"a": 1}}),
        replace(PLAIN, parts=(replace(HI, ext={"openai": {"a": 1}}),)),
        replace(PLAIN, parts=(replace(HI, cache=CacheHint()),)),
        replace(PLAIN, parts=(replace(HI, signature=Opaque(family="google", value="s")),)),
        replace(PLAIN, parts=(replace(HI, citations=(Citation(kind="url"),)),)),
    ],
)
def test_anything_more_is_not(said: Message) -> None:
    assert said.plain_text is None
    assert not is_plain_talk((PLAIN, said))


def test_the_text_is_no_part_of_what_a_message_is() -> None:
    assert Message(role=Role.USER, parts=(HI,)) == PLAIN
    assert "plain_text" not in repr(PLAIN)


@pytest.mark.parametrize("name", RARE)
def test_whatever_few_ask_for_makes_a_request_no_simple_one(name: str) -> None:
    assert not replace(SIMPLE, **{name: RARE[name]}).is_simple


@pytest.mark.parametrize(
    "sampling",
    [{"top_k": 1}, {"seed": 0}, {"frequency_penalty": 0}, {"presence_penalty": 0}, {"logit_bias": {"1": 2}}],
)
def test_rare_sampling_is_not_simple(sampling: dict[str, Any]) -> None:
    assert not replace(SIMPLE, sampling=Sampling(**sampling)).is_simple


def test_every_member_is_either_rare_or_common() -> None:
    names = {field.name for field in fields(ChatRequest)}
    assert names == {*RARE, *COMMON, "legacy_functions"}
    common = Sampling(temperature=0.5, top_p=0.9, stop=("x",))
    assert replace(SIMPLE, sampling=common, tools=(Tool(name="t"),)).is_simple


def test_counts_beside_the_two_are_details() -> None:
    totals = Usage(prompt_tokens=1, completion_tokens=2)
    assert not totals.has_details
    for name in {field.name for field in fields(Usage)} - {"prompt_tokens", "completion_tokens"}:
        told: Any = {"a": 1} if isinstance(getattr(totals, name), dict) else 0
        assert replace(totals, **{name: told}).has_details


@given(canonical.requests())
def test_names_of_the_whole_request_fit(request: ChatRequest) -> None:
    names = ToolNames.of(request)
    for tool in request.tools:
        if isinstance(tool, Tool):
            assert names.original(names.wire(tool.name)) == tool.name


def test_names_that_fit_need_no_mapping() -> None:
    assert ToolNames.of(replace(SIMPLE, tools=(Tool(name="get_weather"),))) is AS_THEY_ARE
