"""Values of the gateway's own headers."""

import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.http.headers import warning_value

_FRAGMENT = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+;=:@/?-]|%[0-9A-F]{2})*")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_pointer_is_the_fragment_of_a_uri_and_can_be_read_back(pointer: str) -> None:
    code, _, shown = warning_value("dropped_param", pointer).partition(b";")
    assert code == b"dropped_param"
    assert _FRAGMENT.fullmatch(shown)
    assert unquote(shown.decode("ascii")) == pointer


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("/messages/0/content", b"/messages/0/content"),
        ("/a~1b/c~0d", b"/a~1b/c~0d"),
        ('/x"y', b"/x%22y"),
        ("/a,b;c", b"/a%2Cb;c"),
        ("/50%", b"/50%25"),
        ("/näme x", b"/n%C3%A4me%20x"),
        ("/\ud83d", b"/%ED%A0%BD"),
    ],
)
def test_a_warning_names_its_place(pointer: str, shown: bytes) -> None:
    assert warning_value("folded", pointer) == b"folded;" + shown
