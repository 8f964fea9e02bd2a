"""Requests of Gemini clients: every spelling is read, nothing is lost on the way in and out, mistakes are placed."""

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.gemini.schema_parsing import parse_schema
from adapters.dialects.sealed import Sealed, seal
from domain.chat.content import (
    Audio,
    Document,
    FileRef,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Part,
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
    Tool,
    ToolChoice,
    ToolMode,
)
from domain.errors import MalformedRequest
from domain.json_types import NO_EXT
from tests.dialects.gemini.gemini_sdk import GEMINI, GEMINI_2_5, GEMINI_3, target
from tests.strategies.canonical import PNG
from tests.strategies.gemini_wire import function_turns, generate_requests, snake_case, url_safe

FOREIGN_SIGNATURES = [
    base64.b64encode(seal(Sealed(Opaque(family=family, value="s"), "call")).encode()).decode()
    for family in ("anthropic", "openai")
]
"""What a client returns with a call that was signed by a vendor whose signatures only it can read."""
FILES = "https://generativelanguage.googleapis.com/v1beta/files/"


def parse(body: dict[str, Any]) -> ChatRequest:
    return GEMINI.parse_request({"model": "m", "stream": False, **body})


def returned(request: ChatRequest) -> dict[str, Any]:
    """The body for an upstream of the same dialect, which nothing is lost for, whatever its model can do."""
    rendered = GEMINI.render_request(request, target(GEMINI_2_5))
    assert rendered.losses == ()
    return rendered.body


def model(*parts: Any) -> dict[str, Any]:
    return {"role": "model", "parts": list(parts)}


def user(*parts: Any) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def messages(*contents: dict[str, Any]) -> tuple[Message, ...]:
    return parse({"contents": list(contents)}).messages


def part(value: dict[str, Any]) -> Part:
    """What one part of a model's content means."""
    ((only,),) = (message.parts for message in messages(model(value)))
    return only


def generation(**config: Any) -> ChatRequest:
    return parse({"contents": [user({"text": "hi"})], "generationConfig": config})


# ---- every request -------------------------------------------------------------------------------------------------


@settings(max_examples=60)
@given(generate_requests())
def test_rendering_is_the_inverse_of_parsing(body: dict[str, Any]) -> None:
    before = json.dumps(body)
    request = parse(body)
    assert returned(request) == body
    assert parse(returned(request)) == request
    assert json.dumps(body) == before


@settings(max_examples=60)
@given(generate_requests(), st.lists(function_turns(), max_size=3), st.sampled_from([None, *FOREIGN_SIGNATURES]))
def test_what_another_vendors_model_called_is_signed_for_a_model_that_demands_it(
    body: dict[str, Any], steps: list[list[dict[str, Any]]], foreign: str | None
) -> None:
    contents = [*body["contents"], *(content for step in steps for content in step)]
    calls = [called for content in contents for called in content["parts"] if "functionCall" in called]
    for called in calls[::2]:
        called.pop("thoughtSignature", None)
        called.update({} if foreign is None else {"thoughtSignature": foreign})
    request = parse({**body, "contents": contents})
    as_it_was = GEMINI.render_request(request, target(GEMINI_2_5)).body
    signed = GEMINI.render_request(request, target(GEMINI_3))
    first_calls = [
        next(part for part in content["parts"] if "functionCall" in part)
        for content in as_it_was["contents"][len(body["contents"]) :]
        if content["role"] == "model"
    ]
    unsigned = [part for part in first_calls if "thoughtSignature" not in part]
    assert {loss.code for loss in signed.losses} == ({"unsigned_tool_call"} if unsigned else set())
    for part in unsigned:
        part["thoughtSignature"] = "skip_thought_signature_validator"
    assert signed.body == as_it_was


@settings(max_examples=30)
@given(generate_requests())
def test_every_spelling_means_the_same(body: dict[str, Any]) -> None:
    request, snaked = parse(body), parse(snake_case(body))
    for name in ("sampling", "reasoning", "tool_choice", "response_format", "max_output_tokens", "audio_output"):
        assert getattr(snaked, name) == getattr(request, name)
    assert snaked.tools == request.tools
    assert [understood(message) for message in snaked.messages] == [
        understood(message) for message in request.messages
    ]


def understood(message: Message) -> Message:
    """The message without what is kept as it came."""
    known = (replace(each, ext=NO_EXT) for each in message.parts if not isinstance(each, OpaquePart))
    return replace(message, parts=tuple(known), ext=NO_EXT)


@settings(max_examples=25)
@given(generate_requests())
def test_both_base64_alphabets_are_read(body: dict[str, Any]) -> None:
    def inline(request: ChatRequest) -> list[Any]:
        said = [each for message in request.messages for each in message.parts]
        said += [inner for each in said if isinstance(each, ToolResult) for inner in each.parts]
        return [each.source for each in said if isinstance(each, (Image, Document, Audio))]

    assert inline(parse(url_safe(body))) == inline(parse(body))


def test_a_request_knows_where_it_comes_from() -> None:
    request = GEMINI.parse_request({"model": "mine", "stream": True, "contents": [user({"text": "hi"})]})
    assert (request.model, request.stream, request.source) == ("mine", True, "gemini")
    assert GEMINI.render_request(request, target()).body == {"contents": [user({"text": "hi"})]}


# ---- conversations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "instruction",
    ["Be brief.", {"parts": [{"text": "Be brief."}], "role": "user"}, {"parts": {"text": "Be brief."}}],
)
def test_instructions_stand_beside_the_conversation(instruction: Any) -> None:
    request = parse({"system_instruction": instruction, "contents": {"parts": [{"text": "hi"}]}})
    standing = Message(role=Role.SYSTEM, parts=(Text(text="Be brief."),), standing=True)
    assert request.messages == (standing, Message(role=Role.USER, parts=(Text(text="hi"),)))
    assert returned(request)["systemInstruction"] == {"parts": [{"text": "Be brief."}]}


def test_parts_mean_what_they_say() -> None:
    signed = Opaque(family="google", value="YWJj")
    assert part({"text": "hm", "thought": True, "thoughtSignature": "YWJj"}) == Reasoning(
        text="hm", signature=signed
    )
    assert part({"thought_signature": "YWJj"}) == Text(text="", signature=signed)
    assert part({"function_call": {"name": "f"}, "thought_signature": "YWJj"}) == ToolCall(
        id="call_g0_0", name="f", raw="", arguments={}, signature=signed
    )
    assert part({"inline_data": {"mime_type": "image/jpg", "data": PNG}}) == Image(
        source=Inline(media_type="image/png", base64=PNG)
    )
    code = {"executable_code": {"code": "1"}}
    assert part(code) == OpaquePart(family="google", kind="executableCode", raw=code)
    film = {"inlineData": {"mimeType": "video/mp4", "data": "AA=="}}
    assert part(film) == OpaquePart(family="google", kind="inlineData", raw=film)


def test_files_are_the_vendors_own_or_somebodys() -> None:
    own = FileRef(family="google", file_id=f"{FILES}x", media_type="application/pdf")
    assert part({"fileData": {"fileUri": f"{FILES}x", "mimeType": "application/pdf"}}) == Document(source=own)
    public = {"fileData": {"fileUri": "https://example.com/a.png", "mimeType": "image/png"}}
    assert part(public) == Image(source=Url(url="https://example.com/a.png"))
    odd = part({"fileData": {"fileUri": "https://example.com/a", "mimeType": "audio/wav"}})
    assert isinstance(odd, Audio)
    assert odd.ext == {"google": {"fileData": {"mimeType": "audio/wav"}}}


def test_results_find_their_calls() -> None:
    def ids(*contents: dict[str, Any]) -> list[str]:
        said = [each for message in messages(*contents) for each in message.parts]
        calls = [each.id for each in said if isinstance(each, ToolCall)]
        return calls + [each.call_id for each in said if isinstance(each, ToolResult)]

    def call(name: str, **members: Any) -> dict[str, Any]:
        return {"functionCall": {"name": name, **members}}

    def answer(name: str, **members: Any) -> dict[str, Any]:
        return {"functionResponse": {"name": name, "response": {}, **members}}

    assert ids(model(call("f"), call("g")), user(answer("g"), answer("f"))) == [
        *("call_g0_0", "call_g0_1"),
        *("call_g0_1", "call_g0_0"),
    ]
    assert ids(model(call("f"), call("f")), user(answer("f"), answer("f"))) == [
        *("call_g0_0", "call_g0_1"),
        *("call_g0_0", "call_g0_1"),
    ]
    assert ids(model(call("f", id="1")), user(answer("f", id="1"))) == ["1", "1"]
    assert ids(model(call("f", id="1")), user(answer("f"))) == ["1", "1"]
    assert ids(model(call("f")), user(answer("f", id="2"))) == ["call_g0_0", "call_g0_0"]
    assert ids(user(answer("f", id="2"))) == ["2"]
    assert ids(user(answer("f"))) == ["call_g0_0"]
    request = parse({"contents": [model(call("f")), user(answer("f", id="2"))]})
    assert returned(request)["contents"][1] == user(answer("f", id="2"))


def test_results_and_talk_in_one_content_are_two_messages() -> None:
    answer = {"functionResponse": {"name": "f", "response": {"output": "1"}}}
    called = model({"functionCall": {"name": "f"}})
    told = messages(called, {"role": "function", "parts": [answer, {"text": "so?"}]})
    assert [message.role for message in told] == [Role.ASSISTANT, Role.TOOL, Role.USER]


@pytest.mark.parametrize(
    ("response", "text", "is_error"),
    [
        ({"output": "sunny"}, "sunny", False),
        ({"error": "down"}, "down", True),
        ({"error": {"code": 1}}, '{"error":{"code":1}}', True),
        ({"error": "down", "code": 1}, '{"error":"down","code":1}', True),
        ({"result": "ok", "error": "none"}, '{"result":"ok","error":"none"}', False),
        ({"output": '{"a": 1}'}, '{"output":"{\\"a\\": 1}"}', False),
        ({"a": 1.0, "b": 2**60}, f'{{"a":1.0,"b":{2**60}}}', False),
    ],
)
def test_results_are_text_for_everybody(response: dict[str, Any], text: str, *, is_error: bool) -> None:
    contents = [user({"functionResponse": {"name": "f", "response": response}})]
    request = parse({"contents": contents})
    (result,) = request.messages[0].parts
    assert isinstance(result, ToolResult)
    assert (result.parts, result.is_error) == ((Text(text=text),), is_error)
    assert returned(request)["contents"] == contents


def test_a_streamed_answer_that_comes_back_in_pieces_is_one_turn() -> None:
    told = messages(
        model({"text": "hm", "thought": True}),
        model({"text": "m", "thought": True}),
        model({"text": "Hel"}),
        model({"text": " "}),
        model({"text": "lo"}, {"functionCall": {"name": "f"}}),
        model({"functionCall": {"name": "g"}}),
        model({"text": ""}),
    )
    (turn,) = told
    assert [(type(each).__name__, getattr(each, "text", getattr(each, "name", ""))) for each in turn.parts] == [
        ("Reasoning", "hmm"),
        ("Text", "Hel lo"),
        ("ToolCall", "f"),
        ("ToolCall", "g"),
        ("Text", ""),
    ]


# ---- signatures of others ------------------------------------------------------------------------------------------


def sealed(signature: Opaque | None, *, redacted: bool = False, alphabet: str = "standard") -> str:
    encode = base64.b64encode if alphabet == "standard" else base64.urlsafe_b64encode
    return encode(seal(Sealed(signature, redacted=redacted)).encode()).decode()


ANTHROPICS = Opaque(family="anthropic", value="s~?>/+==")


@pytest.mark.parametrize("alphabet", ["standard", "url-safe"])
def test_seals_are_opened_and_close_the_thought_before_them(alphabet: str) -> None:
    seal_value = sealed(ANTHROPICS, alphabet=alphabet)
    whole = Reasoning(text="hmm", signature=ANTHROPICS)
    assert part({"text": "hmm", "thought": True, "thoughtSignature": seal_value}) == whole
    pieces = [
        *({"text": "h", "thought": True}, {"text": "mm", "thought": True}),
        {"text": "", "thought": True, "thoughtSignature": seal_value},
    ]
    for contents in ([model(*pieces)], [model(piece) for piece in pieces]):
        (turn,) = messages(*contents)
        assert turn.parts == (whole,)
    redacted = sealed(ANTHROPICS, redacted=True)
    (turn,) = messages(
        model({"text": "a", "thought": True}), model({"text": "", "thought": True, "thoughtSignature": redacted})
    )
    assert turn.parts == (Reasoning(text="a"), Reasoning(text="", signature=ANTHROPICS, redacted=True))


def test_googles_own_signatures_stay_on_their_own_part() -> None:
    (turn,) = messages(
        model({"text": "a", "thought": True}), model({"text": "", "thought": True, "thoughtSignature": "YQ=="})
    )
    assert turn.parts == (Reasoning(text="a"), Reasoning(text="", signature=Opaque(family="google", value="YQ==")))
    damaged = "ZmcxL???"
    assert part({"text": "", "thoughtSignature": damaged}) == Text(
        text="", signature=Opaque(family="google", value=damaged)
    )


def test_what_others_signed_never_reaches_google() -> None:
    thought = {"text": "hm", "thought": True, "thoughtSignature": sealed(ANTHROPICS)}
    request = parse(
        {"contents": [user({"text": "a"}), model(thought, {"text": "b"}), model(thought), user({"text": "c"})]}
    )
    rendered = GEMINI.render_request(request, target())
    assert rendered.body["contents"] == [user({"text": "a"}), model({"text": "b"}), user({"text": "c"})]
    assert [(loss.code, loss.where) for loss in rendered.losses] == [
        ("dropped_reasoning", "/messages/1/reasoning_content/0"),
        ("dropped_reasoning", "/messages/1/reasoning_content/1"),
    ]


# ---- tools ---------------------------------------------------------------------------------------------------------


OPENAPI = {
    "type": "OBJECT",
    "properties": {
        "b": {"type": "STRING", "nullable": True, "description": "d", "enum": ["x"], "format": "enum"},
        "a": {"type": "ARRAY", "items": {"type": "INTEGER"}, "min_items": "1", "maxItems": 3},
        "c": {"anyOf": [{"type": "NUMBER"}, {"ref": "#/$defs/d"}], "nullable": True, "example": 1},
        "type": {"type": "TYPE_UNSPECIFIED"},
    },
    "property_ordering": ["a", "b"],
    "required": ["a"],
    "defs": {"d": {"type": "BOOLEAN", "nullable": False}},
}
JSON_SCHEMA = {
    "type": "object",
    "properties": {
        "a": {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": 3},
        "b": {"description": "d", "anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]},
        "c": {"anyOf": [{"type": "number"}, {"$ref": "#/$defs/d"}, {"type": "null"}], "examples": [1]},
        "type": {},
    },
    "required": ["a"],
    "$defs": {"d": {"type": "boolean"}},
}


def test_openapi_schemas_are_json_schemas() -> None:
    before = json.dumps(OPENAPI)
    assert parse_schema(OPENAPI, "p") == JSON_SCHEMA
    assert list(parse_schema(OPENAPI, "p")["properties"]) == ["a", "b", "c", "type"]
    assert json.dumps(OPENAPI) == before


@pytest.mark.parametrize("spelling", ["parametersJsonSchema", "parameters_json_schema"])
def test_a_json_schema_is_the_callers_own_under_both_names(spelling: str) -> None:
    schema = {"type": "object", "properties": {"my_name": {"const": 1}}, "x_y": None}
    declared = [{"function_declarations": [{"name": "f", spelling: schema}]}]
    (tool,) = parse({"contents": [user({"text": "a"})], "tools": declared}).tools
    assert tool == Tool(name="f", parameters=schema)


def test_tools_in_one_object_or_in_many() -> None:
    tools = {
        "functionDeclarations": {"name": "f", "parameters": OPENAPI},
        "googleSearch": {"a": 1},
        "mcpServers": [],
    }
    request = parse({"contents": [user({"text": "a"})], "tools": tools})
    assert request.tools == (
        Tool(name="f", parameters=JSON_SCHEMA),
        BuiltinTool(kind="web_search", native_type="googleSearch", options={"a": 1}),
        BuiltinTool(kind="mcp", native_type="mcpServers", options=[]),
    )
    assert returned(request)["tools"] == [
        {"functionDeclarations": [{"name": "f", "parametersJsonSchema": JSON_SCHEMA}]},
        {"googleSearch": {"a": 1}},
        {"mcpServers": []},
    ]


@pytest.mark.parametrize(
    ("calling", "choice"),
    [
        ({"mode": "AUTO"}, ToolChoice(mode=ToolMode.AUTO)),
        ({"mode": "none"}, ToolChoice(mode=ToolMode.NONE)),
        ({"mode": "ANY"}, ToolChoice(mode=ToolMode.REQUIRED)),
        ({"mode": "ANY", "allowed_function_names": ["a"]}, ToolChoice(mode=ToolMode.NAMED, names=("a",))),
        (
            {"mode": "ANY", "allowedFunctionNames": ["a", "b"]},
            ToolChoice(mode=ToolMode.REQUIRED, names=("a", "b")),
        ),
        ({"mode": "VALIDATED", "allowedFunctionNames": ["a"]}, ToolChoice(mode=ToolMode.AUTO, names=("a",))),
        ({"mode": "VALIDATED"}, ToolChoice(mode=ToolMode.AUTO)),
        ({"mode": "MODE_UNSPECIFIED"}, None),
        ({}, None),
    ],
)
def test_choices(calling: dict[str, Any], choice: ToolChoice | None) -> None:
    request = parse({"contents": [user({"text": "a"})], "tool_config": {"function_calling_config": calling}})
    assert request.tool_choice == choice
    left = request.ext.get("google", {})
    assert left == ({"toolConfig": {"functionCallingConfig": calling}} if calling == {"mode": "VALIDATED"} else {})


# ---- generationConfig ----------------------------------------------------------------------------------------------


def test_whole_numbers_may_be_written_as_others() -> None:
    assert generation(topK=40.0, candidateCount=2.0).sampling.top_k == 40


@pytest.mark.parametrize(
    ("config", "settings_"),
    [
        ({}, None),
        ({"thinking_level": "low"}, ReasoningSettings(effort=Effort.LOW, visible=False)),
        ({"thinkingBudget": -1, "includeThoughts": True}, ReasoningSettings(budget_tokens=-1, visible=True)),
        ({"thinkingLevel": "THINKING_LEVEL_UNSPECIFIED"}, None),
    ],
)
def test_thinking(config: dict[str, Any], settings_: ReasoningSettings | None) -> None:
    assert generation(thinking_config=config).reasoning == settings_


def test_answers_in_json_are_asked_for_in_two_kinds_of_schema() -> None:
    asked = generation(responseMimeType="application/json", responseSchema=OPENAPI)
    assert asked.response_format == ResponseFormat(kind="json_schema", schema=JSON_SCHEMA)
    words = generation(response_mime_type="text/x.enum", response_schema={"type": "STRING", "enum": ["a"]})
    assert words.response_format == ResponseFormat(kind="json_schema", schema={"type": "string", "enum": ["a"]})
    assert words.ext == {"google": {"generationConfig": {"responseMimeType": "text/x.enum"}}}
    assert generation(responseMimeType="text/plain").response_format is None


def test_a_voice_is_what_both_vendors_know_of_speech() -> None:
    voice = {"voiceConfig": {"prebuiltVoiceConfig": {"voiceName": "Kore"}}, "languageCode": "de"}
    asked = generation(speechConfig=voice, responseModalities=["AUDIO"])
    assert (asked.audio_output, asked.modalities) == ({"voice": "Kore"}, ("audio",))
    assert asked.ext == {"google": {"generationConfig": {"speechConfig": {"languageCode": "de"}}}}
    several: dict[str, Any] = {"multiSpeakerVoiceConfig": {"speakerVoiceConfigs": []}}
    assert returned(generation(speechConfig=several))["generationConfig"] == {"speechConfig": several}


# ---- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "contents"),
        ({"contents": "hi"}, "contents"),
        ({"contents": [1]}, "contents[0]"),
        ({"contents": [{"role": "system", "parts": []}]}, "contents[0].role"),
        ({"contents": [{"role": ["user"], "parts": []}]}, "contents[0].role"),
        ({"contents": [user({}, {})]}, "contents[0].parts[0]"),
        ({"contents": [user({"text": 1})]}, "contents[0].parts[0].text"),
        ({"contents": [user(), user({"functionCall": {"name": "f"}})]}, "contents[1].parts[0].functionCall"),
        ({"contents": [model({"functionCall": {}})]}, "contents[0].parts[0].functionCall.name"),
        (
            {"contents": [model({"functionCall": {"name": "f", "args": []}})]},
            "contents[0].parts[0].functionCall.args",
        ),
        (
            {"contents": [user({"text": "a"}), user({"inline_data": {"mime_type": "image/png", "data": "a"}})]},
            "contents[1].parts[0].inlineData.data",
        ),
        (
            {"contents": [user({"functionResponse": {"name": "f", "parts": [{"text": "a"}]}})]},
            "contents[0].parts[0].functionResponse.parts[0]",
        ),
        ({"contents": [user()], "systemInstruction": 1}, "systemInstruction"),
        ({"contents": [user()], "generationConfig": {"topK": 0.5}}, "generationConfig.topK"),
        ({"contents": [user()], "generationConfig": {"candidateCount": 0}}, "generationConfig.candidateCount"),
        (
            {"contents": [user()], "generation_config": {"thinking_config": {"thinking_level": "much"}}},
            "generationConfig.thinkingConfig.thinkingLevel",
        ),
        (
            {"contents": [user()], "generationConfig": {"responseJsonSchema": 1}},
            "generationConfig.responseJsonSchema",
        ),
        ({"contents": [user()], "generationConfig": {"stopSequences": [1]}}, "generationConfig.stopSequences[0]"),
        (
            {"contents": [user()], "tools": [{"functionDeclarations": [{}]}]},
            "tools[0].functionDeclarations[0].name",
        ),
        (
            {
                "contents": [user()],
                "tools": [{"functionDeclarations": [{"name": "f", "parameters": {"items": {}, "anyOf": [1]}}]}],
            },
            "tools[0].functionDeclarations[0].parameters.anyOf[0]",
        ),
        (
            {"contents": [user()], "toolConfig": {"functionCallingConfig": {"mode": "MAYBE"}}},
            "toolConfig.functionCallingConfig.mode",
        ),
    ],
)
def test_mistakes_are_placed(body: dict[str, Any], path: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        parse(body)
    assert refused.value.param == path
    assert refused.value.message.startswith(f"{path}: expected")
