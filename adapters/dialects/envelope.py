"""A request body opened no further than its top-level members, so that everything inside keeps its bytes."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, Self

import msgspec

from adapters.dialects import json_codec
from domain.errors import MalformedRequest
from domain.json_types import JSON

_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()
_ITEMS: Final = re.compile(rb"\s*\[\s*[^\s\]]")


class Envelope:
    """A JSON object whose members are still bytes. Never changed in place: every change gives another one."""

    __slots__ = ("_members",)

    def __init__(self, members: Mapping[str, msgspec.Raw]) -> None:
        self._members = members

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """The envelope of `body`; of members that stand twice the last counts.

        Raises MalformedRequest where it is not a JSON object in UTF-8, with the position of what is wrong.
        """
        try:
            if not body.isascii():
                body.decode()
            return cls(_DECODER.decode(body))
        except msgspec.ValidationError:
            raise _malformed("it is another JSON value") from None
        except UnicodeDecodeError as refused:
            raise _malformed(f"byte {refused.start} is not UTF-8") from None
        except msgspec.DecodeError as refused:
            return cls(_decode_slowly(body, refused))
        except RecursionError:
            raise _malformed("it nests too deeply") from None

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def value(self, name: str) -> JSON:
        """The member `name` as plain values; None where it is absent or null."""
        raw = self._members.get(name)
        return None if raw is None else _plain(raw, name)

    def raw(self, name: str) -> bytes:
        """The bytes of the member `name`; none where it is absent."""
        raw = self._members.get(name)
        return b"" if raw is None else bytes(raw)

    def text(self, name: str) -> str | None:
        """The string `name`; None where it is absent or null. Raises MalformedRequest where it is not a string."""
        value = self.value(name)
        if value is None or isinstance(value, str):
            return value
        raise MalformedRequest(f"{name}: expected a string; the request has another type there.", param=name)

    def flag(self, name: str) -> bool:
        """The boolean `name`; False where it is absent or null. Raises MalformedRequest where it is not one."""
        value = self.value(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise MalformedRequest(f"{name}: expected true or false; the request has another type there.", param=name)

    def has_items(self, name: str) -> bool:
        """Whether the member `name` is a list of at least one value; nothing in the list is read."""
        raw = self._members.get(name)
        return raw is not None and _ITEMS.match(raw) is not None

    def without(self, names: Collection[str]) -> "Envelope":
        """The envelope without the members `names`."""
        return Envelope({name: raw for name, raw in self._members.items() if name not in names})

    def with_members(self, members: Mapping[str, JSON]) -> "Envelope":
        """The envelope with `members` set: replaced where they stand, appended where they are new."""
        return Envelope({**self._members, **{name: _raw(value) for name, value in members.items()}})

    def renamed(self, name: str, new_name: str) -> "Envelope":
        """The envelope whose member `name`, where it has one, is called `new_name`; its value keeps its bytes."""
        return Envelope({(new_name if key == name else key): raw for key, raw in self._members.items()})

    def encode(self) -> bytes:
        """The object as bytes; every value that was not set here as it came."""
        try:
            return _ENCODER.encode(self._members)
        except UnicodeEncodeError:
            pairs = (json_codec.encode(name) + b":" + bytes(raw) for name, raw in self._members.items())
            return b"{" + b",".join(pairs) + b"}"

    def document(self) -> dict[str, JSON]:
        """Everything as plain values. Raises MalformedRequest where a member nests too deeply."""
        return {name: _plain(raw, name) for name, raw in self._members.items()}


def _decode_slowly(body: bytes, refused: msgspec.DecodeError) -> dict[str, msgspec.Raw]:
    if b"\\u" not in body:
        raise _malformed(str(refused))
    try:
        document = json_codec.decode(body)
    except ValueError as still_refused:
        raise _malformed(str(still_refused)) from None
    if not isinstance(document, dict):
        raise _malformed("it is another JSON value")
    return {name: _raw(value) for name, value in document.items()}


def _plain(raw: msgspec.Raw, name: str) -> JSON:
    try:
        return json_codec.decode(bytes(raw))
    except ValueError as refused:
        raise MalformedRequest(f"{name}: expected JSON; {refused}.", param=name) from None


def _raw(value: JSON) -> msgspec.Raw:
    return msgspec.Raw(json_codec.encode(value))


def _malformed(fact: str) -> MalformedRequest:
    return MalformedRequest(f'expected the body to be a JSON object; {fact}. Send one such as {{"model": …}}.')
