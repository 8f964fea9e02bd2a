from hypothesis import given
from hypothesis import strategies as st

from adapters.upstream.request_body import PartedBody, slices


@given(st.lists(st.binary(max_size=20)), st.integers(1, 7))
def test_slices_are_the_body(parts: list[bytes], max_bytes: int) -> None:
    whole = b"".join(parts)
    parted = PartedBody([memoryview(part) if len(part) % 2 else part for part in parts])
    assert (bytes(parted), len(parted)) == (whole, len(whole))
    for body in (whole, parted):
        found = list(slices(body, max_bytes))
        assert b"".join(found) == whole
        assert all(0 < len(part) <= max_bytes for part in found)
