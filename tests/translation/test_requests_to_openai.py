"""Requests of the other dialects' clients as OpenAI's two APIs want them."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from domain.chat.content import Image, Reasoning, Text, ToolResult
from domain.chat.request import Effort, Message, Role, Tool
from tests.strategies.dialects import ANTHROPIC_MESSAGES, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.requests_across import JUDGES, Crossing, crossed, crossings, holds_for

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
to_chat = crossings(OPENAI_CHAT)
to_responses = crossings(OPENAI_RESPONSES)
REASONING = ("gpt-5.1", "o3")
ODD_NAMES = ("with space", "dotted.name", "x" * 65, "größe")


def items(crossing: Crossing, *kinds: str) -> list[dict[str, Any]]:
    return [item for item in crossing.out["input"] if item.get("type") in kinds]


def wire_names(crossing: Crossing) -> Iterator[str]:
    for tool in crossing.out.get("tools", ()):
        inner = tool.get(tool["type"], tool)
        if "name" in inner and tool["type"] in ("function", "custom"):
            yield inner["name"]


@holds_for(to_chat)
def test_the_types_of_chat_completions_know_every_member(crossing: Crossing) -> None:
    JUDGES[OPENAI_CHAT](crossing.out)


@holds_for(to_responses)
def test_the_types_of_responses_know_every_member(crossing: Crossing) -> None:
    JUDGES[OPENAI_RESPONSES](crossing.out)


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, OPENAI_RESPONSES])
def test_names_fit_stay_distinct_and_map_back(upstream: str) -> None:
    @holds_for(crossings(upstream))
    def holds(crossing: Crossing) -> None:
        declared = [tool.name for tool in crossing.asked.tools if isinstance(tool, Tool)]
        sent = list(wire_names(crossing))
        assert all(NAME.fullmatch(name) for name in sent)
        assert [crossing.sent.tool_names.original(name) for name in sent] == declared

    holds()
    tools = [{"name": name, "input_schema": {"type": "object"}} for name in ODD_NAMES]
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}], "tools": tools}
    odd = crossed(ANTHROPIC_MESSAGES, upstream, "gpt-4.1", body)
    assert odd is not None
    sent = list(wire_names(odd))
    assert all(NAME.fullmatch(name) for name in sent)
    assert [odd.sent.tool_names.original(name) for name in sent] == list(ODD_NAMES)


@holds_for(to_responses)
def test_every_function_is_flat_and_says_whether_it_is_strict(crossing: Crossing) -> None:
    for tool in crossing.out.get("tools", ()):
        assert "function" not in tool
        assert tool["type"] != "function" or tool["strict"] in (True, False)


@holds_for(to_responses)
def test_items_bear_no_ids_of_other_formats(crossing: Crossing) -> None:
    assert not any("id" in item for item in crossing.out["input"])
    assert "chatcmpl-" not in json.dumps(crossing.out["input"])


@holds_for(to_responses)
def test_what_is_not_stored_is_sent_whole(crossing: Crossing) -> None:
    if crossing.out["store"]:
        return
    assert not items(crossing, "item_reference")
    assert all(item["encrypted_content"] for item in items(crossing, "reasoning"))


@holds_for(crossings(OPENAI_CHAT, models=REASONING))
def test_reasoning_models_get_the_newer_limit_and_no_sampling(crossing: Crossing) -> None:
    assert "max_tokens" not in crossing.out
    assert not {"frequency_penalty", "presence_penalty", "logit_bias"} & crossing.out.keys()
    if crossing.out.get("reasoning_effort") != Effort.NONE:
        assert not {"temperature", "top_p", "logprobs", "top_logprobs"} & crossing.out.keys()


@holds_for(to_chat)
def test_results_are_text_together_and_their_pictures_follow(crossing: Crossing) -> None:
    messages = crossing.out["messages"]
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            assert message["tool_call_id"] == waiting.pop(0)
            content = message["content"]
            assert isinstance(content, str) or all(part["type"] == "text" for part in content)
            continue
        assert not waiting
        waiting = [call["id"] for call in message.get("tool_calls", ())]
    assert not waiting
    shown = [
        one
        for message in crossing.asked.messages
        if message.role in (Role.USER, Role.TOOL)
        for part in message.parts
        for one in (part.parts if isinstance(part, ToolResult) else (part,))
        if isinstance(one, Image)
    ]
    sent = [part for message in messages for part in _parts(message) if part["type"] == "image_url"]
    assert len(sent) == len(shown)


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    return message["content"] if isinstance(message.get("content"), list) else []


@holds_for(to_chat)
def test_arguments_in_chat_are_the_text_of_the_same_object(crossing: Crossing) -> None:
    sent = [call for message in crossing.out["messages"] for call in message.get("tool_calls", ())]
    assert len(sent) == len(crossing.calls())
    for call, wire in zip(crossing.calls(), sent, strict=True):
        _assert_same_arguments(call.raw, wire[wire["type"]].get("arguments"), wire[wire["type"]].get("input"))


@holds_for(to_responses)
def test_arguments_in_responses_are_the_text_of_the_same_object(crossing: Crossing) -> None:
    sent = items(crossing, "function_call", "custom_tool_call")
    assert len(sent) == len(crossing.calls())
    for call, wire in zip(crossing.calls(), sent, strict=True):
        _assert_same_arguments(call.raw, wire.get("arguments"), wire.get("input"))


def _assert_same_arguments(raw: str, arguments: str | None, free_text: str | None) -> None:
    if arguments is None:
        assert free_text == raw
    elif raw.strip():
        assert arguments == raw
    else:
        assert arguments == "{}"


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, OPENAI_RESPONSES])
def test_thoughts_never_become_visible_text(upstream: str) -> None:
    @holds_for(crossings(upstream))
    def holds(crossing: Crossing) -> None:
        said = "".join(_spoken(message) for message in crossing.asked.messages)
        out = json.dumps(crossing.out.get("messages", crossing.out.get("input")), ensure_ascii=False)
        for part in crossing.parts():
            if isinstance(part, Reasoning) and len(part.text) > 12 and part.text not in said:
                assert json.dumps(part.text, ensure_ascii=False)[1:-1] not in out

    holds()


def _spoken(message: Message) -> str:
    parts = [one for part in message.parts for one in (part.parts if isinstance(part, ToolResult) else (part,))]
    return "".join(part.text for part in parts if isinstance(part, Text))


@pytest.mark.parametrize("upstream", [OPENAI_CHAT, OPENAI_RESPONSES])
def test_no_choice_among_tools_where_there_are_none(upstream: str) -> None:
    @holds_for(crossings(upstream))
    def holds(crossing: Crossing) -> None:
        assert "tools" in crossing.out or not {"tool_choice", "parallel_tool_calls"} & crossing.out.keys()

    holds()
