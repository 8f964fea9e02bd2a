"""Canned answers in Anthropic's Messages (platform.claude.com/docs/en/api/messages, 2026-11)."""

import json
from typing import Any

from tests.e2e.canned.contents import (
    BROKEN,
    CACHED_TOKENS,
    CALLS,
    COMPLETION_TOKENS,
    PROMPT_TOKENS,
    REASONS,
    REDACTED,
    SIGNATURE,
    THOUGHT,
    Asked,
    Canned,
    Wanted,
    failed,
    halves,
    streamed,
    whole,
)

_ERROR_TYPES = {401: "authentication_error", 429: "rate_limit_error", 500: "api_error", 529: "overloaded_error"}


def answer(asked: Asked) -> Canned:
    if asked.fails is not None:
        return failed(asked.fails, _error(_ERROR_TYPES[asked.fails], REASONS[asked.fails]))
    message = _message(_wanted(asked.body))
    if asked.body.get("stream"):
        broken = _frame(_error("overloaded_error", BROKEN)) if asked.breaks else None
        return streamed([_frame(event) for event in _events(message)], broken)
    return whole(message)


def _wanted(body: dict[str, Any]) -> Wanted:
    content = body["messages"][-1]["content"]
    answered = isinstance(content, list) and content[-1]["type"] == "tool_result"
    return Wanted(
        calls=bool(body.get("tools")) and not answered,
        verdict="format" in body.get("output_config", {}),
        thoughts=body.get("thinking", {}).get("type") in ("enabled", "adaptive"),
    )


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_up1"}


def _usage() -> dict[str, Any]:
    return {
        "input_tokens": PROMPT_TOKENS - CACHED_TOKENS,
        "cache_read_input_tokens": CACHED_TOKENS,
        "cache_creation_input_tokens": 0,
        "output_tokens": COMPLETION_TOKENS,
    }


def _message(wanted: Wanted) -> dict[str, Any]:
    thoughts = [
        {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": REDACTED},
    ]
    calls = [{"type": "tool_use", "id": i, "name": n, "input": a} for i, n, a in CALLS]
    said = calls if wanted.calls else [{"type": "text", "text": wanted.text}]
    return {
        "id": "msg_up1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [*(thoughts if wanted.thoughts else ()), *said],
        "stop_reason": "tool_use" if wanted.calls else "end_turn",
        "stop_sequence": None,
        "usage": _usage(),
    }


def _events(message: dict[str, Any]) -> list[dict[str, Any]]:
    begun = {**message, "content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    for index, block in enumerate(message["content"]):
        events += _block_events(index, block)
    stop = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    return [*events, {"type": "message_delta", "delta": stop, "usage": _usage()}, {"type": "message_stop"}]


def _block_events(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = []
    match block["type"]:
        case "tool_use":
            pieces = halves(json.dumps(block["input"]))
            deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
            block = {**block, "input": {}}
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in halves(block["thinking"])]
            deltas.append({"type": "signature_delta", "signature": block["signature"]})
            block = {**block, "thinking": "", "signature": ""}
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in halves(block["text"])]
            block = {**block, "text": ""}
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _frame(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode())
