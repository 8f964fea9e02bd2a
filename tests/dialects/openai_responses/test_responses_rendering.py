"""Requests of other dialects as Responses requests: what the API takes, what survives, and what is named as lost."""

import base64
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.openai_responses.request import parse_request
from adapters.dialects.openai_responses.request_rendering import render_request
from adapters.dialects.openai_responses.strict_schema import is_strict
from adapters.dialects.sealed import Sealed, seal
from domain.chat.content import (
    Audio,
    CacheHint,
    Citation,
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
from domain.chat.json_arguments import parse_arguments
from domain.chat.loss import Loss, LossKind
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
from domain.models.catalogue import profile_for
from domain.models.profile import ModelProfile
from tests.dialects.openai_responses.request_judge import check_request
from tests.strategies import canonical


def target(model: str = "gpt-4.1") -> Target:
    return Target(provider="openai", family="openai", model=model, profile=profile_for("openai", model))


CHAT_MODEL, THINKER, NEWEST = target(), target("gpt-5"), target("gpt-6-sol")
TARGETS = st.sampled_from([CHAT_MODEL, THINKER, NEWEST, target("my-deployment")])
CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
OPEN = {"type": "object", "properties": {"a": {"type": "string"}}}
SIGNED = Opaque(family="openai", value="gAAA")


def user(*parts: Part | str) -> Message:
    return Message(role=Role.USER, parts=texts(parts))


def assistant(*parts: Part | str) -> Message:
    return Message(role=Role.ASSISTANT, parts=texts(parts))


def results(*parts: ToolResult) -> Message:
    return Message(role=Role.TOOL, parts=parts)


def texts(parts: tuple[Part | str, ...]) -> tuple[Part, ...]:
    return tuple(Text(text=part) if isinstance(part, str) else part for part in parts)


def request(*messages: Message, **members: Any) -> ChatRequest:
    return ChatRequest(model="asked", messages=messages or (user("hi"),), source="openai_chat", **members)


def rendered(*messages: Message, to: Target = CHAT_MODEL, **members: Any) -> RenderedRequest:
    sent = render_request(request(*messages, **members), to)
    check_request(sent.body)
    return sent


def items(*messages: Message, to: Target = CHAT_MODEL, **members: Any) -> list[Any]:
    sent = rendered(*messages, to=to, **members).body["input"]
    assert isinstance(sent, list)
    return sent


def codes(sent: RenderedRequest) -> list[tuple[str, str]]:
    return [(loss.code, loss.where) for loss in sent.losses]


CALL = ToolCall(id="call_1", name="look", raw='{"a": 1}', arguments={"a": 1})
RESULT = ToolResult(call_id="call_1", parts=(Text(text="found"),))


# ---- what the API takes --------------------------------------------------------------------------------------------


@given(st.data(), TARGETS)
def test_everything_sent_is_what_the_api_takes(data: st.DataObject, to: Target) -> None:
    family = data.draw(st.sampled_from([None, "openai", "anthropic", "google"]))
    asked = data.draw(canonical.requests(odd_names=True, family=family))
    body = render_request(asked, to).body
    check_request(body)
    assert body["store"] is False
    assert ("tools" in body) or not body.keys() & {"tool_choice", "parallel_tool_calls"}
    assert not body.keys() & {"stop", "seed", "n", "messages", "frequency_penalty", "presence_penalty"}
    for tool in body.get("tools", ()):
        assert tool["strict"] in (True, False)
        assert "function" not in tool
        assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", tool["name"])
    for item in body["input"]:
        assert "id" not in item
        assert len(item.get("call_id", "")) <= 64
        assert not str(item.get("call_id")).startswith("chatcmpl-")
    assert thoughts_are_followed(body["input"])


def thoughts_are_followed(sent: list[dict[str, Any]]) -> bool:
    return all(
        item["encrypted_content"] and (follows.get("type", "").endswith(("_call", "reasoning")) or spoken(follows))
        for item, follows in zip(sent, [*sent[1:], {}], strict=True)
        if item.get("type") == "reasoning"
    )


def spoken(item: dict[str, Any]) -> bool:
    return item.get("role") == "assistant"


@given(canonical.requests(odd_names=True, media=False), TARGETS)
def test_what_was_said_survives(asked: ChatRequest, to: Target) -> None:
    sent = render_request(asked, to)
    calls = [part for message in asked.messages for part in message.parts if isinstance(part, ToolCall)]
    sent_calls = [item for item in sent.body["input"] if item.get("type") == "function_call"]
    assert [sent.tool_names.original(item["name"]) for item in sent_calls] == [call.name for call in calls]
    assert [parse_arguments(item["arguments"]) for item in sent_calls] == [call.arguments for call in calls]
    answered = [item["call_id"] for item in sent.body["input"] if item.get("type") == "function_call_output"]
    assert answered == [item["call_id"] for item in sent_calls]
    said = [
        part.text
        for message in asked.messages
        for part in message.parts
        if isinstance(part, Text) and message.role is not Role.ASSISTANT
    ]
    heard = [
        text
        for item in sent.body["input"]
        if item.get("role") not in (None, "assistant")
        for text in heard_in(item)
    ]
    assert heard == said


def heard_in(item: dict[str, Any]) -> list[str]:
    content = item["content"]
    return [content] if isinstance(content, str) else [part["text"] for part in content]


SETTINGS: dict[str, dict[str, Any]] = {
    "temperature": {"sampling": Sampling(temperature=0.5)},
    "top_p": {"sampling": Sampling(top_p=0.5)},
    "top_k": {"sampling": Sampling(top_k=4)},
    "stop": {"sampling": Sampling(stop=("END",))},
    "seed": {"sampling": Sampling(seed=7)},
    "frequency_penalty": {"sampling": Sampling(frequency_penalty=0.5)},
    "presence_penalty": {"sampling": Sampling(presence_penalty=0.5)},
    "logit_bias": {"sampling": Sampling(logit_bias={"5": 1.0})},
    "logprobs": {"logprobs": 3},
    "prediction": {"prediction": {"type": "content", "content": "x"}},
    "audio": {"audio_output": {"voice": "alloy", "format": "wav"}},
    "modalities": {"modalities": ("text", "audio")},
    "verbosity": {"verbosity": "low"},
    "service_tier": {"service_tier": "flex"},
    "user": {"end_user": "u"},
    "prompt_cache_key": {"cache_key": "k"},
    "store": {"store": True},
    "metadata": {"metadata": {"a": "b"}},
    "max_tokens": {"max_output_tokens": 999},
    "reasoning_effort": {"reasoning": ReasoningSettings(effort=Effort.HIGH)},
    "response_format": {"response_format": ResponseFormat(kind="json_object")},
    "safety_identifier": {"ext": {"openai": {"safety_identifier": "x"}}},
    "web_search_options": {"ext": {"openai": {"web_search_options": {"a": 1}}}},
    "truncation": {"ext": {"openai_responses": {"truncation": "auto"}}},
    "container": {"ext": {"anthropic": {"inference_geo": "us"}}},
}


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("to", [CHAT_MODEL, THINKER, NEWEST], ids=lambda to: to.model)
def test_warnings_are_exactly_the_losses(name: str, to: Target) -> None:
    """A member is named where, and only where, the request is the same without it."""
    plain, asked = rendered(to=to), rendered(to=to, **SETTINGS[name])
    assert not plain.losses
    wanted = "inference_geo" if name == "container" else name
    named = any(loss.where == f"/{wanted}" for loss in asked.losses)
    if name == "truncation":  # of this very format, but no client of another can have said it
        return
    assert named == (asked.body == plain.body)


def test_a_plain_request() -> None:
    assert rendered(user("hi")).body == {
        "model": "gpt-4.1",
        "input": [{"role": "user", "content": "hi"}],
        "store": False,
    }


def test_models_that_reason_send_their_thoughts_encrypted() -> None:
    assert rendered(to=THINKER).body["include"] == ["reasoning.encrypted_content"]
    assert "include" not in rendered(to=THINKER, store=True).body
    assert "include" not in rendered(to=CHAT_MODEL).body
    effort = ReasoningSettings(effort=Effort.LOW)
    assert "include" in rendered(to=target("my-deployment"), reasoning=effort).body


def test_streams_come_without_padding() -> None:
    body = rendered(stream=True).body
    assert (body["stream"], body["stream_options"]) == (True, {"include_obfuscation": False})
    asked = {"openai": {"stream_options": {"include_obfuscation": True}}}
    assert rendered(stream=True, ext=asked).body["stream_options"] == {"include_obfuscation": True}
    assert "stream_options" not in rendered(ext=asked).body


def test_several_answers_are_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="n = 1"):
        rendered(candidates=2)
    with pytest.raises(UnsupportedFeature, match="text among modalities"):
        rendered(modalities=("audio",))


def test_members_of_other_vendors() -> None:
    with pytest.raises(UnsupportedFeature, match="container"):
        rendered(ext={"anthropic": {"container": "c"}})
    sent = rendered(
        ext={"anthropic": {"mcp": {"a": 1}}, "openai": {"user": "u", "audio_bitrate": 1}}, end_user="u"
    )
    assert codes(sent) == [("dropped_ext", "/mcp"), ("dropped_ext", "/audio_bitrate")]
    assert sent.body["user"] == "u"


# ---- sampling, limits, thought -------------------------------------------------------------------------------------


def test_models_that_reason_take_no_sampling_unless_they_need_not() -> None:
    asked = {"sampling": Sampling(temperature=0.5, top_p=0.9), "logprobs": 2}
    refused = rendered(to=THINKER, **asked)
    assert codes(refused) == [
        ("dropped_param", f"/{name}") for name in ("temperature", "top_p", "logprobs", "top_logprobs")
    ]
    assert {loss.kind for loss in refused.losses} == {LossKind.PARAMETER}
    taken = rendered(to=NEWEST, reasoning=ReasoningSettings(effort=Effort.NONE), **asked)
    assert not taken.losses
    assert (taken.body["temperature"], taken.body["top_logprobs"]) == (0.5, 2)
    assert taken.body["include"] == ["message.output_text.logprobs", "reasoning.encrypted_content"]
    (plain,) = rendered(to=THINKER, sampling=Sampling(temperature=1)).losses
    assert (plain.where, plain.kind) == ("/temperature", LossKind.HINT)


def test_logprobs_without_alternatives() -> None:
    body = rendered(logprobs=0).body
    assert body["include"] == ["message.output_text.logprobs"]
    assert "top_logprobs" not in body


@pytest.mark.parametrize(
    ("asked", "sent", "code"), [(1, 16, "max_tokens_raised"), (99_999, 32_768, "max_tokens_clamped")]
)
def test_limits_are_kept_within_the_models(asked: int, sent: int, code: str) -> None:
    limited = rendered(max_output_tokens=asked)
    assert limited.body["max_output_tokens"] == sent
    assert codes(limited) == [(code, "/max_tokens")]


@pytest.mark.parametrize(
    ("wanted", "to", "sent", "lost"),
    [
        (ReasoningSettings(effort=Effort.HIGH), THINKER, {"effort": "high"}, []),
        (ReasoningSettings(effort=Effort.HIGH, visible=True), THINKER, {"effort": "high", "summary": "auto"}, []),
        (ReasoningSettings(visible=True), THINKER, {"summary": "auto"}, []),
        (ReasoningSettings(effort=Effort.XHIGH), THINKER, {"effort": "high"}, ["effort_changed"]),
        (ReasoningSettings(budget_tokens=8_000), THINKER, {"effort": "medium", "summary": "auto"}, []),
        (ReasoningSettings(budget_tokens=8_000, visible=False), THINKER, {"effort": "medium"}, []),
        (ReasoningSettings(budget_tokens=-1), THINKER, {"summary": "auto"}, []),
        (ReasoningSettings(budget_tokens=0), NEWEST, {"effort": "none"}, []),
        (ReasoningSettings(adaptive=True), THINKER, {"summary": "auto"}, []),
        (ReasoningSettings(adaptive=True, visible=False), THINKER, None, ["dropped_param"]),
        (ReasoningSettings(effort=Effort.NONE, visible=True), NEWEST, {"effort": "none"}, ["dropped_param"]),
        (ReasoningSettings(effort=Effort.HIGH), CHAT_MODEL, None, ["dropped_param"]),
        (ReasoningSettings(visible=True), CHAT_MODEL, None, ["dropped_param"]),
        (ReasoningSettings(effort=Effort.NONE), CHAT_MODEL, None, ["dropped_param"]),
    ],
)
def test_how_hard_to_think(wanted: ReasoningSettings, to: Target, sent: Any, lost: list[str]) -> None:
    asked = rendered(to=to, reasoning=wanted)
    assert asked.body.get("reasoning") == sent
    assert [loss.code for loss in asked.losses] == lost


# ---- structured output and tools -----------------------------------------------------------------------------------


def test_structured_output() -> None:
    wanted = ResponseFormat(kind="json_schema", name="my answer", description="d", schema=CLOSED, strict=True)
    text = rendered(response_format=wanted, verbosity="low").body["text"]
    assert text["verbosity"] == "low"
    name = text["format"].pop("name")
    assert re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
    assert text["format"] == {"type": "json_schema", "description": "d", "schema": CLOSED, "strict": True}
    relaxed = rendered(response_format=replace(wanted, schema=OPEN))
    assert relaxed.body["text"]["format"]["strict"] is False
    assert codes(relaxed) == [("strict_relaxed", "/response_format/json_schema/strict")]
    unnamed = rendered(response_format=ResponseFormat(kind="json_schema")).body["text"]["format"]
    assert unnamed == {"type": "json_schema", "name": "response", "schema": {"type": "object"}}
    assert "text" not in rendered(response_format=ResponseFormat(kind="text")).body


def test_functions_are_flat_and_say_whether_they_are_strict() -> None:
    tools = (
        Tool(name="f", description="d", parameters=CLOSED, strict=True),
        Tool(name="g", parameters=OPEN, strict=True),
        Tool(name="h"),
        Tool(name="i", parameters={}, cache=CacheHint()),
        Tool(name="j", parameters={"properties": {}}, ext={"openai": {"odd": 1}}),
    )
    sent = rendered(tools=tools)
    empty = {"type": "object", "properties": {}}
    assert sent.body["tools"] == [
        {"type": "function", "name": "f", "description": "d", "parameters": CLOSED, "strict": True},
        {"type": "function", "name": "g", "parameters": OPEN, "strict": False},
        {"type": "function", "name": "h", "parameters": empty, "strict": False},
        {"type": "function", "name": "i", "parameters": empty, "strict": False},
        {"type": "function", "name": "j", "parameters": empty, "strict": False},
    ]
    assert codes(sent) == [
        ("strict_relaxed", "/tools/1/function/strict"),
        ("dropped_cache_hint", "/tools/3"),
        ("dropped_ext", "/tools/4/odd"),
    ]


def test_tools_of_free_text() -> None:
    rules = {"syntax": "lark", "definition": "start: WORD"}
    grammar = {"type": "grammar", "grammar": rules}
    tools = (Tool(name="write", kind="custom", grammar=grammar), Tool(name="say", kind="custom", description="d"))
    call = ToolCall(id="c", name="write", raw="free text", kind="custom")
    sent = rendered(
        user("go"),
        assistant(call),
        results(ToolResult(call_id="c", parts=())),
        tools=tools,
        tool_choice=ToolChoice(mode=ToolMode.NAMED, names=("write",)),
    )
    assert sent.body["tools"] == [
        {"type": "custom", "name": "write", "format": {"type": "grammar", **rules}},
        {"type": "custom", "name": "say", "description": "d"},
    ]
    assert sent.body["input"][1:] == [
        {"type": "custom_tool_call", "call_id": "c", "name": "write", "input": "free text"},
        {"type": "custom_tool_call_output", "call_id": "c", "output": ""},
    ]
    assert sent.body["tool_choice"] == {"type": "custom", "name": "write"}


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice(mode=ToolMode.AUTO), "auto"),
        (ToolChoice(mode=ToolMode.NONE), "none"),
        (ToolChoice(mode=ToolMode.REQUIRED), "required"),
        (ToolChoice(mode=ToolMode.NAMED, names=("f",)), {"type": "function", "name": "f"}),
        (
            ToolChoice(mode=ToolMode.REQUIRED, names=("f",)),
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "f"}]},
        ),
    ],
)
def test_choices(choice: ToolChoice, sent: Any) -> None:
    asked = rendered(tools=(Tool(name="f"),), tool_choice=choice, parallel_tool_calls=False)
    assert (asked.body["tool_choice"], asked.body["parallel_tool_calls"]) == (sent, False)
    assert not asked.losses
    idle = rendered(tool_choice=choice)
    assert "tool_choice" not in idle.body
    assert idle.losses == (Loss("dropped_param", "/tool_choice", "there are no tools", LossKind.HINT),)


@pytest.mark.parametrize(
    ("tool", "sent", "lost"),
    [
        (
            BuiltinTool(
                kind="web_search",
                native_type="web_search_options",
                options={
                    "search_context_size": "low",
                    "user_location": {"type": "approximate", "approximate": {"city": "Oslo"}},
                },
            ),
            {
                "type": "web_search",
                "search_context_size": "low",
                "user_location": {"type": "approximate", "city": "Oslo"},
            },
            [],
        ),
        (
            BuiltinTool(
                kind="web_search",
                native_type="web_search_20250305",
                options={
                    "name": "web_search",
                    "max_uses": 2,
                    "allowed_domains": ["a.org"],
                    "blocked_domains": None,
                    "user_location": {"type": "approximate"},
                },
            ),
            {
                "type": "web_search",
                "filters": {"allowed_domains": ["a.org"]},
                "user_location": {"type": "approximate"},
            },
            [("dropped_tool_option", "/tools/0/max_uses")],
        ),
        (BuiltinTool(kind="web_search", native_type="googleSearch"), {"type": "web_search"}, []),
        (
            BuiltinTool(kind="code_execution", native_type="codeExecution", options={}),
            {"type": "code_interpreter", "container": {"type": "auto"}},
            [],
        ),
        (
            BuiltinTool(kind="mcp", native_type="mcp", options={"server_label": "x", "server_url": "https://x"}),
            {"type": "mcp", "server_label": "x", "server_url": "https://x"},
            [],
        ),
    ],
)
def test_tools_that_the_vendor_runs(tool: BuiltinTool, sent: Any, lost: list[tuple[str, str]]) -> None:
    asked = rendered(tools=(tool,), tool_choice=ToolChoice(mode=ToolMode.REQUIRED, builtin="web_search"))
    assert asked.body["tools"] == [sent]
    assert codes(asked) == lost
    allowed = [{"type": sent["type"]}]
    assert asked.body["tool_choice"] == {"type": "allowed_tools", "mode": "required", "tools": allowed}


def test_a_tool_that_must_run_but_cannot_be_told() -> None:
    asked = rendered(
        tools=(Tool(name="f"),), tool_choice=ToolChoice(mode=ToolMode.REQUIRED, builtin="bash_20250124")
    )
    assert asked.body["tool_choice"] == "required"
    assert codes(asked) == [("tool_choice_relaxed", "/tool_choice")]


def test_tools_that_nobody_else_runs_are_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="urlContext"):
        rendered(tools=(BuiltinTool(kind="web_fetch", native_type="urlContext"),))


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        (OPEN, False),
        (None, False),
        ({"type": "object", "additionalProperties": False}, True),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "anyOf": []}, False),
        ({**CLOSED, "properties": {"a": {}}}, False),
        ({**CLOSED, "properties": {"a": True}}, False),
        ({**CLOSED, "properties": {"a": {"type": "string", "default": "x"}}}, False),
        ({**CLOSED, "properties": {"a": {"type": "array"}}}, False),
        ({**CLOSED, "properties": {"a": {"type": "array", "items": {"type": "string"}}}}, True),
        ({**CLOSED, "properties": {"a": {"type": "array", "items": True}}}, False),
        ({**CLOSED, "properties": {"a": {"anyOf": [{"type": "null"}, CLOSED]}}}, True),
        ({**CLOSED, "properties": {"a": {"anyOf": [{"type": ["object", "null"]}]}}}, False),
        ({**CLOSED, "properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": CLOSED}}, True),
        ({**CLOSED, "properties": {"a": {"$ref": "#/$defs/x", "minimum": 1}}}, False),
        ({**CLOSED, "$defs": {"x": OPEN}}, False),
        ({"type": "array", "items": CLOSED}, False),
    ],
)
def test_schemas_that_strict_mode_takes(schema: Any, strict: bool) -> None:
    assert is_strict(schema) is strict


# ---- what was said -------------------------------------------------------------------------------------------------


def test_instructions_stand_beside_the_conversation_only_where_they_did() -> None:
    standing = (
        Message(role=Role.SYSTEM, parts=(Text(text="one"), Text(text="", cache=CacheHint())), standing=True),
        Message(role=Role.SYSTEM, parts=(Text(text="two"),), standing=True),
    )
    later = (
        Message(role=Role.DEVELOPER, parts=(Text(text="be brief"),)),
        user("hi"),
        Message(role=Role.SYSTEM, parts=(Text(text="now"),)),
    )
    sent = rendered(*standing, *later)
    assert sent.body["instructions"] == "one\n\ntwo"
    assert [item["role"] for item in sent.body["input"]] == ["developer", "user", "system"]
    assert codes(sent) == [("dropped_cache_hint", "/messages/0/content/1")]
    odd = rendered(replace(standing[0], parts=(Image(source=Url(url="https://x/y.png")),)), user("hi"))
    assert "instructions" not in odd.body
    assert codes(odd) == [("dropped_media", "/messages/0/content/0")]


def test_one_item_each_in_order() -> None:
    said = assistant("let me see", CALL, "and", replace(CALL, id="call_2", raw=""), "more", "words")
    sent = items(user("hi"), said, results(RESULT, replace(RESULT, call_id="call_2")))
    assert sent == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "let me see"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"a": 1}'},
        {"role": "assistant", "content": "and"},
        {"type": "function_call", "call_id": "call_2", "name": "look", "arguments": "{}"},
        {"role": "assistant", "content": "morewords"},
        {"type": "function_call_output", "call_id": "call_1", "output": "found"},
        {"type": "function_call_output", "call_id": "call_2", "output": "found"},
    ]


def test_results() -> None:
    picture = Image(source=Url(url="https://x/y.png"))
    cases: list[tuple[ToolResult, Any]] = [
        (ToolResult(call_id="call_1", parts=()), ""),
        (ToolResult(call_id="call_1", parts=(Text(text="a"), Text(text="b"))), "a\nb"),
        (ToolResult(call_id="call_1", parts=(Text(text="no"),), is_error=True), "[tool error] no"),
        (
            ToolResult(call_id="call_1", parts=(picture,), is_error=True),
            [
                {"type": "input_text", "text": "[tool error] "},
                {"type": "input_image", "detail": "auto", "image_url": "https://x/y.png"},
            ],
        ),
    ]
    for result, output in cases:
        assert items(user("hi"), assistant(CALL), results(result))[-1]["output"] == output


def test_orphans_are_repaired() -> None:
    sent = rendered(user("hi"), results(RESULT), assistant(CALL), user("?"))
    kinds = [item.get("type", item.get("role")) for item in sent.body["input"]]
    assert kinds == ["user", "user", "function_call", "function_call_output", "user"]
    assert codes(sent) == [
        ("orphan_tool_result", "/messages/1/content/0"),
        ("orphan_tool_call", "/messages/2/tool_calls/0"),
    ]


def test_long_call_ids_fit() -> None:
    long = "x" * 70
    sent = items(user("hi"), assistant(replace(CALL, id=long)), results(replace(RESULT, call_id=long)))
    assert len(sent[1]["call_id"]) <= 64
    assert sent[1]["call_id"] == sent[2]["call_id"]


@pytest.mark.parametrize(
    ("part", "sent"),
    [
        (Image(source=Inline(media_type="image/png", base64=canonical.PNG)), {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{canonical.PNG}"}),
        (Image(source=Url(url="https://x/y"), detail="high"), {"type": "input_image", "detail": "high", "image_url": "https://x/y"}),
        (Image(source=FileRef(family="openai", file_id="file-1")), {"type": "input_image", "detail": "auto", "file_id": "file-1"}),
        (Document(source=Inline(media_type="application/pdf", base64=canonical.PDF), filename="a.pdf"), {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{canonical.PDF}"}),
        (Document(source=Inline(media_type="application/pdf", base64=canonical.PDF)), {"type": "input_file", "filename": "document.pdf", "file_data": f"data:application/pdf;base64,{canonical.PDF}"}),
        (Document(source=Inline(media_type="image/png", base64=canonical.PNG)), {"type": "input_image", "detail": "auto", "image_url": f"data:image/png;base64,{canonical.PNG}"}),
        (Document(source=PlainText(text="é"), title="notes"), {"type": "input_file", "filename": "notes", "file_data": "data:text/plain;base64," + base64.b64encode("é".encode()).decode()}),
        (Document(source=Url(url="https://x/y.pdf"), filename="y.pdf"), {"type": "input_file", "file_url": "https://x/y.pdf"}),
        (Document(source=FileRef(family="openai", file_id="file-1")), {"type": "input_file", "file_id": "file-1"}),
    ],
)  # fmt: skip
def test_media(part: Part, sent: Any) -> None:
    assert items(user("see", part))[0]["content"] == [{"type": "input_text", "text": "see"}, sent]


@pytest.mark.parametrize(
    "part",
    [
        Image(source=Inline(media_type="image/tiff", base64=canonical.PNG)),
        Image(source=PlainText(text="x")),
        Image(source=FileRef(family="anthropic", file_id="file_1")),
        Document(source=FileRef(family="google", file_id="files/1")),
        Document(source=Inline(media_type="audio/mpeg", base64=canonical.WAV)),
        Audio(source=Inline(media_type="audio/wav", base64=canonical.WAV), audio_format="wav"),
    ],
)
def test_media_that_cannot_be_sent_is_refused_with_its_place(part: Part) -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        rendered(user("hi"), user("see", part))
    assert refused.value.param == "messages[1].content[1]"
    foreign = isinstance(part, (Image, Document)) and isinstance(part.source, FileRef)
    assert (refused.value.code == "foreign_file_ref") is foreign


def test_what_only_answers_hold() -> None:
    cited = Text(text="see a", citations=(Citation(kind="url", url="https://a"),))
    marked = Text(text="so", cache=CacheHint())
    said = assistant(
        cited,
        marked,
        Refusal(text="no"),
        Image(source=Url(url="https://x")),
        OpaquePart(family="anthropic", kind="server_tool_use", raw={}),
    )
    sent = rendered(user("hi"), said, user(OpaquePart(family="google", kind="x", raw={}), "go"))
    assert sent.body["input"][1:] == [
        {"role": "assistant", "content": "see asono"},
        {"role": "user", "content": "go"},
    ]
    assert codes(sent) == [
        ("dropped_citations", "/messages/1/content/0"),
        ("dropped_cache_hint", "/messages/1/content/1"),
        ("refusal_as_text", "/messages/1/content/2"),
        ("dropped_media", "/messages/1/content/3"),
        ("dropped_opaque_part", "/messages/1/content/4"),
        ("dropped_opaque_part", "/messages/2/content/0"),
    ]
    assert items(user("hi"), assistant(""))[1:] == []


def test_items_of_this_format_go_back_to_it() -> None:
    search = {
        "type": "web_search_call",
        "id": "ws_1",
        "status": "completed",
        "action": {"type": "search", "query": "x"},
    }
    kept = OpaquePart(family="openai_responses", kind="web_search_call", raw=search)
    assert items(user("hi"), assistant(kept, "found"))[1] == search
    assert items(user("hi"), user(kept))[1] == search
    odd = Message(role=Role.TOOL, parts=(RESULT, kept, Text(text="?")))
    assert items(user("hi"), assistant(CALL), odd)[-1]["type"] == "function_call_output"


def test_leftovers_of_other_formats_are_named() -> None:
    said = Message(
        role=Role.ASSISTANT,
        parts=(Text(text="x", ext={"anthropic": {"odd": 1}}),),
        ext={"openai": {"annotations": [{}], "odder": 2}},
    )
    sent = rendered(user("hi"), said)
    assert [(loss.where, loss.kind) for loss in sent.losses] == [
        ("/messages/1/annotations", LossKind.HINT),
        ("/messages/1/odder", LossKind.PARAMETER),
        ("/messages/1/content/0/odd", LossKind.PARAMETER),
    ]


def test_names() -> None:
    anna, bob = replace(user("hi"), name="Anna"), replace(user(Image(source=Url(url="https://x"))), name="Bob")
    told = rendered(anna, bob, replace(user(), name="Anna"), replace(assistant("yes"), name="bot"))
    assert told.body["input"][0]["content"] == "Anna: hi"
    assert told.body["input"][1]["content"][0] == {"type": "input_text", "text": "Bob:"}
    assert codes(told) == [("dropped_name", "/messages/3/name")]
    assert codes(rendered(anna)) == [("dropped_name", "/messages/0/name")]


# ---- thoughts ------------------------------------------------------------------------------------------------------


def test_own_thoughts_go_back_before_what_follows_them() -> None:
    thought = Reasoning(text="hm", signature=SIGNED)
    sent = rendered(user("hi"), assistant(thought, CALL), results(RESULT), to=THINKER)
    assert sent.body["input"][1] == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "hm"}],
        "encrypted_content": "gAAA",
    }
    assert not sent.losses
    raw = items(user("hi"), assistant(Reasoning(text="hm", form="raw", signature=SIGNED), "so"), to=THINKER)[1]
    assert raw["content"] == [{"type": "reasoning_text", "text": "hm"}]


def test_thoughts_that_the_vendor_neither_signed_nor_stored_do_not_go_to_it() -> None:
    summary = [{"type": "summary_text", "text": "hm"}]
    stored = {"type": "reasoning", "id": "rs_1", "summary": summary}
    unsigned = {"type": "reasoning", "id": "rs_fg", "summary": summary, "encrypted_content": seal(Sealed(None))}
    said = {"role": "assistant", "content": "so"}
    request = parse_request({"model": "m", "input": [stored, unsigned, said]})
    sent = render_request(request, THINKER)
    assert sent.body["input"] == [stored, said]
    assert [loss.code for loss in sent.losses] == ["dropped_reasoning"]


@pytest.mark.parametrize(
    ("thoughts", "kind"),
    [
        ((Reasoning(text="hm", signature=Opaque(family="anthropic", value="s")), Text(text="a")), LossKind.CHANGE),
        ((Reasoning(text="hm"), Text(text="a")), LossKind.HINT),
        ((Reasoning(text="hm", signature=SIGNED),), LossKind.CHANGE),
        ((Text(text="a"), Reasoning(text="hm", signature=SIGNED)), LossKind.CHANGE),
    ],
)
def test_thoughts_that_would_be_refused_are_dropped(thoughts: tuple[Part, ...], kind: LossKind) -> None:
    sent = rendered(user("hi"), assistant(*thoughts), user("go"), to=THINKER)
    assert "reasoning" not in [item.get("type") for item in sent.body["input"]]
    assert [(loss.code, loss.where, loss.kind) for loss in sent.losses] == [
        ("dropped_reasoning", "/messages/1/reasoning_content/0", kind)
    ]


# ---- cache hints ---------------------------------------------------------------------------------------------------


def test_cache_hints_reach_models_that_take_them() -> None:
    hints = [CacheHint(), CacheHint(ttl="1h"), CacheHint(ttl="5m"), CacheHint(ttl="30m"), CacheHint()]
    said = [user(Text(text="x", cache=hint)) for hint in hints]
    sent = [item["content"] for item in items(*said, to=NEWEST)]
    explicit: dict[str, Any] = {"mode": "explicit"}
    assert [part[0].get("prompt_cache_breakpoint") for part in sent] == [
        None,  # at most four, the last ones
        {**explicit, "ttl": "12h"},
        explicit,
        {**explicit, "ttl": "30m"},
        explicit,
    ]
    assert codes(rendered(said[0], to=THINKER)) == [("dropped_cache_hint", "/messages/0/content/0")]


def test_cache_hints_on_results_and_calls() -> None:
    marked = replace(RESULT, parts=(), cache=CacheHint())
    sent = rendered(user("hi"), assistant(replace(CALL, cache=CacheHint())), results(marked), to=NEWEST)
    assert sent.body["input"][-1]["output"] == [
        {"type": "input_text", "text": "", "prompt_cache_breakpoint": {"mode": "explicit"}}
    ]
    assert codes(sent) == [("dropped_cache_hint", "/messages/1/tool_calls/0")]


# ---- clients of this very format -----------------------------------------------------------------------------------


def test_no_other_vendors_signature_goes_back() -> None:
    foreign = Opaque(family="google", value="s")
    said = assistant(
        Reasoning(text="hm", signature=foreign),
        Reasoning(text="", ext={"openai_responses": {"id": "rs_1"}}),
        Text(text="", signature=foreign),
        replace(CALL, signature=foreign),
        Text(text="x", signature=foreign),
    )
    asked = replace(request(user("hi"), said), source="openai_responses")
    sent = render_request(asked, THINKER)
    assert [loss.code for loss in sent.losses] == ["dropped_reasoning"]
    assert "s" not in json.dumps([item.get("encrypted_content", "") for item in sent.body["input"]])
    assert [item.get("type", "message") for item in sent.body["input"]] == [
        "message",
        "reasoning",
        "function_call",
        "message",
    ]
    assert "store" not in sent.body


def test_sound_and_items_among_results_go_back_to_their_own_format() -> None:
    sound = Audio(source=Inline(media_type="audio/wav", base64=canonical.WAV), audio_format="wav")
    item = {"type": "computer_call_output", "call_id": "c", "output": {}}
    kept = OpaquePart(family="openai_responses", kind="computer_call_output", raw=item)
    odd = Message(role=Role.TOOL, parts=(kept, Text(text="?")))
    sent = render_request(replace(request(user(sound), odd), source="openai_responses"), THINKER)
    spoken_part, back = sent.body["input"]
    audio = {"type": "input_audio", "input_audio": {"data": canonical.WAV, "format": "wav"}}
    assert (spoken_part["content"], back) == ([audio], item)
    assert codes(sent) == [("dropped_media", "/messages/1/content/1")]


def test_a_plain_profile_is_taken_at_its_word() -> None:
    plain = Target(provider="vllm", family="vllm", model="m", profile=ModelProfile())
    assert rendered(to=plain, sampling=Sampling(temperature=0.1)).body["temperature"] == 0.1
