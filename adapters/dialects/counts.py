"""Token counts as vendors write them."""

from typing import Final

from domain.json_types import JSON

_END: Final = 2**63
"""From here on numbers count nothing."""
_NUMBERS: Final = (int, float)
"""A boolean is none."""


def counts(owner: JSON) -> dict[str, int]:
    """The members of an object that are counts, some of which come as 12.0; none where it is no object."""
    if not isinstance(owner, dict):
        return {}
    return {name: int(value) for name, value in owner.items() if type(value) in _NUMBERS and 0 <= value < _END}
