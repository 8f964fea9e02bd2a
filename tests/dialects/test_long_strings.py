"""Long strings that are taken out of bodies: where they are is never seen from outside."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.envelope import Envelope
from adapters.dialects.long_strings import KEPT_BYTES, MIN_BYTES, cut, parts, restored
from domain.errors import MalformedRequest

LONG = "QUJD" * (MIN_BYTES // 4)
ODD = (
    LONG,
    LONG[: MIN_BYTES // 2 + KEPT_BYTES],
    LONG[:-5] + "\\",
    "é" + LONG,
    LONG + '"' + LONG,
    "",
    "x",
    '"fg1.',
)

pieces = st.sampled_from([b'"', b"\\", b"\\\\", b'\\"', b" " * MIN_BYTES, b"{", b":", b"1", "é".encode()])
strings = st.sampled_from(ODD)
values = st.recursive(
    st.none() | st.integers() | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=6,
)
bodies = st.dictionaries(st.sampled_from(["model", "messages", "input", "a", LONG]), values, max_size=4)


@given(st.lists(pieces | strings.map(str.encode), max_size=12))
def test_what_is_cut_out_can_be_put_back(found: list[bytes]) -> None:
    body = b"".join(found)
    outline, cuts = cut(body)
    assert restored(outline, cuts) == b"".join(parts(outline, cuts)) == body
    assert all(len(bytes(part)) and b'"' not in bytes(part) and b"\\" not in bytes(part) for part in cuts)


@given(bodies, st.booleans(), st.sampled_from([None, 1]))
def test_envelopes_read_and_write_them(body: dict[str, Any], in_ascii: bool, indent: int | None) -> None:
    raw = json.dumps(body, ensure_ascii=in_ascii, indent=indent).encode()
    envelope = Envelope.decode(raw)
    assert envelope.document() == json.loads(envelope.encode()) == body
    for name, value in body.items():
        assert envelope.value(name) == json.loads(envelope.raw(name)) == value
    changed = envelope.without({"a"}).with_members({"model": LONG, "new": 1}).renamed("messages", "said")
    kept = {{"messages": "said"}.get(name, name): value for name, value in body.items() if name != "a"}
    assert json.loads(changed.encode()) == changed.document() == {**kept, "model": LONG, "new": 1}


def test_untouched_members_keep_their_bytes() -> None:
    said = b'[ {"url" :  "data:image/png;base64,%b"}, 1.0, "%b" ]' % (LONG.encode(), LONG.encode())
    envelope = Envelope.decode(b'{ "messages": %b , "model":"a"}' % said)
    outline, cuts = envelope.encode_outline()
    assert len(cuts) == 2
    assert len(outline) < 500
    assert b'"data:image/png' in outline
    assert envelope.raw("messages") == said
    assert envelope.with_members({"model": "b"}).encode() == b'{"messages":%b,"model":"b"}' % said


def test_of_members_that_stand_twice_the_last_counts() -> None:
    other = LONG.replace("A", "B")
    envelope = Envelope.decode(b'{"a":"%b","a":"%b"}' % (LONG.encode(), other.encode()))
    assert envelope.encode() == b'{"a":"%b"}' % other.encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":"' + LONG.encode(),
        b'{"a":"' + LONG.encode() + b'"',
        b'{"a"' + b" " * 3 * MIN_BYTES + b'"b"}',
        b'["' + LONG.encode() + b'"]',
        b'"' + LONG.encode() + b'"',
        b'{"a":"' + LONG.encode() + b'\xff"}',
        b'{"a":"\xff0\xff","b":"' + LONG.encode() + b'"}',
    ],
)
def test_what_is_no_json_object_is_still_refused(body: bytes) -> None:
    with pytest.raises(MalformedRequest, match="expected the body to be a JSON object"):
        Envelope.decode(body)


def test_whitespace_between_members_is_no_string() -> None:
    space = b" " * 3 * MIN_BYTES
    envelope = Envelope.decode(b'{"a":' + space + b"1," + space + b'"b":"c"}')
    assert envelope.document() == {"a": 1, "b": "c"}


def test_control_characters_are_found_by_who_reads_the_string() -> None:
    envelope = Envelope.decode(b'{"a":"%b\n%b","b":1}' % (LONG.encode(), LONG.encode()))
    assert envelope.value("b") == 1
    with pytest.raises(MalformedRequest, match="a: expected JSON"):
        envelope.value("a")
