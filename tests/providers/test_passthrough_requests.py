"""What reaches an upstream of the client's own dialect."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects import json_codec
from adapters.providers.binding import bind
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.http_chat import HttpChatProvider
from domain.errors import UnsupportedFeature
from domain.secret import Secret
from tests.providers.calling import USER, asked, chat_call, collected, sent
from tests.providers.fake_upstream import FakeUpstream, document, stream_of
from tests.providers.vendors import AnthropicAnswers, ChatAnswers
from tests.strategies.canonical import json_values

_ANSWER = ChatAnswers()


def _spec(model: str = "openai/gpt-4o", **settings: Any) -> DeploymentSpec:
    return DeploymentSpec(group="the-model", model=model, api_key=Secret("k"), **settings)


async def _body(spec: DeploymentSpec, members: dict[str, Any], *, stream: bool = False) -> dict[str, Any]:
    answer = _ANSWER.streamed() if stream else _ANSWER.buffered()
    body, _ = await sent(spec, chat_call(members, stream=stream), answer)
    return body


@given(st.dictionaries(st.from_regex(r"x_[a-z]{1,5}", fullmatch=True), json_values(), max_size=3))
def test_unknown_members_keep_their_bytes(members: dict[str, Any]) -> None:
    call = chat_call(members)
    upstream = FakeUpstream(document(_ANSWER.buffered()))
    asyncio.run(collected(asked(_spec(), upstream, call)))
    body = bytes(upstream.requests[0].body)
    for name, value in members.items():
        assert f'"{name}":'.encode() + json.dumps(value).encode() in body or json_codec.decode(body)[name] == value


async def test_only_the_model_changes_where_nothing_has_to() -> None:
    assert await _body(_spec(), {"temperature": 0.5, "x": {"y": [1]}}) == {
        "model": "gpt-4o",
        "messages": [USER],
        "temperature": 0.5,
        "x": {"y": [1]},
    }


async def test_a_wildcard_s_concrete_model_is_sent() -> None:
    spec = DeploymentSpec(group="openai/*", model="openai/*", api_key=Secret("k"))
    upstream = FakeUpstream(document(_ANSWER.buffered()))
    bindings = bind([spec], {})
    provider = HttpChatProvider({True: upstream}, bindings.routes)
    await collected(provider.open(replace(bindings.deployments[0], model="gpt-5-mini"), chat_call()))
    assert json.loads(bytes(upstream.requests[0].body))["model"] == "gpt-5-mini"


async def test_the_answer_carries_the_name_that_was_asked_for() -> None:
    for stream in (False, True):
        answer = stream_of(_ANSWER.streamed()) if stream else document(_ANSWER.buffered())
        pieces = await collected(asked(_spec(), FakeUpstream(answer), chat_call(stream=stream)))
        raw = b"".join(piece.raw or b"" for piece in pieces)
        assert b"the-model" in raw
        assert b'"up"' not in raw


@pytest.mark.parametrize("asked_for", [False, True])
async def test_usage_is_asked_for_in_every_stream_and_shown_to_whom_asked(asked_for: bool) -> None:
    options = {"include_obfuscation": False, **({"include_usage": True} if asked_for else {})}
    call = chat_call({"stream_options": options}, stream=True)
    upstream = FakeUpstream(stream_of(_ANSWER.streamed()))
    pieces = await collected(asked(_spec(), upstream, call))
    body = json.loads(bytes(upstream.requests[0].body))
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert (b"usage" in b"".join(piece.raw or b"" for piece in pieces)) is asked_for


async def test_request_defaults_fill_only_what_is_absent() -> None:
    spec = _spec(request_defaults={"temperature": 0.1, "top_p": 0.2, "user": "me"})
    body = await _body(spec, {"temperature": 1.0, "top_p": None})
    assert (body["temperature"], body["top_p"], body["user"]) == (1.0, None, "me")


async def test_dropped_parameters_are_gone_and_defaults_may_take_their_place() -> None:
    spec = _spec(additional_drop_params=("temperature", "seed"), request_defaults={"seed": 7})
    body = await _body(spec, {"temperature": 1, "seed": 3})
    assert "temperature" not in body
    assert body["seed"] == 7


async def test_extra_body_wins_and_is_merged_into_objects() -> None:
    spec = _spec(extra_body={"top_k": 5, "provider": {"order": ["a"]}, "stream_options": {"x": 1}})
    body = await _body(spec, {"top_k": 1, "provider": {"sort": "price"}}, stream=True)
    assert body["top_k"] == 5
    assert body["provider"] == {"sort": "price", "order": ["a"]}
    assert body["stream_options"] == {"include_usage": True, "x": 1}


@pytest.mark.parametrize(
    ("model", "given_members", "expected"),
    [
        ("openai/gpt-4o", {"max_tokens": 5}, {"max_tokens": 5}),
        ("openai/gpt-5", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        ("openai/gpt-5", {"max_tokens": 5, "max_completion_tokens": 6}, {"max_completion_tokens": 6}),
        ("deepseek/deepseek-chat", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("deepseek/deepseek-chat", {"max_tokens": 5}, {"max_tokens": 5}),
        ("deepseek/deepseek-chat", {"max_tokens": 5, "max_completion_tokens": 6}, {"max_tokens": 6}),
    ],
)
async def test_the_limit_has_the_name_that_is_known_there(
    model: str, given_members: dict[str, int], expected: dict[str, int]
) -> None:
    body = await _body(_spec(model), given_members)
    assert {name: value for name, value in body.items() if name.startswith("max_")} == expected


async def test_a_reasoning_model_is_not_sent_what_it_refuses() -> None:
    call = chat_call({"temperature": 0.2, "top_p": 1, "presence_penalty": 0, "logit_bias": {"1": 1}})
    body, _ = await sent(_spec("openai/gpt-5"), call, _ANSWER.buffered())
    assert body.keys() == {"model", "messages"}
    assert [(loss.code, loss.where) for loss in call.losses] == [
        ("dropped_param", "/logit_bias"),
        ("dropped_param", "/temperature"),
    ]


async def test_a_reasoning_model_that_shall_not_reason_samples() -> None:
    body = await _body(_spec("openai/gpt-5.2"), {"temperature": 0.2, "reasoning_effort": "none"})
    assert body["temperature"] == 0.2


async def test_refused_parameters_are_named_where_dropping_is_not_allowed() -> None:
    spec = _spec("groq/openai/gpt-oss-20b", drop_params=False)
    with pytest.raises(UnsupportedFeature, match="logit_bias") as refused:
        await _body(spec, {"logit_bias": {"1": 1}})
    assert refused.value.param == "logit_bias"
    assert refused.value.status == 400


async def test_the_operator_may_vouch_for_a_parameter() -> None:
    spec = _spec("groq/openai/gpt-oss-20b", drop_params=False, allowed_openai_params=("logit_bias",))
    assert (await _body(spec, {"logit_bias": {"1": 1}}))["logit_bias"] == {"1": 1}


async def test_mistral_s_names_and_its_own_usage() -> None:
    body = await _body(
        _spec("mistral/mistral-small-latest"), {"seed": 3, "stream_options": {"include_usage": True}}, stream=True
    )
    assert body == {
        "model": "mistral-small-latest",
        "messages": [USER],
        "stream": True,
        "random_seed": 3,
    }


async def test_a_value_inside_that_the_upstream_does_not_know_is_translated() -> None:
    messages = [{"role": "developer", "content": "be brief"}, USER]
    body = await _body(_spec("groq/openai/gpt-oss-20b"), {"messages": messages, "x_unknown": 1})
    assert body["messages"][0] == {"role": "system", "content": "be brief"}
    assert body["x_unknown"] == 1


@pytest.mark.parametrize(
    "signed",
    [
        {"thinking_blocks": [{"type": "thinking", "thinking": "hm", "signature": "sig-of-another"}]},
        {
            "reasoning_details": [
                {"type": "reasoning.encrypted", "data": "sig-of-another", "format": "anthropic-claude-v1"}
            ]
        },
    ],
    ids=lambda signed: next(iter(signed)),
)
async def test_another_vendor_s_signatures_do_not_reach_openai(signed: dict[str, Any]) -> None:
    messages = [USER, {"role": "assistant", "content": "yes", **signed}, USER]
    call = chat_call({"messages": messages})
    body, upstream = await sent(_spec(), call, _ANSWER.buffered())
    assert b"sig-of-another" not in bytes(upstream.requests[0].body)
    assert [loss.code for loss in call.losses] == ["dropped_reasoning"]
    assert body["messages"][1]["content"] == "yes"


async def test_what_a_gateway_said_goes_back_to_it() -> None:
    blocks = [{"type": "thinking", "thinking": "hm", "signature": "sig"}]
    messages = [USER, {"role": "assistant", "content": "yes", "thinking_blocks": blocks}, USER]
    for spec in (
        _spec("litellm_proxy/x", api_base="https://other/v1"),
        _spec("openai/x", api_base="https://other/v1"),
    ):
        body = await _body(spec, {"messages": messages})
        assert body["messages"] == messages


async def test_the_caller_s_headers_do_not_replace_ours() -> None:
    call = chat_call(headers={"authorization": "Bearer theirs", "openai-beta": "x"})
    _, upstream = await sent(_spec(extra_headers={"X-Team": "a", "User-Agent": "me"}), call, _ANSWER.buffered())
    headers = dict(upstream.requests[0].headers)
    assert headers["authorization"] == "Bearer k"
    assert headers["openai-beta"] == "x"
    assert headers["x-team"] == "a"
    assert headers["user-agent"] == "me"


async def test_the_client_sees_the_upstream_s_id_and_limits_in_its_own_terms() -> None:
    headers = {"x-ratelimit-remaining-requests": "9", "retry-after": "1", "set-cookie": "x"}
    for model, seen in (
        ("openai/gpt-4o", {"x-ratelimit-remaining-requests"}),
        ("anthropic/claude-opus-4-8", set()),
    ):
        body = _ANSWER.buffered() if "openai" in model else AnthropicAnswers().buffered()
        call = chat_call()
        await collected(asked(_spec(model), FakeUpstream(document(body, headers=headers)), call))
        assert call.upstream_headers.keys() == {"x-request-id", *seen}


@pytest.mark.parametrize("stream", [False, True])
async def test_timeouts_bound_the_whole_or_the_beginning(stream: bool) -> None:
    spec = _spec(timeout_s=30.0, stream_timeout_s=10.0)
    answer = _ANSWER.streamed() if stream else _ANSWER.buffered()
    _, upstream = await sent(spec, chat_call(stream=stream), answer)
    limits = upstream.requests[0].limits
    assert (limits.total_s, limits.first_byte_s) == ((6000.0, 10.0) if stream else (30.0, 30.0))
    _, upstream = await sent(spec, chat_call(stream=stream, timeout_s=2.0), answer)
    limits = upstream.requests[0].limits
    assert (limits.total_s, limits.first_byte_s) == ((6000.0, 2.0) if stream else (2.0, 2.0))
    assert limits.connect_s == 2.0


@pytest.mark.parametrize(
    ("members", "sent_as"),
    [
        ({}, {"max_tokens": 9}),
        ({"max_tokens": 5}, {"max_tokens": 5}),
        ({"max_completion_tokens": 5}, {"max_completion_tokens": 5}),
    ],
)
async def test_a_default_limit_yields_to_the_caller_s_under_either_name(
    members: dict[str, Any], sent_as: dict[str, Any]
) -> None:
    body = await _body(_spec(request_defaults={"max_tokens": 9}), members)
    assert {name: body[name] for name in ("max_tokens", "max_completion_tokens") if name in body} == sent_as
