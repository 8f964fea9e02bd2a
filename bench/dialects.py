"""The four dialects as a client speaks them: where a chat is asked for, and with which bytes."""

import base64
import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Any, Final

KEY: Final = "sk-bench"
"""The key that every gateway asks for."""

_SYSTEM: Final = "You are a helpful assistant. Answer briefly, in plain words, and say so where you do not know."
_PROMPT: Final = (
    "Write a short greeting to a colleague who joins the team today. Mention that the kitchen is on the third "
    "floor, that lunch is at noon, and that questions are always welcome. Keep the tone warm but not exuberant. "
) * 4
_ANSWER_TOKENS: Final = 256
_TEMPERATURE: Final = 0.7


class Dialect(StrEnum):
    """A wire format by its initial: Chat Completions, Responses, (Anthropic) Messages, Gemini."""

    CHAT = "C"
    RESPONSES = "R"
    MESSAGES = "A"
    GEMINI = "G"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A POST to a port of this machine."""

    port: int
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"

    def encoded(self) -> bytes:
        """Head and body as they go out."""
        lines = [f"POST {self.path} HTTP/1.1", f"host: 127.0.0.1:{self.port}", "content-type: application/json"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        lines += [f"content-length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("ascii") + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """What is asked for. `image_bytes` > 0 adds a picture that long in base64 (Chat Completions only)."""

    stream: bool = False
    image_bytes: int = 0


def path(dialect: Dialect, model: str, chat: Chat) -> str:
    """Where `dialect` takes chats."""
    match dialect:
        case Dialect.CHAT:
            return "/v1/chat/completions"
        case Dialect.RESPONSES:
            return "/v1/responses"
        case Dialect.MESSAGES:
            return "/v1/messages"
        case Dialect.GEMINI:
            verb = "streamGenerateContent?alt=sse" if chat.stream else "generateContent"
            return f"/v1beta/models/{model}:{verb}"


def headers(dialect: Dialect) -> Mapping[str, str]:
    """The headers that the dialect's own SDK sends, the key among them."""
    match dialect:
        case Dialect.CHAT | Dialect.RESPONSES:
            return MappingProxyType({"authorization": f"Bearer {KEY}"})
        case Dialect.MESSAGES:
            return MappingProxyType({"x-api-key": KEY, "anthropic-version": "2023-06-01"})
        case Dialect.GEMINI:
            return MappingProxyType({"x-goog-api-key": KEY})


@cache
def body(dialect: Dialect, model: str, chat: Chat) -> bytes:
    """A chat of about 1 kB, plus the picture."""
    members = _members(dialect, model, chat)
    if chat.stream and dialect is not Dialect.GEMINI:
        members["stream"] = True
    return json.dumps(members, separators=(",", ":")).encode()


def _members(dialect: Dialect, model: str, chat: Chat) -> dict[str, Any]:
    user: dict[str, Any] = {"role": "user", "content": _PROMPT}
    match dialect:
        case Dialect.CHAT:
            if chat.image_bytes:
                user["content"] = [{"type": "text", "text": _PROMPT}, _picture(chat.image_bytes)]
            messages = [{"role": "system", "content": _SYSTEM}, user]
            limits = {"max_tokens": _ANSWER_TOKENS, "temperature": _TEMPERATURE}
            return {"model": model, "messages": messages, **limits}
        case Dialect.RESPONSES:
            limits = {"max_output_tokens": _ANSWER_TOKENS, "temperature": _TEMPERATURE}
            return {"model": model, "instructions": _SYSTEM, "input": [user], **limits}
        case Dialect.MESSAGES:
            limits = {"max_tokens": _ANSWER_TOKENS, "temperature": _TEMPERATURE}
            return {"model": model, "system": _SYSTEM, "messages": [user], **limits}
        case Dialect.GEMINI:
            return {
                "systemInstruction": {"parts": [{"text": _SYSTEM}]},
                "contents": [{"role": "user", "parts": [{"text": _PROMPT}]}],
                "generationConfig": {"maxOutputTokens": _ANSWER_TOKENS, "temperature": _TEMPERATURE},
            }


def _picture(characters: int) -> dict[str, Any]:
    pixels = base64.b64encode(random.Random(0).randbytes(characters * 3 // 4)).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{pixels}"}}
