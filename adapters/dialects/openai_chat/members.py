"""Members of a request's JSON objects, taken one by one with their types checked and their paths known."""

from collections.abc import Collection, Iterator
from collections.abc import Set as AbstractSet
from enum import StrEnum
from typing import Final, TypeVar

from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT, Ext

NAME: Final = "openai_chat"
"""The name of the format."""
FAMILY: Final = "openai"
"""The family under which leftover members are kept."""

_SHOWN_CHARACTERS: Final = 40
_NUMBERS: Final = (int, float)
_Word = TypeVar("_Word", bound=StrEnum)


def malformed(path: str, expected: str, value: JSON) -> MalformedRequest:
    """The error that says what was expected at `path`; of what came it tells no more than the type."""
    return MalformedRequest(f"{path}: expected {expected}, got {_type_name(value)}.", param=path)


def not_one_of(path: str, allowed: Collection[str], value: JSON) -> MalformedRequest:
    """The error for a word that is none of `allowed`."""
    if not isinstance(value, str):
        return malformed(path, f"one of {', '.join(allowed)}", value)
    shown = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return MalformedRequest(f"{path}: expected one of {', '.join(allowed)}, got {shown!r}.", param=path)


class Members:
    """The members of one JSON object. Each is taken once; null counts as absent; the untaken are left over.

    Every `take_…` gives None where the member is absent and raises MalformedRequest where its type is wrong;
    every `need_…` also where it is absent.
    """

    __slots__ = ("_left", "path")

    def __init__(self, value: JSON, path: str) -> None:
        if not isinstance(value, dict):
            raise malformed(path or "body", "an object", value)
        self.path = path
        self._left = dict(value)

    def at(self, name: str) -> str:
        """The path of the member `name`."""
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str) -> JSON:
        """The member as it is."""
        return self._left.pop(name, None)

    def has_any(self, names: Collection[str]) -> bool:
        """Whether one of the members `names` is there and was not taken."""
        return not self._left.keys().isdisjoint(names)

    def present(self, names: AbstractSet[str]) -> list[str]:
        """Those of `names` that are there and were not taken, in alphabetical order."""
        return sorted(self._left.keys() & names)

    def put_back(self, name: str, value: JSON) -> None:
        """Leave a taken member over after all."""
        self._left[name] = value

    def take_text(self, name: str) -> str | None:
        """A string."""
        value = self._left.pop(name, None)
        if value is None or isinstance(value, str):
            return value
        raise malformed(self.at(name), "a string", value)

    def need_text(self, name: str) -> str:
        """A string that must be there."""
        value = self.take_text(name)
        if value is None:
            raise malformed(self.at(name), "a string", None)
        return value

    def take_flag(self, name: str) -> bool | None:
        """A boolean."""
        value = self._left.pop(name, None)
        if value is None or isinstance(value, bool):
            return value
        raise malformed(self.at(name), "true or false", value)

    def take_number(self, name: str) -> float | None:
        """A number, an integer staying one."""
        value: float | None = self._left.pop(name, None)
        if value is None or type(value) in _NUMBERS:  # a boolean is none
            return value
        raise malformed(self.at(name), "a number", value)

    def take_integer(self, name: str, *, at_least: int | None = None) -> int | None:
        """An integer, also where it is written as 3.0."""
        value = self.take_number(name)
        if value is None:
            return None
        if value != value // 1:
            raise malformed(self.at(name), "an integer", value)
        if at_least is not None and value < at_least:
            raise MalformedRequest(
                f"{self.at(name)}: expected at least {at_least}, got {value}.", param=self.at(name)
            )
        return int(value)

    def take_word(self, name: str, words: type[_Word]) -> _Word | None:
        """One of the words of an enumeration."""
        value = self._left.pop(name, None)
        if value is None:
            return None
        try:
            return words(value)
        except ValueError:
            raise not_one_of(self.at(name), tuple(words), value) from None

    def take_object(self, name: str) -> "Members | None":
        """An object."""
        value = self._left.pop(name, None)
        return None if value is None else Members(value, self.at(name))

    def need_object(self, name: str) -> "Members":
        """An object that must be there."""
        return Members(self._left.pop(name, None), self.at(name))

    def take_list(self, name: str) -> list[JSON]:
        """A list, empty where it is absent."""
        value = self._left.pop(name, None)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise malformed(self.at(name), "a list", value)

    def take_objects(self, name: str) -> Iterator["Members"]:
        """The objects of a list, none where it is absent."""
        path = self.at(name)
        for index, value in enumerate(self.take_list(name)):
            yield Members(value, f"{path}[{index}]")

    def left(self) -> dict[str, JSON]:
        """What nobody took, nulls excepted."""
        return {name: value for name, value in self._left.items() if value is not None}

    def leftovers(self, **nested: JSON) -> Ext:
        """What nobody took, together with the leftovers of nested objects, as a value's `ext`."""
        members = self.left() if self._left else {}
        for name, value in nested.items():
            if value:
                members[name] = value
        return {FAMILY: members} if members else NO_EXT


def left_over(ext: Ext) -> dict[str, JSON]:
    """The leftover members of this wire format, to be rendered again at their level."""
    return {} if ext is NO_EXT else dict(ext.get(FAMILY, {}))


def _type_name(value: JSON) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "an integer", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "another type")
