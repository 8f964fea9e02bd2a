"""Requests on the Chat Completions wire, from clients and to upstreams."""

import copy
import json
import re
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.quirks import ChatQuirks
from domain.chat.content import (
    Audio,
    CacheHint,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
    PlainText,
    Reasoning,
    Refusal,
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
from domain.errors import MalformedRequest, UnsupportedFeature
from domain.models.profile import PLAIN_MODEL, ModelProfile, Thinking
from tests.dialects.openai_chat import sdk
from tests.strategies import canonical

CHAT = OpenAIChat()
THINKING = ModelProfile(thinking=Thinking.EFFORT, efforts=tuple(Effort), sampling=False)
HI = {"role": "user", "content": "hi"}
SAID_HI = Message(role=Role.USER, parts=(Text(text="hi"),))


def target(profile: ModelProfile = PLAIN_MODEL, family: str = "openai") -> Target:
    return Target(provider="p", family=family, model="upstream-model", profile=profile)


def parse(**members: Any) -> ChatRequest:
    return CHAT.parse_request({"model": "m", "messages": [HI], **members})


def message(**members: Any) -> Message:
    return parse(messages=[members]).messages[0]


def render(request: ChatRequest, quirks: ChatQuirks | None = None, *, to: Target | None = None) -> RenderedRequest:
    return OpenAIChat(quirks or ChatQuirks()).render_request(request, to or target())


def asked(*parts: Part, role: Role = Role.USER, **members: Any) -> ChatRequest:
    said = (Message(role=role, parts=parts),) if parts else (SAID_HI,)
    return ChatRequest(model="m", messages=said, **members)


def codes(rendered: RenderedRequest) -> list[tuple[str, str]]:
    return [(loss.code, loss.where) for loss in rendered.losses]


FULL: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "be kind"},
        {"role": "developer", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {
            "role": "user",
            "name": "ann",
            "content": [
                {"type": "text", "text": "look"},
                {"type": "image_url", "image_url": {"url": "https://a.example/x.png", "detail": "low"}},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{canonical.PNG}"}},
                {"type": "input_audio", "input_audio": {"data": canonical.WAV, "format": "wav"}},
                {"type": "file", "file": {"file_data": f"data:application/pdf;base64,{canonical.PDF}", "filename": "a.pdf"}},
                {"type": "file", "file": {"file_id": "file-1"}},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1.0}'}},
                {"id": "2", "type": "custom", "custom": {"name": "c", "input": "free"}},
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "sunny"},
        {"role": "tool", "tool_call_id": "2", "content": "ok"},
        {"role": "assistant", "content": "done", "audio": {"id": "audio_1"}},
        {"role": "assistant", "content": None, "refusal": "no"},
        {"role": "user", "content": "go on"},
    ],
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}},
        {"type": "custom", "custom": {"name": "c", "description": "e", "format": {"type": "text"}}},
    ],
    "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [
        {"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "c"}}]}},
    "parallel_tool_calls": False,
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "description": "d", "schema": {}, "strict": True}},
    "temperature": 0.5,
    "top_p": 0.9,
    "seed": 7,
    "frequency_penalty": 0.1,
    "presence_penalty": -0.1,
    "logit_bias": {"50256": -100},
    "stop": ["END"],
    "n": 2,
    "logprobs": True,
    "top_logprobs": 5,
    "max_completion_tokens": 100,
    "modalities": ["text", "audio"],
    "audio": {"voice": "alloy", "format": "wav"},
    "prediction": {"type": "content", "content": "x"},
    "verbosity": "low",
    "service_tier": "default",
    "user": "u",
    "safety_identifier": "s",
    "metadata": {"k": "v"},
    "store": False,
    "prompt_cache_key": "key",
    "prompt_cache_retention": "24h",
    "web_search_options": {"search_context_size": "low"},
    "stream": True,
    "stream_options": {"include_usage": True, "include_obfuscation": False},
    "unheard_of": {"a": [1, 2]},
}  # fmt: skip


def test_everything_comes_back() -> None:
    original = copy.deepcopy(FULL)
    rendered = render(
        CHAT.parse_request(FULL), to=Target(provider="p", family="openai", model="m", profile=PLAIN_MODEL)
    )
    assert rendered.body == original
    assert not rendered.losses
    assert original == FULL
    body = {name: value for name, value in rendered.body.items() if name != "unheard_of"}
    sdk.check_request(body)


def test_everything_is_understood() -> None:
    request = CHAT.parse_request(FULL)
    assert request.sampling == Sampling(
        temperature=0.5, top_p=0.9, seed=7, frequency_penalty=0.1, presence_penalty=-0.1,
        logit_bias={"50256": -100}, stop=("END",),
    )  # fmt: skip
    assert request.tool_choice == ToolChoice(mode=ToolMode.AUTO, names=("f", "c"))
    assert (request.candidates, request.logprobs, request.max_output_tokens) == (2, 5, 100)
    assert (request.end_user, request.service_tier, request.cache_key) == ("s", "standard", "key")
    assert request.stream
    assert request.include_usage
    user = request.messages[2]
    assert user.name == "ann"
    assert [type(part) for part in user.parts] == [Text, Image, Image, Audio, Document, Document]
    assert user.parts[5] == Document(source=FileRef(family="openai", file_id="file-1"))
    assert request.messages[3].parts[0] == ToolCall(id="1", name="f", raw='{"a": 1.0}', arguments={"a": 1.0})
    assert isinstance(request.tools[2], BuiltinTool)


@pytest.mark.parametrize(
    ("body", "path", "expected"),
    [
        ({"messages": [HI]}, "model", "a string"),
        ({"model": 5, "messages": [HI]}, "model", "a string"),
        ({"model": "m"}, "messages", "at least one"),
        ({"model": "m", "messages": []}, "messages", "at least one"),
        ({"model": "m", "messages": {}}, "messages", "a list"),
        ({"model": "m", "messages": ["hi"]}, "messages[0]", "an object"),
        ({"messages": [{"role": "king"}]}, "messages[0].role", "got 'king'"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "a string or a list"),
        ({"messages": [HI, HI, {"role": "user", "content": [{"type": "x"}]}]}, "messages[2].content[0].type", "got 'x'"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages[0].content[0].type", "one of text"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text", "a string"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "messages[0].content[0].image_url", "an object"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64,!"}]}]},
         "messages[0].content[0].image_url.url", "base64"),
        ({"messages": [{"role": "user", "content": [{"type": "file", "file": {}}]}]}, "messages[0].content[0].file", "file_data or file_id"),
        ({"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"format": "wav", "data": "!"}}]}]},
         "messages[0].content[0].input_audio.data", "base64"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id", "a string"),
        *(
            ({"messages": [HI, {"role": role, **named, **absent}]}, "messages[1].content", "a string or a list of parts, got nothing")
            for role, named in {"system": {}, "developer": {}, "user": {}, "tool": {"tool_call_id": "1"}, "function": {"name": "f"}}.items()
            for absent in ({}, {"content": None})
        ),
        ({"messages": [{"role": "tool", "tool_call_id": "1", "content": [{"type": "refusal", "refusal": "x"}]}]},
         "messages[0].content[0].type", "one of text"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1"}]}]}, "messages[0].tool_calls[0].function", "an object"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"type": "x"}]}]}, "messages[0].tool_calls[0].type", "got 'x'"),
        ({"messages": [{"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": 5}}]}]},
         "messages[0].tool_calls[0].function.arguments", "a string of JSON"),
        ({"messages": [{"role": "assistant", "thinking_blocks": [{"type": "x"}]}]}, "messages[0].thinking_blocks[0].type", "got 'x'"),
        ({"tools": [{"type": "x"}]}, "tools[0].type", "got 'x'"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name", "a string"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]}, "tools[0].function.parameters", "JSON Schema"),
        ({"tool_choice": "any"}, "tool_choice", "got 'any'"),
        ({"tool_choice": {"type": "x"}}, "tool_choice.type", "got 'x'"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "none"}}}, "tool_choice.allowed_tools.mode", "got 'none'"),
        ({"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "x"}]}}},
         "tool_choice.allowed_tools.tools[0].type", "got 'x'"),
        ({"function_call": "any"}, "function_call", "got 'any'"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "got 'xml'"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "an object"),
        ({"temperature": "hot"}, "temperature", "a number"),
        ({"temperature": True}, "temperature", "a number"),
        ({"seed": 1.5}, "seed", "an integer"),
        ({"n": 0}, "n", "at least 1"),
        ({"stop": [1]}, "stop", "a list of strings"),
        ({"stream": "yes"}, "stream", "true or false"),
        ({"logit_bias": {"a": "b"}}, "logit_bias.a", "a number"),
        ({"reasoning_effort": "huge"}, "reasoning_effort", "got 'huge'"),
        ({"reasoning_effort": 5}, "reasoning_effort", "got an integer"),
        ({"thinking": {"type": "x"}}, "thinking.type", "got 'x'"),
        ({"modalities": [1]}, "modalities[0]", "a string"),
        ({"tool_choice": "x" * 100}, "tool_choice", "x…'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(body: dict[str, Any], path: str, expected: str) -> None:
    members = body if "model" in body or body.get("messages") == [HI] else {"model": "m", "messages": [HI], **body}
    with pytest.raises(MalformedRequest, match=re.escape(expected)) as raised:
        CHAT.parse_request(members)
    assert raised.value.param == path
    assert raised.value.message.startswith(f"{path}: expected ")


@given(st.dictionaries(st.sampled_from(sorted(FULL)), canonical.json_values()))
def test_any_members_are_parsed_or_malformed(members: dict[str, Any]) -> None:
    with suppress(MalformedRequest):
        CHAT.parse_request({**FULL, **members})


def test_the_forms_of_tool_choice() -> None:
    for word in ToolMode:
        if word is not ToolMode.NAMED:
            assert parse(tool_choice=word.value).tool_choice == ToolChoice(mode=word)
    named = ToolChoice(mode=ToolMode.NAMED, names=("f",))
    assert parse(tool_choice={"type": "function", "function": {"name": "f"}}).tool_choice == named
    assert parse(tool_choice={"type": "custom", "custom": {"name": "f"}}).tool_choice == named


def test_deprecated_functions() -> None:
    request = parse(
        functions=[{"name": "f", "parameters": {"type": "object"}}],
        function_call={"name": "f"},
        messages=[
            {"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}},
            {"role": "function", "name": "f", "content": "one"},
            {"role": "assistant", "content": "", "function_call": {"name": "f", "arguments": ""}},
            {"role": "function", "name": "f", "content": "two"},
        ],
    )
    assert request.legacy_functions
    assert request.tools == (Tool(name="f", parameters={"type": "object"}),)
    assert request.tool_choice == ToolChoice(mode=ToolMode.NAMED, names=("f",))
    calls = [part for said in request.messages for part in said.parts if isinstance(part, ToolCall)]
    results = [part for said in request.messages for part in said.parts if isinstance(part, ToolResult)]
    assert [call.id for call in calls] == [result.call_id for result in results]
    assert len({call.id for call in calls}) == 2
    body = render(request).body
    sdk.check_request(body)
    assert body["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert parse(function_call="none").tool_choice == ToolChoice(mode=ToolMode.NONE)
    assert not parse(tools=[]).legacy_functions


@pytest.mark.parametrize(
    ("tool", "kind"),
    [
        ({"type": "web_search_20250305", "name": "web_search", "max_uses": 2}, "web_search"),
        ({"googleSearch": {}}, "web_search"),
        ({"type": "code_execution_20250825", "name": "x"}, "code_execution"),
        ({"urlContext": {}}, "web_fetch"),
    ],
)
def test_vendors_own_tools(tool: dict[str, Any], kind: str) -> None:
    (parsed,) = parse(tools=[tool]).tools
    assert isinstance(parsed, BuiltinTool)
    assert parsed.kind == kind


@pytest.mark.parametrize(
    ("members", "settings"),
    [
        ({"reasoning_effort": "low"}, ReasoningSettings(effort=Effort.LOW)),
        ({"thinking": {"type": "enabled", "budget_tokens": 2048}}, ReasoningSettings(budget_tokens=2048)),
        ({"thinking": {"type": "disabled"}}, ReasoningSettings(effort=Effort.NONE)),
        ({"thinking": {"type": "adaptive"}}, ReasoningSettings(adaptive=True)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}},
            ReasoningSettings(adaptive=True, visible=False),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 9}, "reasoning_effort": "high"},
            ReasoningSettings(effort=Effort.HIGH, budget_tokens=9),
        ),
        ({}, None),
    ],
)
def test_ways_of_asking_for_thought(members: dict[str, Any], settings: ReasoningSettings | None) -> None:
    assert parse(**members).reasoning == settings


SIGNED = Opaque(family="anthropic", value="SIG")


@pytest.mark.parametrize(
    ("members", "parts"),
    [
        ({"reasoning_content": "a"}, (Reasoning(text="a"),)),
        ({"reasoning": "a"}, (Reasoning(text="a"),)),
        (
            {"reasoning_content": "a", "thinking_blocks": [{"type": "thinking", "thinking": "a", "signature": "SIG"}]},
            (Reasoning(text="a", signature=SIGNED),),
        ),
        (
            {"thinking_blocks": [{"type": "redacted_thinking", "data": "SIG"}]},
            (Reasoning(text="", signature=SIGNED, redacted=True),),
        ),
        (
            {"reasoning": "a", "reasoning_details": [{"type": "reasoning.text", "text": "a", "signature": "SIG",
                                                      "format": "anthropic-claude-v1"}, {"type": "odd"}]},
            (Reasoning(text="a", signature=SIGNED),),
        ),
        (
            {"content": [{"type": "thinking", "thinking": "a", "signature": "SIG"}, {"type": "text", "text": "b"}]},
            (Reasoning(text="a", signature=SIGNED), Text(text="b")),
        ),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, (Refusal(text="no"),)),
        (
            {"content": "a", "images": [{"type": "image_url", "image_url": {"url": "https://a.example"}}]},
            (Text(text="a"), Image(source=Url(url="https://a.example"))),
        ),
    ],
)  # fmt: skip
def test_what_assistants_said(members: dict[str, Any], parts: tuple[Part, ...]) -> None:
    assert message(role="assistant", **members).parts == parts


def test_googles_signatures_are_found() -> None:
    google = Opaque(family="google", value="SIG")
    extra = {"extra_content": {"google": {"thought_signature": "SIG"}}}
    fields = {"provider_specific_fields": {"thought_signature": "SIG"}}
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    for signed in ({**call, **extra}, {**call, **fields}, {**call, "function": {**call["function"], **fields}}):  # type: ignore[dict-item]  # a call's function is a dict
        (part,) = message(role="assistant", tool_calls=[signed]).parts
        assert isinstance(part, ToolCall)
        assert part.signature == google
    (part,) = message(
        role="assistant", tool_calls=[call], provider_specific_fields={"thought_signatures": ["SIG"]}
    ).parts
    assert isinstance(part, ToolCall)
    assert part.signature == google
    for said in (extra, {"provider_specific_fields": {"thought_signatures": ["SIG"]}}):
        assert message(role="assistant", content="a", **said).parts == (Text(text="a", signature=google),)
    assert message(role="assistant", reasoning="r", **extra).parts == (
        Reasoning(text="r"),
        Text(text="", signature=google),
    )


def test_a_signed_call_keeps_its_own_signature() -> None:
    call = {"id": "1", "function": {"name": "f"}, "extra_content": {"google": {"thought_signature": "OWN"}}}
    (part,) = message(
        role="assistant", tool_calls=[call], provider_specific_fields={"thought_signature": "X"}
    ).parts
    assert isinstance(part, ToolCall)
    assert part.signature == Opaque(family="google", value="OWN")


def test_a_message_that_cannot_carry_a_hint_has_none() -> None:
    hint = {"type": "ephemeral"}
    said = message(role="assistant", reasoning="a", cache_control=hint)
    assert said.parts == (Reasoning(text="a"),)


def test_unsigned_thoughts_stand_beside_signed_ones() -> None:
    signed = Reasoning(text="b", signature=Opaque(family="google", value="X"))
    hidden = Reasoning(text="", signature=Opaque(family="google", value="Y"), redacted=True)
    request = asked(Reasoning(text="a"), signed, hidden, role=Role.ASSISTANT)
    body = render(request, ChatQuirks(returns_reasoning=True), to=target(family="google")).body
    assert CHAT.parse_request(body).messages == request.messages


def test_cache_hints_in_both_spellings() -> None:
    hint = {"type": "ephemeral", "ttl": "1h"}
    part = {"type": "text", "text": "a"}
    assert message(role="user", content=[{**part, "cache_control": hint}]).parts == (
        Text(text="a", cache=CacheHint(ttl="1h")),
    )
    assert message(role="user", content=[{**part, "prompt_cache_breakpoint": {"mode": "explicit"}}]).parts == (
        Text(text="a", cache=CacheHint()),
    )
    assert message(role="system", content="a", cache_control=hint).parts == (
        Text(text="a", cache=CacheHint(ttl="1h")),
    )
    (result,) = message(role="tool", tool_call_id="1", content="a", cache_control=hint).parts
    assert isinstance(result, ToolResult)
    assert result.cache == CacheHint(ttl="1h")
    (tool,) = parse(tools=[{"type": "function", "function": {"name": "f"}, "cache_control": hint}]).tools
    assert isinstance(tool, Tool)
    assert tool.cache == CacheHint(ttl="1h")


def test_files_by_address_and_bare_base64() -> None:
    def file(**members: Any) -> Part:
        return message(role="user", content=[{"type": "file", "file": members}]).parts[0]

    assert file(file_id="https://a.example/x.pdf") == Document(source=Url(url="https://a.example/x.pdf"))
    assert file(file_data="https://a.example/x.pdf") == Document(source=Url(url="https://a.example/x.pdf"))
    assert file(file_data=canonical.PDF) == Document(
        source=Inline(media_type="application/pdf", base64=canonical.PDF)
    )


def test_an_answer_sent_back_is_no_trouble() -> None:
    said = message(role="assistant", content="a", refusal=None, annotations=[], audio=None, function_call=None)
    assert said == Message(role=Role.ASSISTANT, parts=(Text(text="a"),))
    kept = message(role="assistant", content="a", annotations=[{"type": "url_citation"}])
    assert render(ChatRequest(model="m", messages=(kept,))).body["messages"] == [
        {"role": "assistant", "content": "a"}
    ]


def test_odd_metadata_is_kept() -> None:
    request = parse(metadata={"a": "b", "n": 5})
    assert request.metadata == {"a": "b"}
    assert render(request).body["metadata"] == {"a": "b", "n": 5}


# ---- to upstreams --------------------------------------------------------------------------------------------------


@given(canonical.requests(odd_names=True, family="anthropic"))
def test_rendered_requests_are_the_apis_own(request: ChatRequest) -> None:
    before = copy.deepcopy(request)
    for profile in (PLAIN_MODEL, THINKING):
        rendered = render(request, to=target(profile))
        sdk.check_request(rendered.body)
        check_conversation(rendered.body["messages"])
        assert ("tools" in rendered.body) or not {"tool_choice", "parallel_tool_calls"} & rendered.body.keys()
        for tool in rendered.body.get("tools", ()):
            name = tool["function"]["name"]
            assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
            assert rendered.tool_names.original(name) in {
                tool.name for tool in request.tools if isinstance(tool, Tool)
            }
    assert request == before


def check_conversation(messages: list[dict[str, Any]]) -> None:
    """Every call is answered by the tool messages right after it, which hold only text."""
    waiting: list[str] = []
    for said in messages:
        if said["role"] == "tool":
            assert said["tool_call_id"] == waiting.pop(0)
            assert isinstance(said["content"], str)
            continue
        assert not waiting
        for call in said.get("tool_calls", ()):
            assert len(call["id"]) <= 40
            json.loads(call["function"]["arguments"])
            waiting.append(call["id"])
    assert not waiting


@given(canonical.requests(media=False))
def test_what_is_rendered_is_parsed_back(request: ChatRequest) -> None:
    rendered = CHAT.parse_request(render(request, to=target(ModelProfile(thinking=Thinking.EFFORT))).body)
    again = CHAT.parse_request(render(rendered, to=target(ModelProfile(thinking=Thinking.EFFORT))).body)
    assert again == rendered
    assert rendered.sampling == request.sampling
    assert texts(rendered) >= texts(request)


def texts(request: ChatRequest) -> set[str]:
    return {part.text for said in request.messages for part in said.parts if isinstance(part, Text)}


def test_results_stay_together_and_their_pictures_follow() -> None:
    picture = Image(source=Inline(media_type="image/png", base64=canonical.PNG))
    request = ChatRequest(
        model="m",
        messages=(
            Message(
                role=Role.ASSISTANT, parts=(ToolCall(id="1", name="f", raw=""), ToolCall(id="2", name="g", raw=""))
            ),
            Message(role=Role.TOOL, parts=(ToolResult(call_id="1", name="f", parts=(picture,)),)),
            Message(
                role=Role.TOOL,
                parts=(ToolResult(call_id="2", parts=(Text(text="a"), Text(text="b")), is_error=True),),
            ),
            SAID_HI,
        ),
    )
    body = render(request).body
    sdk.check_request(body)
    assert [said["role"] for said in body["messages"]] == ["assistant", "tool", "tool", "user", "user"]
    assert body["messages"][1]["content"] == "[see the next user message]"
    assert body["messages"][2]["content"] == "[tool error] a\nb"
    assert body["messages"][3]["content"][1]["type"] == "image_url"


def test_pictures_of_the_last_result_are_not_lost() -> None:
    picture = Image(source=Url(url="https://a.example/x.png"))
    call = Message(role=Role.ASSISTANT, parts=(ToolCall(id="1", name="f", raw=""),))
    result = Message(role=Role.TOOL, parts=(ToolResult(call_id="1", parts=(Text(text="a"), picture)),))
    body = render(ChatRequest(model="m", messages=(call, result))).body
    assert [said["role"] for said in body["messages"]] == ["assistant", "tool", "user"]


def test_orphans_are_repaired_and_named() -> None:
    call = Message(role=Role.ASSISTANT, parts=(ToolCall(id="1", name="f", raw="{}"),))
    rendered = render(ChatRequest(model="m", messages=(call, SAID_HI)))
    assert codes(rendered) == [("orphan_tool_call", "/messages/0/tool_calls/0")]
    check_conversation(rendered.body["messages"])


def test_reasoning_returns_only_where_it_is_wanted() -> None:
    own = Opaque(family="google", value="SIG")
    request = asked(
        Reasoning(text="a"),
        Reasoning(text="b", signature=Opaque(family="anthropic", value="X")),
        Text(text="hi", signature=own),
        ToolCall(id="1", name="f", raw="{}", signature=own),
        role=Role.ASSISTANT,
    )
    plain = render(request)
    assert "reasoning_content" not in plain.body["messages"][0]
    assert [loss.kind for loss in plain.losses if loss.code == "dropped_reasoning"] == [
        LossKind.HINT,
        LossKind.CHANGE,
    ]
    assert "SIG" not in json.dumps(plain.body)
    wanted = render(request, ChatQuirks(returns_reasoning=True), to=target(family="anthropic")).body["messages"][0]
    assert wanted["reasoning_content"] == "a\n\nb"
    assert wanted["thinking_blocks"][1] == {"type": "thinking", "thinking": "b", "signature": "X"}
    google = render(request, to=target(family="google")).body["messages"][0]
    assert (
        google["extra_content"]
        == google["tool_calls"][0]["extra_content"]
        == {"google": {"thought_signature": "SIG"}}
    )


@given(canonical.conversations(names=("a",), media=False, family="anthropic"))
def test_reasoning_comes_back_to_its_family(messages: tuple[Message, ...]) -> None:
    request = ChatRequest(model="m", messages=messages)
    quirks = ChatQuirks(returns_reasoning=True)
    body = render(request, quirks, to=target(family="anthropic")).body
    thoughts = [part for said in messages for part in said.parts if isinstance(part, Reasoning)]
    again = [
        part for said in CHAT.parse_request(body).messages for part in said.parts if isinstance(part, Reasoning)
    ]
    assert again == thoughts


def test_quirks_change_what_is_sent() -> None:
    request = asked(
        Text(text="be kind"), role=Role.DEVELOPER, max_output_tokens=10, stream=True, parallel_tool_calls=True,
        sampling=Sampling(top_k=5),
        tools=(Tool(name="f", strict=True), Tool(name="c", kind="custom", description="d", grammar={"type": "text"})),
        tool_choice=ToolChoice(mode=ToolMode.NAMED, names=("c",)),
    )  # fmt: skip
    openai = render(request)
    assert openai.body["messages"][0]["role"] == "developer"
    assert openai.body["max_completion_tokens"] == 10
    assert openai.body["stream_options"] == {"include_usage": True}
    assert openai.body["tools"][0]["function"]["strict"]
    assert openai.body["tool_choice"]["type"] == "custom"
    assert not openai.custom_tools
    assert codes(openai) == [("dropped_param", "/top_k")]
    quirks = ChatQuirks(
        max_tokens_field="max_tokens", stream_usage=False, developer_role=False, strict_tools=False,
        custom_tools=False, top_k=True, unsupported=frozenset({"parallel_tool_calls", "seed"}),
    )  # fmt: skip
    other = render(request, quirks)
    assert other.body["messages"][0]["role"] == "system"
    assert (other.body["max_tokens"], other.body["top_k"]) == (10, 5)
    assert not {"stream_options", "parallel_tool_calls", "max_completion_tokens"} & other.body.keys()
    assert "strict" not in other.body["tools"][0]["function"]
    assert other.body["tools"][1]["function"]["parameters"]["required"] == ["input"]
    assert other.body["tool_choice"] == {"type": "function", "function": {"name": "c"}}
    assert other.custom_tools == {"c"}
    assert codes(other) == [
        ("strict_relaxed", "/tools/0/function/strict"),
        ("dropped_grammar", "/tools/1/custom/format"),
        ("dropped_param", "/parallel_tool_calls"),
    ]


def test_free_text_calls_in_the_history() -> None:
    request = asked(ToolCall(id="1", name="c", raw="free", kind="custom"), role=Role.ASSISTANT)
    native = render(request).body["messages"][0]["tool_calls"][0]
    assert native == {"id": "1", "type": "custom", "custom": {"name": "c", "input": "free"}}
    function = render(request, ChatQuirks(custom_tools=False)).body["messages"][0]["tool_calls"][0]
    assert function["function"] == {"name": "c", "arguments": '{"input":"free"}'}


@pytest.mark.parametrize(
    ("spelling", "ttl", "member"),
    [
        ("cache_control", None, {"type": "ephemeral"}),
        ("cache_control", "5m", {"type": "ephemeral"}),
        ("cache_control", "12h", {"type": "ephemeral", "ttl": "1h"}),
        ("prompt_cache_breakpoint", "5m", {"mode": "explicit"}),
        ("prompt_cache_breakpoint", "1h", {"mode": "explicit", "ttl": "12h"}),
        ("prompt_cache_breakpoint", "30m", {"mode": "explicit", "ttl": "30m"}),
        ("prompt_cache_breakpoint", None, {"mode": "explicit"}),
    ],
)
def test_cache_hints_are_spelled_as_the_upstream_does(
    spelling: Any, ttl: str | None, member: dict[str, Any]
) -> None:
    hint = CacheHint(ttl=ttl)
    call = Message(role=Role.ASSISTANT, parts=(ToolCall(id="1", name="f", raw=""),))
    result = Message(
        role=Role.TOOL, parts=(ToolResult(call_id="1", parts=(Text(text="r"),), cache=hint, is_error=True),)
    )
    said = Message(role=Role.USER, parts=(Text(text="a", cache=hint),))
    request = ChatRequest(model="m", messages=(call, result, said), tools=(Tool(name="f", cache=hint),))
    body = render(request, ChatQuirks(cache_hints=spelling)).body
    assert body["messages"][1]["content"] == [{"type": "text", "text": "[tool error] r", spelling: member}]
    assert body["messages"][2]["content"] == [{"type": "text", "text": "a", spelling: member}]
    assert (spelling in body["tools"][0]) is (spelling == "cache_control")
    silent = render(request)
    assert {loss.kind for loss in silent.losses} == {LossKind.HINT}
    assert "ephemeral" not in json.dumps(silent.body)


def test_models_that_reason_take_no_sampling() -> None:
    sampling = Sampling(
        temperature=0.5, top_p=1, frequency_penalty=0.5, presence_penalty=0, logit_bias={"1": 1}, seed=1
    )
    request = asked(sampling=sampling, logprobs=2)
    rendered = render(request, to=target(THINKING))
    assert rendered.body["seed"] == 1
    assert not {"temperature", "top_p", "frequency_penalty", "logit_bias", "logprobs"} & rendered.body.keys()
    assert [where for _, where in codes(rendered)] == [
        "/temperature", "/top_p", "/frequency_penalty", "/presence_penalty", "/logit_bias", "/logprobs",
        "/top_logprobs",
    ]  # fmt: skip
    asks_for_nothing = {"/top_p", "/presence_penalty"}
    assert {loss.where for loss in rendered.losses if loss.kind is LossKind.HINT} == asks_for_nothing
    resting = render(replace(request, reasoning=ReasoningSettings(effort=Effort.NONE)), to=target(THINKING))
    assert (resting.body["temperature"], resting.body["logprobs"]) == (0.5, True)
    assert [where for _, where in codes(resting)] == ["/frequency_penalty", "/presence_penalty", "/logit_bias"]


@pytest.mark.parametrize(
    ("settings", "profile", "effort", "code"),
    [
        (ReasoningSettings(effort=Effort.LOW), THINKING, "low", None),
        (
            ReasoningSettings(effort=Effort.MAX),
            replace(THINKING, efforts=(Effort.LOW, Effort.HIGH)),
            "high",
            "effort_changed",
        ),
        (ReasoningSettings(budget_tokens=0), THINKING, "none", None),
        (ReasoningSettings(budget_tokens=500), THINKING, "minimal", None),
        (ReasoningSettings(budget_tokens=2000), THINKING, "low", None),
        (ReasoningSettings(budget_tokens=8000), THINKING, "medium", None),
        (ReasoningSettings(budget_tokens=16_384), THINKING, "high", None),
        (ReasoningSettings(budget_tokens=100_000), THINKING, "xhigh", None),
        (ReasoningSettings(budget_tokens=-1), THINKING, None, "dropped_param"),
        (ReasoningSettings(adaptive=True), THINKING, None, "dropped_param"),
        (ReasoningSettings(effort=Effort.LOW), PLAIN_MODEL, None, "dropped_param"),
        (ReasoningSettings(effort=Effort.NONE), PLAIN_MODEL, None, "dropped_param"),
        (ReasoningSettings(effort=Effort.LOW), ModelProfile(thinking=Thinking.BUDGET), "low", None),
        (None, THINKING, None, None),
    ],
)
def test_effort(
    settings: ReasoningSettings | None, profile: ModelProfile, effort: str | None, code: str | None
) -> None:
    rendered = render(asked(reasoning=settings), to=target(profile))
    assert rendered.body.get("reasoning_effort") == effort
    assert [loss.code for loss in rendered.losses] == ([code] if code else [])


def test_the_limit_is_clamped_to_the_model() -> None:
    rendered = render(asked(max_output_tokens=100), to=target(ModelProfile(max_output_tokens=50)))
    assert rendered.body["max_completion_tokens"] == 50
    assert codes(rendered) == [("max_tokens_clamped", "/max_completion_tokens")]


def test_choices_without_tools_are_dropped() -> None:
    rendered = render(asked(tool_choice=ToolChoice(mode=ToolMode.AUTO), parallel_tool_calls=False))
    assert not {"tool_choice", "parallel_tool_calls"} & rendered.body.keys()


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        ({}, {"type": "object", "properties": {}}),
        ({"properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"anyOf": []}, {"anyOf": []}),
        ({"type": "object"}, {"type": "object"}),
    ],
)
def test_schemas_say_that_they_are_objects(parameters: dict[str, Any], sent: dict[str, Any]) -> None:
    before = copy.deepcopy(parameters)
    assert (
        render(asked(tools=(Tool(name="f", parameters=parameters),))).body["tools"][0]["function"]["parameters"]
        == sent
    )
    assert parameters == before


def test_formats() -> None:
    unnamed = asked(response_format=ResponseFormat(kind="json_schema", schema={"type": "object"}))
    assert render(unnamed).body["response_format"]["json_schema"]["name"] == "response"
    assert render(asked(response_format=ResponseFormat(kind="json_object"))).body["response_format"] == {
        "type": "json_object"
    }
    assert "response_format" not in render(asked(response_format=ResponseFormat(kind="text"))).body


def test_web_search_of_other_vendors() -> None:
    tool = BuiltinTool(
        kind="web_search",
        native_type="web_search_20250305",
        options={"name": "web_search", "max_uses": 1, "user_location": {"type": "approximate", "city": "Bern"}},
    )
    rendered = render(asked(tools=(tool, tool)))
    assert rendered.body["web_search_options"] == {
        "user_location": {"type": "approximate", "approximate": {"city": "Bern"}}
    }
    assert codes(rendered) == [("dropped_tool_option", "/tools/0/max_uses"), ("dropped_tool", "/tools/1")]


@pytest.mark.parametrize(
    "request_",
    [
        asked(tools=(BuiltinTool(kind="code_execution", native_type="codeExecution"),)),
        asked(Document(source=Url(url="https://a.example/x.pdf"))),
        asked(Document(source=FileRef(family="google", file_id="x"))),
        asked(Image(source=FileRef(family="openai", file_id="x"))),
        asked(Audio(source=Url(url="https://a.example/x.wav"))),
        asked(Audio(source=Inline(media_type="audio/ogg", base64="AAAA"))),
    ],
)
def test_what_this_wire_cannot_say_is_refused(request_: ChatRequest) -> None:
    with pytest.raises(UnsupportedFeature):
        render(request_)


def test_parts_that_are_lost_are_named() -> None:
    picture = Image(source=Url(url="https://a.example/x.png"))
    opaque = OpaquePart(family="google", kind="code", raw={})
    rendered = render(asked(Text(text="a"), picture, opaque, role=Role.ASSISTANT))
    assert rendered.body["messages"] == [{"role": "assistant", "content": "a"}]
    assert codes(rendered) == [
        ("dropped_media", "/messages/0/content/1"),
        ("dropped_opaque_part", "/messages/0/content/2"),
    ]
    user = render(asked(Text(text="a"), opaque))
    assert user.body["messages"] == [{"role": "user", "content": "a"}]
    assert codes(user) == [("dropped_opaque_part", "/messages/0/content/1")]


def test_other_documents_and_sounds() -> None:
    text = asked(Document(source=PlainText(text="plain")))
    assert render(text).body["messages"][0]["content"] == "plain"
    sound = asked(Audio(source=Inline(media_type="audio/mpeg", base64="AAAA")))
    assert render(sound).body["messages"][0]["content"][0]["input_audio"] == {"data": "AAAA", "format": "mp3"}
    unnamed = asked(Document(source=Inline(media_type="application/pdf", base64=canonical.PDF), title="T"))
    assert render(unnamed).body["messages"][0]["content"][0]["file"]["filename"] == "T"


def test_members_of_other_formats_are_named() -> None:
    rendered = render(
        asked(
            ext={
                "anthropic": {"context_management": {"edits": []}},
                "openai": {"moderation": {}, "stream_options": {}},
            }
        )
    )
    assert rendered.body["moderation"] == {}
    assert "stream_options" not in rendered.body
    assert codes(rendered) == [("dropped_ext", "/context_management")]


def test_what_only_one_vendor_keeps_is_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="container"):
        render(asked(ext={"anthropic": {"container": "x"}}))


def test_empty_messages() -> None:
    empty = ChatRequest(
        model="m", messages=(Message(role=Role.USER, parts=()), Message(role=Role.ASSISTANT, parts=()))
    )
    assert render(empty).body["messages"] == [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": ""},
    ]
