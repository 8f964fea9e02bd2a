"""How an upstream writes Anthropic Messages, by hand: no encoder of ours judges a decoder of ours."""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.translation.said import Call, Said
from tests.translation.sse_frames import Frames, named, pieces

ENDING: Final = 2
"""How many frames at the end of a stream tell that it is complete."""


_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
)


def _blocks(said: Said) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if said.thought or said.signature:
        blocks.append({"type": "thinking", "thinking": said.thought, "signature": said.signature})
    if said.text:
        blocks.append({"type": "text", "text": said.text})
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _object(call)} for call in said.calls
    ]
    return blocks


def _object(call: Call) -> Any:
    return json.loads(call.arguments)


def body(said: Said) -> Any:
    """The buffered answer."""
    head = {"id": "msg_u", "type": "message", "role": "assistant", "model": "upstream"}
    ending = {"stop_reason": _STOP_REASONS[said.ending], "stop_sequence": None}
    return {**head, "content": _blocks(said), **ending, "usage": _usage(said)}


def _usage(said: Said) -> dict[str, Any]:
    counts = said.counts
    return {
        "input_tokens": counts.prompt - counts.cached,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": counts.cached,
        "output_tokens": counts.completion,
        "output_tokens_details": {"thinking_tokens": counts.reasoned},
    }


def frames(said: Said, size: int) -> Frames:
    """The streamed answer; texts come in pieces of `size` characters."""
    whole = body(said)
    usage = {**whole["usage"], "output_tokens": 1}
    begun = {**whole, "content": [], "stop_reason": None, "usage": usage}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": begun}, {"type": "ping"}]
    raw = iter(said.calls)
    for index, block in enumerate(whole["content"]):
        text = next(raw).arguments if block["type"] == "tool_use" else block.get("thinking", block.get("text"))
        opened, deltas = _block_deltas(block, list(pieces(text, size)))
        events.append({"type": "content_block_start", "index": index, "content_block": opened})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    ending = {name: whole[name] for name in ("stop_reason", "stop_sequence")}
    events.append({"type": "message_delta", "delta": ending, "usage": whole["usage"]})
    return [*map(named, events), named({"type": "message_stop"})]


def _block_deltas(block: dict[str, Any], pieces: list[str]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
            signed = [{"type": "signature_delta", "signature": block["signature"]}] if block["signature"] else []
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas + signed
        case "tool_use":
            return {**block, "input": {}}, [{"type": "input_json_delta", "partial_json": one} for one in pieces]
        case _:
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": piece} for piece in pieces]


def error_frame(message: str) -> bytes:
    """An error after the 200."""
    return named({"type": "error", "error": {"type": "overloaded_error", "message": message}})
