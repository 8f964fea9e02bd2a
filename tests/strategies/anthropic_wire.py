"""Requests of Anthropic's Messages API, and its answers, each as a body and as a stream that tells the same."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from adapters.dialects import json_codec
from tests.strategies.canonical import PDF, PNG, json_objects, schemas, tool_names, words

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


# ---- requests ------------------------------------------------------------------------------------------------------

CITATIONS: tuple[dict[str, Any], ...] = (
    CITATION,
    {
        "type": "char_location",
        "cited_text": "c",
        "document_index": 0,
        "document_title": None,
        "start_char_index": 0,
        "end_char_index": 1,
    },
    {
        "type": "search_result_location",
        "cited_text": "c",
        "search_result_index": 0,
        "source": "https://example.com",
        "title": "t",
        "start_block_index": 0,
        "end_block_index": 1,
    },
)
IMAGE_SOURCES: tuple[dict[str, Any], ...] = (
    {"type": "base64", "media_type": "image/png", "data": PNG},
    {"type": "url", "url": "https://example.com/cat.png"},
    {"type": "file", "file_id": "file_1"},
)
DOCUMENT_SOURCES: tuple[dict[str, Any], ...] = (
    {"type": "base64", "media_type": "application/pdf", "data": PDF},
    {"type": "text", "media_type": "text/plain", "data": "a text"},
    {"type": "url", "url": "https://example.com/a.pdf"},
    {"type": "file", "file_id": "file_2"},
    {"type": "content", "content": "words"},
    {
        "type": "content",
        "content": [{"type": "text", "text": "words"}, {"type": "image", "source": dict(IMAGE_SOURCES[1])}],
    },
)
NATIVE_TOOLS: tuple[dict[str, Any], ...] = (
    {"type": "web_search_20250305", "name": "web_search", "max_uses": 2, "user_location": None},
    {"type": "web_fetch_20250910", "name": "web_fetch", "citations": {"enabled": True}},
    {"type": "code_execution_20250825", "name": "code_execution"},
    {"type": "bash_20250124", "name": "bash"},
    {"type": "text_editor_20250728", "name": "str_replace_based_edit_tool", "max_characters": 9},
    {"type": "tool_search_tool_bm25_20251119", "name": "tool_search_tool_bm25"},
    {"type": "computer_toolset_20260801"},
)
SERVER_BLOCKS: tuple[dict[str, Any], ...] = (
    {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "q"}},
    SEARCH_RESULT,
    {"type": "container_upload", "file_id": "file_3"},
)


def _with(block: dict[str, Any], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The block, mostly without the optional `members`."""
    chosen = st.fixed_dictionaries({}, optional=members)
    return st.one_of(st.just(block), chosen.map(lambda more: {**block, **more}))


def cache_controls() -> st.SearchStrategy[Any]:
    """Every way of marking a prefix, or none."""
    marks: list[Any] = [None, *({"type": "ephemeral", **ttl} for ttl in ({}, {"ttl": "5m"}, {"ttl": "1h"}))]
    return st.sampled_from(marks)


@st.composite
def text_blocks(draw: st.DrawFn, *, cited: bool = False) -> dict[str, Any]:
    """A text."""
    block = {"type": "text", "text": draw(words())}
    locations = st.lists(st.sampled_from(CITATIONS), max_size=2)
    cites = {"citations": st.one_of(st.none(), locations)} if cited else {}
    return draw(_with(block, cache_control=cache_controls(), unheard=st.booleans(), **cites))


@st.composite
def shown_blocks(draw: st.DrawFn) -> dict[str, Any]:
    """What a user shows."""
    kind = draw(st.sampled_from(["text", "text", "image", "document", "search_result"]))
    match kind:
        case "text":
            return draw(text_blocks())
        case "image":
            block: dict[str, Any] = {"type": "image", "source": draw(st.sampled_from(IMAGE_SOURCES))}
            transformed = st.just({"oversized_image": "downsize"})
            return draw(_with(block, cache_control=cache_controls(), transformations=transformed))
        case "document":
            block = {"type": "document", "source": draw(st.sampled_from(DOCUMENT_SOURCES))}
            return draw(
                _with(
                    block,
                    cache_control=cache_controls(),
                    title=st.one_of(st.none(), words()),
                    context=words(),
                    citations=st.sampled_from([{"enabled": True}, {"enabled": False}]),
                )
            )
        case _:
            inner = draw(st.lists(text_blocks(), min_size=1, max_size=2))
            block = {"type": "search_result", "source": "https://example.com", "title": "T", "content": inner}
            return draw(_with(block, cache_control=cache_controls()))


@st.composite
def result_blocks(draw: st.DrawFn, call_id: str) -> dict[str, Any]:
    """What a call returned."""
    reference = st.just({"type": "tool_reference", "tool_name": "f"})
    content = st.one_of(words(), st.just(""), st.lists(st.one_of(shown_blocks(), reference), max_size=3))
    block = {"type": "tool_result", "tool_use_id": call_id}
    return draw(_with(block, content=content, is_error=st.booleans(), cache_control=cache_controls()))


@st.composite
def said_blocks(draw: st.DrawFn) -> dict[str, Any]:
    """What an assistant said, its calls excepted."""
    signatures = st.from_regex(r"[A-Za-z0-9+/]{4,20}", fullmatch=True)
    return draw(
        st.one_of(
            text_blocks(cited=True),
            st.builds(
                lambda text, signature: {"type": "thinking", "thinking": text, "signature": signature},
                st.one_of(st.just(""), words()),
                signatures,
            ),
            st.builds(lambda data: {"type": "redacted_thinking", "data": data}, signatures),
            st.sampled_from(SERVER_BLOCKS),
        )
    )


def tool_use_blocks(names: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    """A call of one of the tools."""
    inputs = st.one_of(json_objects(), st.just({"__raw__": "{cut"}))
    made = st.builds(
        lambda call_id, name, arguments: {"type": "tool_use", "id": call_id, "name": name, "input": arguments},
        st.from_regex(r"toolu_[A-Za-z0-9]{6,10}", fullmatch=True),
        st.sampled_from(list(names)) if names else tool_names(),
        inputs,
    )
    callers = st.just({"type": "direct"})
    return made.flatmap(lambda block: _with(block, cache_control=cache_controls(), caller=callers))


@st.composite
def wire_messages(draw: st.DrawFn, *, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """A conversation in any order that the types allow: results before and after words, instructions in between."""
    told: list[dict[str, Any]] = []
    for _ in range(draw(st.integers(1, 3))):
        shown = st.one_of(words(), st.just(""), st.lists(shown_blocks(), max_size=3))
        told.append({"role": "user", "content": draw(shown)})
        calls = draw(st.lists(tool_use_blocks(names), max_size=2, unique_by=lambda block: block["id"]))
        said = draw(st.lists(said_blocks(), max_size=3))
        told.append({"role": "assistant", "content": draw(st.one_of(words(), st.just([*said, *calls])))})
        if calls:
            results = [draw(result_blocks(call["id"])) for call in calls]
            more = draw(st.lists(shown_blocks(), max_size=2))
            told.append({"role": "user", "content": draw(st.permutations([*results, *more]))})
        if draw(st.integers(0, 5)) == 0:
            instruction = st.one_of(words(), st.lists(text_blocks(), min_size=1, max_size=2))
            told.append({"role": "system", "content": draw(instruction)})
    return told


@st.composite
def wire_tools(draw: st.DrawFn) -> dict[str, Any]:
    """A tool of the caller's."""
    tool = {"name": draw(tool_names()), "input_schema": draw(schemas())}
    return draw(
        _with(
            tool,
            description=words(),
            strict=st.booleans(),
            cache_control=cache_controls(),
            eager_input_streaming=st.one_of(st.none(), st.booleans()),
            defer_loading=st.booleans(),
            input_examples=st.just([{"a": 1}]),
        )
    )


def thinking_settings() -> st.SearchStrategy[dict[str, Any]]:
    """Every way of asking for thought, or for none."""
    display = st.sampled_from([None, "summarized", "omitted"])
    return st.one_of(
        _with({"type": "enabled", "budget_tokens": 2_000}, display=display),
        _with({"type": "adaptive"}, display=display),
        st.just({"type": "disabled"}),
        st.just({"type": "between_tools"}),
    )


def _choices(named: Sequence[str]) -> st.SearchStrategy[dict[str, Any]]:
    plain = [{"type": "auto"}, {"type": "any"}, *({"type": "tool", "name": name} for name in named)]
    free = st.sampled_from(plain).flatmap(lambda choice: _with(choice, disable_parallel_tool_use=st.booleans()))
    return st.one_of(st.just({"type": "none"}), free)


@st.composite
def request_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A request as the API's types have it, in every spelling they allow."""
    own = draw(st.lists(wire_tools(), max_size=2, unique_by=lambda tool: tool["name"]))
    native = draw(st.lists(st.sampled_from(NATIVE_TOOLS), max_size=2, unique_by=lambda tool: tool["type"]))
    tools = draw(st.permutations([*own, *native]))
    effort = st.sampled_from([None, "low", "high", "xhigh", "max"])
    output_format = schemas().map(lambda schema: {"type": "json_schema", "schema": schema})
    optional = {
        "system": st.one_of(words(), st.just(""), st.lists(text_blocks(), max_size=2)),
        "tools": st.just(tools),
        "tool_choice": _choices([tool["name"] for tool in tools if "name" in tool]),
        "thinking": thinking_settings(),
        "output_config": st.fixed_dictionaries({}, optional={"effort": effort, "format": output_format}),
        "metadata": st.sampled_from([{}, {"user_id": "u"}, {"user_id": None}, {"user_id": "u", "unheard": 1}]),
        "stop_sequences": st.lists(words(), max_size=2),
        "service_tier": st.sampled_from(["auto", "standard_only"]),
        "container": st.sampled_from([None, "container_1"]),
        "cache_control": cache_controls(),
        "inference_geo": st.just("us"),
        "context_management": st.just({"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}),
        "mcp_servers": st.just([{"name": "n", "type": "url", "url": "https://example.com"}]),
        "temperature": st.sampled_from([0, 0.5, 1.0]),
        "top_p": st.just(0.9),
        "top_k": st.just(5),
        "stream": st.just(True),
    }
    given = draw(st.lists(st.sampled_from(sorted(optional)), max_size=8, unique=True))
    names = [tool["name"] for tool in own]
    body = {
        "model": "asked",
        "max_tokens": draw(st.sampled_from([0, 1, 4_096])),
        "messages": draw(wire_messages(names=names)),
    }
    return body | {name: draw(optional[name]) for name in given}
