"""Members of a request's JSON objects, in either spelling, taken one by one with types checked and paths known.

The API reads its members in camelCase and in snake_case, and so do its clients write them. Here all are in
camelCase; what is the caller's own (schemas, arguments, results, labels) is never looked into.
"""

from collections.abc import Collection, Container, Iterator, Mapping
from typing import Final

from adapters.dialects.gemini.vocabulary import FAMILY
from domain.errors import MalformedRequest
from domain.json_types import JSON, NO_EXT, Ext

_SHOWN_CHARACTERS: Final = 40
_NUMBERS: Final = (int, float)


def camel_case(name: str) -> str:
    """`mime_type` as `mimeType`; a name without underscores inside stays as it is."""
    if "_" not in name:
        return name
    first, *others = name.lstrip("_").split("_")
    return (
        name[: len(name) - len(name.lstrip("_"))] + first + "".join(word[:1].upper() + word[1:] for word in others)
    )


def spelled(holder: Mapping[str, JSON], name: str) -> str:
    """How `holder` spells the member `name`; in camelCase where it has none."""
    if name in holder:
        return name
    return next((key for key in holder if camel_case(key) == name), name)


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
        is_snake = "_" in "".join(value)
        self._left = {camel_case(name): inner for name, inner in value.items()} if is_snake else dict(value)

    def __contains__(self, name: str) -> bool:
        return self._left.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._left)

    def has_any(self, names: Collection[str]) -> bool:
        """Whether one of the members `names` is there and was not taken."""
        return not self._left.keys().isdisjoint(names)

    def present(self, names: Container[str]) -> list[str]:
        """Those of `names` that are there and were not taken, in the order they came in."""
        return [name for name in self._left if name in names]

    def at(self, name: str) -> str:
        """The path of the member `name`."""
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str) -> JSON:
        """The member as it is."""
        return self._left.pop(name, None)

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
        """An integer, also where it is written as 40.0."""
        value = self.take_number(name)
        if value is None:
            return None
        if value != value // 1:
            raise malformed(self.at(name), "an integer", value)
        if at_least is not None and value < at_least:
            path = self.at(name)
            raise MalformedRequest(f"{path}: expected at least {at_least}, got {value}.", param=path)
        return int(value)

    def take_object(self, name: str) -> "Members | None":
        """An object."""
        value = self._left.pop(name, None)
        return None if value is None else Members(value, self.at(name))

    def take_mapping(self, name: str) -> dict[str, JSON] | None:
        """An object of the caller's own, untouched."""
        value = self._left.pop(name, None)
        if value is None or isinstance(value, dict):
            return value
        raise malformed(self.at(name), "an object", value)

    def take_list(self, name: str) -> list[JSON]:
        """A list, empty where it is absent; a lone object counts as a list of one, as protobuf's JSON reads it."""
        value = self._left.pop(name, None)
        if value is None:
            return []
        if isinstance(value, dict):
            return [value]
        if isinstance(value, list):
            return value
        raise malformed(self.at(name), "a list", value)

    def take_texts(self, name: str) -> tuple[str, ...]:
        """A list of strings, empty where it is absent."""
        values = self.take_list(name)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise malformed(f"{self.at(name)}[{index}]", "a string", value)
        return tuple(values)

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


def left_over(ext: Ext) -> Mapping[str, JSON]:
    """The leftover members of this wire format, to be rendered again at their level."""
    return ext.get(FAMILY, {})


def merged(there: Mapping[str, JSON], more: Mapping[str, JSON]) -> dict[str, JSON]:
    """Both objects in one; where both have an object under one name, these are merged too, else `more` counts."""
    both = dict(there)
    for name, value in more.items():
        inner = both.get(name)
        both[name] = merged(inner, value) if isinstance(inner, dict) and isinstance(value, dict) else value
    return both


def _type_name(value: JSON) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    names = {str: "a string", int: "an integer", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "another type")
