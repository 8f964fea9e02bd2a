"""Answers without words: refusals, blocked prompts, and endings that follow nothing, for clients of every dialect."""

import json
from collections.abc import Iterable
from typing import Any

import pytest

from domain.chat.content import Refusal
from domain.chat.fold import fold, unfold
from domain.chat.response import ChatResponse
from tests.strategies.dialects import ANTHROPIC_MESSAGES, DIALECTS, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES
from tests.translation.crossing import decoded, each_client, encoded, parsed, rendered_body
from tests.translation.official_clients import read_body, read_stream
from tests.translation.said import Ending, Said
from tests.translation.sse_frames import Frames, data, named
from tests.translation.upstreams import UPSTREAMS


def _chat(message: dict[str, Any], finish_reason: str) -> Any:
    body = UPSTREAMS[OPENAI_CHAT].body(Said())
    body["choices"] = [{"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish_reason}]
    return body


def _responses(output: list[Any], ending: Ending = "stop") -> Any:
    return {**UPSTREAMS[OPENAI_RESPONSES].body(Said(ending=ending)), "output": output}


def _messages(ending: Ending, **members: Any) -> Any:
    return {**UPSTREAMS[ANTHROPIC_MESSAGES].body(Said(ending=ending)), **members}


def _gemini(*candidates: Any, **members: Any) -> Any:
    counts = {"promptTokenCount": 7, "totalTokenCount": 7}
    told = {"candidates": [{"index": 0, **candidate} for candidate in candidates]} if candidates else {}
    return {"responseId": "u", "modelVersion": "upstream", "usageMetadata": counts, **told, **members}


_DETAILS = {"type": "refusal", "category": "cyber", "explanation": "not that"}
_PART = {"type": "refusal", "refusal": "not that"}
_MESSAGE = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [_PART]}

REFUSALS: tuple[tuple[str, Any], ...] = (
    (OPENAI_CHAT, _chat({"content": None, "refusal": "not that"}, "stop")),
    (OPENAI_RESPONSES, _responses([_MESSAGE])),
    (ANTHROPIC_MESSAGES, _messages("content_filter", stop_details=_DETAILS)),
    (GEMINI, _gemini({"finishReason": "SAFETY", "finishMessage": "not that"})),
    (GEMINI, _gemini(promptFeedback={"blockReason": "SAFETY", "blockReasonMessage": "not that"})),
)
SILENT: tuple[tuple[str, Any, Ending], ...] = (
    (OPENAI_CHAT, _chat({"content": None}, "stop"), "stop"),
    (OPENAI_CHAT, _chat({"content": ""}, "length"), "length"),
    (OPENAI_CHAT, _chat({"content": None}, "content_filter"), "content_filter"),
    (OPENAI_RESPONSES, _responses([]), "stop"),
    (OPENAI_RESPONSES, _responses([], "length"), "length"),
    (OPENAI_RESPONSES, _responses([], "content_filter"), "content_filter"),
    (ANTHROPIC_MESSAGES, _messages("stop"), "stop"),
    (ANTHROPIC_MESSAGES, _messages("length"), "length"),
    (ANTHROPIC_MESSAGES, _messages("content_filter"), "content_filter"),
    (GEMINI, _gemini({"finishReason": "MAX_TOKENS"}), "length"),
    (GEMINI, _gemini({"finishReason": "STOP", "content": {"role": "model"}}), "stop"),
    (GEMINI, _gemini({"finishReason": "RECITATION", "content": {}}), "content_filter"),
)


def frames(upstream: str, body: Any) -> Frames:
    """The same answer streamed, in as few events as its vendor sends."""
    match upstream:
        case "openai_chat":
            (choice,) = body["choices"]
            said = {**body, "choices": [{"index": 0, "delta": choice["message"], "finish_reason": None}]}
            ended = {**body, "choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
            return [data({**said, "usage": None}), data(ended), b"data: [DONE]\n\n"]
        case "openai_responses":
            return [named({"type": f"response.{body['status']}", "sequence_number": 0, "response": body})]
        case "anthropic_messages":
            endings = ("stop_reason", "stop_sequence", "stop_details")
            ending = {name: body[name] for name in endings if name in body}
            begun = {"type": "message_start", "message": {**body, "stop_reason": None}}
            ended = {"type": "message_delta", "delta": ending, "usage": body["usage"]}
            return [named(begun), named(ended), named({"type": "message_stop"})]
        case _:
            return [data(body)]


def both_ways(upstream: str, body: Any) -> Iterable[ChatResponse]:
    """The answer as it is read buffered and streamed."""
    return parsed(upstream, body), fold(decoded(upstream, frames(upstream, body)))


@each_client
@pytest.mark.parametrize(("upstream", "body"), REFUSALS)
def test_who_declines_is_heard_with_the_reason(upstream: str, body: Any, client: str) -> None:
    """A refusal, by words of the model's or by the ending alone, is never an ordinary ending.

    Its words are told or, where there is no place for what is not the model's, named as lost.
    """
    for answer in both_ways(upstream, body):
        told, stream = rendered_body(client, answer), encoded(client, unfold(answer))
        assert _declines(parsed(client, told))
        assert _declines(fold(decoded(client, [stream])))
        codes = {loss.code for event in unfold(answer) if (loss := DIALECTS[client].lost(event)) is not None}
        assert ("not that" in json.dumps(told)) is ("shortened_ending" not in codes)
        assert (b"not that" in stream) is ("shortened_ending" not in codes)
        assert client == OPENAI_RESPONSES or "shortened_ending" not in codes


def _declines(answer: ChatResponse) -> bool:
    (candidate,) = answer.candidates
    said = any(isinstance(part, Refusal) for part in candidate.parts)
    return said or candidate.finish.reason.value == "content_filter"


@each_client
@pytest.mark.parametrize(("upstream", "body", "ending"), SILENT)
def test_who_says_nothing_ends_all_the_same(upstream: str, body: Any, ending: str, client: str) -> None:
    for answer in both_ways(upstream, body):
        for read in (
            read_body(client, rendered_body(client, answer)),
            read_stream(client, encoded(client, unfold(answer))),
        ):
            assert (read.text, read.thought, read.calls, read.ending) == ("", "", (), ending)
