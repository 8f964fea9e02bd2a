"""What calls to an upstream share: headers there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.binding import bind
from adapters.providers.call_limits import CallLimits
from adapters.providers.calling import headers_with, shown_headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.route import Route
from adapters.upstream.port import Limits
from domain.secret import Secret
from tests.providers.calling import chat_call, sent
from tests.providers.vendors import ChatAnswers

_DIALECTS = ("openai_chat", "openai_responses", "anthropic_messages", "gemini")
_BETAS = st.lists(st.sampled_from("abcdef"), max_size=6).map(", ".join)


def _route(**extra_headers: str) -> Route:
    headers = {name.replace("_", "-"): value for name, value in extra_headers.items()}
    spec = DeploymentSpec(group="g", model="anthropic/claude-x", api_key=Secret("k"), extra_headers=headers)
    (route,) = bind([spec], {}).routes.values()
    return route


@given(operator=_BETAS, caller=_BETAS)
def test_betas_of_both_are_sent_once_each(operator: str, caller: str) -> None:
    route = _route(anthropic_beta=operator)
    headers = dict(headers_with(route, {"anthropic-beta": caller}, "anthropic-", same_dialect=True))
    words = headers["anthropic-beta"].split(",") if headers["anthropic-beta"] else []
    assert len(words) == len(set(words))
    assert set(words) == {word.strip() for word in f"{operator},{caller}".split(",")} - {""}


def test_a_caller_of_the_same_dialect_chooses_the_version() -> None:
    theirs = {"anthropic-version": "2026-10-21", "anthropic-user-profile-id": "u", "openai-beta": "x"}
    headers = dict(headers_with(_route(), theirs, "anthropic-", same_dialect=True))
    assert headers["anthropic-version"] == "2026-10-21"
    assert headers["anthropic-user-profile-id"] == "u"
    assert "openai-beta" not in headers


def test_across_dialects_only_betas_travel_and_only_where_the_operator_names_none() -> None:
    theirs = {"anthropic-version": "2026-10-21", "anthropic-user-profile-id": "u", "anthropic-beta": "b"}
    headers = dict(headers_with(_route(), theirs, "anthropic-", same_dialect=False))
    assert headers["anthropic-version"] == "2023-06-01"
    assert headers["anthropic-beta"] == "b"
    assert "anthropic-user-profile-id" not in headers
    headers = dict(headers_with(_route(anthropic_beta="own"), theirs, "anthropic-", same_dialect=False))
    assert headers["anthropic-beta"] == "own"


def test_the_credential_is_nobody_s_to_replace() -> None:
    theirs = {"x-api-key": "theirs", "authorization": "theirs", "anthropic-beta": "b"}
    headers = dict(headers_with(_route(), theirs, "anthropic-", same_dialect=True))
    assert headers["x-api-key"] == "k"
    assert "authorization" not in headers


def test_a_caller_without_such_headers_changes_nothing() -> None:
    route = _route()
    assert headers_with(route, {"openai-beta": "x"}, "anthropic-", same_dialect=True) is route.headers


@pytest.mark.parametrize("client", _DIALECTS)
@pytest.mark.parametrize("upstream", _DIALECTS)
def test_rate_limits_are_shown_in_their_own_vendor_s_words_only(client: str, upstream: str) -> None:
    headers = {
        "x-ratelimit-limit-tokens": "1",
        "anthropic-ratelimit-tokens-limit": "2",
        "request-id": "r",
        "set-cookie": "c",
    }
    shown = shown_headers(headers, client=client, upstream=upstream)
    limits = {name for name in shown if "ratelimit" in name}
    openai = client.startswith("openai") and upstream.startswith("openai")
    anthropic = client == upstream == "anthropic_messages"
    expected = (
        {"x-ratelimit-limit-tokens"} if openai else {"anthropic-ratelimit-tokens-limit"} if anthropic else set()
    )
    assert limits == expected
    assert shown.keys() - limits == {"request-id"}


def _limits(stream: bool, **wishes: float | None) -> Limits:
    limits = Limits(first_byte_s=600, idle_s=30, total_s=6_000, connect_s=5)
    calls = CallLimits(limits, timeout_s=100, stream_timeout_s=50)
    return calls.of(stream=stream, **{"timeout_s": None, **wishes})


@pytest.mark.parametrize(
    ("wishes", "first_byte_s", "first_chunk_s", "connect_s"),
    [
        ({}, 50, 50, 5),
        ({"first_event_s": 12}, 50, 12, 5),
        ({"first_event_s": 90}, 50, 50, 5),
        ({"first_event_s": 12, "timeout_s": 20}, 20, 12, 5),
        ({"first_event_s": 12, "timeout_s": 2}, 2, 2, 2),
        ({"timeout_s": 2}, 2, 2, 2),
    ],
)
def test_a_stream_begins_within_the_least_of_its_limits_and_lasts(
    wishes: dict[str, float], first_byte_s: float, first_chunk_s: float, connect_s: float
) -> None:
    limits = _limits(True, **wishes)
    assert (limits.first_byte_s, limits.first_chunk_s, limits.connect_s) == (
        first_byte_s,
        first_chunk_s,
        connect_s,
    )
    assert (limits.idle_s, limits.total_s) == (30, 6_000)


def test_a_document_is_bounded_as_a_whole_and_waits_for_no_first_event() -> None:
    assert _limits(False, first_event_s=12) == _limits(False)
    assert (_limits(False).total_s, _limits(False).first_chunk_s) == (100, 100)
    assert (_limits(False, timeout_s=20).total_s, _limits(False, timeout_s=20).first_chunk_s) == (20, 20)


def test_the_same_wait_for_a_first_event_costs_nothing_twice() -> None:
    calls = CallLimits(Limits(), timeout_s=None, stream_timeout_s=None)
    limits = calls.of(stream=True, timeout_s=None, first_event_s=12.0)
    assert calls.of(stream=True, timeout_s=None, first_event_s=12.0) is limits
    assert limits.first_chunk_s == 12


async def test_a_call_s_first_event_limit_reaches_the_upstream() -> None:
    answer = ChatAnswers().streamed()
    spec = DeploymentSpec(group="g", model="mistral/m", api_key=Secret("k" * 9))
    _, upstream = await sent(spec, chat_call(stream=True, first_event_s=12.0), answer)
    assert upstream.requests[0].limits.first_chunk_s == 12
    _, upstream = await sent(spec, chat_call(stream=False, first_event_s=12.0), ChatAnswers().buffered())
    assert upstream.requests[0].limits.first_chunk_s == 600
