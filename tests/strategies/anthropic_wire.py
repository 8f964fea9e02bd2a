"""Answers of Anthropic's Messages API, each as a body and as a stream that tells the same."""

import itertools
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from adapters.dialects import json_codec
from tests.strategies.canonical import json_objects, tool_names, words

SEARCH_RESULT = {
    "type": "web_search_tool_result",
    "tool_use_id": "srvtoolu_1",
    "content": [
        {"type": "web_search_result", "title": "t", "url": "https://example.com", "encrypted_content": "e"}
    ],
}
CITATION = {
    "type": "web_search_result_location",
    "cited_text": "cited",
    "url": "https://example.com/a",
    "title": "A",
    "encrypted_index": "index",
}
STOP_REASONS = (
    "end_turn",
    "stop_sequence",
    "max_tokens",
    "model_context_window_exceeded",
    "pause_turn",
    "refusal",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WireAnswer:
    """One answer: its buffered body and a stream of the same."""

    body: dict[str, Any]
    stream: bytes


def compact(value: Any) -> str:
    """JSON text spelled as ours is, so that a call's exact text is the same both ways."""
    return json_codec.encode(value).decode()


def blocks() -> st.SearchStrategy[dict[str, Any]]:
    """Content blocks of an answer."""
    signatures = st.from_regex(r"[A-Za-z0-9+/]{4,20}", fullmatch=True)
    ids = st.from_regex(r"toolu_[A-Za-z0-9]{6,10}", fullmatch=True)
    return st.one_of(
        st.builds(lambda text: {"type": "text", "text": text}, words()),
        st.builds(lambda text: {"type": "text", "text": text, "citations": [dict(CITATION)]}, words()),
        st.builds(
            lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
            st.one_of(st.just(""), words()),
            signatures,
        ),
        st.builds(lambda data: {"type": "redacted_thinking", "data": data}, signatures),
        st.builds(
            lambda call_id, name, arguments: {"type": "tool_use", "id": call_id, "name": name, "input": arguments},
            ids,
            tool_names(),
            json_objects(),
        ),
        st.builds(
            lambda arguments: {
                "type": "server_tool_use",
                "id": "srvtoolu_1",
                "name": "web_search",
                "input": arguments,
            },
            json_objects(),
        ),
        st.just(SEARCH_RESULT),
    )


@st.composite
def usages(draw: st.DrawFn) -> dict[str, Any]:
    """A usage object, with more or less detail."""
    counts = st.integers(0, 100_000)
    usage: dict[str, Any] = {"input_tokens": draw(counts), "output_tokens": draw(counts)}
    if draw(st.booleans()):
        usage |= {"cache_read_input_tokens": draw(counts), "cache_creation_input_tokens": draw(counts)}
        usage["cache_creation"] = {"ephemeral_5m_input_tokens": draw(counts), "ephemeral_1h_input_tokens": 0}
    if draw(st.booleans()):
        usage["output_tokens_details"] = {"thinking_tokens": draw(counts)}
    if draw(st.booleans()):
        usage["server_tool_use"] = {"web_search_requests": draw(st.integers(0, 5)), "web_fetch_requests": 0}
    if draw(st.booleans()):
        usage["service_tier"] = draw(st.sampled_from(["standard", "priority", "batch"]))
    return usage


@st.composite
def bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A buffered answer."""
    content = draw(st.lists(blocks(), max_size=4))
    called = any(block["type"] == "tool_use" for block in content)
    reason = draw(st.sampled_from(("tool_use",) if called else STOP_REASONS))
    body = {
        "id": draw(st.from_regex(r"msg_[A-Za-z0-9]{6,12}", fullmatch=True)),
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": "END" if reason == "stop_sequence" else None,
        "usage": draw(usages()),
    }
    if reason == "refusal":
        body["stop_details"] = {"type": "refusal", "category": "cyber", "explanation": "No."}
    return body


@st.composite
def answers(draw: st.DrawFn) -> WireAnswer:
    """An answer both ways, its stream with every liberty that real streams take."""
    body = draw(bodies())
    events = draw(_events(body))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    frames = []
    for event in events:
        pad = " " * draw(st.sampled_from([0, 0, 7]))
        data = compact(event)[:-1] + pad + "}"
        frames.append(f"event: {event['type']}{end}data: {data}{end}{end}")
    return WireAnswer(body=body, stream="".join(frames).encode())


@st.composite
def _events(draw: st.DrawFn, body: dict[str, Any]) -> list[dict[str, Any]]:
    usage = body["usage"]
    opening = {
        **body,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {**usage, "output_tokens": 1},
    }
    opening.pop("stop_details", None)
    start = {"type": "message_start", "message": opening}
    told: list[dict[str, Any]] = [*draw(_noise()), start, *draw(st.sampled_from([[], [start]]))]
    for index, block in enumerate(body["content"]):
        told += draw(_noise())
        told += draw(_block_events(index, block))
    delta = {name: body.get(name) for name in ("stop_reason", "stop_sequence", "stop_details")}
    final = draw(st.sampled_from([usage, {"output_tokens": usage["output_tokens"], "input_tokens": None}]))
    told += [*draw(_noise()), {"type": "message_delta", "delta": delta, "usage": final}]
    return told + draw(st.sampled_from([[], [{"type": "message_stop"}]]))


def _noise() -> st.SearchStrategy[list[dict[str, Any]]]:
    return st.sampled_from([[], [], [], [{"type": "ping"}], [{"type": "news", "of": "tomorrow"}]])


@st.composite
def _block_events(draw: st.DrawFn, index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    begun, deltas = draw(_begun(block))
    told = [{"type": "content_block_start", "index": index, "content_block": begun}]
    told += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    return told + draw(st.sampled_from([[{"type": "content_block_stop", "index": index}]] * 3 + [[]]))


@st.composite
def _begun(draw: st.DrawFn, block: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The block as it starts, and the deltas that complete it."""
    match block["type"]:
        case "text":
            deltas = [{"type": "text_delta", "text": piece} for piece in draw(_cut(block["text"]))]
            cited = [{"type": "citations_delta", "citation": one} for one in block.get("citations", ())]
            return {"type": "text", "text": ""}, [*deltas, *cited]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in draw(_cut(block["thinking"]))]
            deltas += [{"type": "tomorrows_delta"}, {"type": "signature_delta", "signature": block["signature"]}]
            return {"type": "thinking", "thinking": "", "signature": ""}, deltas
        case "tool_use" | "server_tool_use":
            if draw(st.integers(0, 4)) == 0:
                return block, []
            pieces = draw(_cut(compact(block["input"])))
            return {**block, "input": {}}, [
                {"type": "input_json_delta", "partial_json": piece} for piece in pieces
            ]
        case _:
            return block, []


@st.composite
def _cut(draw: st.DrawFn, text: str) -> list[str]:
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=3)))
    edges = [0, *cuts, len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]
