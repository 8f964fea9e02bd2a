"""Values that are made so often that making them must be cheap: messages, parts and events.

A frozen dataclass sets every field by `object.__setattr__`, three times as slowly as a plain one does (CPython
3.11: 0.7 µs against 0.2 for a text, 2.9 against 0.6 for a request), and one small chat makes some sixty of them.
What is declared with this `dataclass` is frozen to the type checker, which reads every line of the project and of
its tests and refuses an assignment to any field. At run time such values compare and hash as frozen ones do, but
nothing stands guard.
"""

import dataclasses
from collections.abc import Callable
from typing import TypeVar, dataclass_transform

_Value = TypeVar("_Value")


@dataclass_transform(field_specifiers=(dataclasses.field,))
def dataclass(
    *, slots: bool, frozen: bool = False, kw_only: bool = False
) -> Callable[[type[_Value]], type[_Value]]:
    """`dataclasses.dataclass` without the run-time guards of `frozen`."""
    return dataclasses.dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)
