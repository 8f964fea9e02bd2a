"""How an upstream writes Gemini generateContent, by hand: no encoder of ours judges a decoder of ours."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.translation.said import Said
from tests.translation.sse_frames import Frames, data, pieces

ENDING: Final = 1
"""How many frames at the end of a stream tell that it is complete."""


_FINISH_REASONS: Mapping[str, str] = MappingProxyType(
    {"stop": "STOP", "length": "MAX_TOKENS", "tool_calls": "STOP", "content_filter": "SAFETY"}
)


def _parts(said: Said, size: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": piece, "thought": True} for piece in pieces(said.thought, size)]
    parts += [{"text": piece} for piece in pieces(said.text, size)]
    signature = {"thoughtSignature": said.signature} if said.signature else {}
    if signature and not said.calls:
        parts.append({"text": "", **signature})
    for number, call in enumerate(said.calls):
        part = {"functionCall": {"id": call.id, "name": call.name, "args": json.loads(call.arguments)}}
        parts.append(part if number else {**part, **signature})
    return parts


def _chunk(said: Said, parts: list[dict[str, Any]], *, ended: bool) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "index": 0}
    counts = said.counts
    usage = {
        "promptTokenCount": counts.prompt,
        "cachedContentTokenCount": counts.cached,
        "candidatesTokenCount": counts.completion - counts.reasoned,
        "thoughtsTokenCount": counts.reasoned,
        "totalTokenCount": counts.prompt + counts.completion,
    }
    if ended:
        candidate["finishReason"] = _FINISH_REASONS[said.ending]
    known = {name: count for name, count in usage.items() if count}
    return {"candidates": [candidate], "usageMetadata": known, "modelVersion": "upstream", "responseId": "u"}


def body(said: Said) -> Any:
    """The buffered answer."""
    return _chunk(said, _parts(said, size=1_000_000), ended=True)


def frames(said: Said, size: int) -> Frames:
    """The streamed answer; texts come in pieces of `size` characters."""
    told = [_chunk(said, [part], ended=False) for part in _parts(said, size)]
    return [*map(data, told), data(_chunk(said, [{"text": ""}], ended=True))]


def error_frame(message: str) -> bytes:
    """An error after the 200."""
    return data({"error": {"code": 503, "message": message, "status": "UNAVAILABLE"}})
