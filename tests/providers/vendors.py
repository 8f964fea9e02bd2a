"""The HTTP providers, each with an answer in its own format, for the cases that all of them must pass."""

import json
from dataclasses import dataclass
from typing import Any

from adapters.providers.deployment_spec import DeploymentSpec
from domain.secret import Secret

KEY = "sk-very-secret-key-0123456789"
TEXT = ("Hel", "lo wörld", " 😀")
CALLS = (("get_weather", '{"city": "Rome"}'), ("get_time", '{"zone": "CET"}'))


def _sse(*documents: Any, named: bool = False) -> bytes:
    frames = []
    for one in documents:
        head = f"event: {one['type']}\n" if named else ""
        frames.append(f"{head}data: {json.dumps(one) if one != '[DONE]' else one}\n\n".encode())
    return b"".join(frames)


class ChatAnswers:
    """Chat Completions."""

    ending = b'"finish_reason": "stop"'
    error = json.dumps({"error": {"message": f"wrong: {KEY}", "type": "x", "param": None, "code": None}}).encode()

    def buffered(self) -> bytes:
        return self._body({"role": "assistant", "content": "".join(TEXT)}, "stop")

    def buffered_calls(self) -> bytes:
        calls = [
            {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": raw}}
            for n, (name, raw) in enumerate(CALLS)
        ]
        return self._body({"role": "assistant", "content": None, "tool_calls": calls}, "tool_calls")

    def _body(self, message: dict[str, Any], finish: str) -> bytes:
        choice = {"index": 0, "message": message, "finish_reason": finish}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        return json.dumps(
            {
                "id": "x1",
                "object": "chat.completion",
                "created": 1,
                "model": "up",
                "choices": [choice],
                "usage": usage,
            }
        ).encode()

    def streamed(self) -> bytes:
        deltas: list[dict[str, Any]] = [
            {"role": "assistant", "content": ""},
            *({"content": text} for text in TEXT),
        ]
        return self._stream(deltas, "stop")

    def streamed_calls(self) -> bytes:
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
        for n, (name, raw) in enumerate(CALLS):
            function = {"name": name, "arguments": ""}
            deltas.append(
                {"tool_calls": [{"index": n, "id": f"call_{n}", "type": "function", "function": function}]}
            )
            deltas.extend(
                {"tool_calls": [{"index": n, "function": {"arguments": part}}]} for part in (raw[:5], raw[5:])
            )
        return self._stream(deltas, "tool_calls")

    def _stream(self, deltas: list[dict[str, Any]], finish: str) -> bytes:
        head = {"id": "x1", "object": "chat.completion.chunk", "created": 1, "model": "up"}
        chunks: list[Any] = [
            {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
        ]
        chunks.append({**head, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        chunks.append({**head, "choices": [], "usage": usage})
        return _sse(*chunks, "[DONE]")


class AnthropicAnswers:
    """Messages."""

    ending = b'"stop_reason": "end_turn"'
    error = json.dumps({"type": "error", "error": {"type": "api_error", "message": f"wrong: {KEY}"}}).encode()

    def buffered(self) -> bytes:
        return self._body([{"type": "text", "text": "".join(TEXT)}], "end_turn")

    def buffered_calls(self) -> bytes:
        blocks = [
            {"type": "tool_use", "id": f"call_{n}", "name": name, "input": json.loads(raw)}
            for n, (name, raw) in enumerate(CALLS)
        ]
        return self._body(blocks, "tool_use")

    def _body(self, content: list[dict[str, Any]], stop_reason: str) -> bytes:
        message = {
            "id": "x1",
            "type": "message",
            "role": "assistant",
            "model": "up",
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {"input_tokens": 5, "output_tokens": 3},
        }
        return json.dumps(message).encode()

    def streamed(self) -> bytes:
        deltas = [{"type": "text_delta", "text": text} for text in TEXT]
        return self._stream([({"type": "text", "text": ""}, deltas)], "end_turn")

    def streamed_calls(self) -> bytes:
        blocks = [
            (
                {"type": "tool_use", "id": f"call_{n}", "name": name, "input": {}},
                [{"type": "input_json_delta", "partial_json": part} for part in (raw[:5], raw[5:])],
            )
            for n, (name, raw) in enumerate(CALLS)
        ]
        return self._stream(blocks, "tool_use")

    def _stream(self, blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]], stop_reason: str) -> bytes:
        message = json.loads(self._body([], "end_turn")) | {"stop_reason": None}
        message["usage"] = {"input_tokens": 5, "output_tokens": 1}
        events: list[dict[str, Any]] = [{"type": "message_start", "message": message}, {"type": "ping"}]
        for index, (block, deltas) in enumerate(blocks):
            events.append({"type": "content_block_start", "index": index, "content_block": block})
            events.extend({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas)
            events.append({"type": "content_block_stop", "index": index})
        ending = {"stop_reason": stop_reason, "stop_sequence": None}
        events.append({"type": "message_delta", "delta": ending, "usage": {"output_tokens": 3}})
        return _sse(*events, {"type": "message_stop"}, named=True)


class GeminiAnswers:
    """generateContent."""

    ending = b'"finishReason": "STOP"'
    error = json.dumps({"error": {"code": 500, "message": f"wrong: {KEY}", "status": "INTERNAL"}}).encode()

    def buffered(self) -> bytes:
        return json.dumps(self._chunk([{"text": "".join(TEXT)}], "STOP")).encode()

    def _calls(self) -> list[dict[str, Any]]:
        return [
            {"functionCall": {"id": f"call_{n}", "name": name, "args": json.loads(raw)}}
            for n, (name, raw) in enumerate(CALLS)
        ]

    def buffered_calls(self) -> bytes:
        return json.dumps(self._chunk(self._calls(), "STOP")).encode()

    def streamed(self) -> bytes:
        parts = [[{"text": text}] for text in TEXT]
        return _sse(*(self._chunk(part, None) for part in parts[:-1]), self._chunk(parts[-1], "STOP"))

    def streamed_calls(self) -> bytes:
        first, second = self._calls()
        return _sse(self._chunk([first], None), self._chunk([second], "STOP"))

    def _chunk(self, parts: list[dict[str, Any]], finish: str | None) -> dict[str, Any]:
        candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": parts}}
        if finish is not None:
            candidate["finishReason"] = finish
        usage = {"promptTokenCount": 5, "candidatesTokenCount": 3, "totalTokenCount": 8}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "up", "responseId": "x1"}


class ResponsesAnswers:
    """Responses."""

    ending = b'"type": "response.completed"'
    error = ChatAnswers.error

    def buffered(self) -> bytes:
        return json.dumps(self._response([self._message("".join(TEXT))], "completed")).encode()

    def buffered_calls(self) -> bytes:
        return json.dumps(self._response([self._call(n) for n in range(len(CALLS))], "completed")).encode()

    def _message(self, text: str) -> dict[str, Any]:
        part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
        return {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}

    def _call(self, n: int, arguments: str | None = None) -> dict[str, Any]:
        name, raw = CALLS[n]
        return {
            "type": "function_call",
            "id": f"fc_{n}",
            "call_id": f"call_{n}",
            "name": name,
            "arguments": raw if arguments is None else arguments,
            "status": "completed",
        }

    def _response(self, output: list[dict[str, Any]], status: str) -> dict[str, Any]:
        usage = {
            "input_tokens": 5,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 3,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 8,
        }
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1,
            "status": status,
            "error": None,
            "incomplete_details": None,
            "instructions": None,
            "metadata": {},
            "model": "up",
            "output": output,
            "parallel_tool_calls": True,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": usage if status == "completed" else None,
        }

    def streamed(self) -> bytes:
        place = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        empty, whole = self._message(""), self._message("".join(TEXT))
        empty["content"], empty["status"] = [], "in_progress"
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        return self._stream(
            [
                {"type": "response.output_item.added", "output_index": 0, "item": empty},
                {"type": "response.content_part.added", **place, "part": part},
                *({"type": "response.output_text.delta", **place, "delta": text, "logprobs": []} for text in TEXT),
                {"type": "response.output_text.done", **place, "text": "".join(TEXT), "logprobs": []},
                {"type": "response.content_part.done", **place, "part": whole["content"][0]},
                {"type": "response.output_item.done", "output_index": 0, "item": whole},
            ],
            [whole],
        )

    def streamed_calls(self) -> bytes:
        events: list[dict[str, Any]] = []
        for n, (_, raw) in enumerate(CALLS):
            place = {"item_id": f"fc_{n}", "output_index": n}
            opened = {**self._call(n, ""), "status": "in_progress"}
            delta = "response.function_call_arguments.delta"
            events += [
                {"type": "response.output_item.added", "output_index": n, "item": opened},
                *({"type": delta, **place, "delta": text} for text in (raw[:5], raw[5:])),
                {"type": "response.function_call_arguments.done", **place, "arguments": raw},
                {"type": "response.output_item.done", "output_index": n, "item": self._call(n)},
            ]
        return self._stream(events, [self._call(n) for n in range(len(CALLS))])

    def _stream(self, events: list[dict[str, Any]], output: list[dict[str, Any]]) -> bytes:
        begun = self._response([], "in_progress")
        told = [
            {"type": "response.created", "response": begun},
            {"type": "response.in_progress", "response": begun},
            *events,
            {"type": "response.completed", "response": self._response(output, "completed")},
        ]
        return _sse(*({**event, "sequence_number": n} for n, event in enumerate(told)), named=True)


Answers = ChatAnswers | ResponsesAnswers | AnthropicAnswers | GeminiAnswers


@dataclass(frozen=True)
class Vendor:
    """A provider: how it is configured, where its requests must go, and how it answers."""

    name: str
    spec: DeploymentSpec
    authority: str
    buffered_target: str
    streamed_target: str
    key_header: tuple[str, str]
    answers: Answers


def _vendor(
    name: str,
    model: str,
    url: tuple[str, str],
    *,
    key_header: tuple[str, str] = ("authorization", f"Bearer {KEY}"),
    answers: Answers | None = None,
    streamed_target: str | None = None,
    **settings: Any,
) -> Vendor:
    return Vendor(
        name=name,
        spec=DeploymentSpec(group="the-model", model=model, api_key=Secret(KEY), **settings),
        authority=url[0],
        buffered_target=url[1],
        streamed_target=streamed_target or url[1],
        key_header=key_header,
        answers=answers or ChatAnswers(),
    )


VENDORS = (
    _vendor("openai", "openai/gpt-4o", ("api.openai.com", "/v1/chat/completions")),
    _vendor(
        "openai-responses",
        "openai/responses/gpt-4o",
        ("api.openai.com", "/v1/responses"),
        answers=ResponsesAnswers(),
    ),
    _vendor(
        "azure-classic",
        "azure/my-gpt",
        ("r.openai.azure.com", "/openai/deployments/my-gpt/chat/completions?api-version=2024-10-21"),
        key_header=("api-key", KEY),
        api_base="https://r.openai.azure.com/",
        api_version="2024-10-21",
    ),
    _vendor(
        "azure-v1",
        "azure/my-gpt",
        ("r.openai.azure.com", "/openai/v1/chat/completions"),
        key_header=("api-key", KEY),
        api_base="https://r.openai.azure.com",
        api_version="v1",
    ),
    _vendor(
        "azure-responses",
        "azure/responses/my-gpt",
        ("r.openai.azure.com", "/openai/responses?api-version=2025-04-01-preview"),
        key_header=("api-key", KEY),
        answers=ResponsesAnswers(),
        api_base="https://r.openai.azure.com/",
        api_version="2025-04-01-preview",
    ),
    _vendor(
        "anthropic",
        "anthropic/claude-sonnet-4-5",
        ("api.anthropic.com", "/v1/messages"),
        key_header=("x-api-key", KEY),
        answers=AnthropicAnswers(),
    ),
    _vendor(
        "gemini",
        "gemini/gemini-3-flash-preview",
        ("generativelanguage.googleapis.com", "/v1beta/models/gemini-3-flash-preview:generateContent"),
        streamed_target="/v1beta/models/gemini-3-flash-preview:streamGenerateContent?alt=sse",
        key_header=("x-goog-api-key", KEY),
        answers=GeminiAnswers(),
    ),
    _vendor("groq", "groq/openai/gpt-oss-20b", ("api.groq.com", "/openai/v1/chat/completions")),
    _vendor("mistral", "mistral/mistral-small-latest", ("api.mistral.ai", "/v1/chat/completions")),
    _vendor("ollama", "ollama/llama3", ("localhost:11434", "/v1/chat/completions")),
)
