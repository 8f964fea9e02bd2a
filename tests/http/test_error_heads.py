"""What the head of an error's answer tells a client that retries on its own."""

import pytest

from adapters.http.errors import error_headers
from domain.errors import ErrorKind, UpstreamRejected


@pytest.mark.parametrize(
    ("kind", "upstream_says", "told"),
    [
        (ErrorKind.RATE_LIMIT, None, None),
        (ErrorKind.RATE_LIMIT, True, None),
        (ErrorKind.RATE_LIMIT, False, b"false"),
        (ErrorKind.INVALID_REQUEST, None, b"false"),
        (ErrorKind.INVALID_REQUEST, True, b"true"),
    ],
)
def test_a_client_hears_whether_to_retry(kind: ErrorKind, upstream_says: bool | None, told: bytes | None) -> None:
    error = UpstreamRejected("m", kind=kind, retryable=upstream_says)
    assert dict(error_headers(error)).get(b"x-should-retry") == told
