"""Where losses stand: pointers lead into the client's own request, in its own spelling."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.dialects.places import Places
from tests.dialects.gemini.gemini_sdk import GEMINI
from tests.strategies.canonical import PNG
from tests.strategies.gemini_wire import generate_requests, snake_case

PICTURE = {"inlineData": {"mimeType": "image/png", "data": PNG}}
ANSWER = {"name": "f", "response": {}, "parts": [PICTURE]}
BODY: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "a"}]},
    "contents": [
        {"role": "user", "parts": [{"text": "b"}, PICTURE]},
        {"role": "model", "parts": [{"text": "c"}]},
        {"role": "model", "parts": [{"functionCall": {"name": "f"}}, {"functionCall": {"name": "f"}}]},
        {"role": "user", "parts": [{"functionResponse": ANSWER}, {"text": "d"}]},
    ],
    "tools": [
        {
            "googleSearch": {"excludeDomains": []},
            "functionDeclarations": [{"name": "f", "parametersJsonSchema": {}}],
        },
        {"functionDeclarations": [{"name": "g", "parameters": {}}]},
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    "generationConfig": {"topK": 1, "responseSchema": {}, "thinkingConfig": {"thinkingBudget": 1}},
    "safetySettings": [],
}


@pytest.mark.parametrize(
    ("canonical", "own"),
    [
        ("/messages/0", "/systemInstruction"),
        ("/messages/0/content/0", "/systemInstruction/parts/0"),
        ("/messages/1/content/1", "/contents/0/parts/1"),
        ("/messages/1/content/1/image_url", "/contents/0/parts/1/inlineData"),
        ("/messages/2/content/0", "/contents/1/parts/0"),
        ("/messages/2/tool_calls/1", "/contents/2/parts/1"),
        ("/messages/2/tool_calls/1/functionCall", "/contents/2/parts/1/functionCall"),
        ("/messages/2/content/9", "/contents/1"),
        ("/messages/3", "/contents/3"),
        ("/messages/3/content/0", "/contents/3/parts/0"),
        ("/messages/3/content/0/content/0", "/contents/3/parts/0/functionResponse/response"),
        ("/messages/3/content/0/content/1", "/contents/3/parts/0/functionResponse/parts/0"),
        ("/messages/4/content/0", "/contents/3/parts/1"),
        ("/messages/4/name", "/contents/3/name"),
        ("/messages/9", "/contents"),
        ("/messages", "/contents"),
        ("/tools/0/excludeDomains", "/tools/0/googleSearch/excludeDomains"),
        ("/tools/1/function/parameters", "/tools/0/functionDeclarations/0/parametersJsonSchema"),
        ("/tools/2/function/parameters", "/tools/1/functionDeclarations/0/parameters"),
        ("/tools/2/behavior", "/tools/1/functionDeclarations/0/behavior"),
        ("/tools", "/tools"),
        ("/tool_choice", "/toolConfig/functionCallingConfig"),
        ("/top_k", "/generationConfig/topK"),
        ("/stop", "/generationConfig/stopSequences"),
        ("/max_tokens", "/generationConfig/maxOutputTokens"),
        ("/max_completion_tokens", "/generationConfig/maxOutputTokens"),
        ("/reasoning_effort", "/generationConfig/thinkingConfig"),
        ("/response_format", "/generationConfig/responseMimeType"),
        ("/response_format/json_schema/schema", "/generationConfig/responseSchema"),
        ("/response_format/json_schema/name", "/generationConfig/responseSchema"),
        ("/audio/voice", "/generationConfig/speechConfig/voiceConfig/prebuiltVoiceConfig/voiceName"),
        ("/safetySettings", "/safetySettings"),
        ("/never_heard_of", "/never_heard_of"),
    ],
)
def test_places(canonical: str, own: str) -> None:
    assert GEMINI.place(canonical, BODY) == own


@pytest.mark.parametrize(
    ("canonical", "own"),
    [
        ("/top_k", "/generation_config/top_k"),
        ("/messages/0", "/system_instruction"),
        ("/messages/3/content/0/content/1", "/contents/3/parts/0/function_response/parts/0"),
        ("/tools/1/function/parameters", "/tools/0/function_declarations/0/parameters_json_schema"),
        ("/safetySettings", "/safety_settings"),
    ],
)
def test_places_are_spelled_as_the_request_is(canonical: str, own: str) -> None:
    assert GEMINI.place(canonical, snake_case(BODY)) == own


@settings(max_examples=40)
@given(generate_requests(), st.booleans())
def test_every_part_has_its_place(body: dict[str, Any], snake: bool) -> None:
    body = snake_case(body) if snake else body
    request = GEMINI.parse_request({"model": "m", **body})
    there = Places(request.messages)
    parts = [part for message in request.messages for part in message.parts]
    places = [GEMINI.place(there.pointer(part), body) for part in parts]
    assert len(set(places)) == len(places)
    for pointer in places:
        found: Any = body
        for step in pointer.removeprefix("/").split("/"):
            found = found[int(step)] if isinstance(found, list) else found[step]
        assert isinstance(found, dict)


def test_a_body_that_cannot_be_read_keeps_the_pointer() -> None:
    assert GEMINI.place("/messages/0", {"contents": []}) == "/messages/0"
