"""How an upstream writes OpenAI Chat Completions, by hand: no encoder of ours judges a decoder of ours."""

from typing import Any, Final

from tests.translation.said import Said
from tests.translation.sse_frames import Frames, data, pieces

ENDING: Final = 3
"""How many frames at the end of a stream tell that it is complete."""


def _usage(said: Said) -> dict[str, Any]:
    counts = said.counts
    return {
        "prompt_tokens": counts.prompt,
        "completion_tokens": counts.completion,
        "total_tokens": counts.prompt + counts.completion,
        "prompt_tokens_details": {"cached_tokens": counts.cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": counts.reasoned, "audio_tokens": 0},
    }


def body(said: Said) -> Any:
    """The buffered answer."""
    message: dict[str, Any] = {"role": "assistant", "content": said.text or None, "refusal": None}
    if said.thought:
        message["reasoning_content"] = said.thought
    if said.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in said.calls
        ]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": said.ending}
    head = {"id": "chatcmpl-u", "object": "chat.completion", "created": 1_770_000_000, "model": "upstream"}
    return {**head, "choices": [choice], "usage": _usage(said)}


def frames(said: Said, size: int) -> Frames:
    """The streamed answer; texts come in pieces of `size` characters."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": "", "refusal": None}]
    deltas += [{"reasoning_content": piece} for piece in pieces(said.thought, size)]
    deltas += [{"content": piece} for piece in pieces(said.text, size)]
    for index, call in enumerate(said.calls):
        opened = {
            "index": index,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": ""},
        }
        deltas.append({"tool_calls": [opened]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]}
            for piece in pieces(call.arguments, size)
        ]
    head = {"id": "chatcmpl-u", "object": "chat.completion.chunk", "created": 1_770_000_000, "model": "upstream"}
    chunks = [{**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": said.ending}]})
    chunks.append({**head, "choices": [], "usage": _usage(said)})
    return [*map(data, chunks), b"data: [DONE]\n\n"]


def error_frame(message: str) -> bytes:
    """An error after the 200."""
    return data({"error": {"message": message, "type": "server_error", "param": None, "code": None}})
