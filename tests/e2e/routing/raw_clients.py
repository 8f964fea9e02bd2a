"""One question in each of the four dialects by plain HTTP, and what its answer says."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import httpx

from domain.errors import KINDS, ErrorKind, KindRow
from tests.e2e.four_dialects import MASTER_KEY
from tests.e2e.gateway import Gateway

JsonObject: TypeAlias = dict[str, Any]

_CALLERS = 24
"""One client's pool takes its time where hundreds ask at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What the answer's body says.

    finished: whether it tells its end in the dialect's own words. error: the error that it tells, as it stands.
    """

    text: str
    finished: bool
    error: JsonObject | None = None

    @property
    def tokens(self) -> int:
        return self.text.count(" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawClient:
    """A dialect. `read` understands a whole answer or the frames of one; `means` an error's words."""

    name: str
    path: Callable[[str, bool], str]
    body: Callable[[str, bool, bool], JsonObject]
    read: Callable[[list[JsonObject]], Said]
    means: Callable[[JsonObject, KindRow], bool]

    async def ask(
        self, http: httpx.AsyncClient, model: str, *, stream: bool, prefill: bool = False, limit_s: float = 6.0
    ) -> tuple[httpx.Response, Said]:
        """The answer, read to its end."""
        answer = await http.post(
            self.path(model, stream),
            json=self.body(model, stream, prefill),
            headers={"x-litellm-timeout": str(limit_s)},
        )
        streamed = answer.headers["content-type"].startswith("text/event-stream")
        documents = list(_frames(answer.text)) if streamed else [answer.json()]
        return answer, self.read(documents)

    def tells(self, error: JsonObject, kind: ErrorKind) -> bool:
        """Whether `error` is worded as one of `kind`."""
        return self.means(error, KINDS[kind])


@asynccontextmanager
async def callers(gateway: Gateway) -> AsyncIterator[tuple[httpx.AsyncClient, ...]]:
    """HTTP clients with the master key, to be used in turn."""
    headers = {"authorization": f"Bearer {MASTER_KEY}"}
    async with AsyncExitStack() as stack:
        clients = (
            httpx.AsyncClient(base_url=gateway.base, headers=headers, timeout=30, verify=False)
            for _ in range(_CALLERS)
        )
        yield tuple([await stack.enter_async_context(client) for client in clients])


def _frames(text: str) -> Iterator[JsonObject]:
    for line in text.splitlines():
        if line.startswith("data: "):
            yield {"done": True} if line == "data: [DONE]" else json.loads(line[6:])


def _messages(prefill: bool) -> list[JsonObject]:
    asked: JsonObject = {"role": "user", "content": "Count."}
    return [asked, {"role": "assistant", "content": "t0"}] if prefill else [asked]


def _read_chat(documents: list[JsonObject]) -> Said:
    """Whole or streamed; a stream is finished when [DONE] follows its finish reason."""
    choices = [choice for document in documents for choice in document.get("choices", ())]
    texts = [(choice.get("delta") or choice.get("message") or {}).get("content") for choice in choices]
    ended = any(choice.get("finish_reason") for choice in choices)
    done = "done" in documents[-1] or "message" in (choices or [{}])[-1]
    return Said(text="".join(text or "" for text in texts), finished=ended and done, error=_error(documents))


def _error(documents: list[JsonObject]) -> JsonObject | None:
    return next((document["error"] for document in documents if document.get("error")), None)


CHAT = RawClient(
    name="chat",
    path=lambda *_: "/v1/chat/completions",
    body=lambda model, stream, prefill: {"model": model, "stream": stream, "messages": _messages(prefill)},
    read=_read_chat,
    means=lambda error, row: (error["type"], error["code"]) == (row.openai_type, row.openai_code),
)


def _read_responses(documents: list[JsonObject]) -> Said:
    last = documents[-1]
    whole = last.get("response", last)
    texts = [d["delta"] for d in documents if d.get("type") == "response.output_text.delta"]
    if "type" not in last:
        texts = [part["text"] for item in whole.get("output", ()) for part in item["content"]]
    finished = whole.get("status") == "completed" and last.get("type") in (None, "response.completed")
    error = last if last.get("type") == "error" else whole.get("error")
    return Said(text="".join(texts), finished=finished, error=error)


RESPONSES = RawClient(
    name="responses",
    path=lambda *_: "/v1/responses",
    body=lambda model, stream, prefill: {"model": model, "stream": stream, "input": _messages(prefill)},
    read=_read_responses,
    means=lambda error, row: error["code"] == row.openai_code or error["code"] == row.openai_type,
)


def _read_messages(documents: list[JsonObject]) -> Said:
    if documents[0].get("type") == "message":
        whole = documents[0]
        text = "".join(block["text"] for block in whole["content"])
        return Said(text=text, finished=bool(whole["stop_reason"]))
    texts = [d["delta"]["text"] for d in documents if d["type"] == "content_block_delta"]
    finished = documents[-1]["type"] == "message_stop"
    return Said(text="".join(texts), finished=finished, error=_error(documents))


MESSAGES = RawClient(
    name="messages",
    path=lambda *_: "/v1/messages",
    body=lambda model, stream, prefill: {
        "model": model,
        "stream": stream,
        "max_tokens": 100,
        "messages": _messages(prefill),
    },
    read=_read_messages,
    means=lambda error, row: error["type"] == row.anthropic_type,
)


def _read_gemini(documents: list[JsonObject]) -> Said:
    candidates = [candidate for document in documents for candidate in document.get("candidates", ())]
    parts = [part for candidate in candidates for part in candidate.get("content", {}).get("parts", ())]
    finished = any("finishReason" in candidate for candidate in candidates)
    blocked = any("blockReason" in document.get("promptFeedback", {}) for document in documents)
    text = "".join(part.get("text", "") for part in parts)
    return Said(text=text, finished=finished or blocked, error=_error(documents))


GEMINI = RawClient(
    name="gemini",
    path=lambda model, stream: (
        f"/v1beta/models/{model}:{'streamGenerateContent?alt=sse' if stream else 'generateContent'}"
    ),
    body=lambda _, __, prefill: {
        "contents": [
            {"role": {"assistant": "model"}.get(m["role"], m["role"]), "parts": [{"text": m["content"]}]}
            for m in _messages(prefill)
        ]
    },
    read=_read_gemini,
    means=lambda error, row: error["status"] == row.gemini_status,
)

CLIENTS: Mapping[str, RawClient] = {client.name: client for client in (CHAT, RESPONSES, MESSAGES, GEMINI)}
