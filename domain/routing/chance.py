"""Chance that can be told of afterwards."""

from domain.routing.group import Draw


class Chance:
    """Draws numbers in [0, 1), and remembers them: with them a course can be explained, and taken again."""

    __slots__ = ("_draw", "drawn")

    def __init__(self, draw: Draw) -> None:
        self._draw = draw
        self.drawn: tuple[float, ...] = ()

    def __call__(self) -> float:
        number = self._draw()
        self.drawn += (number,)
        return number
