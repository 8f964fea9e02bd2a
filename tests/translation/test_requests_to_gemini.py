"""Requests of the other dialects' clients as Gemini's API wants them."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat.content import Image, Inline, Text, ToolCall, ToolResult
from domain.chat.request import ChatRequest, Message, Role
from domain.errors import UnsupportedFeature
from domain.json_types import JSON
from tests.strategies.canonical import PNG, call_ids, schemas
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, target
from tests.strategies.gemini_wire import snake_case
from tests.translation.requests_across import JUDGES, Crossing, crossed, crossings, holds_for

SIGNING = ("gemini-3-flash-preview", "gemini-3.6-flash")
FILES = "https://generativelanguage.googleapis.com/"
any_crossing = crossings(GEMINI)
gemini = DIALECTS[GEMINI]


def parts(crossing: Crossing) -> Iterator[dict[str, Any]]:
    for content in crossing.out["contents"]:
        yield from content["parts"]


def objects(value: JSON) -> Iterator[dict[str, JSON]]:
    """Every object in `value`."""
    if isinstance(value, dict):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from objects(one)


@holds_for(any_crossing)
def test_googles_types_know_every_member(crossing: Crossing) -> None:
    JUDGES[GEMINI](crossing.out)


@holds_for(any_crossing)
def test_results_of_a_turn_stand_alone_and_in_the_calls_order(crossing: Crossing) -> None:
    contents = crossing.out["contents"]
    for index, content in enumerate(contents):
        calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        assert content["role"] == ("model" if calls else "user" if results else content["role"])
        assert not results or len(results) == len(content["parts"])
        if calls:
            answers = [part["functionResponse"] for part in contents[index + 1]["parts"]]
            assert [answer["name"] for answer in answers] == [call["name"] for call in calls]
            assert [answer.get("id") for answer in answers] == [call.get("id") for call in calls]
    assert sum("functionCall" in part for part in parts(crossing)) == len(crossing.calls())


@holds_for(any_crossing)
def test_responses_are_objects_without_references(crossing: Crossing) -> None:
    for part in parts(crossing):
        if "functionResponse" in part:
            assert isinstance(part["functionResponse"]["response"], dict)
            assert not any("$ref" in one for one in objects(part["functionResponse"]["response"]))


@holds_for(any_crossing)
def test_results_bear_the_functions_name_and_not_the_calls_id(crossing: Crossing) -> None:
    called = {crossing.sent.tool_names.wire(call.name) for call in crossing.calls()}
    assert {part["functionResponse"]["name"] for part in parts(crossing) if "functionResponse" in part} <= called


@holds_for(crossings(GEMINI, models=SIGNING))
def test_the_first_call_of_each_step_is_signed_and_siblings_are_not(crossing: Crossing) -> None:
    signed = {call.signature.value for call in crossing.calls() if call.signature is not None}
    contents = crossing.out["contents"]
    spoken = [
        index
        for index, content in enumerate(contents)
        if content["role"] == "user" and not any("functionResponse" in part for part in content["parts"])
    ]
    for index, content in enumerate(contents):
        calls = [part for part in content["parts"] if "functionCall" in part]
        if calls and index > max(spoken, default=-1):
            assert calls[0]["thoughtSignature"]
        for call in calls[1:]:
            assert call.get("thoughtSignature") in {None, *signed}
    assert sum(len(content["parts"]) for content in contents) >= len(crossing.calls())


@given(call_ids().filter(lambda one: len(one) <= 40 and one.isprintable() and " " not in one))
def test_a_call_keeps_its_short_id_on_the_way_there_and_back(call_id: str) -> None:
    call = {"id": call_id, "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call_id, "content": "done"},
    ]
    crossing = crossed(OPENAI_CHAT, GEMINI, SIGNING[0], {"model": "m", "messages": messages})
    assert crossing is not None
    back = gemini.parse_request({"model": "m", **crossing.out})
    sent = DIALECTS[OPENAI_CHAT].render_request(back, target(OPENAI_CHAT)).body["messages"]
    assert sent[1]["tool_calls"][0]["id"] == sent[2]["tool_call_id"] == call_id
    assert "__thought__" not in repr(crossing.out)


@holds_for(any_crossing)
def test_parameters_are_told_once_as_json_schema(crossing: Crossing) -> None:
    for tool in crossing.out.get("tools", ()):
        for function in tool.get("functionDeclarations", ()):
            assert "parameters" not in function
            schema = function.get("parametersJsonSchema", {})
            for one in objects(schema):
                assert "const" not in one or isinstance(one["const"], dict)
                assert "$ref" not in one or all(name.startswith("$") for name in one)


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES])
@given(schema=schemas(), snake=st.booleans())
def test_schemas_of_googles_clients_reach_every_upstream(
    upstream: str, schema: dict[str, Any], snake: bool
) -> None:
    declared = {"name": "look", "parametersJsonSchema": schema}
    body = {
        "model": "m",
        "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
        "tools": [{"functionDeclarations": [declared]}],
    }
    if snake:
        body = snake_case(body)
        body["tools"][0]["function_declarations"][0]["parameters_json_schema"] = schema
        body["tools"][0]["function_declarations"][0].pop("parametersJsonSchema", None)
    asked = gemini.parse_request(body)
    sent = DIALECTS[upstream].render_request(asked, target(upstream)).body
    (tool,) = sent["tools"]
    function = tool.get("function", tool)
    assert schema in (function.get("parameters"), function.get("input_schema"))


@holds_for(any_crossing)
def test_a_level_or_a_budget_within_the_models_range(crossing: Crossing) -> None:
    thinking = crossing.out.get("generationConfig", {}).get("thinkingConfig", {})
    profile = crossing.route.target.profile
    assert not {"thinkingLevel", "thinkingBudget"} <= thinking.keys()
    budget = thinking.get("thinkingBudget", -1)
    off = budget == 0 and profile.thinking_optional
    assert budget == -1 or off or profile.min_thinking_tokens <= budget <= profile.max_thinking_tokens


@holds_for(any_crossing)
def test_no_choice_among_functions_where_there_are_none(crossing: Crossing) -> None:
    declares = any("functionDeclarations" in tool for tool in crossing.out.get("tools", ()))
    assert declares or "functionCallingConfig" not in crossing.out.get("toolConfig", {})


@pytest.mark.parametrize("client", [OPENAI_CHAT, OPENAI_RESPONSES, ANTHROPIC_MESSAGES])
def test_a_picture_far_away_is_refused_with_its_place(client: str) -> None:
    url = "https://example.com/cat.png"
    shown: dict[str, dict[str, Any]] = {
        OPENAI_CHAT: {"type": "image_url", "image_url": {"url": url}},
        OPENAI_RESPONSES: {"type": "input_image", "image_url": url, "detail": "auto"},
        ANTHROPIC_MESSAGES: {"type": "image", "source": {"type": "url", "url": url}},
    }
    said = [{"role": "user", "content": [shown[client]]}]
    body = {"model": "m", "max_tokens": 9, "input" if client == OPENAI_RESPONSES else "messages": said}
    with pytest.raises(UnsupportedFeature) as refused:
        gemini.render_request(DIALECTS[client].parse_request(body), target(GEMINI))
    assert refused.value.param == "messages[0].content[0]"


@holds_for(any_crossing)
def test_every_picture_arrives(crossing: Crossing) -> None:
    shown = [
        one.source.base64
        for message in crossing.asked.messages
        if message.role is not Role.ASSISTANT
        for part in message.parts
        for one in (part.parts if isinstance(part, ToolResult) else (part,))
        if isinstance(one, Image) and isinstance(one.source, Inline)
    ]
    sent = [one["inlineData"]["data"] for one in objects(crossing.out["contents"]) if "inlineData" in one]
    assert all(sent.count(payload) >= shown.count(payload) for payload in shown)


@pytest.mark.parametrize("model", ["gemini-2.5-flash", *SIGNING])
def test_a_picture_in_a_result_is_sent_as_a_picture(model: str) -> None:
    picture = Image(source=Inline(media_type="image/png", base64=PNG))
    asked = ChatRequest(
        model="m",
        messages=(
            Message(role=Role.USER, parts=(Text(text="hi"),)),
            Message(role=Role.ASSISTANT, parts=(ToolCall(id="c", name="look", raw="{}", arguments={}),)),
            Message(role=Role.TOOL, parts=(ToolResult(call_id="c", parts=(Text(text="here"), picture)),)),
        ),
    )
    sent = gemini.render_request(asked, target(GEMINI, model)).body
    JUDGES[GEMINI](sent)
    assert [one["inlineData"]["data"] for one in objects(sent) if "inlineData" in one] == [PNG]
