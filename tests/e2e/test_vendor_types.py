"""What each vendor received for one rich request, judged by the vendor's own types and read for what was said."""

import json
from typing import Any

import openai
import pytest

from tests.dialects.anthropic_messages.targets import assert_in_vendor_types as check_anthropic
from tests.dialects.gemini.gemini_sdk import check as check_gemini
from tests.dialects.openai_chat.sdk import check_request as check_openai
from tests.e2e.conversations import PDF, PNG, rich_request
from tests.e2e.vendors import Vendors

TOLD = ("Be brief.", "Answer in French.", "What do you see?", "A dot.", "mild", "hot", "And now?", PNG, PDF)


def asked(client: openai.OpenAI, vendors: Vendors, **members: Any) -> dict[str, Any]:
    """The body that reached the vendor for a call with these members."""
    stream = client.chat.completions.create(**members)
    if members.get("stream"):
        list(stream)
    body = vendors.asked[-1].body
    sent = json.dumps(body, ensure_ascii=False)
    assert [said for said in TOLD if said not in sent] == []
    return body


@pytest.mark.parametrize("stream", [False, True])
def test_openai_is_asked_in_its_own_words(client: openai.OpenAI, vendors: Vendors, stream: bool) -> None:
    request = {**rich_request("gpt"), "stream": stream}
    body = asked(client, vendors, **request)
    check_openai(body)
    assert {**body, "model": "gpt"} == {
        **request,
        **({"stream_options": body["stream_options"]} if stream else {}),
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["claude", "anthropic/claude-opus-4-1", "anthropic/claude-of-the-future"])
def test_anthropic_is_asked_in_its_own_words(
    client: openai.OpenAI, vendors: Vendors, model: str, stream: bool
) -> None:
    body = asked(client, vendors, **rich_request(model), stream=stream)
    check_anthropic(body)
    kinds = [block["type"] for message in body["messages"] for block in message["content"]]
    assert kinds.count("tool_use") == kinds.count("tool_result") == 2
    assert {"image", "document", "text"} <= set(kinds)
    assert body["stop_sequences"] == ["END", "FIN"]
    assert body["metadata"] == {"user_id": "someone"}
    assert [tool["name"] for tool in body["tools"]][:2] == ["get_weather", "get_time"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("model", ["gemini", "gemini/gemini-3-pro-preview", "gemini/gemini-of-the-future"])
def test_gemini_is_asked_in_its_own_words(
    client: openai.OpenAI, vendors: Vendors, model: str, stream: bool
) -> None:
    body = asked(client, vendors, **rich_request(model), stream=stream)
    check_gemini(body)
    parts = [part for content in body["contents"] for part in content["parts"]]
    assert sum("functionCall" in part for part in parts) == sum("functionResponse" in part for part in parts) == 2
    assert [part["inlineData"]["mimeType"] for part in parts if "inlineData" in part] == [
        "image/png",
        "application/pdf",
    ]
    assert body["generationConfig"]["stopSequences"] == ["END", "FIN"]


@pytest.mark.parametrize(
    ("choice", "anthropic", "gemini"),
    [
        ("none", {"type": "none"}, {"mode": "NONE"}),
        ("required", {"type": "any"}, {"mode": "ANY"}),
        (
            {"type": "function", "function": {"name": "get_time"}},
            {"type": "tool", "name": "get_time"},
            {"mode": "ANY", "allowedFunctionNames": ["get_time"]},
        ),
    ],
)
def test_a_tool_choice_means_the_same_everywhere(
    client: openai.OpenAI, vendors: Vendors, choice: Any, anthropic: dict[str, Any], gemini: dict[str, Any]
) -> None:
    request = {**rich_request("claude"), "tool_choice": choice}
    del request["reasoning_effort"], request["response_format"]
    body = asked(client, vendors, **request)
    check_anthropic(body)
    assert body["tool_choice"] == anthropic
    body = asked(client, vendors, **{**request, "model": "gemini"})
    check_gemini(body)
    assert body["toolConfig"]["functionCallingConfig"] == gemini


@pytest.mark.parametrize("model", ["claude", "gemini"])
def test_what_was_changed_is_named_to_the_caller(client: openai.OpenAI, model: str) -> None:
    request = {**rich_request(model), "logit_bias": {"50256": -100}}
    told = client.chat.completions.with_raw_response.create(**request)
    assert "/logit_bias" in told.headers["x-feathergate-warning"]
