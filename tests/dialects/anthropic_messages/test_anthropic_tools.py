"""Tools, the vendor's own tools, and structured output."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.schema import is_recursive, output_schema
from domain.chat.request import (
    BuiltinTool,
    Effort,
    ReasoningSettings,
    ResponseFormat,
    Role,
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.errors import UnsupportedFeature
from domain.models.profile import ModelProfile
from tests.dialects.anthropic_messages.targets import (
    ADAPTIVE,
    ALWAYS,
    BUDGET,
    PLAIN,
    asking,
    assert_in_vendor_types,
    codes,
    render,
    said,
)
from tests.strategies.canonical import schemas

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
CLOSED = {**SCHEMA, "additionalProperties": False}
WANTED = ResponseFormat(kind="json_schema", name="answer", schema=SCHEMA)
RECURSIVE = {
    "$ref": "#/$defs/node",
    "$defs": {"node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}},
}


@pytest.mark.parametrize(
    ("parameters", "sent"),
    [
        (None, {"type": "object", "properties": {}}),
        ({}, {"type": "object"}),
        (SCHEMA, SCHEMA),
        (
            {"properties": {"x": True}, "$defs": {"d": {}}},
            {"properties": {"x": True}, "$defs": {"d": {}}, "type": "object"},
        ),
    ],
)
def test_every_input_schema_is_of_an_object(parameters: Any, sent: Any) -> None:
    (tool,) = render(asking(tools=(Tool(name="f", parameters=parameters),))).body["tools"]
    assert tool["input_schema"] == sent


def test_a_custom_tool_is_a_function_of_one_text() -> None:
    custom = Tool(name="run it", kind="custom", grammar={"type": "grammar"})
    rendered = render(asking(tools=(custom,)))
    (tool,) = rendered.body["tools"]
    assert tool["input_schema"]["properties"] == {"input": {"type": "string"}}
    assert rendered.custom_tools == {tool["name"]}
    assert codes(rendered) == [("dropped_grammar", "/tools/0/custom/format")]


def test_strict_is_kept_where_the_schema_can_be_enforced() -> None:
    strict = Tool(name="f", parameters=SCHEMA, strict=True)
    loose = Tool(
        name="g",
        parameters={"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}},
        strict=True,
    )
    rendered = render(asking(tools=(strict, loose)), ADAPTIVE)
    first, second = rendered.body["tools"]
    assert first == {"name": "f", "input_schema": CLOSED, "strict": True}
    assert "strict" not in second
    assert codes(rendered) == [("strict_relaxed", "/tools/1/function/strict")]
    assert "strict" not in render(asking(tools=(strict,)), PLAIN).body["tools"][0]


def test_tools_keep_our_own_leftovers() -> None:
    tool = Tool(name="f", ext={"anthropic": {"defer_loading": True}})
    assert render(asking(tools=(tool,))).body["tools"][0]["defer_loading"] is True


def test_web_search_of_every_dialect() -> None:
    openai = {
        "search_context_size": "low",
        "user_location": {"type": "approximate", "approximate": {"city": "Bern", "country": "CH"}},
    }
    responses = {
        "filters": {"allowed_domains": ["a.com"]},
        "user_location": {"type": "approximate", "city": "Bern"},
    }
    native = {"max_uses": 2}
    rendered = render(
        asking(
            tools=(
                BuiltinTool(kind="web_search", native_type="web_search_options", options=openai),
                BuiltinTool(kind="web_search", native_type="web_search", options=responses),
                BuiltinTool(kind="web_search", native_type="web_search_20260209", options=native),
                BuiltinTool(kind="code_execution", native_type="code_interpreter"),
                BuiltinTool(kind="web_fetch", native_type="urlContext"),
            )
        )
    )
    assert rendered.body["tools"] == [
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "user_location": {"type": "approximate", "city": "Bern", "country": "CH"},
        },
        {
            "type": "web_search_20250305",
            "name": "web_search",
            "allowed_domains": ["a.com"],
            "user_location": {"type": "approximate", "city": "Bern"},
        },
        {"type": "web_search_20260209", "name": "web_search", "max_uses": 2},
        {"type": "code_execution_20250825", "name": "code_execution"},
        {"type": "web_fetch_20250910", "name": "web_fetch"},
    ]
    assert "tool_choice" not in rendered.body
    assert_in_vendor_types(rendered.body)


def test_another_vendors_tool_is_refused() -> None:
    with pytest.raises(UnsupportedFeature, match="file_search") as refused:
        render(asking(tools=(Tool(name="f"), BuiltinTool(kind="file_search", native_type="file_search"))))
    assert refused.value.param == "tools[1]"


def test_a_choice_without_functions_is_dropped() -> None:
    search = BuiltinTool(kind="web_search", native_type="web_search")
    rendered = render(asking(tools=(search,), tool_choice=ToolChoice(mode=ToolMode.REQUIRED)))
    assert "tool_choice" not in rendered.body
    assert codes(rendered) == [("dropped_param", "/tool_choice")]
    assert (
        "tool_choice"
        not in render(asking(tool_choice=ToolChoice(mode=ToolMode.NONE), parallel_tool_calls=False)).body
    )


def test_a_choice_among_tools_not_offered_is_refused() -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        render(asking(tools=(Tool(name="f"),), tool_choice=ToolChoice(mode=ToolMode.AUTO, names=("g",))))
    assert refused.value.param == "tool_choice"


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        (ToolChoice(mode=ToolMode.AUTO), {"type": "auto"}),
        (ToolChoice(mode=ToolMode.NONE), {"type": "none"}),
        (ToolChoice(mode=ToolMode.REQUIRED), {"type": "any"}),
        (ToolChoice(mode=ToolMode.NAMED, names=("f",)), {"type": "tool", "name": "f"}),
    ],
)
def test_choices(choice: ToolChoice, sent: dict[str, Any]) -> None:
    assert render(asking(tools=(Tool(name="f"),), tool_choice=choice)).body["tool_choice"] == sent
    serial = render(asking(tools=(Tool(name="f"),), tool_choice=choice, parallel_tool_calls=False)).body[
        "tool_choice"
    ]
    assert serial == (sent if sent["type"] == "none" else {**sent, "disable_parallel_tool_use": True})


def test_a_schema_is_native_where_the_model_has_it() -> None:
    rendered = render(asking(response_format=WANTED), ADAPTIVE)
    assert rendered.body["output_config"] == {"format": {"type": "json_schema", "schema": CLOSED}}
    assert codes(rendered) == [("dropped_param", "/response_format/json_schema/name")]
    assert "tools" not in rendered.body


def test_a_schema_is_a_tool_the_model_must_call_elsewhere() -> None:
    rendered = render(asking(response_format=WANTED), PLAIN)
    assert [tool["name"] for tool in rendered.body["tools"]] == ["fg_json_output"]
    assert rendered.body["tools"][0]["input_schema"] == SCHEMA
    assert rendered.body["tool_choice"] == {
        "type": "tool",
        "name": "fg_json_output",
        "disable_parallel_tool_use": True,
    }


@pytest.mark.parametrize(
    ("choice", "sent", "emulated"),
    [
        (None, {"type": "any"}, True),
        (ToolChoice(mode=ToolMode.AUTO), {"type": "any"}, True),
        (ToolChoice(mode=ToolMode.REQUIRED), {"type": "any"}, False),
        (ToolChoice(mode=ToolMode.NAMED, names=("f",)), {"type": "tool", "name": "f"}, False),
        (
            ToolChoice(mode=ToolMode.NONE),
            {"type": "tool", "name": "fg_json_output", "disable_parallel_tool_use": True},
            True,
        ),
    ],
)
def test_the_callers_tools_stay_callable_beside_it(
    choice: ToolChoice | None, sent: dict[str, Any], emulated: bool
) -> None:
    body = render(asking(tools=(Tool(name="f"),), tool_choice=choice, response_format=WANTED), PLAIN).body
    assert [tool["name"] for tool in body["tools"]] == (["f", "fg_json_output"] if emulated else ["f"])
    assert body["tool_choice"] == sent


def test_a_callers_tool_of_that_name_gets_another() -> None:
    rendered = render(asking(tools=(Tool(name="fg_json_output"),), response_format=WANTED), PLAIN)
    own, ours = (tool["name"] for tool in rendered.body["tools"])
    assert ours == "fg_json_output" != own
    assert rendered.tool_names.original(own) == "fg_json_output"


@pytest.mark.parametrize("profile", [ModelProfile(json_schema=False, forced_tools=False), ALWAYS])
def test_a_schema_is_a_sentence_where_no_call_can_be_forced(profile: ModelProfile) -> None:
    wanted = ResponseFormat(kind="json_schema", schema=RECURSIVE)
    rendered = render(asking(said(Role.SYSTEM, "s"), said(Role.USER, "u"), response_format=wanted), profile)
    first, second = rendered.body["system"]
    assert first["text"] == "s"
    assert '"$defs"' in second["text"]
    assert codes(rendered) == [("json_schema_emulated", "/response_format")]


def test_a_schema_with_a_budget_is_a_sentence_too() -> None:
    profile = ModelProfile(thinking=BUDGET.thinking, json_schema=False)
    rendered = render(asking(response_format=WANTED, reasoning=ReasoningSettings(effort=Effort.LOW)), profile)
    assert "tools" not in rendered.body
    assert ("json_schema_emulated", "/response_format") in codes(rendered)


def test_a_json_object_is_asked_for() -> None:
    rendered = render(asking(response_format=ResponseFormat(kind="json_object")), ADAPTIVE)
    assert "JSON object" in rendered.body["system"][0]["text"]
    assert codes(rendered) == [("json_object_emulated", "/response_format")]


def test_constraints_that_cannot_be_compiled_move_into_the_description() -> None:
    output = output_schema(
        {
            "type": "object",
            "properties": {
                "n": {"type": "integer", "minimum": 1, "description": "A number"},
                "s": {"type": "string", "format": "regex", "pattern": "^a"},
                "d": {"type": "string", "format": "date"},
                "u": {"oneOf": [{"type": "string"}, {"type": "null"}]},
                "l": {
                    "type": "array",
                    "items": {"type": "object", "properties": {}},
                    "minItems": 3,
                    "maxItems": 4,
                },
                "r": {"$ref": "#/$defs/x", "description": "gone"},
            },
            "additionalProperties": {"type": "string"},
            "$defs": {"x": {"const": 1, "default": 1}},
        }
    )
    assert output is not None
    assert output.relaxed
    assert output.schema == {
        "type": "object",
        "properties": {
            "n": {"type": "integer", "description": "A number\n\n{minimum: 1}"},
            "s": {"type": "string", "description": "{format: regex, pattern: ^a}"},
            "d": {"type": "string", "format": "date"},
            "u": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "l": {
                "type": "array",
                "items": {"type": "object", "properties": {}, "additionalProperties": False},
                "description": "{minItems: 3, maxItems: 4}",
            },
            "r": {"$ref": "#/$defs/x"},
        },
        "additionalProperties": False,
        "description": "{additionalProperties: {'type': 'string'}}",
        "$defs": {"x": {"const": 1}},
    }
    rendered = render(
        asking(response_format=ResponseFormat(kind="json_schema", schema={"type": "string", "maxLength": 1})),
        ADAPTIVE,
    )
    assert codes(rendered) == [("schema_relaxed", "/response_format/json_schema/schema")]


def test_schemas_of_one_word_allow_anything() -> None:
    output = output_schema({"type": "object", "properties": {"x": True}})
    assert output is not None
    assert output.relaxed
    assert output.schema["properties"] == {"x": {}}


@pytest.mark.parametrize("schema", [None, True])
def test_no_schema_is_an_object(schema: Any) -> None:
    output = output_schema(schema)
    assert output is not None
    assert output.schema["type"] == "object"


@pytest.mark.parametrize(
    ("schema", "recursive"),
    [
        (RECURSIVE, True),
        ({"type": "object", "properties": {"me": {"$ref": "#"}}}, True),
        (
            {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": {"$ref": "#/$defs/a"}}}},
            True,
        ),
        ({"anyOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "null"}}}, False),
        ({"$ref": "#/elsewhere"}, False),
        (
            {
                "$ref": "#/$defs/0",
                "$defs": {f"{link}": {"$ref": f"#/$defs/{link + 1}"} for link in range(2_000)},
            },
            False,
        ),
    ],
    ids=["itself", "the whole", "a circle", "twice the same", "elsewhere", "a long chain"],
)
def test_recursion_is_found(schema: dict[str, Any], recursive: bool) -> None:
    assert is_recursive(schema) is recursive
    assert (output_schema(schema) is None) is recursive


@given(schemas(), st.sampled_from([ADAPTIVE, PLAIN]))
def test_a_schema_is_never_changed_in_place(schema: dict[str, Any], profile: ModelProfile) -> None:
    before = repr(schema)
    wanted = ResponseFormat(kind="json_schema", schema=schema)
    assert_in_vendor_types(
        render(
            asking(tools=(Tool(name="f", parameters=schema, strict=True),), response_format=wanted), profile
        ).body
    )
    assert repr(schema) == before
