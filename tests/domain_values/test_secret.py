import copy
import io
import json
import logging
import pickle
from dataclasses import asdict, dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.secret import MASK, Secret

VALUES = st.text(min_size=6).filter(lambda value: value not in repr(Holder(Secret(""), ())))


@dataclass(frozen=True, slots=True)
class Holder:
    key: Secret
    more: tuple[Secret, ...] = ()


def logged(message: str, *args: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.emit(logging.LogRecord("here", logging.INFO, "file.py", 1, message, args, None))
    return stream.getvalue()


@given(VALUES)
def test_no_rendering_shows_the_value(value: str) -> None:
    secret = Secret(value)
    holder = Holder(secret, (secret,))
    renderings = (
        repr(secret),
        str(secret),
        f"{secret}",
        f"{secret!r}",
        f"{secret!a}",
        f"{secret:>40}",
        "%s %r %a" % (secret, secret, secret),  # noqa: UP031 - the old way must not show it either
        "{} {:<3}".format(secret, secret),  # noqa: UP032 - likewise
        repr([secret, {"key": secret}]),
        repr(holder),
        repr(asdict(holder)),
        json.dumps({"key": secret}, default=str),
        json.dumps({"key": secret}, default=repr),
        logged("%s %r %s", secret, secret, holder),
    )
    for rendering in renderings:
        assert value not in rendering
        assert MASK in rendering


@given(VALUES, st.integers(0, pickle.HIGHEST_PROTOCOL))
def test_a_pickle_holds_the_mask(value: str, protocol: int) -> None:
    pickled = pickle.dumps(Holder(Secret(value)) if protocol >= 2 else Secret(value), protocol)
    assert value.encode("utf-8", "surrogatepass") not in pickled
    assert value.encode("unicode_escape") not in pickled
    assert Secret(MASK) in (pickle.loads(pickled), getattr(pickle.loads(pickled), "key", None))


@given(VALUES)
def test_a_copy_is_the_secret_itself(value: str) -> None:
    secret = Secret(value)
    for copied in (
        copy.copy(secret),
        copy.deepcopy(secret),
        replace(Holder(secret)).key,
        asdict(Holder(secret))["key"],
    ):
        assert copied is secret


@given(VALUES)
def test_it_is_no_json_value(value: str) -> None:
    with pytest.raises(TypeError) as standard:
        json.dumps(Secret(value))
    with pytest.raises(TypeError) as fast:
        msgspec.json.encode(Secret(value))
    assert value not in str(standard.value)
    assert value not in str(fast.value)


@given(VALUES)
def test_attribute_errors_do_not_quote_it(value: str) -> None:
    with pytest.raises(AttributeError) as missing:
        getattr(Secret(value), "value")  # noqa: B009 - the name is wrong on purpose
    assert value not in str(missing.value)
    assert not hasattr(Secret(value), "__dict__")


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_values_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) == (one == other)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))
    assert len({Secret(one), Secret(one), Secret(other)}) == len({one, other})


@given(st.text())
def test_a_secret_equals_no_text(value: str) -> None:
    assert Secret(value) != value
    assert value != Secret(value)
    assert hash(Secret(value)) != hash(value)


@given(st.text(), st.text())
def test_it_matches_its_value_and_nothing_else(value: str, candidate: str) -> None:
    assert Secret(value).matches(value)
    assert Secret(value).matches(candidate) == (value == candidate)


@given(st.text())
def test_it_is_revealed_on_request_and_true_unless_empty(value: str) -> None:
    assert Secret(value).reveal() == value
    assert bool(Secret(value)) == bool(value)
