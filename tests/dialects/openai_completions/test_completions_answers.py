"""Legacy answers: rendered whole and streamed, relayed, and read where an upstream's come in another form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from adapters.dialects.contract import RenderedRequest, Reply
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_completions.dialect import OpenAICompletions
from domain.chat import events as ev
from domain.chat.content import Citation, Refusal, Text
from domain.chat.events import BlockKind, ContentSeen, Ended, Failed, Finished, StreamEvent, UsageReported
from domain.chat.fold import fold
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.errors import RateLimited
from tests.strategies.canonical import events_of, responses, splits, tellings

COMPLETIONS = OpenAICompletions(OpenAIChat())
RENDERED = RenderedRequest(body={})
ENTRIES = [
    {
        "token": "Hé",
        "logprob": -0.1,
        "bytes": None,
        "top_logprobs": [{"token": "Hé", "logprob": -0.1, "bytes": None}],
    },
    {"token": " you", "logprob": -2.5, "bytes": None, "top_logprobs": []},
]
FRAMES = b"".join(
    b"data: " + json.dumps(chunk).encode() + b"\n\n"
    for chunk in (
        {
            "id": "cmpl-1",
            "object": "text_completion",
            "created": 5,
            "model": "up",
            "choices": [
                {
                    "text": "Hé",
                    "index": 0,
                    "finish_reason": None,
                    "logprobs": {"tokens": ["Hé"], "token_logprobs": [-0.1], "top_logprobs": [{"Hé": -0.1}]},
                }
            ],
        },
        {"id": "cmpl-1", "model": "up", "choices": [{"text": " you", "index": 0, "finish_reason": "stop"}]},
        {"id": "cmpl-1", "model": "up", "choices": [], "usage": {"prompt_tokens": 2, "completion_tokens": 3}},
    )
)


def said(response: ChatResponse) -> list[str]:
    return [
        "".join(part.text for part in candidate.parts if isinstance(part, Text | Refusal))
        for candidate in response.candidates
    ]


def streamed(events: list[StreamEvent], reply: Reply) -> list[dict[str, Any]]:
    """The chunks of a stream, each what the official client takes it for."""
    encoder = COMPLETIONS.encoder(reply)
    frames = b"".join(encoder.feed(event) for event in events).split(b"\n\n")
    assert frames[-2:] == [b"data: [DONE]", b""]
    chunks = [json.loads(frame.removeprefix(b"data: ")) for frame in frames[:-2]]
    for chunk in chunks:
        Completion.model_construct(**chunk)
        finished = [{**choice, "finish_reason": choice["finish_reason"] or "stop"} for choice in chunk["choices"]]
        Completion.model_validate({**chunk, "choices": finished})
    return chunks


@given(st.data(), responses(max_candidates=2), st.sampled_from(("", "Once upon ")))
def test_streamed_equals_buffered(data: st.DataObject, response: ChatResponse, prompt: str) -> None:
    reply = Reply(model="asked", include_usage=True, created_unix_s=7, echo={"prompt": prompt} if prompt else {})
    rendered = COMPLETIONS.render_response(response, reply)
    whole = Completion.model_validate(rendered)
    assert whole.model == "asked"
    assert [choice.text for choice in whole.choices] == [prompt + text for text in said(response)]
    chunks = streamed(data.draw(tellings(response)), reply)
    for choice in whole.choices:
        pieces = [one for chunk in chunks for one in chunk["choices"] if one["index"] == choice.index]
        assert "".join(piece["text"] for piece in pieces) == choice.text
        assert [piece["finish_reason"] for piece in pieces if piece["finish_reason"]] == [choice.finish_reason]
    assert {chunk["id"] for chunk in chunks} == {whole.id}
    assert {chunk["created"] for chunk in chunks} == {whole.created}
    usages = [chunk["usage"] for chunk in chunks if chunk["usage"]]
    assert usages == ([rendered["usage"]] if response.usage is not None else [])


def test_usage_is_told_to_those_who_ask() -> None:
    events = [*events_of(_answer("hi")), Ended()]
    assert all("usage" not in chunk for chunk in streamed(events[:-1], Reply(model="m")))


@pytest.mark.parametrize("echo", [{}, {"prompt": "Say"}])
def test_logprobs(echo: dict[str, str]) -> None:
    candidate = Candidate(index=0, parts=(Text(text="Hé you"),), finish=_finish(), logprobs=ENTRIES)
    response = ChatResponse(id="x", model="m", candidates=(candidate,))
    start = len(echo.get("prompt", ""))
    told = {
        "text_offset": [start, start + 2],
        "token_logprobs": [-0.1, -2.5],
        "tokens": ["Hé", " you"],
        "top_logprobs": [{"Hé": -0.1}, {}],
    }
    reply = Reply(model="m", echo=echo)
    assert COMPLETIONS.render_response(response, reply)["choices"][0]["logprobs"] == told
    chunks = streamed(
        [ev.LogprobsDelta(ENTRIES[:1]), ev.LogprobsDelta(ENTRIES[1:]), Finished(_finish()), Ended()], reply
    )
    lists = [choice["logprobs"] for chunk in chunks for choice in chunk["choices"] if choice["logprobs"]]
    assert {name: [entry for one in lists for entry in one[name]] for name in told} == told


@given(st.data())
def test_relayed_streams(data: st.DataObject) -> None:
    """Frames keep their bytes but for the model's name; unasked usage is taken out."""
    relay = COMPLETIONS.relay(Reply(model="asked"))
    steps = [relay.feed(chunk) for chunk in data.draw(splits(FRAMES + b"data: [DONE]\n\n"))] + [relay.finish()]
    raw = b"".join(forwarded for forwarded, _ in steps)
    events = [event for _, told in steps for event in told]
    assert raw.count(b'"model":"asked"') == 2
    assert b'"usage"' not in raw
    assert raw.endswith(b"data: [DONE]\n\n")
    kinds = [type(event) for event in events]
    assert kinds.count(ContentSeen) == kinds.count(Finished) == kinds.count(UsageReported) == 1
    assert isinstance(events[-1], Ended)


@given(st.data())
def test_streams_in_place_of_whole_answers(data: st.DataObject) -> None:
    decoder = COMPLETIONS.decoder(RENDERED)
    events = [event for chunk in data.draw(splits(FRAMES)) for event in decoder.feed(chunk)] + decoder.finish()
    response = fold(events)
    assert said(response) == ["Hé you"]
    assert response.usage is not None
    assert response.usage.total_tokens == 5
    assert response.candidates[0].logprobs[0]["top_logprobs"][0]["token"] == "Hé"


@given(st.binary(max_size=80))
def test_garbage_is_a_failure(garbage: bytes) -> None:
    decoder = COMPLETIONS.decoder(RENDERED)
    events = [*decoder.feed(b"data: {" + garbage), *decoder.finish()]
    assert isinstance(events[-1], Failed)
    assert not any(isinstance(event, Failed) for event in events[:-1])


def test_a_cut_stream_is_a_failure() -> None:
    decoder = COMPLETIONS.decoder(RENDERED)
    events = [*decoder.feed(FRAMES[: FRAMES.index(b"\n\n") + 2]), *decoder.finish()]
    assert isinstance(events[-1], Failed)


def test_whole_answers_in_place_of_streams() -> None:
    body = {"id": "cmpl-1", "model": "up", "choices": [{"text": "hi", "index": 0, "finish_reason": "length"}]}
    response = COMPLETIONS.parse_response(body, RENDERED)
    assert said(response) == ["hi"]
    assert response.candidates[0].finish.reason is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (ev.BlockStarted(0, BlockKind.TEXT), None),
        (ev.TextDelta(0, "hi"), None),
        (ev.BlockStarted(0, BlockKind.REASONING), "dropped_reasoning"),
        (ev.BlockStarted(0, BlockKind.TOOL_CALL, "c", "f"), "dropped_tool_call"),
        (ev.BlockStarted(0, BlockKind.REFUSAL), "refusal_as_text"),
        (ev.BlockStarted(0, BlockKind.MEDIA), "dropped_media"),
        (ev.BlockStarted(0, BlockKind.OPAQUE), "dropped_opaque_part"),
        (ev.Cited(0, Citation(kind="url", url="https://example.com")), "dropped_citation"),
        (Finished(Finish(reason=FinishReason.PAUSE)), "finish_reworded"),
        (Finished(Finish(reason=FinishReason.STOP)), None),
    ],
)
def test_what_a_text_cannot_hold_is_named(event: StreamEvent, code: str | None) -> None:
    loss = COMPLETIONS.lost(event)
    assert (loss.code if loss is not None else None) == code


def test_errors_are_openais() -> None:
    error = RateLimited("slow down")
    status, body = COMPLETIONS.render_error(error)
    assert (status, body["error"]["type"]) == (429, "rate_limit_error")
    encoder = COMPLETIONS.encoder(Reply(model="m"))
    assert json.loads(encoder.feed(Failed(error)).removeprefix(b"data: ")) == body
    assert encoder.feed(Ended()) == b""
    assert COMPLETIONS.encode_error(error).startswith(b"data: ")
    refused = COMPLETIONS.parse_error(404, {}, b'{"error":{"message":"not supported","code":"model_not_found"}}')
    assert refused.status == 404


def _finish() -> Finish:
    return Finish(reason=FinishReason.STOP, native="stop")


def _answer(text: str) -> ChatResponse:
    candidate = Candidate(index=0, parts=(Text(text=text),), finish=_finish())
    return ChatResponse(id="x", model="m", candidates=(candidate,))
