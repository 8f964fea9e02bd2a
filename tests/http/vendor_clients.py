"""How the clients of each vendor ask, and how they read what they are told."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

KEY = "sk-gateway"


@dataclass(frozen=True)
class VendorClient:
    """A client in few words: its paths have `{model}` where the path names it.

    `route` and `stream_route`: what their calls are labelled. `keys`: request heads, and query strings, that carry KEY. `missing`: a member that a request cannot do without.
    """

    name: str
    route: str
    path: str
    stream_path: str
    stream_route: str
    prompt: Mapping[str, Any]
    missing: str
    keys: tuple[tuple[dict[str, str], str], ...]

    def target(self, model: str, *, stream: bool = False, query: str = "") -> str:
        path = (self.stream_path if stream else self.path).format(model=model)
        return path if not query else f"{path}{'&' if '?' in path else '?'}{query}"

    @property
    def always_streams(self) -> bool:
        return self.path == self.stream_path and "{model}" in self.path

    def body(self, model: str, *, stream: bool = False, **members: Any) -> bytes:
        if "{model}" in self.path:
            return self.document(**members)
        return self.document(model=model, **members, **({"stream": True} if stream else {}))

    def document(self, **members: Any) -> bytes:
        return json.dumps({**self.prompt, **members}).encode()

    def text(self, body: bytes) -> str:
        """The text of a whole answer."""
        document = json.loads(body)
        match self.name:
            case "chat":
                return str(document["choices"][0]["message"]["content"])
            case "responses":
                contents = [item["content"] for item in document["output"] if item["type"] == "message"]
                return "".join(part["text"] for content in contents for part in content)
            case "messages":
                return "".join(block["text"] for block in document["content"] if block["type"] == "text")
            case _:
                return _parts_text(document)

    def streamed_text(self, body: bytes) -> str:
        """The text of a streamed answer, which has come to its proper end."""
        documents = list(self.documents(body))
        match self.name:
            case "chat":
                assert body.endswith(b"data: [DONE]\n\n")
                deltas = [choice["delta"] for document in documents for choice in document["choices"]]
                return "".join(delta.get("content") or "" for delta in deltas)
            case "responses":
                assert documents[-1]["type"] == "response.completed"
                return "".join(d["delta"] for d in documents if d["type"] == "response.output_text.delta")
            case "messages":
                assert documents[-1]["type"] == "message_stop"
                return "".join(d["delta"].get("text", "") for d in documents if d["type"] == "content_block_delta")
            case _:
                assert documents[-1]["candidates"][0]["finishReason"] == "STOP"
                return "".join(map(_parts_text, documents))

    def documents(self, body: bytes) -> Iterator[dict[str, Any]]:
        """The JSON documents of a stream."""
        if self.name == "gemini-array":
            yield from json.loads(body)
            return
        for line in body.splitlines():
            if line.startswith(b"data: ") and line != b"data: [DONE]":
                yield json.loads(line.removeprefix(b"data: "))

    def error(self, body: bytes) -> dict[str, Any]:
        """What an error body says, after a look at its shape."""
        document = json.loads(body)
        error = document["error"]
        assert isinstance(error["message"], str)
        match self.name:
            case "chat" | "responses":
                assert set(document) == {"error"}
                assert set(error) == {"message", "type", "param", "code"}
            case "messages":
                assert document["type"] == "error"
                assert isinstance(error["type"], str)
            case _:
                assert set(document) == {"error"}
                assert isinstance(error["code"], int)
                assert isinstance(error["status"], str)
        assert isinstance(error, dict)
        return error


def _parts_text(document: dict[str, Any]) -> str:
    parts = document["candidates"][0].get("content", {}).get("parts", [])
    return "".join(part.get("text", "") for part in parts)


_Keys: TypeAlias = tuple[tuple[dict[str, str], str], ...]

_BEARER = ({"authorization": f"Bearer {KEY}"}, "")
_LITELLM = ({"x-litellm-api-key": KEY}, "")
_OPENAI_KEYS: _Keys = (_BEARER, ({"api-key": KEY}, ""), ({"x-api-key": KEY}, ""), _LITELLM)
_GOOGLE_KEYS: _Keys = (({"x-goog-api-key": KEY}, ""), ({}, f"key={KEY}"), _BEARER, _LITELLM)
_MESSAGES = {"messages": [{"role": "user", "content": "hi there"}]}
_CONTENTS = {"contents": [{"role": "user", "parts": [{"text": "hi there"}]}]}
_GENERATE = "/v1beta/models/{model}:generateContent"
_STREAM = "/v1beta/models/{model}:streamGenerateContent"

CHAT = VendorClient(
    name="chat",
    route="/v1/chat/completions",
    path="/v1/chat/completions",
    stream_path="/v1/chat/completions",
    stream_route="/v1/chat/completions",
    prompt=_MESSAGES,
    missing="messages",
    keys=_OPENAI_KEYS,
)
RESPONSES = VendorClient(
    name="responses",
    route="/v1/responses",
    path="/v1/responses",
    stream_path="/v1/responses",
    stream_route="/v1/responses",
    prompt={"input": "hi there"},
    missing="input",
    keys=_OPENAI_KEYS,
)
MESSAGES = VendorClient(
    name="messages",
    route="/v1/messages",
    path="/v1/messages",
    stream_path="/v1/messages",
    stream_route="/v1/messages",
    prompt={**_MESSAGES, "max_tokens": 100},
    missing="messages",
    keys=(({"x-api-key": KEY}, ""), _BEARER, _LITELLM),
)
GEMINI = VendorClient(
    name="gemini",
    route=_GENERATE,
    path=_GENERATE,
    stream_path=f"{_STREAM}?alt=sse",
    stream_route=_STREAM,
    prompt=_CONTENTS,
    missing="contents",
    keys=_GOOGLE_KEYS,
)
GEMINI_ARRAY = VendorClient(
    name="gemini-array",
    route=_STREAM,
    path=_STREAM,
    stream_path=_STREAM,
    stream_route=_STREAM,
    prompt=_CONTENTS,
    missing="contents",
    keys=_GOOGLE_KEYS,
)
CLIENTS = (CHAT, RESPONSES, MESSAGES, GEMINI, GEMINI_ARRAY)
BY_NAME = {client.name: client for client in CLIENTS}
WITH_KEYS = [(client.name, number) for client in CLIENTS for number in range(len(client.keys))]
