"""Limits per minute, to the last request and token."""

from hypothesis import given
from hypothesis import strategies as st

from domain.routing.room import used_up
from tests.domain.routing.members import NOW_S, member

_FEW = st.integers(0, 6)


@given(_FEW, _FEW)
def test_as_many_requests_fit_as_the_limit_says(rpm: int, requests: int) -> None:
    reason = used_up(member(rpm=float(rpm), requests=requests), NOW_S)
    assert reason == (f"its {rpm} requests per minute are used up" if requests >= rpm else None)


@given(_FEW, _FEW, _FEW)
def test_a_prompt_fits_to_its_last_token(tpm: int, tokens: int, prompt_tokens: int) -> None:
    """One whose length nobody looked at fits where any token is left."""
    reason = used_up(member(tpm=float(tpm), tokens=tokens), NOW_S, prompt_tokens)
    fits = tokens + prompt_tokens <= tpm and tokens < tpm
    assert reason == (None if fits else f"its {tpm} tokens per minute are used up")


@given(_FEW, _FEW)
def test_nothing_is_used_up_that_has_no_limit(requests: int, tokens: int) -> None:
    assert used_up(member(requests=requests, tokens=tokens), NOW_S, 9) is None


def test_what_was_used_a_minute_ago_is_free_again() -> None:
    used = member(rpm=60.0, requests=60)
    assert used_up(used, NOW_S + 59.0) is not None
    assert used_up(used, NOW_S + 61.0) is None
