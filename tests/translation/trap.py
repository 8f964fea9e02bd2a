"""A mistake that translations make, and what shows that it is not made here."""

from typing import NamedTuple


class Trap(NamedTuple):
    """`statement`: what must hold. `tests`: the node ids of the tests that show it."""

    statement: str
    tests: tuple[str, ...]
