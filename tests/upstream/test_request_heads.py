"""Heads that are remembered are the heads that would be written anew."""

from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.port import Origin, UpstreamRequest
from adapters.upstream.request_head import RequestHeads

ORIGIN = Origin(scheme="http", host="upstream.test", port=8000)
NAMES = st.sampled_from(["authorization", "x-first", "x-second"])
VALUES = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=8)


def request(
    target: str, headers: tuple[tuple[str, str], ...], body: bytes, method: str = "POST"
) -> UpstreamRequest:
    return UpstreamRequest(origin=ORIGIN, target=target, headers=headers, body=body, method=method)


REQUESTS = st.builds(
    request,
    st.sampled_from(["/v1/chat/completions", "/v1/embeddings?a=b"]),
    st.lists(st.tuples(NAMES, VALUES), max_size=3).map(tuple),
    st.binary(max_size=20),
    st.sampled_from(["POST", "GET", "DELETE"]),
)


@given(st.lists(REQUESTS, max_size=20))
def test_what_is_remembered_changes_no_head(requests: list[UpstreamRequest]) -> None:
    heads = RequestHeads(ORIGIN)
    for one in requests:
        assert heads.of(one) == RequestHeads(ORIGIN).of(one)


def test_a_head_is_remembered_by_all_that_is_in_it() -> None:
    heads = RequestHeads(ORIGIN)
    first = heads.of(request("/a", (("x-key", "one"),), b"1"))
    assert first == (
        b"POST /a HTTP/1.1\r\nHost: upstream.test:8000\r\nAccept-Encoding: identity\r\nx-key: one\r\n"
        b"Content-Length: 1\r\n\r\n"
    )
    assert b"x-key: two\r\n" in heads.of(request("/a", (("x-key", "two"),), b"1"))
    assert b"Content-Length: 2\r\n" in heads.of(request("/a", (("x-key", "one"),), b"22"))
    assert heads.of(request("/a", (("x-key", "one"),), b"", "GET")).startswith(b"GET /a HTTP/1.1\r\n")


def test_only_a_bounded_number_of_small_heads_is_remembered() -> None:
    heads = RequestHeads(ORIGIN)
    for number in range(1_000):
        heads.of(request(f"/{number}", (), b""))
        heads.of(request("/large", (("x-large", "x" * 10_000 + str(number)),), b""))
    kept = heads._openings.values()
    assert 0 < len(kept) <= 64
    assert max(map(len, kept)) <= 4_096
