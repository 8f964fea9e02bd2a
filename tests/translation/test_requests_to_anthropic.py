"""Requests of the other dialects' clients as Anthropic's API wants them."""

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import media
from domain.chat.content import Image, Inline, Opaque, Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import ChatRequest, Message, ResponseFormat, Role, Tool, ToolChoice, ToolMode
from domain.errors import UnsupportedFeature
from tests.strategies.canonical import PNG
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, target
from tests.translation.requests_across import JUDGES, Crossing, crossed, crossings, holds_for

ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
SAMPLING = {"temperature", "top_p", "top_k"}
THOUGHTS = {"thinking", "redacted_thinking"}
EMULATION = "fg_json_output"
any_crossing = crossings(ANTHROPIC_MESSAGES)
messages_upstream = DIALECTS[ANTHROPIC_MESSAGES]


def blocks(crossing: Crossing) -> Iterator[dict[str, Any]]:
    for message in crossing.out["messages"]:
        yield from message["content"]


def marked(crossing: Crossing) -> list[dict[str, Any]]:
    everything = [*crossing.out.get("tools", ()), *crossing.out.get("system", ()), *blocks(crossing)]
    return [block for block in everything if "cache_control" in block]


@holds_for(any_crossing)
def test_the_vendors_types_know_every_member(crossing: Crossing) -> None:
    JUDGES[ANTHROPIC_MESSAGES](crossing.out)


@holds_for(any_crossing)
def test_ids_fit_and_each_call_is_answered_in_the_next_message(crossing: Crossing) -> None:
    messages = crossing.out["messages"]
    seen: list[str] = []
    for message, following in zip(messages, [*messages[1:], {"content": []}], strict=True):
        uses = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        assert all(ID.fullmatch(use) for use in uses)
        answers = following["content"][: len(uses)]
        assert [block.get("tool_use_id") for block in answers] == uses
        seen += uses
    assert len(set(seen)) == len(seen) == len(crossing.calls())
    assert sum(block["type"] == "tool_result" for block in blocks(crossing)) == len(seen)


@holds_for(any_crossing)
def test_nobody_says_nothing_and_placeholders_stand_alone(crossing: Crossing) -> None:
    said = set(_texts(crossing.asked))
    for message in crossing.out["messages"]:
        texts = [block["text"] for block in message["content"] if block["type"] == "text"]
        assert message["content"]
        assert all(text.strip() for text in texts)
        assert len(message["content"]) == 1 or "." not in texts or "." in said
    assert all(block["text"].strip() for block in crossing.out.get("system", ()))


def _texts(request: ChatRequest) -> Iterator[str]:
    for message in request.messages:
        for part in message.parts:
            inner = part.parts if isinstance(part, ToolResult) else (part,)
            yield from (one.text for one in inner if isinstance(one, Text))


@holds_for(any_crossing)
def test_the_choice_among_tools_means_what_was_asked(crossing: Crossing) -> None:
    out, asked = crossing.out, crossing.asked
    functions = [tool.name for tool in asked.tools if isinstance(tool, Tool)]
    offered = [
        crossing.sent.tool_names.original(tool["name"]) for tool in out.get("tools", ()) if "type" not in tool
    ]
    choice, mode = out.get("tool_choice"), asked.tool_choice.mode if asked.tool_choice else None
    if not functions or EMULATION in offered:
        return
    if mode is None:
        serial = {"type": "auto", "disable_parallel_tool_use": True}
        assert choice == (serial if asked.parallel_tool_calls is False else None)
    if mode is ToolMode.NONE:
        assert choice == {"type": "none"}
    if mode is ToolMode.AUTO:
        assert choice is not None
        assert choice["type"] == "auto"
    if asked.tool_choice and asked.tool_choice.names and mode is not ToolMode.NAMED:
        assert set(offered) == set(asked.tool_choice.names) & set(functions)
    if choice and asked.parallel_tool_calls is False and choice["type"] != "none":
        assert choice["disable_parallel_tool_use"] is True


@holds_for(crossings(ANTHROPIC_MESSAGES, models=("claude-opus-4-8", "claude-fable-5")))
def test_models_that_draw_as_they_like_are_sent_no_sampling(crossing: Crossing) -> None:
    assert not SAMPLING & crossing.out.keys()


@holds_for(any_crossing)
def test_limits_hold_and_leave_room_for_thought(crossing: Crossing) -> None:
    most = crossing.route.target.profile.max_output_tokens
    limit, thinking = crossing.out["max_tokens"], crossing.out.get("thinking", {})
    assert 1 <= limit <= (most or limit)
    if thinking.get("type") == "enabled":
        assert 1_024 <= thinking["budget_tokens"] < limit
        assert crossing.out.get("tool_choice", {}).get("type") not in ("any", "tool")


@holds_for(any_crossing)
def test_marks_of_prefixes_are_few_and_stand_where_they_may(crossing: Crossing) -> None:
    assert len(marked(crossing)) <= 4
    assert all(block.get("type") not in THOUGHTS for block in marked(crossing))
    ttls = [block["cache_control"].get("ttl", "5m") for block in marked(crossing)]
    assert ttls == sorted(ttls)


@holds_for(any_crossing)
def test_only_anthropics_thoughts_go_back_first_and_as_they_were(crossing: Crossing) -> None:
    own = [
        (part.text, part.signature.value)
        for part in crossing.parts()
        if isinstance(part, Reasoning) and part.signature is not None and part.signature.family == "anthropic"
    ]
    sent = [block for block in blocks(crossing) if block["type"] in THOUGHTS]
    assert [(block.get("thinking", ""), block.get("signature") or block["data"]) for block in sent] == own
    for message in crossing.out["messages"]:
        kinds = [block["type"] for block in message["content"]]
        assert not THOUGHTS & set(kinds) or "tool_use" not in kinds or kinds[0] in THOUGHTS


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=3))
def test_thoughts_that_a_chat_client_sends_back_are_untouched(thoughts: list[str]) -> None:
    sent_back = [
        {"type": "thinking", "thinking": one, "signature": f"s{place}"} for place, one in enumerate(thoughts)
    ]
    call = {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "go"},
        {"role": "assistant", "content": "so", "thinking_blocks": sent_back, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": "done"},
    ]
    crossing = crossed(OPENAI_CHAT, ANTHROPIC_MESSAGES, "claude-sonnet-4-5", {"model": "m", "messages": messages})
    assert crossing is not None
    assert crossing.out["messages"][1]["content"][: len(sent_back)] == sent_back


@holds_for(any_crossing)
def test_pictures_arrive_under_the_type_they_have(crossing: Crossing) -> None:
    shown = [
        one
        for message in crossing.asked.messages
        if message.role in (Role.USER, Role.TOOL)
        for part in message.parts
        for one in (part.parts if isinstance(part, ToolResult) else (part,))
        if isinstance(one, Image)
    ]
    inside = [inner for block in blocks(crossing) for inner in block.get("content", ()) if isinstance(inner, dict)]
    sent = [block for block in (*blocks(crossing), *inside) if block["type"] == "image"]
    assert len(sent) >= len(shown)
    for block in sent:
        source = block["source"]
        if source["type"] == "base64":
            assert source["media_type"] in ("image/jpeg", "image/png", "image/gif", "image/webp")
            assert media.sniff(source["data"]) in (None, source["media_type"])
            base64.b64decode(source["data"], validate=True)


@given(st.sampled_from(["image/jpeg", "image/gif", "image/png", "image/jpg"]), st.booleans())
def test_a_type_that_lies_is_put_right_and_the_other_alphabet_too(declared: str, url_safe: bool) -> None:
    payload = base64.b64encode(base64.b64decode(PNG) + b"\xfb\xff\xfe").decode()
    spelled = payload.replace("+", "-").replace("/", "_").rstrip("=") if url_safe else payload
    parts = [{"inlineData": {"mimeType": declared, "data": spelled}}]
    body = {"model": "m", "contents": [{"role": "user", "parts": parts}]}
    crossing = crossed(GEMINI, ANTHROPIC_MESSAGES, "claude-sonnet-4-5", body)
    assert crossing is not None
    (block,) = blocks(crossing)
    assert block["source"] == {"type": "base64", "media_type": "image/png", "data": payload}


@holds_for(any_crossing)
def test_instructions_never_move_before_what_was_said(crossing: Crossing) -> None:
    numbered = tuple(
        replace(message, parts=(Text(text=f"#{index}#"),), name=None)
        if message.role not in (Role.ASSISTANT, Role.TOOL)
        else message
        for index, message in enumerate(crossing.asked.messages)
    )
    sent = crossing.route.sent(replace(crossing.asked, messages=numbered)).body
    told = re.findall(r"#(\d+)#", repr((sent.get("system"), sent["messages"])))
    assert [int(number) for number in told] == sorted(int(number) for number in told)
    roles = [message["role"] for message in sent["messages"]]
    for index, role in enumerate(roles):
        if role == "system":
            assert crossing.route.target.profile.mid_system
            assert roles[index - 1] == "user"
            assert roles[index + 1 : index + 2] in ([], ["assistant"])


@pytest.mark.parametrize("client", [OPENAI_CHAT, GEMINI])
def test_several_answers_are_refused_not_one_given(client: str) -> None:
    bodies: dict[str, dict[str, Any]] = {
        OPENAI_CHAT: {"model": "m", "messages": [{"role": "user", "content": "hi"}], "n": 2},
        GEMINI: {
            "model": "m",
            "contents": [{"role": "user", "parts": [{"text": "hi"}]}],
            "generationConfig": {"candidateCount": 2},
        },
    }
    asked = DIALECTS[client].parse_request(bodies[client])
    with pytest.raises(UnsupportedFeature) as refused:
        messages_upstream.render_request(asked, target(ANTHROPIC_MESSAGES))
    assert refused.value.param == "n"


@given(st.sampled_from([None, ToolChoice(mode=ToolMode.AUTO), ToolChoice(mode=ToolMode.NONE)]), st.booleans())
def test_a_shape_asked_for_by_a_tool_leaves_the_callers_tools(choice: ToolChoice | None, serial: bool) -> None:
    asked = ChatRequest(
        model="m",
        messages=(Message(role=Role.USER, parts=(Text(text="hi"),)),),
        tools=(Tool(name="look"), Tool(name=EMULATION)),
        tool_choice=choice,
        parallel_tool_calls=False if serial else None,
        response_format=ResponseFormat(kind="json_schema", name="answer", schema={"type": "object"}),
    )
    sent = messages_upstream.render_request(asked, target(ANTHROPIC_MESSAGES, "claude-3-5-haiku-latest"))
    names = [tool["name"] for tool in sent.body["tools"]]
    assert [sent.tool_names.original(name) for name in names[:2]] == ["look", EMULATION]
    assert names[2] == EMULATION != names[1]
    may_call = choice is None or choice.mode is not ToolMode.NONE
    assert sent.body["tool_choice"]["type"] == ("any" if may_call else "tool")


def test_pictures_in_results_are_pictures() -> None:
    call = ToolCall(id="c", name="look", raw="{}", arguments={})
    picture = Image(source=Inline(media_type="image/png", base64=PNG))
    asked = ChatRequest(
        model="m",
        messages=(
            Message(role=Role.USER, parts=(Text(text="hi"),)),
            Message(
                role=Role.ASSISTANT,
                parts=(call, Reasoning(text="x", signature=Opaque(family="google", value="s"))),
            ),
            Message(role=Role.TOOL, parts=(ToolResult(call_id="c", parts=(Text(text="here"), picture)),)),
        ),
    )
    result = messages_upstream.render_request(asked, target(ANTHROPIC_MESSAGES)).body["messages"][2]["content"][0]
    assert [block["type"] for block in result["content"]] == ["text", "image"]
