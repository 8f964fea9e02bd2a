"""Requests of Responses clients: everything is carried, and every mistake is named with its place."""

import contextlib
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adapters.dialects.contract import Target
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.dialects.openai_responses.vocabulary import FAMILY, ITEM, OPENAI
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
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    Url,
)
from domain.chat.request import (
    BuiltinTool,
    ChatRequest,
    Effort,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.errors import MalformedRequest
from domain.models.profile import ModelProfile
from tests.dialects.openai_responses.responses_sdk import check_request
from tests.strategies.canonical import PDF, PNG
from tests.strategies.responses_wire import LOGPROBS, normal_form, requests, unknown_members

DIALECT = OpenAIResponses()
TARGET = Target(provider="openai", family="openai", model="gpt-5", profile=ModelProfile())


def parse(**members: Any) -> ChatRequest:
    return DIALECT.parse_request({"model": "gpt-5", "input": "hi", **members})


def parts(*items: Any) -> tuple[Any, ...]:
    """The parts of the one message that the items are."""
    (message,) = parse(input=list(items)).messages
    return message.parts


@given(requests())
@settings(max_examples=30)
def test_the_strategy_writes_what_the_type_takes(body: dict[str, Any]) -> None:
    check_request(body)


BOTH_SUMMED_UP_AND_THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "a"}],
    "content": [{"type": "reasoning_text", "text": "b"}],
}


@given(requests(), unknown_members())
@example({"model": "m", "input": [BOTH_SUMMED_UP_AND_THOUGHT]}, {})
@example({"model": "m", "input": "hi", "include": [LOGPROBS], "top_logprobs": 0}, {})
def test_rendering_is_the_inverse_of_parsing(body: dict[str, Any], unknown: dict[str, Any]) -> None:
    body = body | unknown
    rendered = DIALECT.render_request(DIALECT.parse_request(body), TARGET)
    assert normal_form(rendered.body) == normal_form(body)
    assert rendered.losses == ()


@given(requests())
def test_parsing_what_was_rendered_changes_nothing(body: dict[str, Any]) -> None:
    request = DIALECT.parse_request(body)
    assert DIALECT.parse_request(DIALECT.render_request(request, TARGET).body) == request


@given(requests())
@settings(max_examples=30)
def test_conversations_keep_their_order_and_their_roles(body: dict[str, Any]) -> None:
    request = DIALECT.parse_request(body)
    assert request.source == "openai_responses"
    for before, after in zip(request.messages, request.messages[1:], strict=False):
        folds = before.role is after.role and before.role in (Role.ASSISTANT, Role.TOOL)
        assert not folds, "what folds stands in one message"
    for message in request.messages:
        inside = (ToolResult,) if message.role is Role.TOOL else object
        assert all(isinstance(part, inside) for part in message.parts)


def test_instructions_stand_beside_the_conversation() -> None:
    request = parse(instructions="Be brief.")
    assert [(message.role, message.standing, message.parts) for message in request.messages] == [
        (Role.SYSTEM, True, (Text(text="Be brief."),)),
        (Role.USER, False, (Text(text="hi"),)),
    ]


def test_what_the_model_did_folds_into_one_message() -> None:
    request = parse(
        input=[
            {"role": "user", "content": "weather?"},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
            {"type": "message", "role": "assistant", "content": "Let me look."},
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": '{"in":"Rome"}'},
            {"type": "custom_tool_call", "call_id": "c2", "name": "run", "input": "print(1)"},
            {"type": "custom_tool_call_output", "call_id": "c2", "output": "1"},
            {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "sun"}]},
            {"role": "user", "content": "thanks"},
        ]
    )
    own = {FAMILY: {"id": "rs_1"}}
    assert [(message.role, message.parts) for message in request.messages] == [
        (Role.USER, (Text(text="weather?"),)),
        (
            Role.ASSISTANT,
            (
                Reasoning(text="hm", ext=own),
                Text(text="Let me look."),
                ToolCall(id="c1", name="weather", raw='{"in":"Rome"}', arguments={"in": "Rome"}),
                ToolCall(id="c2", name="run", raw="print(1)", kind="custom"),
            ),
        ),
        (
            Role.TOOL,
            (
                ToolResult(
                    call_id="c2", parts=(Text(text="1"),), ext={FAMILY: {"type": "custom_tool_call_output"}}
                ),
                ToolResult(call_id="c1", parts=(Text(text="sun"),)),
            ),
        ),
        (Role.USER, (Text(text="thanks"),)),
    ]


def test_message_items_of_one_turn_are_told_apart() -> None:
    said = parts(
        {"role": "assistant", "content": "a"},
        {"role": "assistant", "content": "b", "phase": "commentary"},
        {
            "type": "message",
            "id": "msg_1",
            "status": "completed",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "c", "annotations": []},
                {"type": "refusal", "refusal": "d"},
            ],
        },
    )
    assert said == (
        Text(text="a"),
        Text(text="b", ext={FAMILY: {ITEM: {"phase": "commentary"}}}),
        Text(text="c", ext={FAMILY: {ITEM: {"type": "message", "id": "msg_1", "status": "completed"}}}),
        Refusal(text="d"),
    )


def test_media_come_inline_by_address_and_by_id() -> None:
    (message,) = parse(
        input=[
            {
                "role": "user",
                "content": [
                    {"type": "input_image", "image_url": f"data:image/jpg;base64,{PNG}", "detail": "low"},
                    {"type": "input_image", "image_url": "https://example.com/a.png"},
                    {"type": "input_image", "file_id": "file_1"},
                    {"type": "input_file", "file_data": PDF, "filename": "a.pdf"},
                    {"type": "input_file", "file_url": "https://example.com/a.pdf"},
                    {"type": "input_file", "file_id": "file_2"},
                    {"type": "input_text", "text": "?", "prompt_cache_breakpoint": {"mode": "explicit"}},
                ],
            }
        ]
    ).messages
    assert message.parts == (
        Image(source=Inline(media_type="image/png", base64=PNG), detail="low"),
        Image(source=Url(url="https://example.com/a.png")),
        Image(source=FileRef(family=OPENAI, file_id="file_1")),
        Document(source=Inline(media_type="application/pdf", base64=PDF), filename="a.pdf"),
        Document(source=Url(url="https://example.com/a.pdf")),
        Document(source=FileRef(family=OPENAI, file_id="file_2")),
        Text(text="?", cache=CacheHint()),
    )


def test_sources_of_answers_are_citations() -> None:
    said = parts(
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {
                    "type": "output_text",
                    "text": "It is so.",
                    "annotations": [
                        {
                            "type": "url_citation",
                            "start_index": 0,
                            "end_index": 2,
                            "title": "A",
                            "url": "https://a.example",
                        }
                    ],
                }
            ],
        }
    )
    assert said[0].citations == (Citation(kind="url", url="https://a.example", title="A", start=0, end=2),)


def test_openai_s_thoughts_keep_their_encrypted_content() -> None:
    (thought,) = parts({"type": "reasoning", "summary": [], "encrypted_content": "gAAA"})
    assert thought == Reasoning(text="", signature=Opaque(family="openai", value="gAAA"))


def test_raw_thoughts_and_those_of_several_parts_are_one_text() -> None:
    raw, several = parts(
        {"type": "reasoning", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in ("a", "b")]},
    )
    assert raw == Reasoning(text="hm", form="raw")
    assert (several.text, several.form) == ("a\n\nb", "summary")


@pytest.mark.parametrize("family", ["anthropic", "google", "deepseek"])
def test_seals_are_opened_for_what_they_belong_to(family: str) -> None:
    def sealed(bearer: Any) -> dict[str, Any]:
        signature = Opaque(family=family, value=bearer)
        return {"type": "reasoning", "summary": [], "encrypted_content": seal(Sealed(signature, bearer))}

    thought, text, call = parts(
        sealed("reasoning"),
        {"role": "assistant", "content": "so"},
        sealed("text"),
        sealed("call"),
        {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
    )
    assert thought == Reasoning(text="", signature=Opaque(family=family, value="reasoning"))
    assert text == Text(text="so", signature=Opaque(family=family, value="text"))
    assert call.signature == Opaque(family=family, value="call")


def test_a_sealed_text_without_its_text_is_an_empty_one() -> None:
    signature = Opaque(family="google", value="s")
    sealed = {"type": "reasoning", "summary": [], "encrypted_content": seal(Sealed(signature, "text"))}
    assert parts(sealed, sealed) == (Text(text="", signature=signature), Text(text="", signature=signature))


def test_redacted_thoughts_come_back_redacted() -> None:
    signature = Opaque(family="anthropic", value="r")
    (thought,) = parts(
        {"type": "reasoning", "summary": [], "encrypted_content": seal(Sealed(signature, redacted=True))}
    )
    assert thought == Reasoning(text="", signature=signature, redacted=True)


def test_a_seal_that_was_damaged_signs_nothing() -> None:
    (thought,) = parts({"type": "reasoning", "summary": [], "encrypted_content": "fg1.google.%%%"})
    assert thought == Reasoning(text="")


@pytest.mark.parametrize(
    "item", [{"type": "item_reference", "id": "m"}, {"id": "m"}, {"type": "new_thing", "a": 1}]
)
def test_items_without_a_counterpart_are_kept_as_they_are(item: dict[str, Any]) -> None:
    assert parts(item) == (OpaquePart(family=FAMILY, kind=item.get("type", "item_reference"), raw=item),)


def test_namespaces_are_flattened() -> None:
    request = parse(
        tools=[
            {"type": "function", "name": "plain", "parameters": None, "strict": None},
            {
                "type": "namespace",
                "name": "crm",
                "description": "customers",
                "tools": [{"type": "function", "name": "find"}, {"type": "custom", "name": "sql"}],
            },
        ],
        input=[
            {"type": "function_call", "call_id": "1", "name": "find", "namespace": "crm", "arguments": "{}"},
            {"type": "function_call", "call_id": "2", "name": "found", "namespace": "found", "arguments": "{}"},
        ],
    )
    group = {FAMILY: {"namespace": {"name": "crm", "description": "customers"}}}
    assert request.tools == (
        Tool(name="plain"),
        Tool(name="crm__find", ext=group),
        Tool(name="crm__sql", kind="custom", ext=group),
    )
    (message,) = request.messages
    assert [part.name for part in message.parts if isinstance(part, ToolCall)] == ["crm__find", "found"]


def test_tools_the_vendor_runs_are_named_by_what_they_do() -> None:
    request = parse(
        tools=[
            {"type": "web_search_preview", "search_context_size": "low"},
            {"type": "code_interpreter", "container": {"type": "auto"}},
            {"type": "local_shell"},
        ]
    )
    assert request.tools == (
        BuiltinTool(kind="web_search", native_type="web_search_preview", options={"search_context_size": "low"}),
        BuiltinTool(
            kind="code_execution", native_type="code_interpreter", options={"container": {"type": "auto"}}
        ),
        BuiltinTool(kind="other", native_type="local_shell", options={}),
    )


def test_a_grammar_has_one_shape_for_both_of_openai_s_formats() -> None:
    grammar = {"type": "grammar", "syntax": "lark", "definition": "start: A"}
    request = parse(tools=[{"type": "custom", "name": "sql", "format": grammar}])
    nested = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: A"}}
    assert request.tools == (Tool(name="sql", kind="custom", grammar=nested),)


@pytest.mark.parametrize(
    ("wire", "choice", "left"),
    [
        ("required", ToolChoice(mode=ToolMode.REQUIRED), False),
        ({"type": "function", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, names=("f",)), False),
        ({"type": "custom", "name": "f"}, ToolChoice(mode=ToolMode.NAMED, names=("f",)), False),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "f"}]},
            ToolChoice(mode=ToolMode.AUTO, names=("f",)),
            False,
        ),
        (
            {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp", "server_label": "s"}]},
            ToolChoice(mode=ToolMode.AUTO),
            True,
        ),
        ({"type": "file_search"}, ToolChoice(mode=ToolMode.REQUIRED, builtin="file_search"), False),
        ({"type": "mcp", "server_label": "s"}, ToolChoice(mode=ToolMode.REQUIRED, builtin="mcp"), True),
    ],
)
def test_every_choice_of_tools_is_understood(wire: Any, choice: ToolChoice, left: bool) -> None:
    request = parse(tool_choice=wire)
    assert request.tool_choice == choice
    assert request.ext.get(FAMILY, {}).get("tool_choice") == (wire if left else None)


def test_parameters_have_their_place() -> None:
    request = parse(
        temperature=0,
        top_p=0.5,
        max_output_tokens=20.0,
        parallel_tool_calls=False,
        service_tier="default",
        prompt_cache_key="k",
        store=False,
        metadata={"a": "b"},
        stream=True,
        include=[LOGPROBS],
        top_logprobs=3,
        text={"format": {"type": "json_schema", "name": "n", "schema": {}, "strict": True}, "verbosity": "low"},
    )
    assert (request.sampling.temperature, request.sampling.top_p) == (0, 0.5)
    assert (request.max_output_tokens, request.parallel_tool_calls, request.service_tier) == (
        20,
        False,
        "standard",
    )
    assert (request.cache_key, request.store, request.metadata, request.stream) == ("k", False, {"a": "b"}, True)
    assert (request.logprobs, request.verbosity) == (3, "low")
    assert request.response_format == ResponseFormat(kind="json_schema", name="n", schema={}, strict=True)
    assert request.ext == {}


@pytest.mark.parametrize(
    ("wire", "settings_"),
    [
        ({"effort": "xhigh"}, ReasoningSettings(effort=Effort.XHIGH)),
        ({"summary": "auto"}, ReasoningSettings(visible=True)),
        ({"generate_summary": "auto"}, ReasoningSettings(visible=True)),
        ({"summary": "detailed"}, ReasoningSettings(visible=True, ext={FAMILY: {"summary": "detailed"}})),
        ({"context": "all_turns"}, ReasoningSettings(ext={FAMILY: {"context": "all_turns"}})),
        ({"effort": None}, None),
    ],
)
def test_reasoning_settings_are_understood(wire: Any, settings_: ReasoningSettings | None) -> None:
    assert parse(reasoning=wire).reasoning == settings_


def test_leftovers_stand_with_whom_they_are_known_to() -> None:
    request = parse(
        truncation="auto",
        previous_response_id="resp_1",
        moderation={"model": "m"},
        user="u",
        safety_identifier="s",
    )
    assert request.ext == {
        OPENAI: {"moderation": {"model": "m"}, "user": "u", "safety_identifier": "s"},
        FAMILY: {"truncation": "auto", "previous_response_id": "resp_1"},
    }
    assert request.end_user == "s"


@pytest.mark.parametrize("name", ["prompt", "previous_response_id", "conversation"])
def test_input_may_be_absent_where_something_else_is_answered(name: str) -> None:
    assert DIALECT.parse_request({"model": "m", name: "x"}).messages == ()


def malformed_items() -> list[tuple[Any, str]]:
    text = {"type": "input_text", "text": "a"}
    return [
        ([], "input"),
        (7, "input"),
        (["x"], "input[0]"),
        ([{}], "input[0]"),
        ([{"type": 3}], "input[0].type"),
        ([{"role": "tool", "content": "x"}], "input[0].role"),
        ([{"role": "user"}], "input[0].content"),
        ([{"role": "user", "content": [text, {"type": "text", "text": "a"}]}], "input[0].content[1].type"),
        ([{"role": "user", "content": [{"type": "input_text"}]}], "input[0].content[0].text"),
        ([{"role": "user", "content": [{"type": "input_image"}]}], "input[0].content[0]"),
        (
            [{"role": "user", "content": [{"type": "input_image", "image_url": "data:image/png;base64,?"}]}],
            "input[0].content[0].image_url",
        ),
        (
            [{"role": "user", "content": [{"type": "input_file", "file_data": "?"}]}],
            "input[0].content[0].file_data",
        ),
        ([{"role": "user", "content": [{"type": "input_audio"}]}], "input[0].content[0].input_audio"),
        (
            [
                {
                    "role": "user",
                    "content": [{"type": "input_audio", "input_audio": {"format": "wav", "data": "?"}}],
                }
            ],
            "input[0].content[0].input_audio.data",
        ),
        ([{"type": "function_call", "name": "f", "arguments": "{}"}], "input[0].call_id"),
        ([{"type": "function_call", "name": "f", "call_id": "1", "arguments": 1}], "input[0].arguments"),
        ([{"type": "function_call_output", "call_id": "1"}], "input[0].output"),
        (
            [{"type": "function_call_output", "call_id": "1", "output": [{"type": "refusal", "refusal": "x"}]}],
            "input[0].output[0].type",
        ),
        ([{"type": "reasoning", "summary": [{"type": "summary_text"}]}], "input[0].summary[0].text"),
    ]


@pytest.mark.parametrize(("items", "path"), malformed_items())
def test_mistakes_in_items_are_named_with_their_place(items: Any, path: str) -> None:
    with pytest.raises(MalformedRequest) as raised:
        parse(input=items)
    assert raised.value.param == path
    assert raised.value.message.startswith(f"{path}: expected")


@pytest.mark.parametrize(
    ("members", "path"),
    [
        ({"model": None}, "model"),
        ({"temperature": "hot"}, "temperature"),
        ({"max_output_tokens": 1.5}, "max_output_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"metadata": []}, "metadata"),
        ({"include": "all"}, "include"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"text": {"format": {"type": ["x"]}}}, "text.format.type"),
        ({"tools": [{"name": "f"}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "f", "parameters": []}]}, "tools[0].parameters"),
        (
            {"tools": [{"type": "namespace", "name": "n", "tools": [{"type": "mcp"}]}]},
            "tools[0].tools[0].type",
        ),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tool_choice": {"type": "function"}}, "tool_choice.name"),
        ({"tool_choice": {"name": "f"}}, "tool_choice.type"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "none"}}, "tool_choice.mode"),
    ],
)
def test_mistakes_in_parameters_are_named_with_their_place(members: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedRequest) as raised:
        parse(**members)
    assert raised.value.param == path


@given(requests(), st.data())
def test_broken_requests_raise_nothing_but_what_is_meant_for_them(
    body: dict[str, Any], data: st.DataObject
) -> None:
    broken = data.draw(_broken(body))
    with contextlib.suppress(MalformedRequest):
        DIALECT.parse_request(broken)


@st.composite
def _broken(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one of the values in it replaced by another."""
    junk: st.SearchStrategy[Any] = st.sampled_from([None, 0, "x", [], {}, [None], {"type": []}, True])
    if isinstance(value, dict) and value:
        name = draw(st.sampled_from(sorted(value)))
        inner = draw(st.one_of(junk, _broken(value[name])))
        return {**value, name: inner}
    if isinstance(value, list) and value:
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(st.one_of(junk, _broken(value[index]))), *value[index + 1 :]]
    return draw(junk)
