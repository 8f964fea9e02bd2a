"""Responses as an upstream sends them, built by hand: whole, and as the events of a stream."""

import json
from collections.abc import Iterator
from typing import Any

from adapters.dialects.contract import RenderedRequest
from adapters.dialects.openai_responses.answer_reader import parse_response
from adapters.dialects.openai_responses.stream_decoder import ResponsesDecoder
from domain.chat.content import Part
from domain.chat.events import StreamEvent
from domain.chat.fold import fold
from domain.chat.response import ChatResponse

RENDERED = RenderedRequest(body={})
USAGE = {
    "input_tokens": 5,
    "input_tokens_details": {"cached_tokens": 1, "cache_write_tokens": 2},
    "output_tokens": 3,
    "output_tokens_details": {"reasoning_tokens": 1},
    "total_tokens": 8,
}


def body(*output: Any, status: str = "completed", **more: Any) -> dict[str, Any]:
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_700_000_000,
        "model": "gpt-5",
        "status": status,
        "output": list(output),
        "usage": USAGE,
        **more,
    }


def text(said: str, **more: Any) -> dict[str, Any]:
    return {"type": "output_text", "text": said, "annotations": [], "logprobs": [], **more}


def refusal(said: str) -> dict[str, Any]:
    return {"type": "refusal", "refusal": said}


def message(*parts: Any) -> dict[str, Any]:
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": list(parts)}


def call(
    call_id: str = "call_1", name: str | None = "look", arguments: Any = '{"a": 1}', **more: Any
) -> dict[str, Any]:
    return {
        "type": "function_call",
        "id": "fc_1",
        "call_id": call_id,
        "name": name,
        "arguments": arguments,
        **more,
    }


def custom_call(said: str) -> dict[str, Any]:
    return {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_c", "name": "write", "input": said}


def thought(*summary: str, raw: tuple[str, ...] = (), encrypted: str | None = None) -> dict[str, Any]:
    item: dict[str, Any] = {"type": "reasoning", "id": "rs_1"}
    item["summary"] = [{"type": "summary_text", "text": one} for one in summary]
    if raw:
        item["content"] = [{"type": "reasoning_text", "text": one} for one in raw]
    return item if encrypted is None else {**item, "encrypted_content": encrypted}


SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "x"},
}


def event(kind: str, **members: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}", **members}


def events_of(whole: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The events that OpenAI tells `whole` with, every text in two pieces."""
    empty = {**whole, "output": [], "usage": None, "status": "in_progress", "incomplete_details": None}
    yield event("created", response=empty)
    yield event("in_progress", response=empty)
    for index, item in enumerate(whole["output"]):
        yield from _item_events(index, item)
    yield event(whole["status"], response=whole)


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    begun = {"content": [], "summary": [], "arguments": "", "input": ""}
    yield event(
        "output_item.added", output_index=index, item={**item, **{k: v for k, v in begun.items() if k in item}}
    )
    for place, part in enumerate(item.get("content", ())):
        yield from _part_events({**at, "content_index": place}, part)
    for place, part in enumerate(item.get("summary", ())):
        where = {**at, "summary_index": place}
        yield event("reasoning_summary_part.added", **where, part={**part, "text": ""})
        for piece in halves(part["text"]):
            yield event("reasoning_summary_text.delta", **where, delta=piece)
        yield event("reasoning_summary_text.done", **where, text=part["text"])
        yield event("reasoning_summary_part.done", **where, part=part)
    kind, member = (
        ("custom_tool_call_input", "input") if "input" in item else ("function_call_arguments", "arguments")
    )
    if isinstance(item.get(member), str):
        for piece in halves(item[member]):
            yield event(f"{kind}.delta", **at, delta=piece)
        yield event(f"{kind}.done", **at, **{member: item[member]})
    yield event("output_item.done", output_index=index, item=item)


def _part_events(at: dict[str, Any], part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield event("content_part.added", **at, part=part)
    kind, member = {
        "output_text": ("output_text", "text"),
        "refusal": ("refusal", "refusal"),
        "reasoning_text": ("reasoning_text", "text"),
    }[part["type"]]
    for piece in halves(part[member]):
        yield event(f"{kind}.delta", **at, delta=piece, obfuscation="xyz")
    for place, annotation in enumerate(part.get("annotations", ())):
        yield event("output_text.annotation.added", **at, annotation_index=place, annotation=annotation)
    yield event(f"{kind}.done", **at, **{member: part[member]}, logprobs=part.get("logprobs", []))
    yield event("content_part.done", **at, part=part)


def halves(said: str) -> list[str]:
    middle = len(said) // 2
    return [piece for piece in (said[:middle], said[middle:]) if piece]


def sse(*events: Any, named: bool = True) -> bytes:
    """The frames of `events`, numbered, each named after its type."""
    frames = []
    for number, one in enumerate(events):
        name = f"event: {one['type']}\n" if named and "type" in one else ""
        frames.append(f"{name}data: {json.dumps({**one, 'sequence_number': number})}\n\n")
    return "".join(frames).encode("utf-8", "surrogatepass")


def decoded(stream: bytes, rendered: RenderedRequest = RENDERED) -> list[StreamEvent]:
    decoder = ResponsesDecoder(rendered)
    return decoder.feed(stream) + decoder.finish()


def streamed(*events: Any, rendered: RenderedRequest = RENDERED) -> ChatResponse:
    return fold(decoded(sse(*events), rendered))


def told(*output: Any, rendered: RenderedRequest = RENDERED, **more: Any) -> ChatResponse:
    """What `output` means; the same streamed and buffered."""
    whole = body(*output, **more)
    answer = parse_response(whole, rendered)
    assert streamed(*events_of(whole), rendered=rendered) == answer
    return answer


def parts_of(*output: Any, **more: Any) -> tuple[Part, ...]:
    return told(*output, **more).candidates[0].parts
