"""A request body opened no further than its top-level members, so that everything inside keeps its bytes."""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import Final, Self

import msgspec

from adapters.dialects import json_codec
from adapters.dialects.long_strings import MIN_BYTES, Cuts, cut, restored
from adapters.dialects.utf8 import check_utf8
from domain.errors import MalformedRequest
from domain.json_types import JSON

_DECODER: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODER: Final = msgspec.json.Encoder()
_ITEMS: Final = re.compile(rb"\s*\[\s*[^\s\]]")


class Envelope:
    """A JSON object whose members are still bytes. Never changed in place: every change gives another one."""

    __slots__ = ("_cuts", "_members")

    def __init__(self, members: Mapping[str, msgspec.Raw], cuts: Cuts = ()) -> None:
        """`members` may have had long strings taken out, which are `cuts` then."""
        self._members = members
        self._cuts = cuts

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """The envelope of `body`; of members that stand twice the last counts.

        Raises MalformedRequest where it is not a JSON object in UTF-8, with the position of what is wrong; control
        characters in long strings are first found where the strings are read.
        """
        try:
            if not body.isascii():
                check_utf8(body)
            if len(body) >= MIN_BYTES:
                outline, cuts = cut(body)
                if cuts:
                    with suppress(msgspec.DecodeError, UnicodeDecodeError):
                        return cls(_DECODER.decode(outline), cuts)
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
        return None if raw is None else _plain(self._restored(raw), name)

    def raw(self, name: str) -> bytes:
        """The bytes of the member `name`; none where it is absent."""
        raw = self._members.get(name)
        return b"" if raw is None else self._restored(raw)

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
        members = {name: raw for name, raw in self._members.items() if name not in names}
        return Envelope(members, self._cuts)

    def with_members(self, members: Mapping[str, JSON]) -> "Envelope":
        """The envelope with `members` set: replaced where they stand, appended where they are new."""
        return self.with_raw(raw_members(members))

    def with_raw(self, members: Mapping[str, msgspec.Raw]) -> "Envelope":
        """The same with members that are bytes already, as `raw_members` makes them."""
        return Envelope({**self._members, **members}, self._cuts)

    def renamed(self, name: str, new_name: str) -> "Envelope":
        """The envelope whose member `name`, where it has one, is called `new_name`; its value keeps its bytes."""
        members = {(new_name if key == name else key): raw for key, raw in self._members.items()}
        return Envelope(members, self._cuts)

    def encode(self) -> bytes:
        """The object as bytes; every value that was not set here as it came."""
        return restored(*self.encode_outline())

    def encode_outline(self) -> tuple[bytes, Cuts]:
        """The same without its long strings, of which only the beginnings are there, and these strings."""
        try:
            return _ENCODER.encode(self._members), self._cuts
        except UnicodeEncodeError:
            pairs = (json_codec.encode(name) + b":" + bytes(raw) for name, raw in self._members.items())
            return b"{" + b",".join(pairs) + b"}", self._cuts

    def document(self) -> dict[str, JSON]:
        """Everything as plain values. Raises MalformedRequest where a member nests too deeply."""
        return {name: _plain(self._restored(raw), name) for name, raw in self._members.items()}

    def _restored(self, raw: msgspec.Raw) -> bytes:
        return restored(bytes(raw), self._cuts) if self._cuts else bytes(raw)


def _decode_slowly(body: bytes, refused: msgspec.DecodeError) -> dict[str, msgspec.Raw]:
    if b"\\u" not in body:
        raise _malformed(str(refused))
    try:
        document = json_codec.decode(body)
    except ValueError as still_refused:
        raise _malformed(str(still_refused)) from None
    if not isinstance(document, dict):
        raise _malformed("it is another JSON value")
    return raw_members(document)


def raw_members(members: Mapping[str, JSON]) -> dict[str, msgspec.Raw]:
    """Members of an envelope, of plain values."""
    return {name: msgspec.Raw(json_codec.encode(value)) for name, value in members.items()}


def _plain(raw: bytes, name: str) -> JSON:
    try:
        return json_codec.decode(raw)
    except ValueError as refused:
        raise MalformedRequest(f"{name}: expected JSON; {refused}.", param=name) from None


def _malformed(fact: str) -> MalformedRequest:
    return MalformedRequest(f'expected the body to be a JSON object; {fact}. Send one such as {{"model": …}}.')
