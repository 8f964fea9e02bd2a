"""What every rendered request keeps, whatever the request and the model."""

import itertools
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.chat.content import CacheHint, Image, Opaque, Reasoning, Text, ToolCall, ToolResult
from domain.chat.request import ChatRequest, Message, Role, Tool, ToolChoice, ToolMode
from domain.models.profile import ModelProfile, Thinking
from tests.dialects.anthropic_messages.targets import (
    ADAPTIVE,
    BUDGET,
    OLDER_VERSION_MEMBERS,
    PLAIN,
    PROFILES,
    asking,
    assert_in_vendor_types,
    blocks,
    codes,
    render,
    said,
)
from tests.strategies.canonical import cache_hints, call_ids, json_objects, requests, visible, words

profiles = st.sampled_from(PROFILES)
all_requests = requests(odd_names=True, family="anthropic")


@st.composite
def disordered(draw: st.DrawFn) -> ChatRequest:
    """A request whose turns come in any order: instructions anywhere, calls unanswered, results uncalled, blanks."""
    ids = draw(st.lists(call_ids(), min_size=2, max_size=4))
    names = st.sampled_from(["look", "größe"])
    texts: st.SearchStrategy[Any] = st.builds(
        Text, text=st.one_of(visible(), st.sampled_from(["", " ", "\n\t"])), cache=cache_hints()
    )
    calls = st.builds(
        ToolCall,
        id=st.sampled_from(ids),
        name=names,
        raw=st.sampled_from(["", "{}", '{"a":1}', "[1]", '{"cut": "of']),
        cache=cache_hints(),
    )
    thoughts = st.builds(
        Reasoning,
        text=st.one_of(st.just(""), words()),
        signature=st.sampled_from(
            [None, Opaque(family="anthropic", value="c2ln"), Opaque(family="google", value="Z29v")]
        ),
    )
    results = st.builds(
        ToolResult,
        call_id=st.sampled_from(ids),
        parts=st.lists(texts, max_size=2).map(tuple),
        is_error=st.booleans(),
        cache=cache_hints(),
    )
    message = st.one_of(
        _turn(Role.SYSTEM, texts),
        _turn(Role.DEVELOPER, texts),
        _turn(Role.USER, texts),
        _turn(Role.ASSISTANT, st.one_of(texts, calls, thoughts)),
        _turn(Role.TOOL, results),
    )
    return ChatRequest(
        model="asked",
        messages=tuple(draw(st.lists(message, max_size=8))),
        tools=draw(st.sampled_from([(), (Tool(name="look"),)])),
        reasoning=None,
    )


def _turn(role: Role, parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Message]:
    return st.lists(parts, max_size=3).map(lambda given: Message(role=role, parts=tuple(given)))


def holds_for(*strategies: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """`given` with fewer examples, since a whole request takes long to draw."""
    return lambda test: settings(max_examples=25)(given(*strategies)(test))


anything = st.one_of(all_requests, disordered())


@holds_for(anything, profiles)
def test_the_vendors_own_types_take_every_request(request: ChatRequest, profile: ModelProfile) -> None:
    body = render(request, profile).body
    assert_in_vendor_types(body)
    assert body["model"] == "claude-x"


@holds_for(anything, profiles)
def test_every_id_fits_and_every_call_is_answered_in_the_next_message(
    request: ChatRequest, profile: ModelProfile
) -> None:
    messages = render(request, profile).body["messages"]
    seen: list[str] = []
    for index, message in enumerate(messages):
        uses = [block["id"] for block in message["content"] if block["type"] == "tool_use"]
        results = [block["tool_use_id"] for block in message["content"] if block["type"] == "tool_result"]
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", one) for one in uses)
        if uses:
            following = messages[index + 1]["content"][: len(uses)]
            assert [block.get("tool_use_id") for block in following] == uses
        if results:
            assert [block["type"] for block in message["content"][: len(results)]] == ["tool_result"] * len(
                results
            )
        seen += uses
    assert len(set(seen)) == len(seen)
    assert [
        block["tool_use_id"] for block in blocks(render(request, profile).body) if block["type"] == "tool_result"
    ] == seen


@holds_for(anything, profiles)
def test_turns_alternate_and_nobody_says_nothing(request: ChatRequest, profile: ModelProfile) -> None:
    body = render(request, profile).body
    roles = [message["role"] for message in body["messages"]]
    assert roles[0] == "user"
    spoken = [role for role in roles if role != "system"]
    assert all(one != other for one, other in itertools.pairwise(spoken))
    for message in body["messages"]:
        assert message["content"]
        texts = [block["text"] for block in message["content"] if block["type"] == "text"]
        assert all(text.strip() for text in texts)
        if len(message["content"]) > 1:
            said_dots = {part.text for told in request.messages for part in told.parts if isinstance(part, Text)}
            assert "." not in texts or "." in said_dots
    assert all(block["text"].strip() for block in body.get("system", ()))


@holds_for(anything, profiles)
def test_instructions_keep_their_place(request: ChatRequest, profile: ModelProfile) -> None:
    numbered = replace(
        request,
        messages=tuple(
            replace(message, parts=(Text(text=f"#{index}#"),)) if message.role in _SPOKEN else message
            for index, message in enumerate(request.messages)
        ),
    )
    body = render(numbered, profile).body
    told = [
        int(number)
        for block in [*body.get("system", ()), *blocks(body)]
        for number in re.findall(r"#(\d+)#", block.get("text", ""))
    ]
    assert told == sorted(told)
    roles = [message["role"] for message in body["messages"]]
    for index, role in enumerate(roles):
        if role == "system":
            assert profile.mid_system
            assert roles[index - 1] == "user"
            assert roles[index + 1 : index + 2] in ([], ["assistant"])


_SPOKEN = {Role.SYSTEM, Role.DEVELOPER, Role.USER}


@holds_for(anything, profiles)
def test_limits_fit_together(request: ChatRequest, profile: ModelProfile) -> None:
    body = render(request, profile).body
    assert body["max_tokens"] >= 1
    assert profile.max_output_tokens is None or body["max_tokens"] <= profile.max_output_tokens
    thinking = body.get("thinking", {})
    if thinking.get("type") == "enabled":
        assert 1_024 <= thinking["budget_tokens"] < body["max_tokens"]
        assert body.get("tool_choice", {}).get("type") not in ("any", "tool")
        assert body.get("temperature", 1) == 1
        assert "top_k" not in body
    if not profile.sampling:
        assert not set(OLDER_VERSION_MEMBERS) & set(body)
    assert not {"temperature", "top_p"} <= set(body)


@holds_for(all_requests, profiles)
def test_tool_choice_says_what_was_chosen(request: ChatRequest, profile: ModelProfile) -> None:
    body = render(request, profile).body
    offered = [tool["name"] for tool in body.get("tools", ())]
    choice = body.get("tool_choice")
    if not request.tools:
        emulated = "fg_json_output" in offered
        assert choice in ({"type": "none"}, None) or emulated
        return
    mode = request.tool_choice.mode if request.tool_choice else None
    if mode is ToolMode.NONE and "fg_json_output" not in offered:
        assert choice == {"type": "none"}
    if request.tool_choice is None and "fg_json_output" not in offered:
        serial = {"type": "auto", "disable_parallel_tool_use": True}
        assert choice == (serial if request.parallel_tool_calls is False else None)
    if request.tool_choice and request.tool_choice.names and mode is not ToolMode.NAMED:
        assert len([name for name in offered if name != "fg_json_output"]) == 1
    if choice and request.parallel_tool_calls is False and choice["type"] != "none":
        assert choice["disable_parallel_tool_use"] is True


@holds_for(all_requests, profiles)
def test_tool_names_map_back(request: ChatRequest, profile: ModelProfile) -> None:
    rendered = render(request, profile)
    sent = [tool["name"] for tool in rendered.body.get("tools", ()) if tool["name"] != "fg_json_output"]
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name) for name in sent)
    names = {tool.name for tool in request.tools if isinstance(tool, Tool)}
    if request.tools:
        assert {rendered.tool_names.original(name) for name in sent} <= names
    assert len(set(sent)) == len(sent)


@holds_for(anything, profiles)
def test_signed_thoughts_travel_unchanged_and_in_order(request: ChatRequest, profile: ModelProfile) -> None:
    kept = [
        (part.text, part.signature.value)
        for message in request.messages
        for part in message.parts
        if isinstance(part, Reasoning) and part.signature is not None and part.signature.family == "anthropic"
    ]
    body = render(request, profile).body
    assert [(one["thinking"], one["signature"]) for one in blocks(body) if one["type"] == "thinking"] == kept
    for message in body["messages"]:
        kinds = [block["type"] for block in message["content"]]
        if "thinking" in kinds and "tool_use" in kinds:
            assert kinds[0] == "thinking"


@holds_for(anything, profiles)
def test_cache_breakpoints_are_few_and_on_what_can_carry_them(request: ChatRequest, profile: ModelProfile) -> None:
    body = render(request, profile).body
    everything = [*body.get("tools", ()), *body.get("system", ()), *blocks(body)]
    marked = [block for block in everything if "cache_control" in block]
    assert len(marked) <= 4
    assert all(block.get("type") not in ("thinking", "redacted_thinking") for block in marked)
    ttls = [block["cache_control"].get("ttl", "5m") for block in marked]
    assert ttls == sorted(ttls)
    wanted = [
        message for message in request.messages if any(getattr(part, "cache", None) for part in message.parts)
    ]
    assert bool(marked) or not wanted or not _visible_before(request)


def _visible_before(request: ChatRequest) -> bool:
    """Whether a hint stands on something that is sent."""
    return any(
        getattr(part, "cache", None) is not None and isinstance(part, Text) and part.text.strip()
        for message in request.messages
        for part in message.parts
    )


@holds_for(all_requests, profiles)
def test_pictures_arrive(request: ChatRequest, profile: ModelProfile) -> None:
    def pictures(parts: Any) -> int:
        return sum(
            pictures(part.parts) if isinstance(part, ToolResult) else isinstance(part, Image) for part in parts
        )

    told = sum(pictures(message.parts) for message in request.messages)
    body = render(request, profile).body
    sent = [block for block in blocks(body) if block["type"] == "image"]
    nested = [
        inner
        for block in blocks(body)
        if block["type"] == "tool_result"
        for inner in block.get("content", ())
        if inner["type"] == "image"
    ]
    assert len(sent) + len(nested) == told
    for picture in (*sent, *nested):
        source = picture["source"]
        assert source["type"] == "url" or source["media_type"] == "image/png"


@given(json_objects(), call_ids())
def test_arguments_keep_their_value(arguments: dict[str, Any], call_id: str) -> None:
    import json

    call = ToolCall(id=call_id, name="look", raw=json.dumps(arguments), arguments=None)
    result = ToolResult(call_id=call_id, parts=(Text(text="ok"),))
    body = render(
        asking(
            said(Role.USER, "go"),
            Message(role=Role.ASSISTANT, parts=(call,)),
            Message(role=Role.TOOL, parts=(result,)),
        )
    ).body
    (use,) = [block for block in blocks(body) if block["type"] == "tool_use"]
    assert use["input"] == arguments
    assert [type(value) for value in use["input"].values()] == [type(value) for value in arguments.values()]


@holds_for(all_requests)
@example(asking(cache_key="k", store=True))
def test_a_request_is_not_changed_by_rendering(request: ChatRequest) -> None:
    before = repr(request)
    for profile in (PLAIN, BUDGET, ADAPTIVE):
        render(request, profile)
    assert repr(request) == before


@holds_for(all_requests, st.sampled_from([BUDGET, replace(BUDGET, thinking=Thinking.NONE)]))
def test_choosing_a_subset_offers_only_it(request: ChatRequest, profile: ModelProfile) -> None:
    tools = (Tool(name="a"), Tool(name="b"), Tool(name="c d"))
    for mode in (ToolMode.AUTO, ToolMode.REQUIRED):
        chosen = replace(
            request,
            tools=tools,
            tool_choice=ToolChoice(mode=mode, names=("b", "c d")),
            parallel_tool_calls=False,
            response_format=None,
        )
        rendered = render(chosen, profile)
        assert [rendered.tool_names.original(tool["name"]) for tool in rendered.body["tools"]] == ["b", "c d"]
        assert rendered.body["tool_choice"]["disable_parallel_tool_use"] is True


def test_hints_survive_on_calls_and_results() -> None:
    hint = CacheHint(ttl="12h")
    call = ToolCall(id="a", name="look", raw="{}", cache=hint)
    result = ToolResult(call_id="a", parts=(Text(text="ok", cache=hint),))
    body = render(
        asking(
            said(Role.USER, "go"),
            Message(role=Role.ASSISTANT, parts=(call,)),
            Message(role=Role.TOOL, parts=(result,)),
        )
    ).body
    marked = {block["type"]: block.get("cache_control") for block in blocks(body)}
    assert marked["tool_use"] == marked["tool_result"] == {"type": "ephemeral", "ttl": "1h"}


def test_a_placeholder_for_an_empty_turn_is_told() -> None:
    assert codes(render(asking(said(Role.USER, " ")))) == [
        ("dropped_blank_text", "/messages/0/content/0"),
        ("empty_message", "/messages"),
    ]


def test_thousands_of_losses_are_found_in_no_quadratic_time() -> None:
    call = ToolCall(id="c", name="f", raw="[not an object")
    turns = [Message(role=Role.ASSISTANT, parts=(replace(call, id=f"c{index}"),)) for index in range(5_000)]
    began = time.perf_counter()
    rendered = render(asking(said(Role.USER, "hi"), *turns))
    assert time.perf_counter() - began < 3  # it takes 0.3 s; looked for one by one, 8 s
    assert ("wrapped_arguments", "/messages/5000/tool_calls/0") in codes(rendered)


@pytest.mark.parametrize(("user", "sent"), [("a@b.example", False), ("+1 (234) 567-89", False), ("id-7", True)])
def test_names_that_look_like_addresses_are_not_sent(user: str, sent: bool) -> None:
    assert ("metadata" in render(asking(end_user=user)).body) is sent


def test_an_endless_address_takes_no_cubic_time() -> None:
    began = time.perf_counter()
    render(asking(end_user="@." * 100_000 + " "))
    assert time.perf_counter() - began < 2
