"""Canned answers in OpenAI's Chat Completions (platform.openai.com/docs/api-reference/chat, 2026-11)."""

import json
from typing import Any

from tests.e2e.canned.contents import (
    BROKEN,
    CACHED_TOKENS,
    CALLS,
    COMPLETION_TOKENS,
    CREATED_UNIX_S,
    PROMPT_TOKENS,
    REASONS,
    THOUGHT,
    THOUGHT_TOKENS,
    Asked,
    Canned,
    Wanted,
    failed,
    halves,
    streamed,
    whole,
)

HEAD = {"id": "chatcmpl-up1", "created": CREATED_UNIX_S, "model": "gpt-4o-2024-08-06"}


def answer(asked: Asked) -> Canned:
    if asked.fails is not None:
        return failed(asked.fails, _error(REASONS[asked.fails]))
    wanted = _wanted(asked.body)
    if asked.body.get("stream"):
        broken = _frame(_error(BROKEN)) if asked.breaks else None
        return streamed([*map(_frame, _chunks(wanted)), b"data: [DONE]\n\n"], broken)
    return whole(_completion(wanted))


def _wanted(body: dict[str, Any]) -> Wanted:
    """OpenAI itself tells no thoughts in this format; servers of other models do."""
    return Wanted(
        calls=bool(body.get("tools")) and body["messages"][-1]["role"] != "tool",
        verdict=body.get("response_format", {}).get("type") == "json_schema",
        thoughts="reasoning_effort" in body and not body["model"].startswith("gpt"),
    )


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": "server_error", "param": None, "code": None}}


def _usage(wanted: Wanted) -> dict[str, Any]:
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
        **({"completion_tokens_details": {"reasoning_tokens": THOUGHT_TOKENS}} if wanted.thoughts else {}),
    }


def _completion(wanted: Wanted) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": None if wanted.calls else wanted.text}
    if wanted.thoughts:
        message["reasoning_content"] = THOUGHT
    if wanted.calls:
        message["tool_calls"] = [
            {"id": i, "type": "function", "function": {"name": n, "arguments": json.dumps(a)}} for i, n, a in CALLS
        ]
    choice = {"index": 0, "message": message, "finish_reason": _finish(wanted)}
    return {**HEAD, "object": "chat.completion", "choices": [choice], "usage": _usage(wanted)}


def _finish(wanted: Wanted) -> str:
    return "tool_calls" if wanted.calls else "stop"


def _chunks(wanted: Wanted) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None if wanted.calls else ""}]
    if wanted.thoughts:
        deltas += [{"reasoning_content": piece} for piece in halves(THOUGHT)]
    if wanted.calls:
        deltas += [{"tool_calls": [piece]} for piece in _call_pieces()]
    else:
        deltas += [{"content": piece} for piece in halves(wanted.text)]
    return [
        *(_chunk(delta, None) for delta in deltas),
        _chunk({}, _finish(wanted)),
        {**_chunk({}, None), "choices": [], "usage": _usage(wanted)},
    ]


def _call_pieces() -> list[dict[str, Any]]:
    pieces: list[dict[str, Any]] = []
    for index, (call_id, name, arguments) in enumerate(CALLS):
        head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
        pieces.append(head)
        pieces += ({"index": index, "function": {"arguments": piece}} for piece in halves(json.dumps(arguments)))
    return pieces


def _chunk(delta: dict[str, Any], finish: str | None) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {**HEAD, "object": "chat.completion.chunk", "choices": [choice], "usage": None}


def _frame(document: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(document).encode()
