"""Canned answers in OpenAI's Responses (platform.openai.com/docs/api-reference/responses, 2026-11)."""

import json
from collections.abc import Iterator
from typing import Any

from tests.e2e.canned.contents import (
    BROKEN,
    CACHED_TOKENS,
    CALLS,
    COMPLETION_TOKENS,
    CREATED_UNIX_S,
    ENCRYPTED,
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

RESPONSE_ID = "resp_up1"
_RESULTS = ("function_call_output", "custom_tool_call_output")


def answer(asked: Asked) -> Canned:
    if asked.fails is not None:
        return failed(asked.fails, {"error": _error(REASONS[asked.fails])})
    wanted = _wanted(asked.body)
    summary = [{"type": "summary_text", "text": THOUGHT}] if _shows_thoughts(asked.body) else []
    response = response_to(asked.body, output=_output(wanted, summary), usage=_usage(wanted))
    if asked.body.get("stream"):
        frames = [_frame({**event, "sequence_number": n}) for n, event in enumerate(_events(response))]
        failure = {**response, "status": "failed", "output": [], "usage": None}
        failure["error"] = {"code": "server_error", "message": BROKEN}
        broken = {"type": "response.failed", "response": failure, "sequence_number": 99}
        return streamed(frames, _frame(broken) if asked.breaks else None)
    return whole(response)


def response_to(body: dict[str, Any], **members: Any) -> dict[str, Any]:
    """A response with all members that OpenAI sends; what the request said is repeated in it."""
    return {
        "id": RESPONSE_ID,
        "object": "response",
        "created_at": CREATED_UNIX_S,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "instructions": body.get("instructions"),
        "max_output_tokens": body.get("max_output_tokens"),
        "model": "gpt-5-2025-08-07",
        "output": [],
        "parallel_tool_calls": body.get("parallel_tool_calls", True),
        "previous_response_id": body.get("previous_response_id"),
        "reasoning": {"effort": None, "summary": None, **(body.get("reasoning") or {})},
        "store": body.get("store", True),
        "temperature": body.get("temperature", 1.0),
        "text": body.get("text", {"format": {"type": "text"}}),
        "tool_choice": body.get("tool_choice", "auto"),
        "tools": body.get("tools", []),
        "top_p": body.get("top_p", 1.0),
        "truncation": "disabled",
        "usage": None,
        "metadata": body.get("metadata", {}),
        **members,
    }


def _wanted(body: dict[str, Any]) -> Wanted:
    items = body["input"] if isinstance(body["input"], list) else [{}]
    return Wanted(
        calls=bool(body.get("tools")) and items[-1].get("type") not in _RESULTS,
        verdict=body.get("text", {}).get("format", {}).get("type") == "json_schema",
        thoughts=(body.get("reasoning") or {}).get("effort") not in (None, "none"),
    )


def _shows_thoughts(body: dict[str, Any]) -> bool:
    return bool((body.get("reasoning") or {}).get("summary"))


def _error(message: str) -> dict[str, Any]:
    return {"message": message, "type": "server_error", "param": None, "code": None}


def _usage(wanted: Wanted) -> dict[str, Any]:
    return {
        "input_tokens": PROMPT_TOKENS,
        "input_tokens_details": {"cached_tokens": CACHED_TOKENS, "cache_write_tokens": 0},
        "output_tokens": COMPLETION_TOKENS,
        "output_tokens_details": {"reasoning_tokens": THOUGHT_TOKENS if wanted.thoughts else 0},
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
    }


def _output(wanted: Wanted, summary: list[dict[str, Any]]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if wanted.thoughts:
        items.append({"id": "rs_up1", "type": "reasoning", "summary": summary, "encrypted_content": ENCRYPTED})
    if wanted.calls:
        return items + [
            {"id": f"fc_{i}", "type": "function_call", "status": "completed", "call_id": i, "name": n, "arguments": json.dumps(a)}
            for i, n, a in CALLS
        ]  # fmt: skip
    said = {"type": "output_text", "text": wanted.text, "annotations": [], "logprobs": []}
    message = {"id": "msg_up1", "type": "message", "status": "completed", "role": "assistant", "content": [said]}
    return [*items, message]


def _events(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        at = {"item_id": item["id"], "output_index": index}
        match item["type"]:
            case "reasoning":
                empty, inner = {**item, "summary": []}, _summary_events(at, item["summary"])
            case "message":
                empty, inner = (
                    {**item, "content": [], "status": "in_progress"},
                    _text_events(at, item["content"][0]),
                )
            case _:
                empty, inner = {**item, "arguments": "", "status": "in_progress"}, _call_events(at, item)
        yield {"type": "response.output_item.added", "output_index": index, "item": empty}
        yield from inner
        yield {"type": "response.output_item.done", "output_index": index, "item": item}
    yield {"type": "response.completed", "response": response}


def _summary_events(at: dict[str, Any], summary: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for index, part in enumerate(summary):
        where = {**at, "summary_index": index}
        yield {"type": "response.reasoning_summary_part.added", **where, "part": {**part, "text": ""}}
        for piece in halves(part["text"]):
            yield {"type": "response.reasoning_summary_text.delta", **where, "delta": piece}
        yield {"type": "response.reasoning_summary_text.done", **where, "text": part["text"]}
        yield {"type": "response.reasoning_summary_part.done", **where, "part": part}


def _text_events(at: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at = {**at, "content_index": 0}
    yield {"type": "response.content_part.added", **at, "part": {**part, "text": ""}}
    for piece in halves(part["text"]):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": [], "obfuscation": "x"}
    yield {"type": "response.output_text.done", **at, "text": part["text"], "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}


def _call_events(at: dict[str, Any], item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in halves(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", **at, "delta": piece}
    done = {"name": item["name"], "arguments": item["arguments"]}
    yield {"type": "response.function_call_arguments.done", **at, **done}


def _frame(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode())
