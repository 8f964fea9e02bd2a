"""What a vendor was asked, read from its own format and judged by its own types."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tests.dialects.anthropic_messages.targets import assert_in_vendor_types as check_messages
from tests.dialects.gemini.gemini_sdk import check as check_gemini
from tests.dialects.openai_chat.sdk import check_request as check_chat
from tests.dialects.openai_responses.request_judge import check_request as check_responses
from tests.e2e.canned.contents import ENCRYPTED, REDACTED, SIGNATURE, Asked

_STANDARD_ALPHABET = str.maketrans("-_", "+/")
"""Google's client writes base64 as it is in URLs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The meaning of one request.

    texts, answers: of the user and of the model, by turn. calls, results: of the history, in order. thoughts: what came back of earlier thoughts, as the vendor marks it.
    """

    system: str
    texts: tuple[str, ...]
    answers: tuple[str, ...]
    images: tuple[str, ...]
    tools: tuple[str, ...]
    calls: tuple[tuple[str, Any], ...]
    results: tuple[str, ...]
    verdict: bool
    thoughts: tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One of the vendors.

    model:    a model of it, as the configuration names it.
    path:     how the paths of its requests end, buffered and streamed.
    kept:     what has to come back of its thoughts, of which the client was shown these words.
    """

    name: str
    model: str
    paths: tuple[str, str]
    hear: Callable[[dict[str, Any]], Heard]
    kept: Callable[[str], tuple[Any, ...]]

    def named(self, model: str) -> str:
        """Another model of it."""
        return f"{self.model.partition('/')[0]}/{model}"

    def heard(self, asked: Asked) -> Heard:
        """What the vendor was asked at the end, after its types have accepted it."""
        assert asked.path.endswith(self.paths), asked.path
        return self.hear(asked.body)


def _chat(body: dict[str, Any]) -> Heard:
    extras = ("reasoning_content", "reasoning")
    messages = [{k: v for k, v in message.items() if k not in extras} for message in body["messages"]]
    check_chat({**body, "messages": messages})
    parts = [part for message in messages for part in _parts(message.get("content"))]
    calls = [call["function"] for message in messages for call in message.get("tool_calls", ())]
    return Heard(
        system="".join(_texts(m["content"]) for m in messages if m["role"] == "system"),
        texts=tuple(_texts(m["content"]) for m in messages if m["role"] == "user"),
        answers=tuple(_texts(m["content"]) for m in messages if m["role"] == "assistant" and m.get("content")),
        images=tuple(_from_data_url(part["image_url"]["url"]) for part in parts if part["type"] == "image_url"),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools", ())),
        calls=tuple((call["name"], json.loads(call["arguments"])) for call in calls),
        results=tuple(_texts(m["content"]) for m in messages if m["role"] == "tool"),
        verdict=body.get("response_format", {}).get("type") == "json_schema",
        thoughts=tuple(m["reasoning_content"] for m in body["messages"] if "reasoning_content" in m),
    )


def _responses(body: dict[str, Any]) -> Heard:
    check_responses(body)
    items = [{"type": "message", **item} for item in body["input"]]
    messages = [item for item in items if item["type"] == "message"]
    users = [item for item in messages if item["role"] == "user"]
    leading = [item for item in messages if item["role"] in ("system", "developer")]
    calls = [item for item in items if item["type"] == "function_call"]
    outputs = [item["output"] for item in items if item["type"] == "function_call_output"]
    thoughts = [item for item in items if item["type"] == "reasoning"]
    parts = [part for item in users for part in _parts(item["content"])]
    return Heard(
        system=body.get("instructions") or "".join(_texts(item["content"]) for item in leading),
        texts=tuple(_texts(item["content"]) for item in users),
        answers=tuple(_texts(item["content"]) for item in messages if item["role"] == "assistant"),
        images=tuple(_from_data_url(part["image_url"]) for part in parts if part["type"] == "input_image"),
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        calls=tuple((call["name"], json.loads(call["arguments"])) for call in calls),
        results=tuple(_texts(output) for output in outputs),
        verdict=body.get("text", {}).get("format", {}).get("type") == "json_schema",
        thoughts=tuple((_texts(item["summary"]), item["encrypted_content"]) for item in thoughts),
    )


def _messages(body: dict[str, Any]) -> Heard:
    check_messages(body)
    turns = [(message["role"], _parts(message["content"])) for message in body["messages"]]
    blocks = [block for _, content in turns for block in content]
    return Heard(
        system=_texts(body["system"]),
        texts=tuple(text for role, content in turns if role == "user" and (text := _texts(content))),
        answers=tuple(text for role, content in turns if role == "assistant" and (text := _texts(content))),
        images=tuple(block["source"]["data"] for block in blocks if block["type"] == "image"),
        tools=tuple(tool["name"] for tool in body.get("tools", ())),
        calls=tuple((block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"),
        results=tuple(_texts(block["content"]) for block in blocks if block["type"] == "tool_result"),
        verdict="format" in body.get("output_config", {}),
        thoughts=tuple(block for block in blocks if block["type"] in ("thinking", "redacted_thinking")),
    )


def _gemini(body: dict[str, Any]) -> Heard:
    check_gemini(body)
    parts = [(turn["role"], part) for turn in body["contents"] for part in turn["parts"]]
    responses = [part["functionResponse"]["response"] for _, part in parts if "functionResponse" in part]
    said = "".join(part.get("text", "") for role, part in parts if role == "model" and not part.get("thought"))
    images = [part["inlineData"]["data"] for _, part in parts if "inlineData" in part]
    return Heard(
        system=_texts(body["systemInstruction"]["parts"]),
        texts=tuple(part["text"] for role, part in parts if role == "user" and "text" in part),
        answers=(said,) if said else (),
        images=tuple(image.translate(_STANDARD_ALPHABET) for image in images),
        tools=tuple(f["name"] for tool in body.get("tools", ()) for f in tool["functionDeclarations"]),
        calls=tuple(_gemini_calls(parts)),
        results=tuple(next(iter(response.values())) for response in responses),
        verdict="responseJsonSchema" in body.get("generationConfig", {}),
        thoughts=tuple(_gemini_signatures(parts)),
    )


def _gemini_calls(parts: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, Any]]:
    for _, part in parts:
        if "functionCall" in part:
            yield part["functionCall"]["name"], part["functionCall"].get("args", {})


def _gemini_signatures(parts: list[tuple[str, dict[str, Any]]]) -> Iterator[str]:
    """The signatures, each of which stands where the vendor had put it: at the first call, else at the text."""
    first_call = next((part for _, part in parts if "functionCall" in part), None)
    for _, part in parts:
        if "thoughtSignature" in part:
            assert part is first_call or (first_call is None and part["text"] and not part.get("thought"))
            yield part["thoughtSignature"]


def _parts(content: Any) -> list[dict[str, Any]]:
    if content is None:
        return []
    return [{"type": "text", "text": content}] if isinstance(content, str) else content


def _texts(content: Any) -> str:
    return "".join(part["text"] for part in _parts(content) if "text" in part)


def _from_data_url(url: str) -> str:
    head, _, data = url.partition(",")
    assert head == "data:image/png;base64"
    return data


UPSTREAMS = {
    upstream.name: upstream
    for upstream in (
        Upstream(
            name="chat",
            model="chat/qwen3-8b",
            paths=("/v1/chat/completions", "/v1/chat/completions"),
            hear=_chat,
            kept=lambda shown: (shown,),
        ),
        Upstream(
            name="responses",
            model="responses/gpt-5",
            paths=("/v1/responses", "/v1/responses"),
            hear=_responses,
            kept=lambda shown: ((shown, ENCRYPTED),),
        ),
        Upstream(
            name="messages",
            model="messages/claude-sonnet-4-5",
            paths=("/v1/messages", "/v1/messages"),
            hear=_messages,
            kept=lambda shown: (
                {"type": "thinking", "thinking": shown, "signature": SIGNATURE},
                {"type": "redacted_thinking", "data": REDACTED},
            ),
        ),
        Upstream(
            name="gemini",
            model="gemini-api/gemini-2.5-flash",
            paths=(":generateContent", ":streamGenerateContent?alt=sse"),
            hear=_gemini,
            kept=lambda _: (SIGNATURE,),
        ),
    )
}
