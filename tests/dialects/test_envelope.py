import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.dialects.envelope import Envelope
from domain.errors import MalformedRequest
from tests.strategies import canonical


@given(canonical.json_objects())
def test_what_is_opened_closes_again(value: dict[str, Any]) -> None:
    envelope = Envelope.decode(json.dumps(value).encode())
    assert envelope.document() == json.loads(envelope.encode()) == value
    assert list(envelope) == list(value)


def test_untouched_members_keep_their_bytes() -> None:
    body = b'{ "model" : "a", "odd":  [1.0, 1e5 ,"\\u00e9"], "big": 123456789012345678901234567890 }'
    changed = Envelope.decode(body).with_members({"model": "b", "new": [1]}).without({"gone"})
    assert changed.encode() == (
        b'{"model":"b","odd":[1.0, 1e5 ,"\\u00e9"],"big":123456789012345678901234567890,"new":[1]}'
    )


def test_changes_give_another_envelope() -> None:
    envelope = Envelope.decode(b'{"a":1,"b":2}')
    assert envelope.without({"a"}).encode() == b'{"b":2}'
    assert envelope.renamed("a", "c").encode() == b'{"c":1,"b":2}'
    assert envelope.encode() == b'{"a":1,"b":2}'


def test_members_are_read_by_their_type() -> None:
    envelope = Envelope.decode(b'{"model":"m","stream":true,"none":null,"list":[1]}')
    assert envelope.text("model") == "m"
    assert envelope.text("none") is envelope.text("absent") is None
    assert envelope.flag("stream")
    assert not envelope.flag("none")
    assert not envelope.flag("absent")
    assert envelope.value("list") == [1]
    assert "model" in envelope
    assert "absent" not in envelope


@pytest.mark.parametrize(
    ("value", "has_items"),
    [
        (b"[1]", True),
        (b"[ \n [] ]", True),
        (b'["]"]', True),
        (b"[]", False),
        (b"[ \t\r\n ]", False),
        (b'{"a":[1]}', False),
        (b'"[1]"', False),
        (b"null", False),
        (b"1", False),
    ],
)
def test_a_list_is_known_to_hold_something_without_being_read(value: bytes, has_items: bool) -> None:
    assert Envelope.decode(b'{"a": %b }' % value).has_items("a") is has_items
    assert not Envelope.decode(b"{}").has_items("a")


@pytest.mark.parametrize("read", [Envelope.text, Envelope.flag])
def test_wrong_types_are_named(read: Any) -> None:
    with pytest.raises(MalformedRequest, match="model: expected") as raised:
        read(Envelope.decode(b'{"model":[]}'), "model")
    assert raised.value.param == "model"


def test_of_doubled_members_the_last_counts() -> None:
    assert Envelope.decode(b'{"a":1,"a":2}').encode() == b'{"a":2}'


@pytest.mark.parametrize(
    ("body", "fact"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[1]", "another JSON value"),
        (b'"a"', "another JSON value"),
        (b'{"a": nope}', "byte 7"),
        (b'{"a":1} x', "byte 9"),
        (b'{"a":"\xff"}', "byte 6 is not UTF-8"),
        (b'{"a":' + b"[" * 100_000, "nests too deeply"),
        (b'{"a":"\\ud83d",', "line 1"),
        (b'["\\ud83d"]', "another JSON value"),
        (b'[1, "\\ud83d"', "JSON|delimiter"),
        (b'{"a":"\\ud83d","b":' + b"[" * 100_000, "JSON"),
    ],
)
def test_what_is_no_object_is_malformed(body: bytes, fact: str) -> None:
    with pytest.raises(MalformedRequest, match=fact):
        Envelope.decode(body)


def test_a_member_that_is_too_deep_to_read_is_named() -> None:
    deep = Envelope({"a": msgspec.Raw(b"[" * 50_000 + b"]" * 50_000)})
    with pytest.raises(MalformedRequest, match="a: expected JSON; JSON nests too deeply; at most 128 levels"):
        deep.document()


def test_half_an_emoji_is_served() -> None:
    envelope = Envelope.decode(b'{"a":"\\ud83d","\\ud83d":1}')
    assert envelope.value("a") == "\ud83d"
    assert json.loads(envelope.encode()) == {"a": "\ud83d", "\ud83d": 1}


@given(st.binary(max_size=200))
def test_any_bytes_are_an_object_or_malformed(body: bytes) -> None:
    try:
        envelope = Envelope.decode(body)
    except MalformedRequest:
        return
    assert isinstance(json.loads(envelope.encode()), dict)
