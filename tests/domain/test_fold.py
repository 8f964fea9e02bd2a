from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chat import events as ev
from domain.chat.content import (
    Audio,
    Citation,
    Document,
    Image,
    Inline,
    Opaque,
    OpaquePart,
    Refusal,
    Text,
    ToolCall,
)
from domain.chat.fold import fold, unfold
from domain.chat.folding import _TAKEN
from domain.chat.response import Candidate, ChatResponse, Finish, FinishReason
from domain.chat.usage import Usage
from domain.errors import ErrorKind, MalformedResponse, UpstreamRejected
from tests.strategies import canonical

STOP = Finish(reason=FinishReason.STOP, native="stop")


def test_every_event_is_taken() -> None:
    assert set(get_args(ev.StreamEvent)) == set(_TAKEN)


def answer(*parts: object, **more: object) -> ChatResponse:
    return ChatResponse(
        id="r",
        model="m",
        candidates=(Candidate(index=0, parts=parts, finish=STOP),),  # type: ignore[arg-type]  # any part a test names
        **more,  # type: ignore[arg-type]  # the optional members of an answer
    )


@given(canonical.responses(family="anthropic", max_candidates=3))
def test_fold_undoes_unfold(response: ChatResponse) -> None:
    assert fold(unfold(response)) == response


@given(canonical.answers(family="google", max_candidates=2))
def test_any_cut_of_the_deltas_tells_the_same_answer(told: tuple[ChatResponse, list[ev.StreamEvent]]) -> None:
    response, events = told
    assert fold(events) == response


@pytest.mark.parametrize(
    "part",
    [
        Refusal(text="no"),
        Image(source=Inline(media_type="image/png", base64=canonical.PNG)),
        Audio(source=Inline(media_type="audio/wav", base64=canonical.WAV), transcript="hi"),
        OpaquePart(family="google", kind="code", raw={"a": 1}),
        Text(text="", signature=Opaque(family="google", value="s")),
        Text(text="a", citations=(Citation(kind="url", url="https://a.example", title="A", start=0, end=1),)),
        ToolCall(id="c", name="t", raw='{"free": "text"}', kind="custom"),
    ],
)
def test_rarer_parts_survive(part: object) -> None:
    response = answer(part, service_tier="flex", system_fingerprint="f")
    assert fold(unfold(response)) == response


def test_a_citation_without_text_is_kept() -> None:
    response = answer(Text(text="", citations=(Citation(kind="url", url="https://a.example"),)))
    assert fold(unfold(response)) == response


def test_logprobs_are_joined() -> None:
    candidate = Candidate(
        index=0, parts=(Text(text="ab"),), finish=STOP, logprobs=[{"token": "a"}, {"token": "b"}]
    )
    response = ChatResponse(id="r", model="m", candidates=(candidate,))
    assert fold(unfold(response)) == response


def test_a_request_part_is_no_answer() -> None:
    with pytest.raises(MalformedResponse, match="Document"):
        list(unfold(answer(Document(source=Inline(media_type="application/pdf", base64=canonical.PDF)))))


@given(canonical.responses(), st.integers(0, 100))
def test_an_answer_cut_short_is_never_a_good_one(response: ChatResponse, cut: int) -> None:
    events = list(unfold(response))
    with pytest.raises(MalformedResponse):
        fold(events[: min(cut, len(events) - 1)])


def test_a_candidate_without_an_ending_is_broken() -> None:
    events: list[ev.StreamEvent] = [
        ev.Started("r", "m"),
        ev.BlockStarted(0, ev.BlockKind.TEXT),
        ev.BlockStopped(0),
        ev.Ended(),
    ]
    with pytest.raises(MalformedResponse, match="candidate 0"):
        fold(events)


def test_a_failure_is_raised_as_it_is() -> None:
    error = UpstreamRejected("slow down", kind=ErrorKind.RATE_LIMIT)
    with pytest.raises(UpstreamRejected) as raised:
        fold([ev.Started("r", "m"), ev.Failed(error)])
    assert raised.value is error


def test_the_last_usage_counts() -> None:
    response = answer(Text(text="a"))
    first, last = Usage(prompt_tokens=1), Usage(prompt_tokens=2)
    events = list(unfold(response))
    told = [*events[:-1], ev.UsageReported(first), ev.ContentSeen(), ev.Ping(), ev.UsageReported(last), events[-1]]
    assert fold(told).usage == last
