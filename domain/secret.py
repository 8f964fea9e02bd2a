"""A value that must never be printed."""

import hmac
from typing import Final, final

MASK: Final = "********"


@final
class Secret:
    """A credential. Its repr, str, format and pickle forms are masked; `reveal` is the only way out.

    A copy is the secret itself, so that copying settings keeps their keys; a pickle, which may be stored, is not.
    Equality takes constant time, and a Secret equals only another Secret, so no `==` can leak it to a timer.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The credential itself, for the one place that sends or compares it."""
        return self._value

    def matches(self, candidate: str) -> bool:
        """Whether `candidate` is this secret, in time that does not depend on where they differ."""
        return hmac.compare_digest(_encoded(self._value), _encoded(candidate))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    def __str__(self) -> str:
        return MASK

    def __format__(self, format_spec: str) -> str:
        return format(MASK, format_spec)

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> "Secret":
        return self

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        return (Secret, (MASK,))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
