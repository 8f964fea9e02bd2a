"""How an upstream writes OpenAI Responses, by hand: no encoder of ours judges a decoder of ours."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from tests.translation.said import Said
from tests.translation.sse_frames import Frames, named, pieces

ENDING: Final = 1
"""How many frames at the end of a stream tell that it is complete."""


def _output(said: Said) -> list[dict[str, Any]]:
    output: list[dict[str, Any]] = []
    if said.thought or said.signature:
        summary = [{"type": "summary_text", "text": said.thought}] if said.thought else []
        thought = {"type": "reasoning", "id": "rs_1", "summary": summary}
        output.append(thought | ({"encrypted_content": said.signature} if said.signature else {}))
    if said.text:
        part = {"type": "output_text", "text": said.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
        output.append({**message, "content": [part]})
    for number, call in enumerate(said.calls):
        told = {"call_id": call.id, "name": call.name, "arguments": call.arguments, "status": "completed"}
        output.append({"type": "function_call", "id": f"fc_{number}", **told})
    return output


_ENDINGS: Mapping[str, tuple[str, Any]] = MappingProxyType(
    {
        "length": ("incomplete", {"reason": "max_output_tokens"}),
        "content_filter": ("incomplete", {"reason": "content_filter"}),
    }
)


def _response(said: Said, output: list[dict[str, Any]], *, ended: bool) -> dict[str, Any]:
    counts = said.counts
    status, details = _ENDINGS.get(said.ending, ("completed", None)) if ended else ("in_progress", None)
    usage = {
        "input_tokens": counts.prompt,
        "input_tokens_details": {"cached_tokens": counts.cached, "cache_write_tokens": 0},
        "output_tokens": counts.completion,
        "output_tokens_details": {"reasoning_tokens": counts.reasoned},
        "total_tokens": counts.prompt + counts.completion,
    }
    head = {"id": "resp_u", "object": "response", "created_at": 1_770_000_000, "model": "upstream"}
    asked = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    told = {"status": status, "incomplete_details": details, "error": None, "output": output}
    return {**head, **asked, **told, "usage": usage if ended else None}


def body(said: Said) -> Any:
    """The buffered answer."""
    return _response(said, _output(said), ended=True)


def frames(said: Said, size: int) -> Frames:
    """The streamed answer; texts come in pieces of `size` characters."""
    output = _output(said)
    begun = _response(said, [], ended=False)
    whole = _response(said, output, ended=True)
    events: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(output):
        events += _item_events(index, item, size)
    events.append({"type": f"response.{whole['status']}", "response": whole})
    return [named({**event, "sequence_number": number}) for number, event in enumerate(events)]


def _item_events(index: int, item: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    place = {"item_id": item["id"], "output_index": index}
    empty = {
        name: {"summary": [], "content": [], "arguments": "", "status": "in_progress"}.get(name, value)
        for name, value in item.items()
        if name != "encrypted_content"
    }
    yield {"type": "response.output_item.added", "output_index": index, "item": empty}
    match item["type"]:
        case "reasoning":
            for number, part in enumerate(item["summary"]):
                yield from _part_events("reasoning_summary_text", {**place, "summary_index": number}, part, size)
        case "message":
            for number, part in enumerate(item["content"]):
                yield from _part_events("output_text", {**place, "content_index": number}, part, size)
        case _:
            kind = "response.function_call_arguments"
            for piece in pieces(item["arguments"], size):
                yield {"type": f"{kind}.delta", **place, "delta": piece}
            yield {"type": f"{kind}.done", **place, "arguments": item["arguments"]}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


def _part_events(kind: str, place: dict[str, Any], part: dict[str, Any], size: int) -> Iterator[dict[str, Any]]:
    whole = "reasoning_summary_part" if kind.startswith("reasoning") else "content_part"
    yield {"type": f"response.{whole}.added", **place, "part": {**part, "text": ""}}
    for piece in pieces(part["text"], size):
        yield {"type": f"response.{kind}.delta", **place, "delta": piece}
    yield {"type": f"response.{kind}.done", **place, "text": part["text"]}
    yield {"type": f"response.{whole}.done", **place, "part": part}


def error_frame(message: str) -> bytes:
    """An error after the 200."""
    error = {"type": "server_error", "code": "server_error", "message": message, "param": None}
    return named({"type": "error", "sequence_number": 99, "error": error})
