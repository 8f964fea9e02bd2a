"""Three vendors on a loopback port: canned answers in their own formats, and a record of what they were asked."""

import asyncio
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httptools

TEXT = "The weather in Paris is mild: 21 °C. 🌤"
CALLS = (("call_a", "get_weather", {"city": "Paris"}), ("call_b", "get_weather", {"city": "Rome"}))
THOUGHT, SIGNATURE, REDACTED = "Paris first, then Rome.", "c2lnbmVkIGhlcmU=", "aGlkZGVu"
PROMPT_TOKENS, CACHED_TOKENS, COMPLETION_TOKENS = 31, 8, 17


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass(slots=True)
class Vendors:
    """The running upstream. `gate` lets a test hold streams back; `connections` counts open sockets."""

    tls: bool = False
    port: int = 0
    transports: set[asyncio.Transport] = field(default_factory=set)
    asked: list[Asked] = field(default_factory=list)
    connections: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def base(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def wait_for(self, condition: Callable[["Vendors"], bool], timeout_s: float = 5.0) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: condition(self), timeout_s)

    def note(self, change: Callable[["Vendors"], None]) -> None:
        with self.changed:
            change(self)
            self.changed.notify_all()


class _Connection(asyncio.Protocol):
    def __init__(self, vendors: Vendors) -> None:
        self.vendors = vendors
        self.parser = httptools.HttpRequestParser(self)
        self.url, self.body = b"", b""
        self.headers: dict[str, str] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.vendors.transports.add(transport)
        self.vendors.note(lambda v: setattr(v, "connections", v.connections + 1))

    def connection_lost(self, exc: Exception | None) -> None:
        self.vendors.transports.discard(self.transport)
        self.vendors.note(lambda v: setattr(v, "connections", v.connections - 1))

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode().lower()] = value.decode()

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        asked = Asked(self.url.decode(), self.headers, json.loads(self.body))
        self.url, self.body, self.headers = b"", b"", {}
        self.vendors.note(lambda v: v.asked.append(asked))
        self._answer(asked)

    def _answer(self, asked: Asked) -> None:
        status, content_type, payload = answer(asked)
        model = json.dumps(asked.body)
        if "stall" in model or "stall" in asked.path:
            self._begin(status, content_type, payload)
        elif "silent" in model or "silent" in asked.path:
            pass
        elif "cut" in model or "cut" in asked.path:
            self._begin(status, content_type, payload)
            self.transport.abort() if "abort" in model else self.transport.close()
        elif "flood" in model:
            self._flood(status, content_type, payload)
        else:
            self.transport.write(_head(status, content_type, len(payload)) + payload)

    def _begin(self, status: int, content_type: str, payload: bytes) -> None:
        """The first part of an answer: content, but no ending, and the last frame cut in two."""
        part = payload[: len(payload) * 3 // 5]
        self.transport.write(_head(status, content_type, None) + b"%x\r\n%b\r\n" % (len(part), part))

    def _flood(self, status: int, content_type: str, payload: bytes) -> None:
        frame = payload.split(b"\n\n")[1] + b"\n\n"
        self.transport.write(_head(status, content_type, None))
        chunk = frame * 200
        for _ in range(2_000):
            self.transport.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))


def _head(status: int, content_type: str, length: int | None) -> bytes:
    framing = b"transfer-encoding: chunked" if length is None else b"content-length: %d" % length
    return b"HTTP/1.1 %d X\r\ncontent-type: %b\r\n%b\r\n\r\n" % (status, content_type.encode(), framing)


def answer(asked: Asked) -> tuple[int, str, bytes]:
    """The canned answer to `asked`: status, content type, payload."""
    tools = bool(asked.body.get("tools"))
    if asked.path.endswith("/chat/completions"):
        if asked.body.get("stream"):
            return 200, "text/event-stream", _openai_stream(tools)
        return 200, "application/json", json.dumps(_openai(tools)).encode()
    if asked.path.endswith("/messages"):
        whole = _anthropic(tools, thinks=asked.body.get("thinking", {}).get("type") == "enabled")
        if asked.body.get("stream"):
            return 200, "text/event-stream", _anthropic_stream(whole)
        return 200, "application/json", json.dumps(whole).encode()
    if "generatecontent" in asked.path.lower():
        thinking = asked.body.get("generationConfig", {}).get("thinkingConfig", {})
        whole = _gemini(tools, thinks=thinking.get("includeThoughts", False))
        if ":streamGenerateContent" in asked.path:
            return 200, "text/event-stream", _gemini_stream(whole)
        return 200, "application/json", json.dumps(whole).encode()
    return 404, "application/json", b'{"error":{"message":"no such path","type":"not_found","code":404}}'


def _openai_usage() -> dict[str, Any]:
    return {
        "prompt_tokens": PROMPT_TOKENS,
        "completion_tokens": COMPLETION_TOKENS,
        "total_tokens": PROMPT_TOKENS + COMPLETION_TOKENS,
        "prompt_tokens_details": {"cached_tokens": CACHED_TOKENS},
    }


def _openai(tools: bool) -> dict[str, Any]:
    calls = [
        {"id": i, "type": "function", "function": {"name": n, "arguments": json.dumps(a)}} for i, n, a in CALLS
    ]
    message = (
        {"role": "assistant", "content": None, "tool_calls": calls}
        if tools
        else {"role": "assistant", "content": TEXT}
    )
    return {
        "id": "chatcmpl-up1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls" if tools else "stop"}],
        "usage": _openai_usage(),
    }


def _openai_stream(tools: bool) -> bytes:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {
            "id": "chatcmpl-up1",
            "object": "chat.completion.chunk",
            "created": 1_700_000_000,
            "model": "gpt-4o-2024-08-06",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            "usage": None,
        }

    chunks = [chunk({"role": "assistant", "content": None if tools else ""})]
    if tools:
        for index, (call_id, name, arguments) in enumerate(CALLS):
            head = {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
            chunks.append(chunk({"tool_calls": [head]}))
            text = json.dumps(arguments)
            pieces = ({"index": index, "function": {"arguments": part}} for part in (text[:5], text[5:]))
            chunks.extend(chunk({"tool_calls": [piece]}) for piece in pieces)
    else:
        chunks += [chunk({"content": TEXT[:9]}), chunk({"content": TEXT[9:]})]
    chunks.append(chunk({}, "tool_calls" if tools else "stop"))
    chunks.append({**chunk({}), "choices": [], "usage": _openai_usage()})
    return b"".join(b"data: %b\n\n" % json.dumps(c).encode() for c in chunks) + b"data: [DONE]\n\n"


def _anthropic(tools: bool, thinks: bool) -> dict[str, Any]:
    thoughts = [
        {"type": "thinking", "thinking": THOUGHT, "signature": SIGNATURE},
        {"type": "redacted_thinking", "data": REDACTED},
    ]
    calls = [{"type": "tool_use", "id": i, "name": n, "input": a} for i, n, a in CALLS]
    return {
        "id": "msg_up1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-4-5-20250929",
        "content": [*(thoughts if thinks else ()), *(calls if tools else [{"type": "text", "text": TEXT}])],
        "stop_reason": "tool_use" if tools else "end_turn",
        "stop_sequence": None,
        "usage": _anthropic_usage(),
    }


def _anthropic_usage() -> dict[str, Any]:
    return {
        "input_tokens": PROMPT_TOKENS - CACHED_TOKENS,
        "cache_read_input_tokens": CACHED_TOKENS,
        "cache_creation_input_tokens": 0,
        "output_tokens": COMPLETION_TOKENS,
    }


def _anthropic_stream(whole: dict[str, Any]) -> bytes:
    message = {**whole, "content": [], "stop_reason": None}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": message}, {"type": "ping"}]
    for index, block in enumerate(whole["content"]):
        events += _anthropic_block(index, block)
    stop = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    events += [{"type": "message_delta", "delta": stop, "usage": _anthropic_usage()}, {"type": "message_stop"}]
    return b"".join(b"event: %b\ndata: %b\n\n" % (e["type"].encode(), json.dumps(e).encode()) for e in events)


def _anthropic_block(index: int, block: dict[str, Any]) -> list[dict[str, Any]]:
    deltas: list[dict[str, Any]] = []
    if block["type"] == "tool_use":
        text = json.dumps(block["input"])
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in (text[:4], text[4:])]
        block = {**block, "input": {}}
    elif block["type"] == "thinking":
        deltas = [{"type": "thinking_delta", "thinking": part} for part in (THOUGHT[:7], THOUGHT[7:])]
        deltas.append({"type": "signature_delta", "signature": SIGNATURE})
        block = {**block, "thinking": "", "signature": ""}
    elif block["type"] == "text":
        deltas = [{"type": "text_delta", "text": part} for part in (TEXT[:9], TEXT[9:])]
        block = {**block, "text": ""}
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def _gemini_usage() -> dict[str, Any]:
    return {
        "promptTokenCount": PROMPT_TOKENS,
        "cachedContentTokenCount": CACHED_TOKENS,
        "candidatesTokenCount": COMPLETION_TOKENS - 5,
        "thoughtsTokenCount": 5,
        "totalTokenCount": PROMPT_TOKENS + COMPLETION_TOKENS,
    }


def _gemini(tools: bool, thinks: bool) -> dict[str, Any]:
    parts: list[dict[str, Any]] = [{"text": THOUGHT, "thought": True}] if thinks else []
    said: list[dict[str, Any]] = [{"functionCall": {"name": n, "args": a}} for _, n, a in CALLS]
    said = said if tools else [{"text": TEXT}]
    if thinks:
        said[0]["thoughtSignature"] = SIGNATURE
    candidate = {"content": {"role": "model", "parts": parts + said}, "finishReason": "STOP", "index": 0}
    return {
        "candidates": [candidate],
        "usageMetadata": _gemini_usage(),
        "modelVersion": "gemini-2.5-flash",
        "responseId": "resp-up1",
    }


def _gemini_stream(whole: dict[str, Any]) -> bytes:
    parts = whole["candidates"][0]["content"]["parts"]
    if parts[-1].get("text") == TEXT:
        parts = [*parts[:-1], {"text": TEXT[:9]}, {**parts[-1], "text": TEXT[9:]}]
    chunks: list[dict[str, Any]] = []
    for part in parts:
        candidate = {"content": {"role": "model", "parts": [part]}, "index": 0}
        chunks.append({**whole, "candidates": [candidate]})
    chunks[-1]["candidates"][0]["finishReason"] = "STOP"
    return b"".join(b"data: %b\r\n\r\n" % json.dumps(chunk).encode() for chunk in chunks)


@contextmanager
def running_vendors(tls: ssl.SSLContext | None = None) -> Iterator[Vendors]:
    """The vendors, listening until the block ends; by https where `tls` is given."""
    vendors, loop, up, over = (
        Vendors(tls=tls is not None),
        asyncio.new_event_loop(),
        threading.Event(),
        asyncio.Event(),
    )

    async def serve() -> None:
        server = await loop.create_server(lambda: _Connection(vendors), "127.0.0.1", 0, ssl=tls)
        vendors.port = server.sockets[0].getsockname()[1]
        up.set()
        await over.wait()
        server.close()
        for transport in tuple(vendors.transports):
            transport.abort()
        await asyncio.sleep(0)  # the transports tell of their end

    def run() -> None:
        loop.run_until_complete(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    up.wait(10)
    try:
        yield vendors
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)
        loop.close()


def _serve_until_killed() -> None:
    """`python -m tests.e2e.vendors`: the vendors in a process of their own, for tests that kill it."""
    with running_vendors() as vendors:
        print(vendors.port, flush=True)  # noqa: T201 - the parent reads it
        threading.Event().wait()


if __name__ == "__main__":
    _serve_until_killed()
