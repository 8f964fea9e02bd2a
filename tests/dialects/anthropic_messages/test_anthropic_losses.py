"""What a request from another dialect loses here is named, and nothing else is."""

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.chat.content import (
    CacheHint,
    Citation,
    Image,
    Inline,
    Opaque,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from domain.chat.loss import LossKind
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Effort,
    Message,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Sampling,
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.errors import UnsupportedFeature
from domain.models.profile import ModelProfile
from tests.dialects.anthropic_messages.targets import (
    ADAPTIVE,
    BUDGET,
    PLAIN,
    PROFILES,
    asking,
    codes,
    render,
    said,
)
from tests.strategies.canonical import PNG, requests

USER, ASSISTANT = Role.USER, Role.ASSISTANT
POINTERS = {
    "tool_choice": ("/tool_choice",),
    "parallel_tool_calls": ("/parallel_tool_calls",),
    "response_format": ("/response_format",),
    "max_output_tokens": ("/max_completion_tokens",),
    "logprobs": ("/logprobs",),
    "reasoning": ("/reasoning_effort", "/thinking"),
    "modalities": ("/modalities",),
    "audio_output": ("/audio",),
    "prediction": ("/prediction",),
    "verbosity": ("/verbosity",),
    "service_tier": ("/service_tier",),
    "end_user": ("/user",),
    "cache_key": ("/prompt_cache_key",),
    "store": ("/store",),
    "metadata": ("/metadata",),
}
SAMPLING_POINTERS = {
    "stop": "/stop",
    **{one.name: f"/{one.name}" for one in fields(Sampling) if one.name != "stop"},
}
SAYS_NOTHING: tuple[Any, ...] = (ResponseFormat(kind="text"), ReasoningSettings(), (), {})


def asks_for_what_happens_anyway(request: ChatRequest, name: str) -> bool:
    """Whether the member `name` would not be missed anywhere."""
    choice = request.tool_choice
    if name == "tool_choice" and choice is not None and choice.mode is ToolMode.AUTO:
        return {tool.name for tool in request.tools if isinstance(tool, Tool)} <= {
            *choice.names
        } or not choice.names
    return getattr(request, name) in SAYS_NOTHING


rest = st.fixed_dictionaries(
    {},
    optional={
        "logprobs": st.just(0),
        "modalities": st.sampled_from([("text",), ("text", "audio")]),
        "audio_output": st.just({"voice": "alloy"}),
        "prediction": st.just({"type": "content", "content": "x"}),
        "verbosity": st.just("low"),
        "service_tier": st.sampled_from(["auto", "standard", "flex", "priority"]),
        "end_user": st.sampled_from(["id-1", "ann@example.com"]),
        "cache_key": st.just("k"),
        "store": st.booleans(),
        "metadata": st.just({"a": "b"}),
        "sampling": st.builds(
            Sampling,
            temperature=st.sampled_from([None, 0.5, 1.0, 1.5]),
            top_p=st.sampled_from([None, 0.5, 0.99]),
            top_k=st.sampled_from([None, 3]),
            seed=st.sampled_from([None, 1]),
            frequency_penalty=st.sampled_from([None, 0.5]),
            presence_penalty=st.sampled_from([None, 0.5]),
            logit_bias=st.sampled_from([{}, {"1": 1.0}]),
            stop=st.sampled_from([(), ("END",), (" ",)]),
        ),
        "reasoning": st.builds(
            ReasoningSettings,
            effort=st.sampled_from([None, *Effort]),
            budget_tokens=st.sampled_from([None, -1, 0, 500, 9_000]),
            adaptive=st.booleans(),
            visible=st.sampled_from([None, True, False]),
        ),
    },
)


@settings(max_examples=60)
@given(requests(odd_names=True, media=False), rest, st.sampled_from(PROFILES))
def test_what_leaves_no_trace_is_named(request: ChatRequest, more: dict[str, Any], profile: ModelProfile) -> None:
    request = replace(request, **more)
    rendered = render(request, profile)
    named = {where for _, where in codes(rendered)}
    plain = ChatRequest(model="", messages=())
    for name, pointers in POINTERS.items():
        default = getattr(plain, name)
        if getattr(request, name) == default or asks_for_what_happens_anyway(request, name):
            continue
        if render(replace(request, **{name: default}), profile).body == rendered.body:
            assert any(where.startswith(pointers) for where in named), name
    for name, pointer in SAMPLING_POINTERS.items():
        default = getattr(plain.sampling, name)
        if getattr(request.sampling, name) == default:
            continue
        without = replace(request, sampling=replace(request.sampling, **{name: default}))
        if render(without, profile).body == rendered.body:
            assert pointer in named


@pytest.mark.parametrize("profile", [ADAPTIVE, ModelProfile(sampling=True)])
def test_what_is_sent_is_not_named(profile: ModelProfile) -> None:
    hint = CacheHint(ttl="1h")
    request = asking(
        said(Role.SYSTEM, "s"),
        Message(role=USER, parts=(Text(text="a", cache=hint), Image(source=Url(url="https://example.com/a.png")))),
        Message(role=ASSISTANT, parts=(ToolCall(id="c", name="f", raw='{"a": 1}', arguments={"a": 1}),)),
        Message(
            role=Role.TOOL, parts=(ToolResult(call_id="c", name="f", parts=(Text(text="1"),), is_error=True),)
        ),
        tools=(Tool(name="f", description="d", parameters={"type": "object"}, cache=hint),),
        tool_choice=ToolChoice(mode=ToolMode.AUTO),
        parallel_tool_calls=False,
        sampling=Sampling(stop=("END",)),
        max_output_tokens=100,
        end_user="u",
        service_tier="standard",
        stream=True,
    )
    rendered = render(request, profile)
    assert rendered.losses == ()
    assert rendered.body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_members_of_parts_are_named_where_they_stand() -> None:
    signed = Opaque(family="google", value="c2ln")
    cited = Citation(kind="url", url="https://a")
    picture = Image(source=Inline(media_type="image/png", base64=PNG), detail="low")
    result = ToolResult(call_id="c", parts=(Text(text="x"), replace(picture)))
    rendered = render(
        asking(
            Message(role=USER, parts=(Text(text="a", citations=(cited,)), picture), name="ann"),
            Message(
                role=ASSISTANT,
                parts=(
                    Text(text="b", signature=signed, citations=(cited,)),
                    ToolCall(id="c", name="f", raw="{}", signature=signed),
                ),
            ),
            Message(role=Role.TOOL, parts=(result,)),
        )
    )
    assert sorted(codes(rendered)) == [
        ("dropped_citation", "/messages/0/content/0"),
        ("dropped_citation", "/messages/1/content/0"),
        ("dropped_detail", "/messages/0/content/1"),
        ("dropped_detail", "/messages/2/content/0/content/1"),
        ("dropped_param", "/messages/0/name"),
        ("dropped_signature", "/messages/1/content/0"),
        ("dropped_signature", "/messages/1/tool_calls/0"),
    ]
    assert {loss.kind for loss in rendered.losses} == {LossKind.HINT}


def test_cache_hints_that_find_no_place_are_named() -> None:
    hint = CacheHint()
    nowhere = render(asking(Message(role=USER, parts=(Text(text=" ", cache=hint),))))
    assert ("dropped_cache_hint", "/messages/0/content/0") in codes(nowhere)
    many = render(asking(Message(role=USER, parts=tuple(Text(text="a", cache=hint) for _ in range(5)))))
    assert codes(many) == [("dropped_cache_hint", "/messages/0/content/0")]
    parts = (Text(text="a", cache=hint), Text(text=" ", cache=hint), Text(text="b", cache=CacheHint(ttl="1h")))
    shifted = render(asking(Message(role=USER, parts=parts)))
    assert codes(shifted) == [
        ("dropped_blank_text", "/messages/0/content/1"),
        ("dropped_cache_hint", "/messages/0/content/0"),
        ("cache_ttl_shortened", "/messages/0/content/2"),
    ]


@pytest.mark.parametrize(
    ("tool", "expected"),
    [
        (
            BuiltinTool(
                kind="web_search",
                native_type="web_search_options",
                options={"search_context_size": "low", "user_location": {"approximate": {"city": "Bern"}}},
            ),
            [("/web_search_options/search_context_size", LossKind.HINT)],
        ),
        (
            BuiltinTool(
                kind="web_search",
                native_type="web_search",
                options={"filters": {"allowed_domains": ["a.com"], "more": 1}, "external": False},
            ),
            [("/tools/0/filters", LossKind.PARAMETER)],
        ),
        (
            BuiltinTool(
                kind="web_search", native_type="web_search", options={"filters": {"allowed_domains": ["a.com"]}}
            ),
            [],
        ),
        (
            BuiltinTool(
                kind="code_execution", native_type="code_interpreter", options={"container": {"type": "auto"}}
            ),
            [("/tools/0/container", LossKind.HINT)],
        ),
        (
            BuiltinTool(
                kind="web_search", native_type="googleSearch", options={"timeRangeFilter": {"startTime": "x"}}
            ),
            [("/tools/0/timeRangeFilter", LossKind.PARAMETER)],
        ),
    ],
)
def test_options_of_the_vendors_tools(tool: BuiltinTool, expected: list[tuple[str, LossKind]]) -> None:
    rendered = render(asking(tools=(tool,)))
    assert [(loss.where, loss.kind) for loss in rendered.losses] == expected


def test_a_tool_the_vendor_runs_can_be_chosen() -> None:
    search = BuiltinTool(kind="web_search", native_type="web_search")
    choice = ToolChoice(mode=ToolMode.REQUIRED, builtin="web_search_preview")
    rendered = render(asking(tools=(search,), tool_choice=choice, parallel_tool_calls=False))
    assert rendered.body["tool_choice"] == {
        "type": "tool",
        "name": "web_search",
        "disable_parallel_tool_use": True,
    }
    assert rendered.losses == ()
    absent = render(asking(tools=(Tool(name="f"),), tool_choice=choice))
    assert absent.body["tool_choice"] == {"type": "any"}
    assert codes(absent) == [("tool_choice_relaxed", "/tool_choice")]


def test_what_only_another_vendor_keeps_is_refused() -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        render(asking(ext={"openai_responses": {"previous_response_id": "resp_1"}}))
    assert refused.value.param == "previous_response_id"


def test_a_shape_that_is_not_asked_for_is_named() -> None:
    wanted = ResponseFormat(kind="json_schema", name="n", schema={"type": "object"}, strict=True, description="d")
    native = render(asking(response_format=wanted), ADAPTIVE)
    assert [(loss.where, loss.kind) for loss in native.losses] == [
        (f"/response_format/json_schema/{name}", LossKind.HINT) for name in ("name", "description", "strict")
    ]
    forced = render(
        asking(tools=(Tool(name="f"),), tool_choice=ToolChoice(mode=ToolMode.REQUIRED), response_format=wanted),
        PLAIN,
    )
    assert codes(forced) == [("dropped_param", "/response_format")]
    emulated = render(asking(response_format=wanted), PLAIN)
    assert [(loss.code, loss.where) for loss in emulated.losses] == [
        ("json_schema_emulated", "/response_format"),
        ("dropped_param", "/response_format/json_schema/name"),
        ("dropped_param", "/response_format/json_schema/strict"),
    ]
    assert {loss.kind for loss in emulated.losses} == {LossKind.HINT}


@pytest.mark.parametrize(
    ("profile", "settings_", "sent"),
    [
        (BUDGET, {"budget_tokens": 2_000, "visible": True}, "summarized"),
        (BUDGET, {"budget_tokens": 2_000, "visible": False}, "omitted"),
        (BUDGET, {"budget_tokens": 2_000}, None),
    ],
)
def test_thoughts_are_shown_as_asked(profile: ModelProfile, settings_: dict[str, Any], sent: str | None) -> None:
    rendered = render(asking(reasoning=ReasoningSettings(**settings_)), profile)
    assert rendered.body["thinking"].get("display") == sent
    assert rendered.losses == ()
