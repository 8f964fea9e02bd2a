"""Canned answers in Gemini's generateContent (ai.google.dev/api/generate-content, 2026-11)."""

import json
from typing import Any

from tests.e2e.canned.contents import (
    BROKEN,
    CACHED_TOKENS,
    CALLS,
    COMPLETION_TOKENS,
    PROMPT_TOKENS,
    REASONS,
    RETRY_AFTER_S,
    SIGNATURE,
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

_STATUSES = {401: "UNAUTHENTICATED", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 529: "UNAVAILABLE"}
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"


def answer(asked: Asked) -> Canned:
    """Google has no 529; it says 503 instead. When to come again stands in the body, not in a header."""
    if asked.fails is not None:
        status = 503 if asked.fails == 529 else asked.fails
        told = _error(status, _STATUSES[asked.fails], REASONS[asked.fails])
        if status == 429:
            told["error"]["details"] = [{"@type": _RETRY_INFO, "retryDelay": f"{RETRY_AFTER_S}s"}]
        return Canned(payload=failed(status, told).payload, status=status)
    response = _response(_wanted(asked.body))
    if ":streamGenerateContent" in asked.path:
        broken = _frame(_error(503, "UNAVAILABLE", BROKEN)) if asked.breaks else None
        return streamed([_frame(chunk) for chunk in _chunks(response)], broken)
    return whole(response)


def _wanted(body: dict[str, Any]) -> Wanted:
    """Google's own client spells what is nested with underscores, and the API takes both."""
    generation = body.get("generationConfig", {})
    thinking = generation.get("thinkingConfig", {})
    answered = any("functionResponse" in part for part in body["contents"][-1]["parts"])
    return Wanted(
        calls=bool(body.get("tools")) and not answered,
        verdict=generation.get("responseMimeType") == "application/json",
        thoughts=thinking.get("includeThoughts", thinking.get("include_thoughts", False)),
    )


def _error(status: int, word: str, message: str) -> dict[str, Any]:
    return {"error": {"code": status, "message": message, "status": word}}


def _response(wanted: Wanted) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": THOUGHT, "thought": True}] if wanted.thoughts else []
    calls: list[dict[str, Any]] = [{"functionCall": {"name": n, "args": a}} for _, n, a in CALLS]
    said = calls if wanted.calls else [{"text": wanted.text}]
    if wanted.thoughts:
        said[0]["thoughtSignature"] = SIGNATURE
    candidate = {"content": {"role": "model", "parts": parts + said}, "finishReason": "STOP", "index": 0}
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": PROMPT_TOKENS,
            "cachedContentTokenCount": CACHED_TOKENS,
            "candidatesTokenCount": COMPLETION_TOKENS - THOUGHT_TOKENS,
            "thoughtsTokenCount": THOUGHT_TOKENS,
            "totalTokenCount": PROMPT_TOKENS + COMPLETION_TOKENS,
        },
        "modelVersion": "gemini-2.5-flash",
        "responseId": "resp-up1",
    }


def _chunks(response: dict[str, Any]) -> list[dict[str, Any]]:
    parts = response["candidates"][0]["content"]["parts"]
    if "text" in parts[-1]:
        first, second = halves(parts[-1]["text"])
        parts = [*parts[:-1], {"text": first}, {**parts[-1], "text": second}]
    chunks: list[dict[str, Any]] = []
    for part in parts:
        candidate = {"content": {"role": "model", "parts": [part]}, "index": 0}
        chunks.append({**response, "candidates": [candidate]})
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    return chunks


def _frame(document: dict[str, Any]) -> bytes:
    return b"data: %b\r\n\r\n" % json.dumps(document).encode()
