import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.utf8 import check_utf8

BLOCK = 64 * 1024
STRANGE = st.sampled_from(["é".encode(), "😀".encode(), b"\xff", b"\xc3", b"\xf0\x9f\x98", b"\x80", b"a"])


@given(st.lists(st.tuples(st.integers(BLOCK - 5, BLOCK + 5), STRANGE), max_size=4))
def test_the_first_wrong_byte_is_told(parts: list[tuple[int, bytes]]) -> None:
    text = b"".join(b"x" * length + strange for length, strange in parts)
    wrong = first_wrong_byte(text)
    if wrong is None:
        check_utf8(text)
    else:
        with pytest.raises(UnicodeDecodeError) as told:
            check_utf8(text)
        assert told.value.start == wrong


def first_wrong_byte(text: bytes) -> int | None:
    try:
        text.decode()
    except UnicodeDecodeError as refused:
        return refused.start
    return None
