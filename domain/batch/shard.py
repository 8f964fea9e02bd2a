"""One machine's part of a batch."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Shard:
    """Every `count`th line, beginning with line `index`: each line is in exactly one of the `count` shards.

    Raises ValueError unless 1 <= index <= count.
    """

    index: int
    count: int

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count:
            raise ValueError(
                f"expected a shard from 1/{max(self.count, 1)} to {max(self.count, 1)}/{max(self.count, 1)}, "
                f"got {self.index}/{self.count}"
            )

    def has(self, number: int) -> bool:
        """Whether the line of this number (from 1) is in it."""
        return (number - self.index) % self.count == 0


WHOLE: Final = Shard(1, 1)
"""All lines."""
