"""What reaches an upstream of the client's own dialect, where that is not Chat Completions."""

import asyncio
import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.contract import ClientDialect
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.dialects.sealed import Sealed, seal
from adapters.providers.deployment_spec import DeploymentSpec
from application.ports.chat_provider import Piece
from domain.chat.content import Opaque
from domain.chat.events import ContentSeen, Ended, Finished, UsageReported
from domain.chat.fold import fold
from domain.chat.response import ChatResponse
from domain.errors import UpstreamError, UpstreamUnavailable
from domain.secret import Secret
from tests.providers.calling import asked, call_in, collected, spoken
from tests.providers.fake_upstream import FakeUpstream, document, stream_of
from tests.providers.vendors import Answers, AnthropicAnswers, GeminiAnswers, ResponsesAnswers
from tests.strategies.canonical import json_values


@dataclass(frozen=True)
class _Pair:
    """A dialect on both sides: who speaks it, a small request in it, and what the upstream answers."""

    client: ClientDialect
    model: str
    body: dict[str, Any]
    answers: Answers
    limit: Any

    def spec(self, **settings: Any) -> DeploymentSpec:
        return DeploymentSpec(group="the-model", model=self.model, api_key=Secret("k"), **settings)

    @property
    def name(self) -> str:
        return self.model.partition("/")[2]


_HI = {"role": "user", "content": "hi"}
_CHAT = json.dumps({"model": "the-model", "messages": [_HI], "stream": True}).encode()
_PAIRS = (
    _Pair(
        OpenAIResponses(),
        "openai/gpt-5",
        {"model": "the-model", "input": [_HI]},
        ResponsesAnswers(),
        {"max_output_tokens": 7},
    ),
    _Pair(
        AnthropicMessages(),
        "anthropic/claude-sonnet-4-5",
        {"model": "the-model", "messages": [_HI], "max_tokens": 9},
        AnthropicAnswers(),
        {},
    ),
    _Pair(
        Gemini(),
        "gemini/gemini-2.5-flash",
        {"model": "the-model", "stream": False, "contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        GeminiAnswers(),
        {"generationConfig": {"maxOutputTokens": 7}},
    ),
)
each = pytest.mark.parametrize("pair", _PAIRS, ids=lambda pair: pair.client.name)


async def _sent(
    pair: _Pair, body: bytes, spec: DeploymentSpec | None = None, *, stream: bool = False, **fields: Any
) -> tuple[dict[str, Any], FakeUpstream]:
    answers = pair.answers
    upstream = FakeUpstream(stream_of(answers.streamed()) if stream else document(answers.buffered()))
    call = call_in(pair.client, body, stream=stream, **fields)
    await collected(asked(spec or pair.spec(), upstream, call))
    return json.loads(bytes(upstream.requests[0].body)), upstream


def _expected(pair: _Pair, **more: Any) -> dict[str, Any]:
    body = {name: value for name, value in pair.body.items() if name not in ("model", "stream")}
    return {**({} if pair.client.name == "gemini" else {"model": pair.name}), **body, **more}


def _text(value: Any) -> bytes:
    return json.dumps(value, separators=(" ,", ":  ")).encode()


@each
async def test_only_the_model_changes(pair: _Pair) -> None:
    odd = {"x_unknown": {"b": [1.0, False, None], "a": "ü\u2028"}, "thinking": {"type": "enabled", "x": 1}}
    body, upstream = await _sent(pair, _text({**pair.body, **odd}))
    assert body == _expected(pair, **odd)
    for value in odd.values():
        assert _text(value) in bytes(upstream.requests[0].body)


@each
@given(data=st.data())
def test_every_member_keeps_its_bytes(pair: _Pair, data: st.DataObject) -> None:
    names = st.from_regex(r"x_[a-z]{1,5}", fullmatch=True)
    more = data.draw(st.dictionaries(names, json_values(), max_size=3))
    raw = json.dumps({**pair.body, **more}).encode()
    _, upstream = asyncio.run(_sent(pair, raw))
    sent = bytes(upstream.requests[0].body)
    for name, value in more.items():
        assert f'"{name}":'.encode() + json.dumps(value).encode() in sent


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_the_answer_keeps_its_bytes_and_tells_what_is_metered(pair: _Pair, stream: bool) -> None:
    answers = pair.answers
    raw = answers.streamed() if stream else answers.buffered()
    call = call_in(pair.client, _text(pair.body), stream=stream)
    upstream = FakeUpstream(stream_of(raw) if stream else document(raw))
    pieces = await collected(asked(pair.spec(), upstream, call))
    forwarded = b"".join(piece.raw or b"" for piece in pieces)
    named = raw.replace(b'"model": "up"', b'"model": "the-model"')
    assert _compact(forwarded) == _compact(named)
    events = [event for piece in pieces for event in piece.events]
    for kind in (ContentSeen, Finished, UsageReported, Ended):
        assert any(isinstance(event, kind) for event in events)
    assert isinstance(events[-1], Ended)


def _compact(raw: bytes) -> bytes:
    return raw.replace(b" ", b"").replace(b"\r", b"")


@each
async def test_defaults_and_drops_in_chat_s_names_have_their_plain_places(pair: _Pair) -> None:
    spec = pair.spec(
        request_defaults={"max_completion_tokens": 7, "x_own": 1},
        additional_drop_params=("temperature", "x_dropped"),
        extra_body={"x_more": {"a": {"b": 1}}, "x_own": 2},
    )
    given_more = {"x_dropped": 1, "x_more": {"c": 2, "a": {"d": 3}}}
    body, _ = await _sent(pair, _text({**pair.body, **given_more}), spec)
    assert body == _expected(pair, **pair.limit, x_own=2, x_more={"c": 2, "a": {"d": 3, "b": 1}})


@each
async def test_a_default_without_a_plain_counterpart_is_translated_with_the_rest(pair: _Pair) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body, upstream = await _sent(pair, _text(pair.body), pair.spec(request_defaults={"response_format": wanted}))
    assert b'"properties"' in bytes(upstream.requests[0].body)
    assert b'"hi"' in bytes(upstream.requests[0].body)
    assert "response_format" not in body


@each
async def test_what_the_gateway_sealed_reaches_no_vendor(pair: _Pair) -> None:
    sealed = seal(Sealed(Opaque(family="somebody", value="their-signature", model="x")))
    in_base64 = base64.urlsafe_b64encode(sealed.encode()).decode()
    histories: dict[str, dict[str, Any]] = {
        "openai_responses": {
            "input": [
                _HI,
                {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed},
                {"type": "message", "role": "assistant", "content": "yes"},
                _HI,
            ]
        },
        "anthropic_messages": {
            "messages": [
                _HI,
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "hm", "signature": sealed},
                        {"type": "text", "text": "yes"},
                    ],
                },
                _HI,
            ]
        },
        "gemini": {
            "contents": [
                {"role": "user", "parts": [{"text": "hi"}]},
                {
                    "role": "model",
                    "parts": [
                        {"text": "hm", "thought": True, "thoughtSignature": in_base64},
                        {"text": "yes"},
                    ],
                },
                {"role": "user", "parts": [{"text": "hi"}]},
            ]
        },
    }
    body = {**pair.body, **histories[pair.client.name]}
    _, upstream = await _sent(pair, _text(body))
    sent = bytes(upstream.requests[0].body)
    assert [secret for secret in (b"fg1.", b"ZmcxL", b"their-signature") if secret in sent] == []
    assert b"yes" in sent


@each
async def test_the_client_s_query_travels(pair: _Pair) -> None:
    for stream in (False, True):
        _, plain = await _sent(pair, _text(pair.body), stream=stream)
        _, asked_more = await _sent(pair, _text(pair.body), stream=stream, query="beta=true")
        target = plain.requests[0].target
        joint = "&" if "?" in target else "?"
        assert asked_more.requests[0].target == f"{target}{joint}beta=true"


async def test_a_query_does_not_travel_across_dialects() -> None:
    pair = _PAIRS[1]
    upstream = FakeUpstream(document(ResponsesAnswers().buffered()))
    call = call_in(pair.client, _text(pair.body), query="beta=true")
    await collected(asked(_PAIRS[0].spec(), upstream, call))
    assert upstream.requests[0].target == "/v1/responses"


async def test_the_caller_s_version_and_betas_reach_anthropic() -> None:
    pair = _PAIRS[1]
    theirs = {"anthropic-version": "2026-10-21", "anthropic-beta": "b, a"}
    spec = pair.spec(extra_headers={"anthropic-beta": "a,c"})
    _, upstream = await _sent(pair, _text(pair.body), spec, headers=theirs)
    headers = dict(upstream.requests[0].headers)
    assert (headers["anthropic-version"], headers["anthropic-beta"]) == ("2026-10-21", "a,c,b")


@each
@pytest.mark.parametrize("stream", [False, True])
async def test_a_break_ends_the_answer_and_not_its_bytes(pair: _Pair, stream: bool) -> None:
    raw = pair.answers.streamed() if stream else pair.answers.buffered()
    answer = stream_of(raw[: len(raw) // 2], UpstreamUnavailable("reset"))
    call = call_in(pair.client, _text(pair.body), stream=stream)
    if not stream:
        with pytest.raises(UpstreamUnavailable):
            await collected(asked(pair.spec(), FakeUpstream(answer), call))
        return
    pieces = await collected(asked(pair.spec(), FakeUpstream(answer), call))
    assert pieces[-1].raw is None
    forwarded = b"".join(piece.raw or b"" for piece in pieces)
    assert b"reset" not in forwarded


@each
async def test_an_answer_in_the_other_form_is_told_as_events(pair: _Pair) -> None:
    whole = call_in(pair.client, _text(pair.body))
    gathered = await collected(asked(pair.spec(), FakeUpstream(stream_of(pair.answers.streamed())), whole))
    assert all(piece.raw is None for piece in gathered)
    streaming = call_in(pair.client, _text(pair.body), stream=True)
    replayed = await collected(asked(pair.spec(), FakeUpstream(document(pair.answers.buffered())), streaming))
    assert all(piece.raw is None for piece in replayed)
    assert spoken(_folded(gathered)) == spoken(_folded(replayed))


def _folded(pieces: list[Piece]) -> ChatResponse:
    return fold(event for piece in pieces for event in piece.events)


@pytest.mark.parametrize("client", [OpenAIChat(), Gemini()], ids=["translated", "native"])
async def test_a_stream_as_a_list_is_told_as_a_stream(client: ClientDialect) -> None:
    pair = _PAIRS[2]
    events = [line[6:] for line in pair.answers.streamed().split(b"\n\n") if line]
    body = pair.body if client.name == "gemini" else {"model": "the-model", "messages": [_HI], "stream": True}
    listed = b"[" + b",\r\n".join(events) + b"]"
    call = call_in(client, _text(body), stream=True)
    pieces = await collected(asked(pair.spec(), FakeUpstream(document(listed)), call))
    again = call_in(OpenAIChat(), _text({"model": "the-model", "messages": [_HI]}), stream=True)
    usual = await collected(asked(pair.spec(), FakeUpstream(stream_of(pair.answers.streamed())), again))
    assert spoken(_folded(pieces)) == spoken(_folded(usual))


async def test_a_list_with_an_error_is_that_error() -> None:
    pair = _PAIRS[2]
    listed = b"[" + pair.answers.error + b"]"
    with pytest.raises(UpstreamError, match="wrong"):
        await collected(
            asked(pair.spec(), FakeUpstream(document(listed)), call_in(OpenAIChat(), _CHAT, stream=True))
        )


async def test_a_client_that_reads_lists_is_answered_with_one() -> None:
    pair = _PAIRS[2]
    call = call_in(Gemini(framing="array"), _text(pair.body), stream=True)
    pieces = await collected(asked(pair.spec(), FakeUpstream(stream_of(pair.answers.streamed())), call))
    elements = json.loads(b"".join(piece.raw or b"" for piece in pieces))
    assert [element["responseId"] for element in elements] == ["x1"] * len(elements)


async def test_an_effort_by_default_is_put_as_the_model_wants_it() -> None:
    expected: tuple[dict[str, Any], ...] = (
        {"effort": "low"},
        {"type": "enabled", "budget_tokens": 2048},
        {"thinkingBudget": 1024},
    )
    for pair, wanted in zip(_PAIRS, expected, strict=True):
        body = {**pair.body, "max_tokens": 9_000} if "max_tokens" in pair.body else pair.body
        sent, _ = await _sent(pair, _text(body), pair.spec(request_defaults={"reasoning_effort": "low"}))
        reasoning = sent.get("reasoning") or sent.get("thinking") or sent["generationConfig"]["thinkingConfig"]
        assert {name: reasoning[name] for name in wanted} == wanted


async def test_what_a_vendor_keeps_is_referred_to_beside_what_must_be_left_out() -> None:
    pair = _PAIRS[0]
    sealed = seal(Sealed(Opaque(family="somebody", value="s", model="x")))
    thought = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": sealed}
    more = {"previous_response_id": "resp_9", "truncation": "auto", "store": True}
    wanted = {"type": "json_object"}
    for spec, items in (
        (pair.spec(), [thought, _HI]),
        (pair.spec(request_defaults={"response_format": wanted}), [_HI]),
    ):
        body, _ = await _sent(pair, _text({**pair.body, "input": items, **more}), spec)
        assert {name: body.get(name) for name in more} == more
        assert body["input"] == [_HI]
