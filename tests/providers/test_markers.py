from hypothesis import given
from hypothesis import strategies as st

from adapters.providers.markers import any_of

MARKERS = (b'"fg1.', b'"developer"', b'"reasoning_content"')
pieces = st.sampled_from([b"x" * 1_000, b"fg1.", b'"', b'"x"', b'"fg1', b".", b'"develop', b'er"', *MARKERS])


@given(st.lists(pieces, max_size=12))
def test_markers_are_found_wherever_they_stand(found: list[bytes]) -> None:
    body = b"".join(found)
    assert (any_of(MARKERS).search(body) is not None) == any(marker in body for marker in MARKERS)
