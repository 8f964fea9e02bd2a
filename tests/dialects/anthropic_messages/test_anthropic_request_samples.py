"""Hand-written requests and the bodies they become."""

from typing import Any

import pytest

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
from domain.chat.loss import LossKind
from domain.chat.request import Message, Role, Sampling, Tool
from domain.errors import UnsupportedFeature
from domain.models.profile import ModelProfile
from tests.dialects.anthropic_messages.targets import (
    ADAPTIVE,
    BUDGET,
    PLAIN,
    asking,
    assert_in_vendor_types,
    blocks,
    codes,
    render,
    said,
)
from tests.strategies.canonical import PDF, PNG, WAV

USER, ASSISTANT, TOOL, SYSTEM = Role.USER, Role.ASSISTANT, Role.TOOL, Role.SYSTEM


def turn(role: Role, *parts: Part, **members: Any) -> Message:
    return Message(role=role, parts=parts, **members)


def text(words: str, **members: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **members}


def test_a_whole_conversation() -> None:
    request = asking(
        said(SYSTEM, "Be brief."),
        turn(Role.DEVELOPER, Text(text="Be kind.", cache=CacheHint())),
        turn(USER, Text(text="What is this?"), Image(source=Url(url="https://example.com/a.png"))),
        turn(
            ASSISTANT,
            Text(text="Let me look."),
            ToolCall(id="call:1", name="look up", raw='{"q": 1}'),
            ToolCall(id="call_2", name="now", raw=""),
        ),
        turn(TOOL, ToolResult(call_id="call:1", parts=(Text(text="a cat"),))),
        turn(TOOL, ToolResult(call_id="call_2", parts=(), is_error=True)),
        said(USER, "Well?"),
        tools=(
            Tool(name="look up", description="Looks.", parameters={"properties": {"q": {"type": "integer"}}}),
            Tool(name="now"),
        ),
        sampling=Sampling(temperature=1.5, top_p=0.9, top_k=5, seed=1, stop=("END", " \n")),
        max_output_tokens=9_000,
        end_user="user-1",
        service_tier="standard",
        stream=True,
    )
    rendered = render(request, PLAIN)
    wire_name = rendered.tool_names.wire("look up")
    body = rendered.body
    first_id = body["messages"][1]["content"][1]["id"]
    assert body == {
        "model": "claude-x",
        "max_tokens": 8_192,
        "messages": [
            {
                "role": "user",
                "content": [
                    text("What is this?"),
                    {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    text("Let me look."),
                    {"type": "tool_use", "id": first_id, "name": wire_name, "input": {"q": 1}},
                    {"type": "tool_use", "id": "call_2", "name": "now", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": first_id, "content": [text("a cat")]},
                    {"type": "tool_result", "tool_use_id": "call_2", "is_error": True},
                    text("Well?"),
                ],
            },
        ],
        "system": [text("Be brief."), text("Be kind.", cache_control={"type": "ephemeral"})],
        "tools": [
            {
                "name": wire_name,
                "description": "Looks.",
                "input_schema": {"type": "object", "properties": {"q": {"type": "integer"}}},
            },
            {"name": "now", "input_schema": {"type": "object", "properties": {}}},
        ],
        "temperature": 1,
        "top_k": 5,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "user-1"},
        "service_tier": "standard_only",
        "stream": True,
    }
    assert codes(rendered) == [
        ("clamped_param", "/max_completion_tokens"),
        ("clamped_param", "/temperature"),
        ("dropped_param", "/top_p"),
        ("dropped_param", "/stop"),
        ("dropped_param", "/seed"),
    ]
    assert_in_vendor_types(body)


def test_instructions_inside_the_conversation_are_folded_or_placed() -> None:
    messages = (
        said(USER, "a"),
        said(SYSTEM, "now in French"),
        said(ASSISTANT, "b"),
        said(SYSTEM, "loud"),
        said(USER, "c"),
    )
    folded = render(asking(*messages), PLAIN)
    assert [message["content"] for message in folded.body["messages"]] == [
        [text("a"), text("<system>now in French</system>")],
        [text("b")],
        [text("<system>loud</system>"), text("c")],
    ]
    assert codes(folded) == [("system_folded", "/messages/1"), ("system_folded", "/messages/3")]
    placed = render(asking(*messages), ADAPTIVE)
    assert [message["role"] for message in placed.body["messages"]] == ["user", "system", "assistant", "user"]
    assert codes(placed) == [("system_folded", "/messages/3")]


def test_blanks_vanish_and_leave_their_cache_hint_to_their_neighbour() -> None:
    body = render(
        asking(
            turn(USER, Text(text="a"), Text(text=" \n", cache=CacheHint(ttl="1h"))),
            said(ASSISTANT, ""),
            turn(USER, Text(text="", cache=CacheHint())),
        )
    ).body
    assert body["messages"] == [{"role": "user", "content": [text("a", cache_control={"type": "ephemeral"})]}]


def test_a_user_who_says_nothing_says_a_dot() -> None:
    rendered = render(asking(said(USER, " "), said(ASSISTANT, "hm"), said(USER, "")))
    assert [block["text"] for block in blocks(rendered.body)] == [".", "hm", "."]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        ((said(ASSISTANT, "hi"), said(USER, "ho")), ("leading_assistant", "/messages/0")),
        ((said(SYSTEM, "s"), said(ASSISTANT, "hi"), said(USER, "ho")), ("leading_assistant", "/messages/1")),
        ((said(SYSTEM, "s"),), ("no_user_turn", "/messages")),
    ],
)
def test_the_user_speaks_first(messages: tuple[Message, ...], expected: tuple[str, str]) -> None:
    rendered = render(asking(*messages))
    assert rendered.body["messages"][0] == {"role": "user", "content": [text(".")]}
    assert codes(rendered) == [expected]


def test_a_prefill_is_continued_where_the_model_does_that() -> None:
    messages = (said(USER, "a"), said(ASSISTANT, "The answer is \n"))
    continued = render(asking(*messages), PLAIN)
    assert continued.body["messages"][-1] == {"role": "assistant", "content": [text("The answer is")]}
    assert continued.losses == ()
    asked = render(asking(*messages), ADAPTIVE)
    assert [message["role"] for message in asked.body["messages"]] == ["user", "assistant", "user"]
    assert codes(asked) == [("prefill_not_continued", "/messages/1")]


def test_a_paused_turn_goes_on() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    paused = turn(ASSISTANT, OpaquePart(family="anthropic", kind="server_tool_use", raw=search))
    body = render(asking(said(USER, "a"), paused), ADAPTIVE).body
    assert body["messages"][-1] == {"role": "assistant", "content": [search]}


def test_what_another_vendor_made_stays_here() -> None:
    foreign = turn(
        ASSISTANT,
        Reasoning(text="secret", signature=Opaque(family="google", value="x")),
        Reasoning(text="unsigned"),
        OpaquePart(family="google", kind="executableCode", raw={}),
        Image(source=Inline(media_type="image/png", base64=PNG)),
        Refusal(text="No."),
    )
    rendered = render(asking(said(USER, "a"), foreign, said(USER, "b")))
    assert rendered.body["messages"][1]["content"] == [text("No.")]
    assert codes(rendered) == [
        ("dropped_reasoning", "/messages/1/reasoning_content/0"),
        ("dropped_reasoning", "/messages/1/reasoning_content/1"),
        ("dropped_opaque_part", "/messages/1/content/0"),
        ("dropped_media", "/messages/1/content/1"),
    ]


def test_own_thoughts_are_replayed_first_and_unchanged() -> None:
    parts = (
        Text(text="So"),
        Reasoning(text="", signature=Opaque(family="anthropic", value="c2ln")),
        Reasoning(text="", signature=Opaque(family="anthropic", value="ZGF0YQ"), redacted=True),
    )
    body = render(asking(said(USER, "a"), turn(ASSISTANT, *parts), said(USER, "b"))).body
    assert body["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "", "signature": "c2ln"},
        {"type": "redacted_thinking", "data": "ZGF0YQ"},
        text("So"),
    ]


def test_citations_of_our_own_return_in_assistant_turns_only() -> None:
    location = {
        "type": "web_search_result_location",
        "cited_text": "c",
        "url": "https://a",
        "title": "A",
        "encrypted_index": "e",
    }
    cited = Text(text="x", citations=(Citation(kind="url", ext={"anthropic": location}), Citation(kind="url")))
    body = render(asking(turn(USER, cited), turn(ASSISTANT, cited), said(USER, "b"))).body
    assert [block.get("citations") for block in blocks(body)] == [None, [location], None]
    assert_in_vendor_types(body)


def test_several_speakers_are_told_apart() -> None:
    one = render(asking(turn(USER, Text(text="hi"), name="ann")))
    assert blocks(one.body) == [text("hi")]
    picture = Image(source=Url(url="https://example.com/a.png"))
    two = render(asking(turn(USER, Text(text="hi"), name="ann"), turn(USER, picture, name="bob")))
    assert [block.get("text") for block in blocks(two.body)] == ["ann: hi", "bob:", None]


def test_documents_of_every_kind() -> None:
    body = render(
        asking(
            turn(
                USER,
                Document(source=Inline(media_type="application/pdf", base64=PDF), filename="a.pdf"),
                Document(source=Inline(media_type="text/plain", base64="aGFsbG8="), title="T"),
                Document(source=Inline(media_type="application/pdf", base64=PNG)),
                Document(source=Url(url="https://example.com/a.pdf"), ext={"anthropic": {"context": "C"}}),
                Document(source=FileRef(family="anthropic", file_id="file_1")),
                Document(source=PlainText(text="plain"), cache=CacheHint()),
                Document(source=PlainText(text=" ")),
            )
        )
    ).body
    assert blocks(body) == [
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": PDF},
            "title": "a.pdf",
        },
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "hallo"},
            "title": "T",
        },
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
        {"type": "document", "source": {"type": "url", "url": "https://example.com/a.pdf"}, "context": "C"},
        {"type": "document", "source": {"type": "file", "file_id": "file_1"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "plain"},
            "cache_control": {"type": "ephemeral"},
        },
    ]
    assert_in_vendor_types(body)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (Image(source=Inline(media_type="image/bmp", base64="Qk0=")), "JPEG"),
        (Image(source=Url(url="http://example.com/a.png")), "https"),
        (Image(source=PlainText(text="x")), "plain text"),
        (Document(source=Inline(media_type="application/zip", base64="UEs=")), "PDF"),
        (Document(source=Inline(media_type="text/plain", base64="/w==")), "UTF-8"),
        (Audio(source=Inline(media_type="audio/wav", base64=WAV)), "audio"),
    ],
)
def test_what_cannot_travel_is_refused_with_its_place(part: Part, says: str) -> None:
    with pytest.raises(UnsupportedFeature, match=says) as refused:
        render(asking(said(SYSTEM, "s"), turn(USER, Text(text="a"), part)))
    assert refused.value.param == "messages[1].content[1]"


def test_a_file_of_another_vendor_is_refused_by_name() -> None:
    part = Document(source=FileRef(family="openai", file_id="file-1"))
    result = turn(TOOL, ToolResult(call_id="c", parts=(part,)))
    with pytest.raises(UnsupportedFeature) as refused:
        render(asking(said(USER, "a"), turn(ASSISTANT, ToolCall(id="c", name="f", raw="")), result))
    assert (refused.value.code, refused.value.param) == ("foreign_file_ref", "messages[2].content[0]")


def test_a_lying_media_type_is_put_right() -> None:
    body = render(asking(turn(USER, Image(source=Inline(media_type="image/jpeg", base64=PNG))))).body
    assert blocks(body)[0]["source"]["media_type"] == "image/png"


def test_orphans_are_repaired() -> None:
    rendered = render(
        asking(
            said(USER, "a"),
            turn(ASSISTANT, ToolCall(id="c", name="f", raw="")),
            said(USER, "b"),
            turn(TOOL, ToolResult(call_id="d", parts=(Text(text="late"),))),
        )
    )
    assert [block["type"] for block in blocks(rendered.body)] == [
        "text",
        "tool_use",
        "tool_result",
        "text",
        "text",
    ]
    assert codes(rendered) == [
        ("orphan_tool_call", "/messages/1/tool_calls/0"),
        ("orphan_tool_result", "/messages/3/content/0"),
    ]


def test_ids_that_repeat_are_told_apart() -> None:
    call, result = ToolCall(id="call_0", name="f", raw=""), ToolResult(call_id="call_0", parts=())
    body = render(asking(said(USER, "a"), *(turn(ASSISTANT, call), turn(TOOL, result)) * 2)).body
    ids = [block["id"] for block in blocks(body) if block["type"] == "tool_use"]
    assert ids[0] == "call_0"
    assert len(set(ids)) == 2
    assert [block["tool_use_id"] for block in blocks(body) if block["type"] == "tool_result"] == ids


def test_arguments_that_are_no_object_are_wrapped() -> None:
    cut = ToolCall(id="c", name="f", raw='{"a": "cut of')
    custom = ToolCall(id="d", name="g", raw="ls", kind="custom")
    rendered = render(asking(said(USER, "a"), turn(ASSISTANT, Text(text="x"), cut, custom)))
    uses = [block["input"] for block in blocks(rendered.body) if block["type"] == "tool_use"]
    assert uses == [{"__raw__": '{"a": "cut of'}, {"input": "ls"}]
    assert ("wrapped_arguments", "/messages/1/tool_calls/0") in codes(rendered)


def test_tools_that_history_calls_are_declared_though_none_is_offered() -> None:
    call, result = ToolCall(id="c", name="f", raw=""), ToolResult(call_id="c", parts=())
    body = render(asking(said(USER, "a"), turn(ASSISTANT, call), turn(TOOL, result))).body
    assert body["tools"] == [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]
    assert body["tool_choice"] == {"type": "none"}


def test_parameters_without_a_word_here_are_named() -> None:
    rendered = render(
        asking(
            sampling=Sampling(seed=1, frequency_penalty=1, presence_penalty=1, logit_bias={"1": 1}),
            logprobs=0,
            modalities=("text", "audio"),
            audio_output={"voice": "alloy"},
            prediction={"type": "content"},
            verbosity="low",
            store=True,
            metadata={"a": "b"},
            cache_key="k",
            service_tier="flex",
            end_user="ann@example.com",
            ext={"openai": {"moderation": True, "user": "u"}, "anthropic": {"inference_geo": "us"}},
        )
    )
    assert rendered.body["inference_geo"] == "us"
    parameters = {loss.where for loss in rendered.losses if loss.kind is LossKind.PARAMETER}
    assert parameters == {
        "/seed",
        "/frequency_penalty",
        "/presence_penalty",
        "/logit_bias",
        "/logprobs",
        "/modalities",
        "/audio",
        "/prediction",
        "/verbosity",
        "/store",
        "/service_tier",
        "/moderation",
    }
    hints = {loss.where for loss in rendered.losses if loss.kind is LossKind.HINT}
    assert hints == {"/metadata", "/prompt_cache_key", "/user"}


def test_leftovers_deep_inside_are_named() -> None:
    members = {"openai": {"annotations": [], "weight": 1}}
    inner = turn(USER, Text(text="a", ext={"openai": {"odd": 1}}), ext=members)
    rendered = render(asking(inner, tools=(Tool(name="f", ext={"google": {"x": 1}}),)))
    assert [(loss.where, loss.kind) for loss in rendered.losses] == [
        ("/messages/0/weight", LossKind.PARAMETER),
        ("/messages/0/content/0/odd", LossKind.PARAMETER),
        ("/tools/0/x", LossKind.PARAMETER),
    ]


@pytest.mark.parametrize(
    ("members", "param"), [({"candidates": 2}, "n"), ({"modalities": ("audio",)}, "modalities")]
)
def test_what_the_api_cannot_give_is_refused(members: dict[str, Any], param: str) -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        render(asking(**members))
    assert refused.value.param == param


@pytest.mark.parametrize(
    ("profile", "given", "sent"),
    [
        (PLAIN, Sampling(temperature=0.5, top_p=0.5, top_k=3), {"temperature": 0.5, "top_k": 3}),
        (PLAIN, Sampling(top_p=0.5), {"top_p": 0.5}),
        (PLAIN, Sampling(temperature=0.0), {"temperature": 0.0}),
        (ADAPTIVE, Sampling(temperature=1.0, top_p=0.5, top_k=3), {}),
    ],
)
def test_sampling_goes_where_it_is_taken(profile: ModelProfile, given: Sampling, sent: dict[str, Any]) -> None:
    rendered = render(asking(sampling=given), profile)
    assert {
        name: rendered.body[name] for name in ("temperature", "top_p", "top_k") if name in rendered.body
    } == sent
    dropped = {where for _, where in codes(rendered)}
    given_names = {name for name in ("temperature", "top_p", "top_k") if getattr(given, name) is not None}
    assert dropped == {f"/{name}" for name in given_names - set(sent)}


def test_sampling_while_thinking() -> None:
    from domain.chat.request import Effort, ReasoningSettings

    thinking = ReasoningSettings(effort=Effort.LOW)
    rendered = render(asking(sampling=Sampling(temperature=0.3, top_p=0.9, top_k=3), reasoning=thinking), BUDGET)
    assert not {"temperature", "top_p", "top_k"} & set(rendered.body)
    kept = render(asking(sampling=Sampling(top_p=0.97), reasoning=thinking), BUDGET)
    assert kept.body["top_p"] == 0.97
