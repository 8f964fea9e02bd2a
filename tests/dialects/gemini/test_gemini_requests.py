"""Requests to the Gemini API: properties of every body, then the parameters one by one."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects import json_codec
from domain.chat.content import CacheHint, Image, Inline, Text, ToolCall, ToolResult, Url
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
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.models.profile import PLAIN_MODEL, ModelProfile, Thinking
from tests.dialects.gemini.gemini_sdk import (
    GEMINI,
    GEMINI_2_5,
    GEMINI_3,
    asking,
    check,
    lost,
    render,
    target,
    user,
)
from tests.strategies.canonical import PNG, requests

PROFILES = st.sampled_from([GEMINI_3, GEMINI_2_5, PLAIN_MODEL])
FUNCTION = Tool(name="f", parameters={"type": "object", "properties": {"a": {"type": "string"}}})


def has_remote_image(request: ChatRequest) -> bool:
    parts = [part for message in request.messages for part in message.parts]
    nested = [inner for part in parts for inner in getattr(part, "parts", ())]
    return any(isinstance(part, Image) and isinstance(part.source, Url) for part in [*parts, *nested])


def inline(part: Any) -> Any:
    """The part with its pictures inline."""
    if isinstance(part, ToolResult):
        return replace(part, parts=tuple(inline(inner) for inner in part.parts))
    if isinstance(part, Image) and isinstance(part.source, Url):
        return replace(part, source=Inline(media_type="image/png", base64=PNG))
    return part


def without_remote_images(request: ChatRequest) -> ChatRequest:
    """The request with every picture inline."""
    messages = (
        replace(message, parts=tuple(inline(part) for part in message.parts)) for message in request.messages
    )
    return replace(request, messages=tuple(messages))


@st.composite
def rendered(
    draw: st.DrawFn, *, family: str | None = "google"
) -> tuple[ChatRequest, ModelProfile, dict[str, Any]]:
    """A request that Gemini can take, the model's profile, and the body."""
    request = without_remote_images(draw(requests(odd_names=True, family=family)))
    profile = draw(PROFILES)
    return request, profile, GEMINI.render_request(request, target(profile)).body


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in `value`."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def calls_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["functionCall"] for part in content["parts"] if "functionCall" in part]


def results_of(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]


# ---- every body ----------------------------------------------------------------------------------------------------


Made = tuple[ChatRequest, ModelProfile, dict[str, Any]]


@given(rendered(family=None))
def test_googles_types_accept_every_body(made: Made) -> None:
    check(made[2])
    assert json_codec.decode(json_codec.encode(made[2])) == made[2]


@settings(max_examples=100)
@given(rendered())
def test_every_body_keeps_the_rules(made: Made) -> None:
    turns_alternate_and_begin_with_the_user(made)
    results_stand_alone_and_answer_the_calls_in_order(made)
    arguments_are_the_callers(made)
    names_fit_and_lead_back(made)
    level_or_budget_and_json_only_where_it_may_be(made)
    the_first_call_of_every_step_of_the_current_turn_is_signed(made)


def turns_alternate_and_begin_with_the_user(made: Made) -> None:
    contents = made[2]["contents"]
    assert contents[0]["role"] == "user"
    for earlier, later in itertools.pairwise(contents):
        assert earlier["role"] != later["role"] or results_of(earlier)
    assert all(content["parts"] for content in contents)
    assert all(part.get("text") != "" or "thoughtSignature" in part for one in contents for part in one["parts"])


def results_stand_alone_and_answer_the_calls_in_order(made: Made) -> None:
    _, profile, body = made
    contents = body["contents"]
    for content, following in zip(contents, [*contents[1:], {"parts": []}], strict=True):
        results = results_of(content)
        assert not results or (content["role"] == "user" and len(results) == len(content["parts"]))
        if calls_of(content):
            answers = results_of(following)
            assert [call["name"] for call in calls_of(content)] == [answer["name"] for answer in answers]
            assert [call.get("id") for call in calls_of(content)] == [answer.get("id") for answer in answers]
            assert all(("id" in call) is profile.call_ids for call in calls_of(content))
            assert all(isinstance(answer["response"], dict) for answer in answers)
            assert not any("$ref" in each for answer in answers for each in walk(answer["response"]))


def arguments_are_the_callers(made: Made) -> None:
    request, _, body = made
    asked = [part for message in request.messages for part in message.parts if isinstance(part, ToolCall)]
    sent = [call for content in body["contents"] for call in calls_of(content)]
    assert [call["args"] for call in sent] == [call.arguments for call in asked]


def names_fit_and_lead_back(made: Made) -> None:
    request, profile, body = made
    back = GEMINI.render_request(request, target(profile)).tool_names
    declared = [each for tool in body.get("tools", ()) for each in tool.get("functionDeclarations", ())]
    names = [each["name"] for each in declared]
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.:-]{0,63}", name) for name in names)
    assert [back.original(name) for name in names] == [
        tool.name for tool in request.tools if isinstance(tool, Tool)
    ]
    calling = body.get("toolConfig", {}).get("functionCallingConfig")
    assert calling is None or declared
    assert set((calling or {}).get("allowedFunctionNames", ())) <= set(names)
    for each in declared:
        assert "parameters" not in each
        assert not any("const" in inner or "$schema" in inner for inner in walk(each))


def level_or_budget_and_json_only_where_it_may_be(made: Made) -> None:
    request, profile, body = made
    config = body.get("generationConfig", {})
    thinking = config.get("thinkingConfig", {})
    assert not thinking or request.reasoning is not None
    assert not {"thinkingLevel", "thinkingBudget"} <= thinking.keys()
    if "thinkingBudget" in thinking:
        budget = thinking["thinkingBudget"]
        assert budget in {0, -1} or profile.min_thinking_tokens <= budget <= profile.max_thinking_tokens
    if request.tools and not profile.json_schema_with_tools:
        assert "responseMimeType" not in config
    assert ("responseJsonSchema" in config) <= ("responseMimeType" in config)


def the_first_call_of_every_step_of_the_current_turn_is_signed(made: Made) -> None:
    contents = made[2]["contents"]
    spoken = [n for n, one in enumerate(contents) if one["role"] == "user" and not results_of(one)]
    for index, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        dummies = ["skip_thought" in part.get("thoughtSignature", "") for part in calls]
        assert not any(dummies[1:])
        if made[1].signed_calls and calls and index > spoken[-1]:
            assert "thoughtSignature" in calls[0]
        elif dummies:
            assert not dummies[0]


@given(requests(family="google"), PROFILES)
def test_pictures_arrive_or_are_refused(request: ChatRequest, profile: ModelProfile) -> None:
    if has_remote_image(request):
        with pytest.raises(UnsupportedFeature, match="data URL") as refused:
            GEMINI.render_request(request, target(profile))
        assert re.fullmatch(r"messages\[\d+\]\.content\[\d+\]", refused.value.param or "")
        return
    body = GEMINI.render_request(request, target(profile)).body
    parts = [part for message in request.messages for part in message.parts]
    wanted = sum(
        isinstance(getattr(part, "source", None), Inline)
        for part in [*parts, *(inner for part in parts for inner in getattr(part, "parts", ()))]
    )
    assert sum("inlineData" in each for each in walk(body)) == wanted


@given(requests(odd_names=True), PROFILES)
def test_rendering_says_the_same_twice_and_changes_nothing(request: ChatRequest, profile: ModelProfile) -> None:
    request = without_remote_images(request)
    before = repr(request)
    first = GEMINI.render_request(request, target(profile))
    assert GEMINI.render_request(request, target(profile)) == first
    assert repr(request) == before


# ---- parameters ----------------------------------------------------------------------------------------------------


def test_a_plain_question_is_only_contents() -> None:
    assert render(asking()) == {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
    assert lost(asking()) == {}


def test_sampling_and_limits() -> None:
    sampling = Sampling(
        temperature=0.5,
        top_p=0.9,
        top_k=40,
        seed=7,
        frequency_penalty=0.1,
        presence_penalty=-0.1,
        stop=("a", "b"),
    )
    request = asking(sampling=sampling, max_output_tokens=10, candidates=2, logprobs=3)
    assert render(request)["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 40,
        "seed": 7,
        "frequencyPenalty": 0.1,
        "presencePenalty": -0.1,
        "stopSequences": ["a", "b"],
        "maxOutputTokens": 10,
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 3,
    }
    assert lost(request) == {}
    assert render(asking(logprobs=0))["generationConfig"] == {"responseLogprobs": True}


def test_values_beyond_the_limits_are_cut_and_named() -> None:
    request = asking(
        sampling=Sampling(seed=2**31, stop=tuple("abcdef"), logit_bias={"1": 1.0}), max_output_tokens=100_000
    )
    config = render(request, GEMINI_2_5)["generationConfig"]
    assert config == {"seed": -(2**31), "stopSequences": list("abcde"), "maxOutputTokens": 65_536}
    assert lost(request, GEMINI_2_5) == {
        "dropped_param": "/logit_bias",
        "seed_folded": "/seed",
        "stop_truncated": "/stop",
        "max_tokens_clamped": "/max_tokens",
    }


@given(st.integers(-(2**70), 2**70))
def test_seeds_are_int32(seed: int) -> None:
    sent = render(asking(sampling=Sampling(seed=seed)))["generationConfig"]["seed"]
    assert -(2**31) <= sent < 2**31
    assert (sent - seed) % 2**32 == 0


def test_a_model_that_samples_itself() -> None:
    request = asking(sampling=Sampling(temperature=1.0))
    assert "generationConfig" not in render(request, ModelProfile(sampling=False))
    assert lost(request, ModelProfile(sampling=False)) == {"dropped_param": "/temperature"}


@pytest.mark.parametrize(
    ("sampling", "where"),
    [
        (Sampling(frequency_penalty=0.5), "/frequency_penalty"),
        (Sampling(presence_penalty=0.5), "/presence_penalty"),
    ],
)
def test_models_that_choose_their_sampling_refuse_penalties(sampling: Sampling, where: str) -> None:
    request = asking(sampling=sampling)
    assert list(render(request)["generationConfig"].values()) == [0.5]
    assert "generationConfig" not in render(request, ModelProfile(sampling=False))
    assert lost(request, ModelProfile(sampling=False)) == {"dropped_param": where}


def test_answers_in_json() -> None:
    schema = {"type": "object", "properties": {"a": {"const": "x"}}, "$schema": "s"}
    wanted = asking(response_format=ResponseFormat(kind="json_schema", name="n", schema=schema))
    assert render(wanted)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseJsonSchema": {"type": "object", "properties": {"a": {"enum": ["x"]}}},
    }
    either = asking(response_format=ResponseFormat(kind="json_object"))
    assert render(either)["generationConfig"] == {"responseMimeType": "application/json"}
    assert "generationConfig" not in render(asking(response_format=ResponseFormat(kind="text")))
    beside = asking(response_format=ResponseFormat(kind="json_object"), tools=(FUNCTION,))
    assert "generationConfig" in render(beside)
    assert "generationConfig" not in render(beside, GEMINI_2_5)
    assert lost(beside, GEMINI_2_5) == {"dropped_response_format": "/response_format"}
    assert lost(either, ModelProfile(json_schema=False)) == {"dropped_response_format": "/response_format"}


def test_sound_and_pictures_out() -> None:
    request = asking(modalities=("text", "audio"), audio_output={"voice": "Kore", "format": "wav"})
    assert render(request)["generationConfig"] == {
        "responseModalities": ["TEXT", "AUDIO"],
        "speechConfig": {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}},
    }
    assert lost(request) == {"dropped_param": "/audio/format"}
    assert "generationConfig" not in render(asking(modalities=("text",), audio_output={"voice": 1}))


@pytest.mark.parametrize(
    ("tier", "sent"),
    [(None, None), ("auto", None), ("default", "standard"), ("standard", "standard"), ("flex", "flex")],
)
def test_service_tiers(tier: str | None, sent: str | None) -> None:
    assert render(asking(service_tier=tier)).get("serviceTier") == sent


def test_parameters_that_gemini_lacks_are_named() -> None:
    request = asking(
        verbosity="low",
        prediction={"type": "content"},
        store=True,
        metadata={"a": "b"},
        end_user="u",
        service_tier="scale",
        cache_key="k",
        ext={"openai": {"prompt_cache_retention": "24h", "moderation": {"x": 1}, "nothing": None}},
    )
    losses = GEMINI.render_request(request, target()).losses
    assert {loss.where for loss in losses if loss.kind is LossKind.PARAMETER} == {
        *("/verbosity", "/prediction", "/store", "/metadata", "/user", "/service_tier", "/moderation")
    }
    assert {loss.where for loss in losses if loss.kind is LossKind.HINT} == {
        *("/prompt_cache_key", "/prompt_cache_retention")
    }
    for asked in (asking(store=False), asking(service_tier="auto"), asking(parallel_tool_calls=True)):
        (loss,) = GEMINI.render_request(asked, target()).losses
        assert loss.kind is LossKind.HINT


def test_geminis_own_members_travel() -> None:
    setting = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE", "method": "SEVERITY"}
    members = {"safety_settings": [setting], "cached_content": "cachedContents/1"}
    request = asking(ext={"openai": members, "google": {"cachedContent": "cachedContents/0"}})
    body = render(request)
    assert body["safetySettings"] == [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    assert body["cachedContent"] == "cachedContents/1"
    assert lost(request) == {}
    with pytest.raises(MalformedRequest) as refused:
        render(asking(ext={"openai": {"safety_settings": "none"}}))
    assert refused.value.param == "safety_settings"


def test_hints_and_leftovers_of_messages() -> None:
    message = Message(
        role=Role.USER,
        parts=(Text(text="hi", cache=CacheHint()),),
        ext={"openai": {"audio": 1, "phase": "p"}},
    )
    losses = GEMINI.render_request(asking(message), target()).losses
    assert {(loss.code, loss.where, loss.kind) for loss in losses} == {
        ("dropped_cache_hint", "/messages/0/content/0", LossKind.HINT),
        ("dropped_ext", "/messages/0/audio", LossKind.PARAMETER),
        ("dropped_ext", "/messages/0/phase", LossKind.HINT),
    }


# ---- reasoning -----------------------------------------------------------------------------------------------------


def thinking(settings: ReasoningSettings | None, profile: ModelProfile) -> Any:
    return render(asking(reasoning=settings), profile).get("generationConfig", {}).get("thinkingConfig")


@pytest.mark.parametrize(
    ("settings", "expected", "is_lossy"),
    [
        (None, None, False),
        (ReasoningSettings(effort=Effort.LOW), {"thinkingLevel": "LOW", "includeThoughts": True}, False),
        (ReasoningSettings(effort=Effort.HIGH, visible=False), {"thinkingLevel": "HIGH"}, False),
        (ReasoningSettings(effort=Effort.NONE), {"thinkingLevel": "MINIMAL"}, True),
        (ReasoningSettings(effort=Effort.XHIGH), {"thinkingLevel": "HIGH", "includeThoughts": True}, True),
        (ReasoningSettings(budget_tokens=2_000), {"thinkingLevel": "LOW", "includeThoughts": True}, False),
        (ReasoningSettings(budget_tokens=99_000), {"thinkingLevel": "HIGH", "includeThoughts": True}, True),
        (ReasoningSettings(budget_tokens=-1), {"includeThoughts": True}, False),
        (ReasoningSettings(adaptive=True), {"includeThoughts": True}, False),
        (ReasoningSettings(adaptive=True, visible=False), None, False),
    ],
)
def test_thinking_levels(settings: ReasoningSettings | None, expected: Any, is_lossy: bool) -> None:
    assert thinking(settings, GEMINI_3) == expected
    assert ("reasoning_adjusted" in lost(asking(reasoning=settings))) is is_lossy


@pytest.mark.parametrize(
    ("settings", "expected", "is_lossy"),
    [
        (ReasoningSettings(effort=Effort.NONE), {"thinkingBudget": 0}, False),
        (ReasoningSettings(effort=Effort.MINIMAL), {"thinkingBudget": 512, "includeThoughts": True}, False),
        (ReasoningSettings(effort=Effort.MAX), {"thinkingBudget": 24_576, "includeThoughts": True}, False),
        (ReasoningSettings(budget_tokens=100), {"thinkingBudget": 512, "includeThoughts": True}, True),
        (ReasoningSettings(budget_tokens=30_000), {"thinkingBudget": 24_576, "includeThoughts": True}, True),
        (ReasoningSettings(budget_tokens=0), {"thinkingBudget": 0}, False),
        (ReasoningSettings(budget_tokens=-1), {"thinkingBudget": -1, "includeThoughts": True}, False),
        (ReasoningSettings(adaptive=True), {"thinkingBudget": -1, "includeThoughts": True}, False),
        (ReasoningSettings(visible=True), {"includeThoughts": True}, False),
    ],
)
def test_thinking_budgets(settings: ReasoningSettings, expected: Any, is_lossy: bool) -> None:
    assert thinking(settings, GEMINI_2_5) == expected
    assert ("reasoning_adjusted" in lost(asking(reasoning=settings), GEMINI_2_5)) is is_lossy


def test_models_that_cannot_stop_or_cannot_start_thinking() -> None:
    always = ModelProfile(thinking=Thinking.BUDGET, min_thinking_tokens=128, thinking_optional=False)
    assert thinking(ReasoningSettings(effort=Effort.NONE), always) == {"thinkingBudget": 128}
    low = asking(reasoning=ReasoningSettings(effort=Effort.LOW))
    assert thinking(low.reasoning, PLAIN_MODEL) is None
    assert lost(low, PLAIN_MODEL) == {"dropped_param": "/reasoning_effort"}
    none = asking(reasoning=ReasoningSettings(effort=Effort.NONE))
    (loss,) = GEMINI.render_request(none, target(PLAIN_MODEL)).losses
    assert loss.kind is LossKind.HINT
    levelless = ModelProfile(thinking=Thinking.LEVEL)
    assert thinking(low.reasoning, levelless) == {"includeThoughts": True}
    assert lost(low, levelless) == {"dropped_param": "/reasoning_effort"}


# ---- tools ---------------------------------------------------------------------------------------------------------


def test_functions_and_custom_tools() -> None:
    described = Tool(name="g", description="does", parameters={"type": "object", "properties": {}})
    custom = Tool(
        name="sh ell", kind="custom", grammar={"type": "grammar"}, cache=CacheHint(), ext={"openai": {"x": 1}}
    )
    request = asking(tools=(FUNCTION, described, custom))
    result = GEMINI.render_request(request, target())
    check(result.body)
    wire = result.tool_names.wire("sh ell")
    assert result.custom_tools == {wire}
    assert result.body["tools"] == [
        {
            "functionDeclarations": [
                {"name": "f", "parametersJsonSchema": FUNCTION.parameters},
                {"name": "g", "description": "does"},
                {
                    "name": wire,
                    "parametersJsonSchema": {
                        "type": "object",
                        "properties": {"input": {"type": "string"}},
                        "required": ["input"],
                    },
                },
            ]
        }
    ]
    assert lost(request) == {
        "dropped_grammar": "/tools/2",
        "dropped_cache_hint": "/tools/2",
        "dropped_ext": "/tools/2/x",
    }


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, None),
        (ToolChoice(mode=ToolMode.AUTO), {"mode": "AUTO"}),
        (ToolChoice(mode=ToolMode.NONE, names=("f",)), {"mode": "NONE"}),
        (ToolChoice(mode=ToolMode.REQUIRED), {"mode": "ANY"}),
        (ToolChoice(mode=ToolMode.NAMED, names=("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
        (ToolChoice(mode=ToolMode.AUTO, names=("f",)), {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}),
        (ToolChoice(mode=ToolMode.REQUIRED, names=("f",)), {"mode": "ANY", "allowedFunctionNames": ["f"]}),
    ],
)
def test_tool_choices(choice: ToolChoice | None, expected: Any) -> None:
    body = render(asking(tools=(FUNCTION,), tool_choice=choice))
    assert body.get("toolConfig", {}).get("functionCallingConfig") == expected


def test_strict_tools_are_validated() -> None:
    strict = Tool(name="f", strict=True)
    validated = {"functionCallingConfig": {"mode": "VALIDATED"}}
    assert render(asking(tools=(strict,)))["toolConfig"] == validated
    assert render(asking(tools=(strict,), tool_choice=ToolChoice(mode=ToolMode.AUTO)))["toolConfig"] == validated


def test_a_choice_without_functions_goes() -> None:
    request = asking(tool_choice=ToolChoice(mode=ToolMode.REQUIRED), parallel_tool_calls=False)
    assert "toolConfig" not in render(request)
    assert lost(request) == {"dropped_tool_choice": "/tool_choice", "dropped_param": "/parallel_tool_calls"}
    (loss,) = GEMINI.render_request(asking(tool_choice=ToolChoice(mode=ToolMode.AUTO)), target()).losses
    assert (loss.where, loss.kind) == ("/tool_choice", LossKind.HINT)
    assert lost(asking(tools=(FUNCTION,), parallel_tool_calls=False)) == {"dropped_param": "/parallel_tool_calls"}


def test_geminis_own_tools() -> None:
    search = BuiltinTool(kind="web_search", native_type="web_search_options", options={"user_location": {}})
    code = BuiltinTool(kind="code_execution", native_type="code_interpreter")
    maps = BuiltinTool(
        kind="other", native_type="googleMaps", options={"enableWidget": True, "groundingTypes": ["x"]}
    )
    request = asking(tools=(search, code, maps))
    body = render(request)
    assert body["tools"] == [{"googleSearch": {}}, {"codeExecution": {}}, {"googleMaps": {"enableWidget": True}}]
    assert "toolConfig" not in body
    assert [loss.where for loss in GEMINI.render_request(request, target()).losses] == [
        "/tools/0/user_location",
        "/tools/2/groundingTypes",
    ]


def test_geminis_own_tools_beside_functions() -> None:
    search = BuiltinTool(kind="web_search", native_type="googleSearch", options={})
    request = asking(tools=(search, FUNCTION), tool_choice=ToolChoice(mode=ToolMode.AUTO))
    body = render(request)
    assert [next(iter(tool)) for tool in body["tools"]] == ["googleSearch", "functionDeclarations"]
    assert body["toolConfig"] == {
        "functionCallingConfig": {"mode": "AUTO"},
        "includeServerSideToolInvocations": True,
    }
    older = render(request, GEMINI_2_5)
    assert [next(iter(tool)) for tool in older["tools"]] == ["functionDeclarations"]
    assert "includeServerSideToolInvocations" not in older["toolConfig"]
    assert lost(request, GEMINI_2_5) == {"dropped_builtin_tool": "/tools/0"}
    assert lost(request, replace(GEMINI_2_5, builtin_tools_with_functions=True)) == {}


def test_tools_of_other_vendors_are_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="computer_20250124") as refused:
        render(asking(tools=(BuiltinTool(kind="computer", native_type="computer_20250124"),)))
    assert refused.value.param == "tools[0]"


def test_the_picture_of_a_user_travels_in_the_body() -> None:
    picture = Image(source=Inline(media_type="image/png", base64=PNG))
    assert render(asking(Message(role=Role.USER, parts=(picture,)), user("what is it?")))["contents"] == [
        {
            "role": "user",
            "parts": [{"inlineData": {"mimeType": "image/png", "data": PNG}}, {"text": "what is it?"}],
        }
    ]
