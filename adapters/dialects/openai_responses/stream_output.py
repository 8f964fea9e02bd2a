"""The output of a streamed answer while it grows: which items were announced, and which are still to be closed."""

from collections.abc import Callable
from typing import Final

from adapters.dialects.openai_responses import output_items as items
from adapters.dialects.openai_responses.finish import COMPLETED, INCOMPLETE
from adapters.dialects.openai_responses.output_items import Naming
from adapters.dialects.openai_responses.stream_frames import Frames
from domain.chat.response import Finish
from domain.json_types import JSON
from domain.values import dataclass

_ADDED: Final = "response.output_item.added"
_DONE: Final = "response.output_item.done"


@dataclass(frozen=True, slots=True)
class Opened:
    """An item that was announced, and the bytes that announced it."""

    raw: bytes
    index: int
    item: dict[str, JSON]

    @property
    def place(self) -> dict[str, JSON]:
        """The members by which its events name it."""
        return {"item_id": self.item["id"], "output_index": self.index}


class StreamOutput:
    """The items in the order of their announcement.

    An item whose block is told is `settled`; its end is sent when another item begins, or the answer ends: only
    then is it known whether the answer ended within it, and whether more is said in the same message. Items of
    calls that overlap stay open beside one another.
    """

    def __init__(self, frames: Frames, naming: Naming) -> None:
        self.frames = frames
        self.naming = naming
        self.items: list[dict[str, JSON]] = []
        self.done: list[JSON] = []
        self._settled: list[int] = []
        self._message: Opened | None = None

    def open(self, prefix: str, make: Callable[[str], dict[str, JSON]]) -> Opened:
        """Announce another item, which `make` gives for its id."""
        raw = self._close_settled()
        self._message = None
        index = len(self.items)
        item = make(self.naming.item_id(prefix, index))
        self.items.append(item)
        return Opened(raw + self.frames.event(_ADDED, item=item, output_index=index), index, item)

    def message(self) -> Opened:
        """The message that goes on, announced if it begins."""
        if self._message is None:
            self._message = self.open(
                items.MESSAGE_PREFIX, lambda item_id: items.message(item_id, [], items.IN_PROGRESS)
            )
            return self._message
        return Opened(b"", self._message.index, self._message.item)

    def whole(self, prefix: str, make: Callable[[str], dict[str, JSON]]) -> bytes:
        """Announce and end an item that comes whole."""
        opened = self.open(prefix, make)
        return opened.raw + self._end(opened.index)

    def settle(self, index: int, item: dict[str, JSON]) -> None:
        """The item at `index` is told, and has become `item`."""
        self.items[index] = item
        if index not in self._settled:
            self._settled.append(index)

    def finish(self, finish: Finish) -> bytes:
        """End all items; the last one is not complete where the answer ended within it."""
        last = len(self.items) - 1
        if last in self._settled and items.is_cut_short(self.items[last], finish, self.items):
            self.items[last]["status"] = INCOMPLETE
        return self._close_settled()

    def _close_settled(self) -> bytes:
        settled, self._settled = sorted(self._settled), []
        return b"".join([self._end(index) for index in settled])

    def _end(self, index: int) -> bytes:
        item = self.items[index]
        if item.get("status") == items.IN_PROGRESS:
            item["status"] = COMPLETED
        self.done.append(item)
        return self.frames.event(_DONE, item=item, output_index=index)
