"""Google's own types as judges of what the dialect sends, and the shortest ways to render and read."""

import warnings
from typing import Any

import httpx

from adapters.dialects.contract import RenderedRequest, Target
from adapters.dialects.gemini.dialect import Gemini
from domain.chat.content import Text
from domain.chat.events import StreamEvent
from domain.chat.request import ChatRequest, Effort, Message, Role
from domain.models.profile import ModelProfile, Thinking

GEMINI = Gemini()
GEMINI_3 = ModelProfile(
    thinking=Thinking.LEVEL,
    efforts=(Effort.MINIMAL, Effort.LOW, Effort.MEDIUM, Effort.HIGH),
    thinking_optional=False,
    signed_calls=True,
)
GEMINI_2_5 = ModelProfile(
    max_output_tokens=65_536,
    thinking=Thinking.BUDGET,
    min_thinking_tokens=512,
    max_thinking_tokens=24_576,
    json_schema_with_tools=False,
    call_ids=False,
    builtin_tools_with_functions=False,
    result_media=False,
)
NOTHING_RENAMED = RenderedRequest(body={})


def target(profile: ModelProfile = GEMINI_3) -> Target:
    return Target(provider="gemini", family="google", model="gemini-x", profile=profile)


def asking(*messages: Message, **members: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (user("hi"),), **members)


def user(text: str) -> Message:
    return Message(role=Role.USER, parts=(Text(text=text),))


def render(request: ChatRequest, profile: ModelProfile = GEMINI_3) -> dict[str, Any]:
    """The body, after Google's types have accepted it."""
    body = GEMINI.render_request(request, target(profile)).body
    check(body)
    return body


def lost(request: ChatRequest, profile: ModelProfile = GEMINI_3) -> dict[str, str]:
    """What was lost: pointers by code."""
    return {loss.code: loss.where for loss in GEMINI.render_request(request, target(profile)).losses}


def check(body: dict[str, Any]) -> None:
    """Raise where Google's types refuse a piece of `body`, or a member is not one of the API's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google.genai import types

    assert body.keys() <= {
        "contents",
        "systemInstruction",
        "tools",
        "toolConfig",
        "safetySettings",
        "generationConfig",
        "serviceTier",
        "cachedContent",
    }
    for content in body["contents"]:
        types.Content.model_validate(content)
    if "systemInstruction" in body:
        types.Content.model_validate(body["systemInstruction"])
    for tool in body.get("tools", ()):
        types.Tool.model_validate(tool)
    types.ToolConfig.model_validate(body.get("toolConfig", {}))
    types.GenerationConfig.model_validate(body.get("generationConfig", {}))
    for setting in body.get("safetySettings", ()):
        types.SafetySetting.model_validate(setting)


def decoded(*reads: bytes, rendered: RenderedRequest = NOTHING_RENAMED) -> list[StreamEvent]:
    """All events of a stream that arrives in `reads`."""
    decoder = GEMINI.decoder(rendered)
    events = [event for read in reads for event in decoder.feed(read)]
    return events + decoder.finish()


def official_client(*chunks: bytes, status: int = 200) -> Any:
    """Google's own client, whose every request is answered with `chunks`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google import genai
        from google.genai import types

    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(status, stream=httpx.ByteStream(b"".join(chunks)))

    transport = httpx.MockTransport(answer)
    return genai.Client(api_key="k", http_options=types.HttpOptions(client_args={"transport": transport}))


def accepted(document: dict[str, Any]) -> Any:
    """The answer as Google's own type, which refuses members it does not know."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from google.genai import types

    return types.GenerateContentResponse.model_validate(document)
