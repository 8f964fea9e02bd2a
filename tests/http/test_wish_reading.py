"""What a caller's members and headers ask of routing."""

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.anthropic_messages.dialect import AnthropicMessages
from adapters.dialects.document import Document
from adapters.dialects.envelope import Envelope
from adapters.dialects.gemini.dialect import Gemini
from adapters.dialects.openai_chat.dialect import OpenAIChat
from adapters.dialects.openai_chat.gateway_members import split_gateway_members
from adapters.dialects.openai_responses.dialect import OpenAIResponses
from adapters.http.chat_completions import ChatCompletionsReader
from adapters.http.count_tokens import CountedContentsReader
from adapters.http.embeddings import read_call
from adapters.http.generate_content import GenerateContentReader
from adapters.http.messages import MessagesReader
from adapters.http.responses import ResponsesReader
from adapters.http.wish_reading import read_wishes
from adapters.observability.system_clock import SystemClock
from application.chat_call import ChatCall
from domain.errors import ErrorKind, MalformedRequest
from domain.routing.wishes import NO_WISHES, FallbackTarget, RoutingWishes
from tests.http.inbound_requests import inbound

Headers: TypeAlias = dict[str, str]


def wishes(headers: Headers | None = None, /, **members: Any) -> RoutingWishes:
    _, gateway = split_gateway_members(Envelope.decode(json.dumps({"model": "m", **members}).encode()))
    return read_wishes(headers or {}, gateway, "m")


def names(*models: str) -> tuple[FallbackTarget, ...]:
    return tuple(FallbackTarget(model=model) for model in models)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"seed": 1},
        {"timeout": 3, "drop_params": True},
        {"metadata": {"user_id": "u"}},
        {"fallbacks": None, "num_retries": None, "tags": None, "metadata": {"tags": None}},
        {"disable_fallbacks": False, "mock_testing_fallbacks": False, "tags": [], "metadata": {"tags": []}},
    ],
)
def test_who_asks_for_nothing_gets_the_wishes_of_nobody(members: dict[str, Any]) -> None:
    assert wishes({"x-litellm-timeout": "3"}, **members) is NO_WISHES


def test_fallbacks_are_names_or_changed_requests() -> None:
    messages = [{"role": "user", "content": "short"}]
    asked = wishes(fallbacks=["b", {"model": "c", "messages": messages, "max_tokens": 5}])
    changed = FallbackTarget(model="c", changes={"messages": messages, "max_tokens": 5})
    assert asked == RoutingWishes(fallbacks=(*names("b"), changed))


@pytest.mark.parametrize("member", ["fallbacks", "context_window_fallbacks", "content_policy_fallbacks"])
@pytest.mark.parametrize(
    ("given_value", "targets"),
    [
        ([], ()),
        (["b", "c"], names("b", "c")),
        ([{"m": ["b"]}], names("b")),
        ([{"other": ["x"]}, {"m": ["b", {"model": "c"}]}], names("b", "c")),
        ([{"*": ["x"]}, {"m": ["b"]}], names("b")),
        ([{"*": ["x"], "other": ["y"]}], names("x")),
        ([{"m": ["b"]}, {"m": ["c"]}], names("b")),
        ([{"other": ["x"]}], ()),
    ],
)
def test_fallbacks_may_be_told_by_the_model_they_are_for(
    member: str, given_value: list[Any], targets: tuple[FallbackTarget, ...]
) -> None:
    expected: dict[str, Any] = {member: targets}
    assert wishes(**{member: given_value}) == RoutingWishes(**expected)


@pytest.mark.parametrize(
    ("headers", "members", "retries"),
    [
        ({}, {"num_retries": 3}, 3),
        ({}, {"max_retries": 4}, 4),
        ({}, {"num_retries": 0, "max_retries": 4}, 0),
        ({"x-litellm-num-retries": " 5 "}, {"num_retries": 3}, 5),
        ({"x-litellm-num-retries": "0"}, {}, 0),
    ],
)
def test_the_nearest_number_of_retries_counts(headers: Headers, members: dict[str, Any], retries: int) -> None:
    assert wishes(headers, **members) == RoutingWishes(retries=retries)


@pytest.mark.parametrize(
    ("headers", "members", "tags"),
    [
        ({}, {"tags": ["a", "b"]}, ("a", "b")),
        ({}, {"tags": "a, b"}, ("a", "b")),
        ({}, {"metadata": {"tags": ["a"]}}, ("a",)),
        ({}, {"litellm_metadata": {"tags": ["a"]}}, ("a",)),
        ({"x-litellm-tags": "a, b,,a"}, {}, ("a", "b")),
        ({"x-litellm-tags": "x"}, {"tags": ["a"]}, ("a",)),
        ({"x-litellm-tags": "x"}, {"metadata": {"tags": ["a", "x"]}}, ("a", "x")),
        ({}, {"metadata": {"tags": ["a"]}, "tags": ["b", "a"]}, ("a", "b")),
    ],
)
def test_tags_come_from_three_places(headers: Headers, members: dict[str, Any], tags: tuple[str, ...]) -> None:
    assert wishes(headers, **members) == RoutingWishes(tags=tags)


@pytest.mark.parametrize(
    ("member", "kind"),
    [
        ("mock_testing_fallbacks", ErrorKind.SERVER),
        ("mock_testing_context_fallbacks", ErrorKind.CONTEXT_LENGTH),
        ("mock_testing_content_policy_fallbacks", ErrorKind.CONTENT_POLICY),
        ("mock_testing_rate_limit_error", ErrorKind.RATE_LIMIT),
    ],
)
def test_a_failure_may_be_asked_for(member: str, kind: ErrorKind) -> None:
    assert wishes(**{member: True}) == RoutingWishes(mock_failure=kind)


def test_fallbacks_may_be_refused() -> None:
    assert wishes(disable_fallbacks=True) == RoutingWishes(disable_fallbacks=True)


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"fallbacks": "b"}, "fallbacks"),
        ({"fallbacks": {"m": ["b"]}}, "fallbacks"),
        ({"fallbacks": ["b", 5]}, "fallbacks[1]"),
        ({"fallbacks": [""]}, "fallbacks[0]"),
        ({"fallbacks": [{"model": 5}]}, "fallbacks[0]"),
        ({"fallbacks": [{"m": "b"}]}, "fallbacks.m"),
        ({"fallbacks": [{"m": [None]}]}, "fallbacks.m[0]"),
        ({"fallbacks": [{"model": "b", "api_key": "k"}]}, "fallbacks[0].api_key"),
        ({"fallbacks": [{"model": "b", "stream": True}]}, "fallbacks[0].stream"),
        ({"fallbacks": [{"model": "b", "timeout": 3}]}, "fallbacks[0].timeout"),
        ({"context_window_fallbacks": 1}, "context_window_fallbacks"),
        ({"content_policy_fallbacks": [[]]}, "content_policy_fallbacks[0]"),
        ({"num_retries": "3"}, "num_retries"),
        ({"num_retries": True}, "num_retries"),
        ({"num_retries": -1}, "num_retries"),
        ({"num_retries": 101}, "num_retries"),
        ({"max_retries": 1.5}, "max_retries"),
        ({"disable_fallbacks": "yes"}, "disable_fallbacks"),
        ({"mock_testing_rate_limit_error": 1}, "mock_testing_rate_limit_error"),
        ({"tags": [1]}, "tags"),
        ({"tags": {"a": "b"}}, "tags"),
        ({"metadata": {"tags": 3}}, "metadata.tags"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_name(members: dict[str, Any], where: str) -> None:
    with pytest.raises(MalformedRequest) as refused:
        wishes(**members)
    assert (refused.value.param, str(refused.value).partition(":")[0]) == (where, where)


@pytest.mark.parametrize("value", ["", "-1", "1.5", "many", "\uff11", "1000", "101"])
def test_the_header_s_number_is_one(value: str) -> None:
    with pytest.raises(MalformedRequest, match="from 0 to 100") as refused:
        wishes({"x-litellm-num-retries": value})
    assert refused.value.param == "x-litellm-num-retries"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.sampled_from(("", "a", "m", "*")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(("model", "m", "*", "tags", "stream", "api_key")), inner, max_size=3)
    ),
    max_leaves=8,
)
_MEMBERS = st.dictionaries(
    st.sampled_from(
        (
            "fallbacks",
            "context_window_fallbacks",
            "num_retries",
            "tags",
            "metadata",
            "litellm_metadata",
            "mock_testing_fallbacks",
        )
    ),
    _VALUES,
)


@given(_MEMBERS)
def test_any_members_are_wishes_or_refused(members: dict[str, Any]) -> None:
    found = _wishes_or_refusal(members)
    if isinstance(found, MalformedRequest):
        assert found.param is not None
        assert found.param.split(".")[0].split("[")[0] in members
        return
    assert (found is NO_WISHES) == (found == NO_WISHES)
    assert found.retries is None or 0 <= found.retries <= 100
    assert len(set(found.tags)) == len(found.tags)


def _wishes_or_refusal(members: dict[str, Any]) -> RoutingWishes | MalformedRequest:
    try:
        return wishes(**members)
    except MalformedRequest as refused:
        return refused


CLOCK = SystemClock()
USER = {"role": "user", "content": "hi"}


def chat(body: dict[str, Any]) -> ChatCall:
    given_body = json.dumps({"model": "m", "messages": [USER], **body}).encode()
    return ChatCompletionsReader(CLOCK).read(given_body, inbound({}, dialect=OpenAIChat()))[0]


def responses(body: dict[str, Any]) -> ChatCall:
    given_body = json.dumps({"model": "m", "input": "hi", **body}).encode()
    return ResponsesReader(CLOCK).read(given_body, inbound({}, dialect=OpenAIResponses()))[0]


def messages(body: dict[str, Any]) -> ChatCall:
    given_body = json.dumps({"model": "m", "messages": [USER], **body}).encode()
    return MessagesReader(CLOCK).read(given_body, inbound({}, dialect=AnthropicMessages()))[0]


def generate(body: dict[str, Any]) -> ChatCall:
    given_body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], **body}).encode()
    return GenerateContentReader(CLOCK, stream=True).read(given_body, inbound({}, "m", dialect=Gemini()))[0]


def count(body: dict[str, Any]) -> ChatCall:
    given_body = json.dumps({"contents": [{"parts": [{"text": "hi"}]}], **body}).encode()
    return CountedContentsReader().read(given_body, inbound({}, "m", dialect=Gemini()))[0]


ASKED = {
    "fallbacks": ["b"],
    "context_window_fallbacks": [{"m": ["c"]}],
    "num_retries": 1,
    "tags": ["t"],
    "disable_fallbacks": True,
    "mock_testing_fallbacks": True,
}
MEANT = RoutingWishes(
    fallbacks=names("b"),
    context_window_fallbacks=names("c"),
    retries=1,
    tags=("t",),
    disable_fallbacks=True,
    mock_failure=ErrorKind.SERVER,
)


@pytest.mark.parametrize("read", [chat, responses, messages, generate, count])
def test_every_reader_reads_them_and_nothing_of_them_travels(read: Callable[[dict[str, Any]], ChatCall]) -> None:
    call = read(ASKED)
    assert call.wishes == MEANT
    assert isinstance(call.document, Document)
    assert not ASKED.keys() & set(call.document.envelope)
    assert read({}).wishes is NO_WISHES


def test_calls_for_embeddings_have_them_too() -> None:
    def read(body: dict[str, Any]) -> RoutingWishes:
        return read_call(json.dumps({"model": "m", "input": "hi", **body}).encode(), inbound({})).wishes

    assert read(ASKED) == MEANT
    assert read({}) is NO_WISHES


def test_anthropic_s_own_fallbacks_are_not_ours() -> None:
    call = messages({"fallbacks": [{"model": "claude"}]})
    assert call.wishes is NO_WISHES
    assert isinstance(call.document, Document)
    assert call.document.envelope.value("fallbacks") == [{"model": "claude"}]
