"""Clients' requests: read as what they mean, and written again as they came."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.sealed import Sealed, seal
from domain.chat.content import (
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
    Text,
    ToolCall,
    ToolResult,
    Url,
)
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
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.errors import MalformedRequest
from domain.json_types import JSON
from tests.dialects.anthropic_messages.targets import ADAPTIVE, BUDGET, PROFILES, accept_in_vendor_types, render
from tests.strategies.anthropic_wire import request_bodies
from tests.strategies.canonical import PDF, PNG

DIALECT = AnthropicMessages()
HI: dict[str, Any] = {"role": "user", "content": "hi"}


def parse(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "asked", "max_tokens": 9, "messages": [HI], **members})


def parts_of(role: str, *blocks: dict[str, Any]) -> tuple[Part, ...]:
    """The parts of a message of such blocks, without the marks of how they were written."""
    (message,) = parse(messages=[{"role": role, "content": list(blocks)}]).messages
    return message.parts


def text(words: str, **members: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **members}


# ---- there and back ------------------------------------------------------------------------------------------------


@settings(max_examples=100)
@given(request_bodies(), st.sampled_from(PROFILES))
def test_what_was_read_is_written_as_it_came(body: dict[str, Any], profile: Any) -> None:
    accept_in_vendor_types(body)
    request = DIALECT.parse_request(body)
    rendered = render(request, profile)
    assert rendered == RenderedRequest(body={**body, "model": "claude-x"})
    assert DIALECT.parse_request({**rendered.body, "model": "asked"}) == request


@settings(max_examples=25)
@given(request_bodies())
def test_reading_changes_nothing_in_place(body: dict[str, Any]) -> None:
    before = repr(body)
    render(DIALECT.parse_request(body))
    assert repr(body) == before


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ({"stream": False}, {}),
        (
            {"tools": [{"type": "custom", "name": "f", "input_schema": {}}]},
            {"tools": [{"name": "f", "input_schema": {}}]},
        ),
        (
            {"output_format": {"type": "json_schema", "schema": {}, "x": 1}},
            {"output_config": {"format": {"type": "json_schema", "schema": {}, "x": 1}}},
        ),
        ({"max_tokens": None}, {"max_tokens": None}),
    ],
)
def test_normal_forms(given: dict[str, Any], normal: dict[str, Any]) -> None:
    body = {"model": "asked", "max_tokens": 9, "messages": [HI]}
    assert render(DIALECT.parse_request({**body, **given})).body == {**body, **normal, "model": "claude-x"}


def test_a_request_to_count_tokens_has_no_limit() -> None:
    request = DIALECT.parse_request({"model": "asked", "messages": [HI]})
    assert request.max_output_tokens is None
    assert render(request).body == {"model": "claude-x", "messages": [HI]}


# ---- what it means -------------------------------------------------------------------------------------------------


def test_settings() -> None:
    request = parse(
        stop_sequences=["END"],
        temperature=0.5,
        top_p=1,
        top_k=3.0,
        metadata={"user_id": "ann", "team": "x"},
        service_tier="standard_only",
        container="c",
        output_config={
            "format": {"type": "json_schema", "schema": {"type": "object"}},
            "task_budget": {"total": 1},
        },
        stream=True,
    )
    assert request == ChatRequest(
        model="asked",
        messages=request.messages,
        max_output_tokens=9,
        sampling=Sampling(temperature=0.5, top_p=1, top_k=3, stop=("END",)),
        end_user="ann",
        service_tier="standard",
        response_format=ResponseFormat(kind="json_schema", schema={"type": "object"}),
        stream=True,
        include_usage=True,
        source="anthropic_messages",
        ext={
            "anthropic": {
                "container": "c",
                "output_config": {"task_budget": {"total": 1}},
                "metadata": {"team": "x"},
            }
        },
    )


@pytest.mark.parametrize(
    ("members", "meant"),
    [
        ({}, None),
        ({"output_config": {"effort": "max"}}, ReasoningSettings(effort=Effort.MAX)),
        ({"thinking": {"type": "adaptive"}}, ReasoningSettings(adaptive=True)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "low"}},
            ReasoningSettings(adaptive=True, visible=False, effort=Effort.LOW),
        ),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2_000, "display": "summarized"}},
            ReasoningSettings(budget_tokens=2_000, visible=True),
        ),
        ({"thinking": {"type": "disabled"}}, ReasoningSettings(effort=Effort.NONE)),
        (
            {"thinking": {"type": "disabled"}, "output_config": {"effort": "low"}},
            ReasoningSettings(effort=Effort.NONE, ext={"anthropic": {"effort": "low"}}),
        ),
        (
            {"thinking": {"type": "between_tools"}},
            ReasoningSettings(effort=Effort.NONE, ext={"anthropic": {"type": "between_tools"}}),
        ),
    ],
)
def test_thinking(members: dict[str, Any], meant: ReasoningSettings | None) -> None:
    request = parse(**members)
    assert request.reasoning == meant
    assert render(request).body == {"model": "claude-x", "max_tokens": 9, "messages": [HI], **members}


def test_words_that_came_later_are_left_over() -> None:
    members = {"output_config": {"effort": "ultra"}, "thinking": {"type": "adaptive", "display": "live"}}
    request = parse(**members)
    assert request.ext == {"anthropic": {"output_config": {"effort": "ultra"}}}
    assert request.reasoning == ReasoningSettings(adaptive=True, ext={"anthropic": {"display": "live"}})
    assert render(request).body["thinking"] == members["thinking"]


@pytest.mark.parametrize(
    ("choice", "meant", "parallel"),
    [
        ({"type": "auto"}, ToolChoice(mode=ToolMode.AUTO), None),
        ({"type": "any", "disable_parallel_tool_use": True}, ToolChoice(mode=ToolMode.REQUIRED), False),
        ({"type": "none", "disable_parallel_tool_use": False}, ToolChoice(mode=ToolMode.NONE), True),
        ({"type": "tool", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, names=("f",)), None),
        (
            {"type": "tool", "name": "web_search"},
            ToolChoice(mode=ToolMode.REQUIRED, builtin="web_search_20250305"),
            None,
        ),
        ({"type": "tool", "name": "bash"}, ToolChoice(mode=ToolMode.REQUIRED, builtin="bash_20250124"), None),
    ],
)
def test_tool_choices(choice: dict[str, Any], meant: ToolChoice, parallel: bool | None) -> None:
    tools = [
        {"name": "f", "input_schema": {"type": "object"}},
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 1},
        {"type": "bash_20250124", "name": "bash"},
    ]
    request = parse(tools=tools, tool_choice=choice)
    assert (request.tool_choice, request.parallel_tool_calls) == (meant, parallel)
    assert render(request).body["tool_choice"] == choice


def test_tools() -> None:
    tools = [
        {
            "name": "f",
            "description": "d",
            "input_schema": {"type": "object", "title": "T"},
            "strict": True,
            "cache_control": {"type": "ephemeral", "ttl": "1h"},
            "defer_loading": True,
        },
        {"type": "web_search_20260209", "name": "web_search", "max_uses": 1},
        {"type": "mcp_toolset", "mcp_server_name": "s"},
        {"type": "memory_20250818", "name": "memory"},
        {"type": "computer_toolset_20260801"},
    ]
    assert parse(tools=tools).tools == (
        Tool(
            name="f",
            description="d",
            parameters={"type": "object", "title": "T"},
            strict=True,
            cache=CacheHint(ttl="1h"),
            ext={"anthropic": {"defer_loading": True}},
        ),
        BuiltinTool(kind="web_search", native_type="web_search_20260209", options={"max_uses": 1}),
        BuiltinTool(kind="mcp", native_type="mcp_toolset", options={"mcp_server_name": "s"}),
        BuiltinTool(kind="other", native_type="memory_20250818", options={"name": "memory"}),
        BuiltinTool(kind="computer", native_type="computer_toolset_20260801", options={}),
    )


def test_a_message_with_results_is_several() -> None:
    content = [
        text("first"),
        {"type": "tool_result", "tool_use_id": "a", "content": "1", "is_error": True},
        {
            "type": "tool_result",
            "tool_use_id": "b",
            "content": [text("2")],
            "cache_control": {"type": "ephemeral"},
        },
        text("last"),
    ]
    body = {"system": [text("s"), text("t")], "messages": [{"role": "user", "content": content, "id": "m"}]}
    request = parse(**body)
    assert [(message.role, message.standing, len(message.parts)) for message in request.messages] == [
        (Role.SYSTEM, True, 2),
        (Role.USER, False, 1),
        (Role.TOOL, False, 2),
        (Role.USER, False, 1),
    ]
    first, second = request.messages[2].parts
    assert isinstance(first, ToolResult)
    assert (first.call_id, first.is_error, [part.text for part in first.parts if isinstance(part, Text)]) == (
        "a",
        True,
        ["1"],
    )
    assert isinstance(second, ToolResult)
    assert (second.call_id, second.is_error, second.cache) == ("b", False, CacheHint())
    assert request.messages[1].ext == {"anthropic": {"id": "m"}}


def test_instructions_inside_the_conversation_keep_their_place() -> None:
    addition = {"type": "tool_addition", "tool": {}}
    messages = [HI, {"role": "system", "content": [text("now"), addition]}, {"role": "assistant", "content": "ok"}]
    request = parse(messages=messages)
    assert request.messages[1] == Message(
        role=Role.SYSTEM,
        parts=(Text(text="now"), OpaquePart(family="anthropic", kind="tool_addition", raw=addition)),
    )


@pytest.mark.parametrize(
    ("block", "meant"),
    [
        (text("a", cache_control={"type": "ephemeral", "ttl": "5m"}), Text(text="a", cache=CacheHint(ttl="5m"))),
        (
            {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": PNG}},
            Image(source=Inline(media_type="image/png", base64=PNG)),
        ),
        (
            {
                "type": "image",
                "source": {"type": "url", "url": "http://x"},
                "cache_control": {"type": "ephemeral"},
            },
            Image(source=Url(url="http://x"), cache=CacheHint()),
        ),
        (
            {"type": "image", "source": {"type": "file", "file_id": "f", "x": 1}},
            Image(source=FileRef(family="anthropic", file_id="f"), ext={"anthropic": {"source": {"x": 1}}}),
        ),
        (
            {"type": "image", "source": {"type": "tomorrow"}},
            OpaquePart(family="anthropic", kind="image", raw={"type": "image", "source": {"type": "tomorrow"}}),
        ),
        (
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}},
            Document(source=Inline(media_type="application/pdf", base64=PDF)),
        ),
        (
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "d"},
                "title": "T",
                "context": "C",
                "citations": {"enabled": True},
            },
            Document(
                source=PlainText(text="d"),
                title="T",
                ext={"anthropic": {"context": "C", "citations": {"enabled": True}}},
            ),
        ),
        (
            {"type": "document", "source": {"type": "content", "content": [text("a"), text("b")]}},
            Document(
                source=PlainText(text="a\n\nb"),
                ext={"anthropic": {"source": {"type": "content", "content": [text("a"), text("b")]}}},
            ),
        ),
        (
            {"type": "container_upload", "file_id": "f"},
            OpaquePart(
                family="anthropic", kind="container_upload", raw={"type": "container_upload", "file_id": "f"}
            ),
        ),
        (
            {"type": "tool_use", "id": "x", "name": "f", "input": {}},
            OpaquePart(
                family="anthropic",
                kind="tool_use",
                raw={"type": "tool_use", "id": "x", "name": "f", "input": {}},
            ),
        ),
    ],
)
def test_what_users_show(block: dict[str, Any], meant: Part) -> None:
    assert parts_of("user", block) == (meant,)


def test_search_results_and_references_can_be_read_by_others() -> None:
    found = {"type": "search_result", "source": "https://a", "title": "A", "content": [text("b"), text("c")]}
    (shown,) = parts_of("user", found)
    assert isinstance(shown, Text)
    assert shown.text == "[A](https://a)\nb\nc"
    reference = {"type": "tool_reference", "tool_name": "f"}
    (result,) = parts_of("user", {"type": "tool_result", "tool_use_id": "x", "content": [found, reference]})
    assert isinstance(result, ToolResult)
    assert [part.text for part in result.parts if isinstance(part, Text)] == [
        shown.text,
        '{"type":"tool_reference","tool_name":"f"}',
    ]


def test_what_assistants_said() -> None:
    location = {"type": "web_search_result_location", "url": "https://a", "title": "A", "cited_text": "c"}
    assert parts_of(
        "assistant",
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ"},
        text("x", citations=[location]),
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"n": 1.0}, "caller": {"type": "direct"}},
        {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"__raw__": "{cut"}},
        {"type": "mcp_tool_use", "id": "m"},
    ) == (
        Reasoning(text="", signature=Opaque(family="anthropic", value="c2ln")),
        Reasoning(text="", signature=Opaque(family="anthropic", value="ZGF0YQ"), redacted=True),
        Text(
            text="x",
            citations=(
                Citation(kind="url", url="https://a", title="A", cited_text="c", ext={"anthropic": location}),
            ),
        ),
        ToolCall(
            id="toolu_1",
            name="f",
            raw='{"n":1.0}',
            arguments={"n": 1.0},
            ext={"anthropic": {"caller": {"type": "direct"}}},
        ),
        ToolCall(id="toolu_2", name="f", raw="{cut"),
        OpaquePart(family="anthropic", kind="mcp_tool_use", raw={"type": "mcp_tool_use", "id": "m"}),
    )


def test_odd_marks_and_citations_are_left_over() -> None:
    scoped = {"type": "ephemeral", "scope": "global"}
    unknown = {"type": "tomorrows_location", "cited_text": "c"}
    (part,) = parts_of("assistant", text("a", cache_control=scoped, citations=[unknown]))
    assert part == Text(
        text="a", cache=CacheHint(), ext={"anthropic": {"cache_control": scoped, "citations": [unknown]}}
    )


@pytest.mark.parametrize("arguments", [{"big": 2**70}, {"f": 1.0}, {"u": "a\u2028b"}, {"s": "\ud83d"}, {}])
def test_arguments_keep_their_value(arguments: dict[str, JSON]) -> None:
    use = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": arguments}
    request = parse(messages=[HI, {"role": "assistant", "content": [use]}])
    assert render(request).body["messages"][1]["content"] == [use]
    (call,) = request.messages[1].parts
    assert isinstance(call, ToolCall)
    if "s" not in arguments:
        import json

        assert json.loads(call.raw) == arguments


# ---- seals ---------------------------------------------------------------------------------------------------------

GOOGLE = Opaque(family="google", value="c2ln", model="gemini")


def thinking(words: str, sealed: Sealed) -> dict[str, Any]:
    return {"type": "thinking", "thinking": words, "signature": seal(sealed)}


USE = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
CALL = ToolCall(id="toolu_1", name="f", raw="{}", arguments={})


@pytest.mark.parametrize(
    ("blocks", "meant"),
    [
        ([thinking("t", Sealed(GOOGLE))], (Reasoning(text="t", signature=GOOGLE),)),
        ([thinking("t", Sealed(None))], (Reasoning(text="t"),)),
        ([thinking("", Sealed(GOOGLE, redacted=True))], (Reasoning(text="", signature=GOOGLE, redacted=True),)),
        ([thinking("", Sealed(GOOGLE, "call")), USE], (replace(CALL, signature=GOOGLE),)),
        ([thinking("", Sealed(GOOGLE, "call")), USE, USE], (replace(CALL, signature=GOOGLE), CALL)),
        ([text("x"), thinking("", Sealed(GOOGLE, "text"))], (Text(text="x", signature=GOOGLE),)),
        ([thinking("", Sealed(GOOGLE, "text"))], (Text(text="", signature=GOOGLE),)),
        (
            [thinking("kept", Sealed(GOOGLE, "call")), USE],
            (Reasoning(text="kept"), replace(CALL, signature=GOOGLE)),
        ),
        ([{"type": "thinking", "thinking": "t", "signature": "fg1.google.damaged"}], (Reasoning(text="t"),)),
    ],
)
def test_seals_are_opened(blocks: list[dict[str, Any]], meant: tuple[Part, ...]) -> None:
    assert parts_of("assistant", *blocks) == meant


@pytest.mark.parametrize(
    "parts",
    [
        (Reasoning(text="t", signature=GOOGLE), Text(text="x", signature=GOOGLE), replace(CALL, signature=GOOGLE)),
        (Reasoning(text="", signature=GOOGLE, redacted=True), Text(text="x")),
        (Reasoning(text="unsigned"), CALL),
        (Reasoning(text="own", signature=Opaque(family="anthropic", value="c2ln")), Text(text="x")),
    ],
)
def test_an_answer_sent_back_is_what_it_was(parts: tuple[Part, ...]) -> None:
    finish = Finish(reason=FinishReason.STOP)
    response = ChatResponse(
        id="x", model="m", candidates=(Candidate(index=0, parts=parts, finish=finish),), usage=None
    )
    content = DIALECT.render_response(response, Reply(model="asked"))["content"]
    (_, message) = parse(messages=[HI, {"role": "assistant", "content": content}]).messages
    assert message.parts == parts


@pytest.mark.parametrize("profile", [ADAPTIVE, BUDGET])
def test_nothing_sealed_reaches_the_vendor(profile: Any) -> None:
    cited = text(
        "x", citations=[{"type": "web_search_result_location", "url": "u", "encrypted_index": seal(Sealed(None))}]
    )
    said = [thinking("t", Sealed(GOOGLE)), cited, thinking("", Sealed(GOOGLE, "call")), USE]
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "ok"}
    request = parse(
        system="s",
        messages=[HI, {"role": "assistant", "content": said}, {"role": "user", "content": [result]}],
        thinking={"type": "enabled", "budget_tokens": 1_024},
        tools=[{"name": "f", "input_schema": {"type": "object"}, "defer_loading": True}],
        max_tokens=5_000,
    )
    rendered = render(request, profile)
    assert "fg1." not in repr(rendered.body)
    assert rendered.body["system"] == [text("s")]
    assert rendered.body["messages"][1]["content"] == [text("x"), USE]
    assert rendered.body["tools"][0]["defer_loading"] is True
    assert "thinking" not in rendered.body
    assert [(loss.code, loss.where) for loss in rendered.losses] == [
        ("dropped_reasoning", "/messages/2/reasoning_content/0"),
        ("dropped_signature", "/messages/2/tool_calls/0"),
        ("dropped_citation", "/messages/2/content/0"),
        ("thinking_disabled", "/reasoning_effort"),
    ]


# ---- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": None}, "model"),
        ({"model": 5}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": {}}, "messages"),
        ({"messages": [5]}, "messages[0]"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [5]}]}, "messages[0].content[0]"),
        ({"messages": [{"role": "user", "content": [{"text": "x"}]}]}, "messages[0].content[0].type"),
        (
            {"messages": [HI, {"role": "user", "content": [text("x"), {"type": "text"}]}]},
            "messages[1].content[1].text",
        ),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "messages[0].content[0].source"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image", "source": {"url": "x"}}]}]},
            "messages[0].content[0].source.type",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {
                                "type": "image",
                                "source": {"type": "base64", "media_type": "image/png", "data": "!"},
                            }
                        ],
                    }
                ]
            },
            "messages[0].content[0].source.data",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "document", "source": {"type": "content", "content": 5}}],
                    }
                ]
            },
            "messages[0].content[0].source.content",
        ),
        (
            {
                "messages": [
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "x", "content": 5}]}
                ]
            },
            "messages[0].content[0].content",
        ),
        (
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [{"type": "tool_result", "tool_use_id": "x", "content": [{"type": "text"}]}],
                    }
                ]
            },
            "messages[0].content[0].content[0].text",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "tool_use", "id": "x", "name": "f"}]}]},
            "messages[0].content[0].input",
        ),
        (
            {"messages": [{"role": "assistant", "content": [{"type": "thinking", "signature": "x"}]}]},
            "messages[0].content[0].thinking",
        ),
        ({"system": 5}, "system"),
        ({"system": [{"type": "text", "text": 5}]}, "system[0].text"),
        ({"max_tokens": "9"}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"stop_sequences": ["a", 5]}, "stop_sequences[1]"),
        ({"tools": [{"name": "f"}, {"input_schema": {}}]}, "tools[1].name"),
        ({"tools": [{"name": "f", "input_schema": 5}]}, "tools[0].input_schema"),
        ({"tools": [{"name": "f", "input_schema": {}, "cache_control": 5}]}, "tools[0].cache_control"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"thinking": {"type": "on"}}, "thinking.type"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens"),
        ({"output_config": {"effort": 5}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "text"}}}, "output_config.format.type"),
        ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema"),
        ({"metadata": {"user_id": 5}}, "metadata.user_id"),
        ({"metadata": 5}, "metadata"),
        ({"temperature": "hot"}, "temperature"),
        ({"service_tier": {}}, "service_tier"),
    ],
)
def test_mistakes_have_a_path(members: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        parse(**members)
    assert refused.value.param == path
    assert refused.value.message.startswith(f"{path}: expected ")


@given(st.from_type(dict), st.sampled_from(["messages", "system", "tools", "thinking", "tool_choice"]))
@example({}, "messages")
def test_a_mistake_is_a_request_error(value: dict[Any, Any], name: str) -> None:
    try:
        parse(**{name: value})
    except MalformedRequest:
        return
