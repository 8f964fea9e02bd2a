"""Recorded Responses traffic: every request goes back as it came, every answer is told whole."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from adapters.dialects.contract import Decoder, RenderedRequest, Reply, Target
from adapters.dialects.openai_responses.answer_reader import parse_response
from adapters.dialects.openai_responses.errors import parse_error
from adapters.dialects.openai_responses.relay import ResponsesRelay
from adapters.dialects.openai_responses.request import parse_request
from adapters.dialects.openai_responses.request_rendering import render_request
from adapters.dialects.openai_responses.stream_decoder import ResponsesDecoder
from domain.chat import events as ev
from domain.chat.content import Image, Opaque, OpaquePart, Part, Reasoning, Refusal, Text, ToolCall
from domain.chat.fold import fold
from domain.chat.response import ChatResponse, FinishReason
from domain.errors import ErrorKind, MalformedResponse
from domain.models.catalogue import profile_for
from tests.corpus.recorded import Recorded, recorded

RENDERED = RenderedRequest(body={})
REPLY = Reply(model="asked")
FINISH = {
    "max_output_tokens": FinishReason.LENGTH,
    "content_filter": FinishReason.CONTENT_FILTER,
}
SIGNED = Opaque(family="openai", value="…")
EDITED = {"braintrust-sdk-javascript-00328"}
"""Streams whose recorder changed arguments where they are whole, and left the deltas as they were."""
OPTIONAL = {"metadata", "instructions", "include", "tools", "logprobs", "annotations", "reasoning", "text"}
RENAMED = {"generate_summary": "summary"}
KINDS = {400: ErrorKind.INVALID_REQUEST, 401: ErrorKind.AUTH}


def answered() -> list[Recorded]:
    return [one for one in recorded("openai", "responses") if one.status < 400]


def target(model: str) -> Target:
    return Target(provider="openai", family="openai", model=model, profile=profile_for("openai", model))


def test_requests() -> None:
    """Rendering gives back what was parsed, and nothing is lost."""
    seen = 0
    for one in answered():
        body = {"model": "m", **one.request}
        request = parse_request(body)
        rendered = render_request(request, target(body["model"]))
        assert not rendered.losses, one.id
        assert normal(rendered.body) == normal(body), one.id
        assert parse_request(rendered.body) == request, one.id
        seen += 1
    assert seen > 390


def normal(value: Any) -> Any:
    """A request in the form that parsing and rendering bring it into; the parser lists what differs."""
    if isinstance(value, list):
        return [normal(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    kept = {name: normal(inner) for name, inner in value.items() if inner is not None}
    members = {RENAMED.get(name, name): inner for name, inner in kept.items() if not says_nothing(name, inner)}
    members |= {name: plain(members[name]) for name in ("content", "output") if name in members}
    if members.keys() == {"type", "role", "content"} and members["type"] == "message":
        del members["type"]
    if isinstance(members.get("input"), str):
        members["input"] = [{"role": "user", "content": members["input"]}]
    if members.get("type") == "reasoning" and not members.get("content"):
        members.pop("content", None)
    return members


def says_nothing(name: str, value: Any) -> bool:
    return (name in OPTIONAL and value in ("", [], {})) or (name == "stream" and value is False)


def plain(content: Any) -> Any:
    """A list of one text that says nothing more is a string."""
    match content:
        case [{"type": "input_text" | "output_text", "text": text} as only] if len(only) == 2:
            return text
        case _:
            return content


def test_translated_requests() -> None:
    """The same, as if a client of another dialect had meant it: no crash, and the rules for what is sent."""
    for one in answered():
        body = {"model": "m", **one.request}
        request = parse_request(body)
        if "openai_responses" in request.ext or any(
            "openai_responses" in tool.ext for tool in request.tools if hasattr(tool, "ext")
        ):
            continue
        sent = render_request(replace(request, source="anthropic_messages"), target(body["model"])).body
        assert sent["store"] is bool(request.store), one.id
        for item in sent["input"]:
            assert len(item.get("call_id", "")) <= 64, one.id
            if item.get("type") == "reasoning" and not request.store:
                assert item["encrypted_content"], one.id


def independent(response: dict[str, Any]) -> tuple[str, list[tuple[str, str]], FinishReason, int, int]:
    """A response read the plain way."""
    items = response["output"]
    contents = [part for item in items if item["type"] == "message" for part in item["content"]]
    calls = [
        (item["name"], item.get("arguments", item.get("input")))
        for item in items
        if item["type"] in ("function_call", "custom_tool_call")
    ]
    details = response.get("incomplete_details")
    whole = FinishReason.TOOL_CALLS if calls else FinishReason.STOP
    usage = response["usage"]
    return (
        "".join(part.get("text") or part.get("refusal") or "" for part in contents),
        calls,
        FINISH[details["reason"]] if details else whole,
        usage["input_tokens"],
        usage["output_tokens"],
    )


def told_by(answer: ChatResponse) -> tuple[str, list[tuple[str, str]], FinishReason, int | None, int | None]:
    (candidate,) = answer.candidates
    assert answer.usage is not None
    return (
        "".join(part.text for part in candidate.parts if isinstance(part, (Text, Refusal))),
        [(part.name, part.raw) for part in candidate.parts if isinstance(part, ToolCall)],
        candidate.finish.reason,
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )


def kinds_of(parts: tuple[Part, ...]) -> list[str]:
    """What the parts are, by the type of their item."""
    names: dict[type, str] = {
        Text: "message",
        Refusal: "message",
        Reasoning: "reasoning",
        ToolCall: "function_call",
    }
    names[Image] = "image_generation_call"
    return [part.kind if isinstance(part, OpaquePart) else names[type(part)] for part in parts]


def test_bodies() -> None:
    seen = 0
    for one in answered():
        if not isinstance(one.body, dict):
            continue
        raw, events = ResponsesRelay(REPLY).answer(one.raw)
        assert json.loads(raw) == {**one.body, "model": "asked"}, one.id
        assert isinstance(events[0], ev.Started), one.id
        assert isinstance(events[-1], ev.Ended), one.id
        if one.body["status"] == "queued":
            with pytest.raises(MalformedResponse):
                parse_response(one.body, RENDERED)
            continue
        seen += 1
        answer = parse_response(one.body, RENDERED)
        assert told_by(answer) == independent(one.body), one.id
        assert ev.Finished(answer.candidates[0].finish) in events, one.id
        assert ev.UsageReported(answer.usage) in events if answer.usage else True
        items = [item for item in one.body["output"] if says_something(item)]
        assert len(answer.candidates[0].parts) >= len(items), one.id
        encrypted = [item["encrypted_content"] for item in items if item.get("encrypted_content")]
        assert encrypted == [value for part in answer.candidates[0].parts for value in signed(part)], one.id
    assert seen > 270


def says_something(item: dict[str, Any]) -> bool:
    if item["type"] == "reasoning":
        return bool(item["summary"] or item.get("content") or item.get("encrypted_content"))
    return item["type"] != "message" or any(part.get("text") or part.get("refusal") for part in item["content"])


def signed(part: Part) -> list[str]:
    if isinstance(part, OpaquePart):
        value = part.raw.get("encrypted_content")
        return [value] if value else []
    return [part.signature.value] if isinstance(part, Reasoning) and part.signature is not None else []


def frames_of(sse: bytes) -> list[dict[str, Any]]:
    lines = (line for line in sse.decode().replace("\r\n", "\n").split("\n") if line.startswith("data:"))
    return [json.loads(line[5:]) for line in lines]


def decoded(chunks: list[bytes], decoder: Decoder) -> list[ev.StreamEvent]:
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.finish()


def cut(stream: bytes, seed: int) -> list[bytes]:
    """The stream in reads of any sizes, the same for the same seed."""
    sizes, chunks, start = random.Random(seed), [], 0
    while start < len(stream):
        end = start + sizes.choice([1, 3, 17, 200, 5_000])
        chunks.append(stream[start:end])
        start = end
    return chunks


def test_streams() -> None:
    """Each tells what its last event holds whole, in any split, and reaches a client of the format as it came."""
    seen = 0
    for number, one in enumerate(answered()):
        if one.sse is None:
            continue
        seen += 1
        events = decoded([one.sse], ResponsesDecoder(RENDERED))
        assert isinstance(events[-1], ev.Ended), (one.id, events[-1])
        assert events == decoded(cut(one.sse, number), ResponsesDecoder(RENDERED)), one.id
        streamed = fold(events)
        last = frames_of(one.sse)[-1]["response"]
        assert_relayed(one, number)
        if one.id in EDITED:
            continue
        assert told_by(streamed) == independent(last), one.id
        assert comparable(streamed) == comparable(parse_response(last, RENDERED)), one.id
    assert seen > 110


def comparable(answer: ChatResponse) -> ChatResponse:
    """The answer but for what OpenAI itself tells otherwise in the last event than in those before it.

    These are the service tier, the last digits of log probabilities, and thoughts, which it encrypts anew.
    """
    (candidate,) = answer.candidates
    parts = tuple(
        replace(part, signature=SIGNED) if isinstance(part, Reasoning) and part.signature else part
        for part in candidate.parts
    )
    return replace(answer, service_tier=None, candidates=(replace(candidate, parts=parts, logprobs=None),))


def assert_relayed(one: Recorded, number: int) -> None:
    assert one.sse is not None
    relay = ResponsesRelay(REPLY)
    forwarded = [relay.feed(chunk) for chunk in cut(one.sse, number)] + [relay.finish()]
    told = [event for _, events in forwarded for event in events]
    assert isinstance(told[-1], ev.Ended), (one.id, told[-1])
    assert not any(isinstance(event, ev.Failed) for event in told), one.id
    sent = b"".join(raw for raw, _ in forwarded)
    wanted = frames_of(one.sse)
    for frame in wanted:
        if "response" in frame:
            frame["response"]["model"] = "asked"
    assert frames_of(sent) == wanted, one.id
    assert sent.count(b"\n") == one.sse.count(b"\n"), one.id


def test_cut_streams_are_failures() -> None:
    for one in answered():
        if one.sse is None:
            continue
        end = one.sse.rindex(b"event: response.")
        for kept in (one.sse[:end], one.sse[: end // 2], one.sse[: end + 60], b""):
            events = decoded([kept], ResponsesDecoder(RENDERED))
            assert isinstance(events[-1], ev.Failed), one.id
            assert not any(isinstance(event, (ev.Finished, ev.Ended)) for event in events), one.id
            relay = ResponsesRelay(REPLY)
            told = [*relay.feed(kept)[1], *relay.finish()[1]]
            assert isinstance(told[-1], ev.Failed), one.id
            assert not any(isinstance(event, (ev.Finished, ev.Ended)) for event in told), one.id


def test_errors() -> None:
    seen = 0
    for one in recorded("openai", "responses"):
        if one.status >= 400:
            seen += 1
            error = parse_error(one.status, one.headers, one.raw)
            wanted = ErrorKind.NOT_FOUND if b"model_not_found" in one.raw else KINDS[one.status]
            assert (error.status, error.kind) == (one.status, wanted), one.id
            assert isinstance(one.body, dict)
            assert error.message == one.body["error"]["message"], one.id
    assert seen > 10
