"""The shape of a decoded JSON value; canonical values keep schemas, arguments and vendor leftovers in it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn, TypeAlias

JSON: TypeAlias = Any
"""None, bool, int, float, str, list of JSON, or dict of str to JSON. `Any`, because a recursive alias makes
every access at the JSON edge a cast without catching a mistake that the parsers do not check anyway."""

MAX_NESTING: Final = 128
"""How deep objects and lists may stand in one another. Deeper values could be read, but neither walked nor written
again on every stack; no vendor takes them either."""

Ext: TypeAlias = Mapping[str, Mapping[str, JSON]]
"""Leftover wire members by vendor family (`openai`, `anthropic`, `google`), at the level where they stood.

`openai` holds what both of OpenAI's formats know or what only Chat Completions knows; `openai_responses` what only
Responses knows."""


def nests_too_deeply(value: JSON) -> bool:
    """Whether objects and lists nest deeper in `value` than MAX_NESTING."""
    level: list[JSON] = [value] if isinstance(value, dict | list) else []
    for _ in range(MAX_NESTING):
        if not level:
            return False
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
    return bool(level)


class _NoExt(Mapping[str, Mapping[str, JSON]]):
    """No leftovers: empty for ever and shared, which a dict, being mutable, could not be as a default."""

    __slots__ = ()

    def __getitem__(self, family: str) -> NoReturn:
        raise KeyError(family)

    def get(self, family: str, default: JSON = None, /) -> JSON:
        """`default`, without the detour through an exception that Mapping takes: every part is asked."""
        del family
        return default

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __hash__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return "NO_EXT"


NO_EXT: Final[Ext] = _NoExt()
