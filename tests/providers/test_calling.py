"""What calls to an upstream share: headers there and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.binding import bind
from adapters.providers.calling import headers_with, shown_headers
from adapters.providers.deployment_spec import DeploymentSpec
from adapters.providers.route import Route
from domain.secret import Secret

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
