"""The streams of the four vendors, cut into what opens them, one token, and what closes them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.dialects import Dialect

TOKEN_SIGN: Final = b"@"
"""Stands once in every token and nowhere else: `@` and the microsecond in which the token left, then `;`."""

_SLOT: Final = "\x00"
_PROMPT_TOKENS: Final = 222
_CREATED_UNIX_S: Final = 1_736_892_104

_RESPONSE: Final[Mapping[str, Any]] = {
    "id": "resp_bench",
    "object": "response",
    "created_at": _CREATED_UNIX_S,
    "status": "in_progress",
    "error": None,
    "incomplete_details": None,
    "model": "gpt-4o-mini-2024-07-18",
    "output": [],
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": None,
    "metadata": {},
}
_RESPONSES_MESSAGE: Final = {"id": "msg_bench", "type": "message", "role": "assistant"}
_RESPONSES_PART: Final[Mapping[str, Any]] = {"type": "output_text", "text": "", "annotations": []}
_RESPONSES_PLACE: Final[Mapping[str, Any]] = {"item_id": "msg_bench", "output_index": 0, "content_index": 0}


@dataclass(frozen=True, slots=True)
class Frames:
    """A vendor's stream. A token's frame: `before`, its text, `after`. `closing` is made of all that was said."""

    opening: bytes
    before: bytes
    after: bytes
    closing: Callable[[Sequence[bytes]], bytes]


def frames_of(dialect: Dialect) -> Frames:
    """The stream that `dialect`'s vendor sends."""
    match dialect:
        case Dialect.CHAT:
            return _chat()
        case Dialect.RESPONSES:
            return _responses()
        case Dialect.MESSAGES:
            return _messages()
        case Dialect.GEMINI:
            return _gemini()


def _encoded(member: Any, name: str | None = None) -> bytes:
    event = "" if name is None else f"event: {name}\n"
    return f"{event}data: {json.dumps(member, separators=(',', ':'), ensure_ascii=False)}\n\n".encode()


def _event(name: str, **members: Any) -> bytes:
    """An event that is named twice, as those of Messages and Responses are."""
    return _encoded({"type": name, **members}, name)


def _token_frame(encoded: bytes) -> tuple[bytes, bytes]:
    """What is before and after the text of a token."""
    before, _, after = encoded.replace(json.dumps(_SLOT)[1:-1].encode(), b"\x00").partition(b"\x00")
    return before, after


def _chat() -> Frames:
    head = {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": _CREATED_UNIX_S,
        "model": "gpt-4o-mini-2024-07-18",
        "system_fingerprint": "fp_bench",
    }

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _encoded({**head, "choices": [choice], "usage": None})

    def closing(said: Sequence[bytes]) -> bytes:
        count = len(said)
        total = _PROMPT_TOKENS + count
        usage = {"prompt_tokens": _PROMPT_TOKENS, "completion_tokens": count, "total_tokens": total}
        return chunk({}, "stop") + _encoded({**head, "choices": [], "usage": usage}) + b"data: [DONE]\n\n"

    opening = chunk({"role": "assistant", "content": "", "refusal": None})
    return Frames(opening, *_token_frame(chunk({"content": _SLOT})), closing)


def _messages() -> Frames:
    usage = {"input_tokens": _PROMPT_TOKENS, "cache_read_input_tokens": 0, "cache_creation_input_tokens": 0}
    message: dict[str, Any] = {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }

    def closing(said: Sequence[bytes]) -> bytes:
        stop = {"stop_reason": "end_turn", "stop_sequence": None}
        delta = _event("message_delta", delta=stop, usage={**usage, "output_tokens": len(said)})
        return _event("content_block_stop", index=0) + delta + _event("message_stop")

    block = _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
    token = _event("content_block_delta", index=0, delta={"type": "text_delta", "text": _SLOT})
    return Frames(_event("message_start", message=message) + block, *_token_frame(token), closing)


def _gemini() -> Frames:
    def chunk(text: str, count: int, finish: str | None = None) -> bytes:
        candidate: dict[str, Any] = {"content": {"parts": [{"text": text}], "role": "model"}, "index": 0}
        if finish is not None:
            candidate["finishReason"] = finish
        total = _PROMPT_TOKENS + count
        usage = {"promptTokenCount": _PROMPT_TOKENS, "candidatesTokenCount": count, "totalTokenCount": total}
        names = {"modelVersion": "gemini-2.5-flash", "responseId": "bench"}
        return _encoded({"candidates": [candidate], "usageMetadata": usage, **names}).replace(b"\n\n", b"\r\n\r\n")

    return Frames(b"", *_token_frame(chunk(_SLOT, 1)), lambda said: chunk("", len(said), "STOP"))


def _responses() -> Frames:
    def closing(said: Sequence[bytes]) -> bytes:
        text, count = b"".join(said).decode(), len(said)
        part = {**_RESPONSES_PART, "text": text}
        item = {**_RESPONSES_MESSAGE, "status": "completed", "content": [part]}
        usage = {
            "input_tokens": _PROMPT_TOKENS,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": count,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": _PROMPT_TOKENS + count,
        }
        completed = {**_RESPONSE, "status": "completed", "output": [item], "usage": usage}
        return _numbered(
            4 + count,
            ("response.output_text.done", {**_RESPONSES_PLACE, "text": text}),
            ("response.content_part.done", {**_RESPONSES_PLACE, "part": part}),
            ("response.output_item.done", {"output_index": 0, "item": item}),
            ("response.completed", {"response": completed}),
        )

    empty = {**_RESPONSES_MESSAGE, "status": "in_progress", "content": []}
    opening = _numbered(
        0,
        ("response.created", {"response": _RESPONSE}),
        ("response.in_progress", {"response": _RESPONSE}),
        ("response.output_item.added", {"output_index": 0, "item": empty}),
        ("response.content_part.added", {**_RESPONSES_PLACE, "part": _RESPONSES_PART}),
    )
    token = _numbered(4, ("response.output_text.delta", {**_RESPONSES_PLACE, "delta": _SLOT}))
    return Frames(opening, *_token_frame(token), closing)


def _numbered(first: int, *events: tuple[str, Mapping[str, Any]]) -> bytes:
    """Events of Responses, by name and members, numbered from `first`."""
    return b"".join(
        _event(name, sequence_number=number, **members) for number, (name, members) in enumerate(events, first)
    )
