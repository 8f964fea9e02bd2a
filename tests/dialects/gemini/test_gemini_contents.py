"""Conversations for the Gemini API, hand-written: instructions, merging, signatures, repairs, results, media."""

import json
from typing import Any

import pytest
from hypothesis import given

from domain.chat.content import (
    Audio,
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
from domain.chat.request import Message, Role
from domain.errors import UnsupportedFeature
from domain.models.profile import ModelProfile
from tests.dialects.gemini.gemini_sdk import (
    GEMINI,
    GEMINI_2_5,
    GEMINI_3,
    asking,
    check,
    lost,
    render,
    target,
    user,
)
from tests.strategies.canonical import PDF, PNG, WAV, json_objects, json_values

SIGNED = Opaque(family="google", value="YWJj")
DUMMY = "skip_thought_signature_validator"
PICTURE = Image(source=Inline(media_type="image/png", base64=PNG))
INLINE_PICTURE = {"inlineData": {"mimeType": "image/png", "data": PNG}}


def said(*parts: Part) -> Message:
    return Message(role=Role.ASSISTANT, parts=parts)


def system(text: str, role: Role = Role.SYSTEM) -> Message:
    return Message(role=role, parts=(Text(text=text),))


def call(call_id: str = "c1", raw: str = "{}", **members: Any) -> ToolCall:
    return ToolCall(id=call_id, name="f", raw=raw, arguments=parse_arguments(raw), **members)


def result(call_id: str = "c1", *parts: Text | Image | Document, is_error: bool = False) -> Message:
    given_parts = parts or (Text(text="ok"),)
    return Message(role=Role.TOOL, parts=(ToolResult(call_id=call_id, parts=given_parts, is_error=is_error),))


def contents(*messages: Message, profile: ModelProfile = GEMINI_3) -> Any:
    return render(asking(*messages), profile)["contents"]


def response(*parts: Text | Image | Document, is_error: bool = False, profile: ModelProfile = GEMINI_3) -> Any:
    told = contents(user("hi"), said(call()), result("c1", *parts, is_error=is_error), profile=profile)
    return told[2]["parts"][0]["functionResponse"]["response"]


# ---- instructions --------------------------------------------------------------------------------------------------


def test_leading_instructions_are_the_system_instruction() -> None:
    body = render(asking(system("a"), system("", Role.DEVELOPER), system("b", Role.DEVELOPER), user("hi")))
    assert body["systemInstruction"] == {"parts": [{"text": "a"}, {"text": "b"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "hi"}]}]


def test_later_instructions_stay_in_their_place_as_user_text() -> None:
    messages = (
        user("one"),
        system("be brief"),
        said(Text(text="two")),
        system("be polite"),
        system(""),
        user("three"),
    )
    assert contents(*messages) == [
        {"role": "user", "parts": [{"text": "one"}, {"text": "<system>be brief</system>"}]},
        {"role": "model", "parts": [{"text": "two"}]},
        {"role": "user", "parts": [{"text": "<system>be polite</system>"}, {"text": "three"}]},
    ]
    losses = GEMINI.render_request(asking(*messages), target()).losses
    assert [(loss.code, loss.where) for loss in losses] == [
        ("system_folded", "/messages/1"),
        ("system_folded", "/messages/3"),
    ]


def test_instructions_are_text_only() -> None:
    request = asking(Message(role=Role.SYSTEM, parts=(PICTURE, Text(text="a"))), user("hi"))
    assert render(request)["systemInstruction"] == {"parts": [{"text": "a"}]}
    assert lost(request) == {"dropped_part": "/messages/0/content/0"}


def test_a_conversation_of_instructions_alone_gets_a_user_turn() -> None:
    assert contents(system("a")) == [{"role": "user", "parts": [{"text": "."}]}]
    assert lost(asking(system("a"))) == {"empty_conversation": "/messages"}


# ---- turns ---------------------------------------------------------------------------------------------------------


def test_neighbours_of_one_role_are_one_turn_of_unmerged_parts() -> None:
    told = contents(
        user("a"),
        user("b"),
        said(Text(text="c", signature=SIGNED), Text(text="")),
        said(Text(text="", signature=SIGNED), Refusal(text="no"), Refusal(text="")),
        user("d"),
    )
    assert told == [
        {"role": "user", "parts": [{"text": "a"}, {"text": "b"}]},
        {
            "role": "model",
            "parts": [
                {"text": "c", "thoughtSignature": "YWJj"},
                {"text": "", "thoughtSignature": "YWJj"},
                {"text": "no"},
            ],
        },
        {"role": "user", "parts": [{"text": "d"}]},
    ]


def test_an_assistant_cannot_begin_and_is_not_continued_where_the_model_does_not() -> None:
    request = asking(said(Text(text="Hello")))
    assert render(request)["contents"] == [
        {"role": "user", "parts": [{"text": "."}]},
        {"role": "model", "parts": [{"text": "Hello"}]},
    ]
    assert lost(request) == {"leading_assistant": "/messages"}
    assert lost(request, ModelProfile(prefill=False))["prefill_not_continued"] == "/messages/0"


def test_empty_turns() -> None:
    request = asking(user(""), said(), said(Text(text="")), user("a"))
    assert render(request)["contents"] == [{"role": "user", "parts": [{"text": "."}, {"text": "a"}]}]
    assert lost(request) == {"empty_message": "/messages/0"}


def test_several_users_are_told_apart() -> None:
    def speaking(name: str | None, *parts: Part) -> Message:
        return Message(role=Role.USER, parts=parts, name=name)

    alone = contents(speaking("ann", Text(text="hi")))
    assert alone == [{"role": "user", "parts": [{"text": "hi"}]}]
    told = contents(
        speaking("ann", Text(text="hi")), speaking("bob", PICTURE), speaking("bob", PICTURE, Text(text="yo"))
    )
    assert told[0]["parts"] == [
        {"text": "ann: hi"},
        {"text": "bob:"},
        INLINE_PICTURE,
        INLINE_PICTURE,
        {"text": "bob: yo"},
    ]


def test_thoughts_go_back_only_signed_and_foreign_parts_not_at_all() -> None:
    code = {"executableCode": {"language": "PYTHON", "code": "1"}, "thoughtSignature": "YQ=="}
    request = asking(
        user("a"),
        said(
            Reasoning(text="mine", signature=SIGNED),
            Reasoning(text="unsigned"),
            Reasoning(text="theirs", signature=Opaque(family="anthropic", value="x")),
            OpaquePart(family="google", kind="executableCode", raw=code),
            OpaquePart(family="anthropic", kind="server_tool_use", raw={}),
            Text(text="b", signature=Opaque(family="anthropic", value="x")),
        ),
        user("c"),
    )
    assert render(request)["contents"][1]["parts"] == [
        {"text": "mine", "thought": True, "thoughtSignature": "YWJj"},
        code,
        {"text": "b"},
    ]
    assert set(lost(request)) == {"dropped_reasoning", "dropped_opaque_part", "dropped_signature"}


# ---- calls and results ---------------------------------------------------------------------------------------------


def test_a_step_of_parallel_calls() -> None:
    told = contents(
        user("weather?"),
        said(Text(text="looking"), call("c1", '{"n": 9007199254740993}', signature=SIGNED), call("c2", " ")),
        result("c2", Text(text='{"a": 1}')),
        user("well?"),
        result("c1", Text(text="mild"), Text(text="dry")),
    )
    assert told == [
        {"role": "user", "parts": [{"text": "weather?"}]},
        {
            "role": "model",
            "parts": [
                {"text": "looking"},
                {
                    "functionCall": {"id": "c1", "name": "f", "args": {"n": 9007199254740993}},
                    "thoughtSignature": "YWJj",
                },
                {"functionCall": {"id": "c2", "name": "f", "args": {}}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "mild\ndry"}}},
                {"functionResponse": {"id": "c2", "name": "f", "response": {"a": 1}}},
            ],
        },
        {"role": "user", "parts": [{"text": "well?"}]},
    ]


def test_older_models_get_no_ids() -> None:
    told = contents(user("a"), said(call()), result(), profile=GEMINI_2_5)
    assert told[1]["parts"] == [{"functionCall": {"name": "f", "args": {}}}]
    assert told[2]["parts"] == [{"functionResponse": {"name": "f", "response": {"output": "ok"}}}]


def test_only_the_current_turn_is_signed_and_only_its_first_calls() -> None:
    request = asking(
        *(user("a"), said(call("c1")), result("c1"), said(Text(text="done"))),
        *(user("b"), said(call("c2"), call("c3")), result("c2"), result("c3")),
        *(said(call("c4", signature=SIGNED)), result("c4")),
        *(said(call("c5", signature=Opaque(family="openai", value="x"))), result("c5")),
    )
    signatures = [
        (part["functionCall"]["id"], part.get("thoughtSignature"))
        for content in render(request)["contents"]
        for part in content["parts"]
        if "functionCall" in part
    ]
    assert signatures == [("c1", None), ("c2", DUMMY), ("c3", None), ("c4", "YWJj"), ("c5", DUMMY)]
    assert lost(request) == {
        "unsigned_tool_call": "/messages",
        "dropped_signature": "/messages/10/tool_calls/0",
    }
    assert DUMMY not in json.dumps(render(request, GEMINI_2_5))


def test_arguments_that_are_no_object_and_custom_input() -> None:
    request = asking(
        user("a"),
        said(call("c1", '{"cut":'), call("c2", "[1]"), ToolCall(id="c3", name="sh", raw="ls", kind="custom")),
        *(result("c1"), result("c2"), result("c3"), said(ToolCall(id="c4", name="f", raw="")), result("c4")),
    )
    parts = render(request)["contents"][1]["parts"]
    assert [part["functionCall"]["args"] for part in parts] == [
        {"__raw__": '{"cut":'},
        {"__raw__": "[1]"},
        {"input": "ls"},
    ]
    assert render(request)["contents"][3]["parts"][0]["functionCall"]["args"] == {}
    losses = GEMINI.render_request(request, target()).losses
    assert [loss.where for loss in losses if loss.code == "arguments_not_object"] == [
        "/messages/1/tool_calls/0",
        "/messages/1/tool_calls/1",
    ]


def test_orphans_are_repaired() -> None:
    request = asking(user("a"), said(call("c1")), user("b"), result("c9", Text(text="late")))
    told = render(request)["contents"]
    assert told[2]["parts"][0]["functionResponse"]["response"] == {"error": "no result: the call was not answered"}
    assert told[3]["parts"] == [{"text": "b"}, {"text": "[tool result c9] late"}]
    assert lost(request) == {
        "orphan_tool_call": "/messages/1/tool_calls/0",
        "orphan_tool_result": "/messages/3/content/0",
    }


def test_results_bear_the_name_of_the_called_function_whatever_they_say() -> None:
    misnamed = ToolResult(call_id="c1", name="c1", parts=(Text(text="ok"),))
    told = contents(user("a"), said(call("c1")), Message(role=Role.TOOL, parts=(misnamed,)))
    assert told[2]["parts"][0]["functionResponse"]["name"] == "f"


def test_pictures_of_results_without_a_call_keep_their_place() -> None:
    remote = result("c9", Text(text="see"), Image(source=Url(url="https://example.com/a.png")))
    with pytest.raises(UnsupportedFeature) as refused:
        contents(user("a"), remote)
    assert refused.value.param == "messages[1].content[1]"


def test_a_result_among_what_a_user_says_is_taken_to_its_call() -> None:
    mixed = Message(role=Role.USER, parts=(ToolResult(call_id="c1", parts=(Text(text="ok"),)), Text(text="b")))
    told = contents(user("a"), said(call("c1")), mixed)
    assert [next(iter(part)) for content in told[2:] for part in content["parts"]] == ["functionResponse", "text"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mild", {"output": "mild"}),
        ("", {"output": ""}),
        ('{"a": {"b": [1]}}', {"a": {"b": [1]}}),
        ('{"a": [{"$ref": "#/x"}]}', {"output": '{"a": [{"$ref": "#/x"}]}'}),
        ("{broken", {"output": "{broken"}),
        ("[1]", {"output": "[1]"}),
    ],
)
def test_results_are_objects(text: str, expected: Any) -> None:
    assert response(Text(text=text)) == expected


def test_errors_are_told_as_errors() -> None:
    assert response(Text(text='{"a": 1}'), is_error=True) == {"error": '{"a": 1}'}


@given(json_values() | json_objects())
def test_json_results_keep_their_value(value: Any) -> None:
    text = json.dumps(value)
    assert response(Text(text=text)) == (value if isinstance(value, dict) else {"output": text})


def test_pictures_in_results() -> None:
    gif = Image(source=Inline(media_type="image/gif", base64="R0lGODlhAQ=="))
    pdf = Document(source=Inline(media_type="application/pdf", base64=PDF))
    messages = (user("a"), said(call()), result("c1", Text(text="see"), PICTURE, gif, pdf), user("b"))
    attached = [{"text": "[attached to the result of f]"}]
    inline_pdf = {"inlineData": {"mimeType": "application/pdf", "data": PDF}}
    inline_gif = {"inlineData": {"mimeType": "image/gif", "data": "R0lGODlhAQ=="}}
    newer = contents(*messages)
    assert newer[2]["parts"][0]["functionResponse"] == {
        "id": "c1",
        "name": "f",
        "response": {"output": "see"},
        "parts": [INLINE_PICTURE, inline_pdf],
    }
    assert newer[3]["parts"] == [*attached, inline_gif, {"text": "b"}]
    older = contents(*messages, profile=GEMINI_2_5)
    assert older[3]["parts"] == [*attached, INLINE_PICTURE, inline_gif, inline_pdf, {"text": "b"}]
    remote = result("c1", Text(text="see"), Image(source=Url(url="https://example.com/a.png")))
    with pytest.raises(UnsupportedFeature) as refused:
        contents(user("a"), said(call()), remote)
    assert refused.value.param == "messages[2].content[1]"


# ---- media ---------------------------------------------------------------------------------------------------------

YOUTUBE = "https://www.youtube.com/watch?v=abc"
FILES = "https://generativelanguage.googleapis.com/v1beta/files/abc"


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (Audio(source=Inline(media_type="audio/wav", base64=WAV)), {"inlineData": {"mimeType": "audio/wav", "data": WAV}}),
        (Document(source=PlainText(text="notes")), {"text": "notes"}),
        (Document(source=Inline(media_type="text/csv", base64="YSxi")), {"inlineData": {"mimeType": "text/csv", "data": "YSxi"}}),
        (Image(source=Url(url="gs://bucket/a.JPG")), {"fileData": {"fileUri": "gs://bucket/a.JPG", "mimeType": "image/jpeg"}}),
        (Document(source=Url(url=YOUTUBE)), {"fileData": {"fileUri": YOUTUBE}}),
        (Document(source=Url(url="https://youtu.be/abc")), {"fileData": {"fileUri": "https://youtu.be/abc"}}),
        (Image(source=Url(url=FILES)), {"fileData": {"fileUri": FILES}}),
        (
            Document(source=FileRef(family="google", file_id="files/abc", media_type="application/pdf")),
            {"fileData": {"fileUri": FILES, "mimeType": "application/pdf"}},
        ),
        (Document(source=FileRef(family="google", file_id=FILES)), {"fileData": {"fileUri": FILES}}),
        (
            Document(source=FileRef(family="google", file_id="https://other/x")),
            {"fileData": {"fileUri": "https://other/x"}},
        ),
        (
            Document(source=FileRef(family="openai", file_id="gs://b/a.pdf")),
            {"fileData": {"fileUri": "gs://b/a.pdf", "mimeType": "application/pdf"}},
        ),
        (Audio(source=FileRef(family="openai", file_id="audio_1"), transcript="hello"), {"text": "hello"}),
    ],
)  # fmt: skip
def test_media(part: Part, expected: Any) -> None:
    assert contents(Message(role=Role.USER, parts=(part,))) == [{"role": "user", "parts": [expected]}]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        (Image(source=Url(url="https://example.com/a.png")), "unsupported_parameter"),
        (Image(source=Url(url="https://youtube.com.evil.example/watch?v=1")), "unsupported_parameter"),
        (Document(source=Url(url="http://example.com/a.pdf")), "unsupported_parameter"),
        (Document(source=FileRef(family="openai", file_id="file-1")), "foreign_file_ref"),
        (Image(source=Inline(media_type="image/bmp", base64="Qk0=")), "unsupported_parameter"),
    ],
)
def test_media_that_gemini_cannot_get_at(part: Part, code: str) -> None:
    with pytest.raises(UnsupportedFeature) as refused:
        render(asking(user("a"), Message(role=Role.USER, parts=(Text(text="b"), part))))
    assert (refused.value.param, refused.value.code) == ("messages[1].content[1]", code)
    assert refused.value.status == 400


def test_what_only_guides_the_reading_of_pictures_is_a_hint() -> None:
    request = asking(Message(role=Role.USER, parts=(Image(source=PICTURE.source, detail="low"),)))
    assert lost(request) == {"dropped_image_detail": "/messages/0/content/0"}
    assert lost(asking(Message(role=Role.USER, parts=(PICTURE,)))) == {}


def test_words_of_another_vendors_sound_are_named_as_a_loss() -> None:
    spoken = Audio(source=FileRef(family="openai", file_id="audio_1"), transcript="hello")
    assert lost(asking(user("a"), said(spoken), user("b"))) == {"audio_as_text": "/messages/1/content/0"}


def test_text_that_is_half_an_emoji_is_sent() -> None:
    body = GEMINI.render_request(
        asking(user("\ud83d"), said(call("c1", '{"a": "\\ud83d"}')), result()), target()
    ).body
    check({"contents": [body["contents"][1]]})


def test_a_model_that_refuses_a_last_turn_of_its_own_gets_one_of_the_user() -> None:
    request = asking(user("a"), said(Text(text="b")))
    last = render(request, ModelProfile(prefill=False))["contents"][-1]
    assert last == {"role": "user", "parts": [{"text": "."}]}
    assert render(request)["contents"][-1]["role"] == "model"
