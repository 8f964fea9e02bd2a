"""What a client hears of the tries that failed before its call did."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.contract import ClientDialect, Reply
from adapters.http.errors import MAX_ATTEMPTS_CHARACTERS, MAX_ATTEMPTS_TOLD, error_headers, telling_attempts
from domain.chat import events as ev
from domain.errors import ErrorKind, FeatherGateError, UpstreamRejected, UpstreamTimeout
from tests.http.gateway_under_test import DIALECTS

TRIED = ("openai/gpt-4o (a): provider_timeout", "anthropic/claude (b): provider_overloaded")
EVERY_DIALECT = (DIALECTS.chat, DIALECTS.completions, DIALECTS.responses, DIALECTS.messages, DIALECTS.gemini)


def failed(*attempts: str, message: str = "the upstream fell silent") -> FeatherGateError:
    error = UpstreamTimeout(message, retry_after_s=3.0, provider="openai")
    error.attempts = attempts
    return error


@pytest.mark.parametrize("dialect", EVERY_DIALECT, ids=lambda dialect: dialect.name)
def test_every_dialect_lists_the_tries_buffered_and_streamed(dialect: ClientDialect) -> None:
    told = telling_attempts(failed(*TRIED))
    _, body = dialect.render_error(told)
    frames = (
        json.dumps(body).encode(),
        dialect.encode_error(told, has_begun=True),
        dialect.encoder(Reply(model="m")).feed(ev.Failed(told)),
    )
    for frame in frames:
        assert b"the upstream fell silent. Tried: " in frame
        for attempt in TRIED:
            assert attempt.encode() in frame


def test_an_error_of_one_try_is_told_as_it_is() -> None:
    error = failed()
    assert telling_attempts(error) is error


def test_the_error_itself_stays_what_it_was() -> None:
    error = failed(*TRIED)
    told = telling_attempts(error)
    assert error.message == "the upstream fell silent"
    assert type(told) is type(error)
    assert (told.kind, told.status, told.label, told.retry_after_s, told.provider, told.attempts) == (
        error.kind,
        error.status,
        error.label,
        error.retry_after_s,
        error.provider,
        error.attempts,
    )


@given(st.lists(st.text(max_size=400), min_size=1, max_size=20), st.text(max_size=40))
def test_the_list_is_bounded(attempts: list[str], message: str) -> None:
    told = telling_attempts(failed(*attempts, message=message))
    head, _, listed = told.message.partition("Tried: ")
    assert len(listed) <= MAX_ATTEMPTS_CHARACTERS + 1
    if len(attempts) > MAX_ATTEMPTS_TOLD and len("; ".join(attempts)) < MAX_ATTEMPTS_CHARACTERS:
        assert listed.endswith(f"; and {len(attempts) - MAX_ATTEMPTS_TOLD} more")
    assert head.startswith(message.rstrip())


def test_the_head_names_the_class() -> None:
    headers = dict(error_headers(UpstreamRejected("m", kind=ErrorKind.OVERLOADED)))
    assert headers[b"x-feathergate-error"] == b"provider_overloaded"
