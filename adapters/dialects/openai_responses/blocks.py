"""The blocks of an answer while it is read."""

from domain.chat.events import BlockKind, BlockStarted, BlockStopped, StreamEvent


class Blocks:
    """Numbers the blocks of one answer. Of those that are not calls at most one is open."""

    __slots__ = ("_count", "_open")

    def __init__(self) -> None:
        self._count = 0
        self._open: tuple[object, int] | None = None

    def next(self) -> int:
        """The number of another block."""
        self._count += 1
        return self._count - 1

    def of(self, owner: object, kind: BlockKind, events: list[StreamEvent]) -> int:
        """The block of `owner`; where it is not open, `events` tells that it opens and another one closes."""
        if self._open is not None and self._open[0] is owner:
            return self._open[1]
        self.close(events)
        block = self.next()
        self._open = (owner, block)
        events.append(BlockStarted(block, kind))
        return block

    def close(self, events: list[StreamEvent]) -> None:
        """Close the open block, if any."""
        if self._open is not None:
            events.append(BlockStopped(self._open[1]))
            self._open = None

    def close_of(self, owner: object, events: list[StreamEvent]) -> None:
        """Close the block of `owner` where it is the open one."""
        if self._open is not None and self._open[0] is owner:
            self.close(events)
