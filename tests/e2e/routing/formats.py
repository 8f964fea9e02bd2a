"""An answer of sixty tokens, and the ways not to answer, in the words of the four vendors.

Sources: platform.openai.com/docs/api-reference (chat, responses), platform.claude.com/docs/en/api,
ai.google.dev/api/generate-content (2026-11).
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.e2e.canned.contents import CREATED_UNIX_S

TOKENS = 60


class Refusal(StrEnum):
    """What a vendor says instead of an answer."""

    RATE = "slow down"
    BROKEN = "something broke"
    AWAY = "back soon"
    CONTEXT = "too long"
    FILTER = "filtered"
    PREFILL = "no prefill"


STATUSES: Mapping[Refusal, int] = {
    Refusal.RATE: 429,
    Refusal.BROKEN: 500,
    Refusal.AWAY: 503,
    Refusal.CONTEXT: 400,
    Refusal.FILTER: 400,
    Refusal.PREFILL: 400,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One vendor's words.

    opening: frames before the first token. token: the frame of one. ending: frames of the finish after a text.
    done:    what follows the finish, if anything.
    whole:   an answer in one piece, finished or not.
    refused: the body of a refusal. broken: a frame that reports a failure.
    """

    name: str
    opening: bytes
    token: Callable[[str], bytes]
    ending: Callable[[str], bytes]
    done: bytes
    whole: Callable[[str, bool], dict[str, Any]]
    refused: Callable[[Refusal], dict[str, Any]]
    broken: bytes


def words(count: int) -> str:
    """The first `count` tokens."""
    return "".join(word(place) for place in range(count))


def word(place: int) -> str:
    return f"t{place} "


def _data(document: dict[str, Any]) -> bytes:
    return b"data: %b\n\n" % json.dumps(document).encode()


def _event(document: dict[str, Any]) -> bytes:
    return b"event: %b\n%b" % (document["type"].encode(), _data(document))


_CHAT_USAGE = {"prompt_tokens": 7, "completion_tokens": TOKENS, "total_tokens": 7 + TOKENS}


def _chunk(delta: dict[str, Any], finish: str | None = None, **members: Any) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-up1", "object": "chat.completion.chunk", "created": CREATED_UNIX_S, "model": "m"}
    return _data({**head, "choices": [choice], **members})


def _completion(text: str, finished: bool) -> dict[str, Any]:
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "finish_reason": "stop" if finished else None}
    head = {"id": "chatcmpl-up1", "object": "chat.completion", "created": CREATED_UNIX_S, "model": "m"}
    return {**head, "choices": [choice], "usage": _CHAT_USAGE}


_OPENAI_WORDS: Mapping[Refusal, tuple[str, str | None]] = {
    Refusal.RATE: ("rate_limit_error", "rate_limit_exceeded"),
    Refusal.BROKEN: ("server_error", None),
    Refusal.AWAY: ("server_error", None),
    Refusal.CONTEXT: ("invalid_request_error", "context_length_exceeded"),
    Refusal.FILTER: ("invalid_request_error", "content_policy_violation"),
    Refusal.PREFILL: ("invalid_request_error", None),
}


def _openai_error(refusal: Refusal) -> dict[str, Any]:
    kind, code = _OPENAI_WORDS[refusal]
    return {"error": {"message": refusal.value, "type": kind, "param": None, "code": code}}


CHAT = Format(
    name="chat",
    opening=_chunk({"role": "assistant", "content": ""}),
    token=lambda text: _chunk({"content": text}),
    ending=lambda _: _chunk({}, "stop", usage=_CHAT_USAGE),
    done=b"data: [DONE]\n\n",
    whole=_completion,
    refused=_openai_error,
    broken=_data(_openai_error(Refusal.BROKEN)),
)

_AT = {"item_id": "msg_up1", "output_index": 0, "content_index": 0}


def _said(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def _item(text: str, status: str) -> dict[str, Any]:
    head = {"id": "msg_up1", "type": "message", "role": "assistant", "status": status}
    return {**head, "content": [_said(text)] if status == "completed" else []}


def _response(text: str, finished: bool, **members: Any) -> dict[str, Any]:
    usage = {
        "input_tokens": 7,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": TOKENS,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 7 + TOKENS,
    }
    return {
        "id": "resp_up1",
        "object": "response",
        "created_at": CREATED_UNIX_S,
        "model": "m",
        "status": "completed" if finished else "in_progress",
        "error": None,
        "incomplete_details": None,
        "output": [_item(text, "completed")] if finished or text else [],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage if finished else None,
        **members,
    }


def _response_ending(text: str) -> bytes:
    return b"".join(
        _event(event)
        for event in (
            {"type": "response.output_text.done", **_AT, "text": text, "logprobs": [], "sequence_number": 90},
            {"type": "response.content_part.done", **_AT, "part": _said(text), "sequence_number": 91},
            {
                "type": "response.output_item.done",
                "output_index": 0,
                "item": _item(text, "completed"),
                "sequence_number": 92,
            },
            {"type": "response.completed", "response": _response(text, True), "sequence_number": 93},
        )
    )


RESPONSES = Format(
    name="responses",
    opening=_event({"type": "response.created", "response": _response("", False), "sequence_number": 0})
    + _event(
        {
            "type": "response.output_item.added",
            "output_index": 0,
            "item": _item("", "in_progress"),
            "sequence_number": 1,
        }
    )
    + _event({"type": "response.content_part.added", **_AT, "part": _said(""), "sequence_number": 2}),
    token=lambda text: _event(
        {"type": "response.output_text.delta", **_AT, "delta": text, "logprobs": [], "sequence_number": 3}
    ),
    ending=_response_ending,
    done=b"",
    whole=_response,
    refused=_openai_error,
    broken=_event(
        {
            "type": "response.failed",
            "response": _response(
                "", False, status="failed", error={"code": "server_error", "message": Refusal.BROKEN.value}
            ),
            "sequence_number": 99,
        }
    ),
)

_ANTHROPIC_WORDS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.RATE: ("rate_limit_error", Refusal.RATE.value),
    Refusal.BROKEN: ("api_error", Refusal.BROKEN.value),
    Refusal.AWAY: ("api_error", Refusal.AWAY.value),
    Refusal.CONTEXT: ("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    Refusal.FILTER: ("invalid_request_error", "Output blocked by content filtering policy"),
    Refusal.PREFILL: ("invalid_request_error", "This model does not support assistant message prefill."),
}


def _anthropic_error(refusal: Refusal) -> dict[str, Any]:
    kind, message = _ANTHROPIC_WORDS[refusal]
    return {"type": "error", "error": {"type": kind, "message": message}}


def _message(text: str, finished: bool) -> dict[str, Any]:
    return {
        "id": "msg_up1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [{"type": "text", "text": text}] if text else [],
        "stop_reason": "end_turn" if finished else None,
        "stop_sequence": None,
        "usage": {"input_tokens": 7, "output_tokens": TOKENS},
    }


MESSAGES = Format(
    name="messages",
    opening=_event({"type": "message_start", "message": _message("", False)})
    + _event({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}),
    token=lambda text: _event(
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
    ),
    ending=lambda _: (
        _event({"type": "content_block_stop", "index": 0})
        + _event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"output_tokens": TOKENS},
            }
        )
    ),
    done=_event({"type": "message_stop"}),
    whole=_message,
    refused=_anthropic_error,
    broken=_event(_anthropic_error(Refusal.BROKEN)),
)

_GOOGLE_WORDS: Mapping[Refusal, tuple[str, str]] = {
    Refusal.RATE: ("RESOURCE_EXHAUSTED", Refusal.RATE.value),
    Refusal.BROKEN: ("INTERNAL", Refusal.BROKEN.value),
    Refusal.AWAY: ("UNAVAILABLE", Refusal.AWAY.value),
    Refusal.CONTEXT: (
        "INVALID_ARGUMENT",
        "The input token count (2000000) exceeds the maximum number of tokens allowed (1048576).",
    ),
    Refusal.PREFILL: ("INVALID_ARGUMENT", "Requests that end with a model turn are not supported."),
}


def _google_error(refusal: Refusal) -> dict[str, Any]:
    """Google reports what it filtered in an answer without candidates."""
    if refusal is Refusal.FILTER:
        return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "m"}
    status, message = _GOOGLE_WORDS[refusal]
    return {"error": {"code": STATUSES[refusal], "message": message, "status": status}}


def _content(text: str, finish: str | None) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": [{"text": text}]}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    usage = {"promptTokenCount": 7, "candidatesTokenCount": TOKENS, "totalTokenCount": 7 + TOKENS}
    return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "m", "responseId": "resp-up1"}


GEMINI = Format(
    name="gemini",
    opening=b"",
    token=lambda text: _data(_content(text, None)),
    ending=lambda _: _data(_content("", "STOP")),
    done=b"",
    whole=lambda text, finished: _content(text, "STOP" if finished else None),
    refused=_google_error,
    broken=_data(_google_error(Refusal.BROKEN)),
)

FORMATS: Mapping[str, Format] = {form.name: form for form in (CHAT, RESPONSES, MESSAGES, GEMINI)}
