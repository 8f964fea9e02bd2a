"""Call records of every sort, for the tests beside this file."""

from hypothesis import strategies as st

from application.call_record import CallRecord
from domain.chat.usage import Usage
from domain.errors import (
    FeatherGateError,
    MalformedRequest,
    MalformedResponse,
    UnknownModel,
    UpstreamRejected,
    UpstreamTimeout,
)

ROUTES = ("/v1/chat/completions", "/chat/completions")
SECONDS = st.floats(0.0, 1_000.0)
TOKENS = st.none() | st.integers(0, 1_000_000)
ERRORS = (MalformedRequest, MalformedResponse, UnknownModel, UpstreamRejected, UpstreamTimeout)


def usages() -> st.SearchStrategy[Usage]:
    return st.builds(
        Usage,
        prompt_tokens=TOKENS,
        completion_tokens=TOKENS,
        cache_read_tokens=TOKENS,
        cache_write_tokens=TOKENS,
        reasoning_tokens=TOKENS,
    )


def errors() -> st.SearchStrategy[FeatherGateError]:
    return st.builds(lambda error, message: error(message), st.sampled_from(ERRORS), st.text(max_size=40))


def call_records(texts: st.SearchStrategy[str] | None = None) -> st.SearchStrategy[CallRecord]:
    names = st.sampled_from(("", "gpt", "claude")) if texts is None else texts
    return st.builds(
        CallRecord,
        request_id=st.just("r-1") if texts is None else texts,
        route=st.sampled_from(ROUTES),
        received_s=st.just(100.0),
        finished_s=SECONDS.map(lambda seconds: 100.0 + seconds),
        first_token_s=st.none() | SECONDS.map(lambda seconds: 100.0 + seconds),
        upstream_s=SECONDS,
        group=names,
        deployment=names,
        status=st.sampled_from((200, 400, 404, 429, 499, 500, 502)),
        error=st.none() | errors(),
        usage=st.none() | usages(),
        usage_estimated=st.booleans(),
        cost_usd=st.none() | st.floats(0.0, 1_000.0),
        losses=st.integers(0, 3),
    )


def call_record(*, status: int = 200, error: FeatherGateError | None = None) -> CallRecord:
    return CallRecord(
        request_id="r-1",
        route="/v1/chat/completions",
        received_s=100.0,
        finished_s=101.5,
        first_token_s=100.25,
        upstream_s=1.4,
        group="gpt",
        deployment="gpt-1",
        status=status,
        error=error,
        usage=Usage(prompt_tokens=7, completion_tokens=11, cache_read_tokens=5, reasoning_tokens=3),
        cost_usd=0.0000125,
        losses=2,
    )
